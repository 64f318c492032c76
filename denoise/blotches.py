"""Images of one picture, filtered in other ways or from other samples, as one; what a firefly left in one is left out.

    image 1, 2, ... ── brightness of their surroundings ──> shares, one for all channels and layers
                │                                              │
                └──────────────────────── sum <────────────────┘

Monte Carlo noise has a long tail upwards only: where one image is far brighter than another, the brighter errs.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from denoise.means import box_mean
from denoise.transfer import EPS

#: Pixels each way over which images are compared: blotches are as wide, single pixels that differ are no blotch.
REACH = 2

_BRIGHTER = 3.0  # times the darkest image; noise that the filter leaves does not reach it
_POWER = 4


def shares(images: Sequence[Tensor], counts: Sequence[float]) -> list[Tensor]:
    """The share of each image in each pixel of the result.

    By their counts, unless one is more than three times as bright as the darkest: it counts less, by the fourth power
    of what it is above that.

    Args:
        images: (1, 3, H, W), exposure-normalised, denoised.
        counts: of the passes in each, or what else they count by.

    Returns:
        (1, 1, H, W) for each, summing to one.
    """
    brightness = [_brightness(image) for image in images]
    limit = _BRIGHTER * torch.stack(brightness).amin(0)
    pairs = zip(brightness, counts, strict=True)
    weights = [count * (limit / bright).clamp_max(1) ** _POWER for bright, count in pairs]
    total = sum(weights)
    return [weight / total for weight in weights]


def _brightness(image: Tensor) -> Tensor:
    return box_mean(image.mean(1, keepdim=True), REACH).clamp_min(0) + EPS
