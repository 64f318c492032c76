"""What images differ by, squared, for a variance; and one that few samples tell, smoothed.

Smoothed it is half each pixel's own, half the mean of the pixels around. Most of what a few samples say of a pixel's
variance is chance; what they say of the pixels around is nearly as true of it. Its own still counts, for a firefly, or
an edge between a quiet part and a noisy one.
"""

from __future__ import annotations

import numpy as np
from torch import Tensor

from denoise.means import box_mean

#: Pixels each way that a variance depends on.
REACH = 4

_MOST = np.float32(1e18)  # whose square float32 can hold; frames of floats have had larger pixels


def squared(difference: np.ndarray) -> np.ndarray:
    """The square of a difference of images, float32, finite; the difference is used up."""
    np.clip(difference, -_MOST, _MOST, out=difference)
    return np.square(difference, out=difference)


def smoothed(variance: Tensor) -> Tensor:
    """Half of each pixel's own variance, and half the mean around it; (B, C, H, W)."""
    return (variance + box_mean(variance, REACH)) / 2
