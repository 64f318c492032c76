"""What a network sees: a frame's planes, exposure-normalised, and how they become channels.

In torch, for all devices; on CPUs `denoise.fused_features` does the same where autograd wants no gradient.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from denoise.compiled import find
from denoise.transfer import demodulate, log_encode, modulation

#: Channels of the guides: log light, albedo, normal.
GUIDES = 9
#: Channels of `features`, at half resolution: guides and deviation of 2 x 2 pixels, and what is present.
FEATURES = 4 * (GUIDES + 1) + 3


class Inputs(NamedTuple):
    """What a network sees. Planes that are absent are zero and marked so.

    Attributes:
        radiance: (B, 3, H, W), float32, linear, exposure-normalised (`transfer.exposure`).
        albedo: (B, 3, H, W) in [0, 1].
        normal: (B, 3, H, W) in [-1, 1].
        variance: (B, 3, H, W) of the pixel mean, in units of the normalised radiance squared.
        present: (B, 3) of 0 or 1: whether albedo, normal and variance are known.
    """

    radiance: Tensor
    albedo: Tensor
    normal: Tensor
    variance: Tensor
    present: Tensor

    def exposed(self, factor: Tensor) -> Inputs:
        """The same inputs with radiance and variance in another exposure; factor (B, 1, 1, 1)."""
        return self._replace(radiance=self.radiance * factor, variance=self.variance * factor**2)


def guides_of(inputs: Inputs) -> Tensor:
    """Log light, albedo and normal, (B, 9, H, W)."""
    if fused := find("fused_features", inputs):
        return fused.guides_of(inputs)
    light = demodulate(inputs.radiance, modulation(inputs.albedo, inputs.present[:, 0]))
    return torch.cat([log_encode(light), inputs.albedo, inputs.normal], 1)


def features(inputs: Inputs) -> Tensor:
    """Guides and the noise's deviation of 2 x 2 pixels each, and what is present, (B, 43, H / 2, W / 2), channels_last.

    Channel 4 c + 2 i + j is plane c of the pixel in row i and column j of the four.
    """
    if fused := find("fused_features", inputs):
        return fused.features(inputs)
    deviation = inputs.variance.mean(1, keepdim=True).clamp_min(0).sqrt()
    x = F.pixel_unshuffle(torch.cat([guides_of(inputs), log_encode(deviation)], 1), 2)  # (B, 40, H/2, W/2)
    flags = inputs.present[:, :, None, None].expand(-1, -1, *x.shape[-2:])
    return torch.cat([x, flags], 1).contiguous(memory_format=torch.channels_last)
