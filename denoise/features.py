"""What a network sees: a frame's planes, exposure-normalised, and how they become channels.

In torch, for all devices; on CPUs `denoise.fused_features` does the same where autograd wants no gradient.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from denoise.compiled import find
from denoise.transfer import EPS, LOG_OF_ONE, demodulate, log_encode, modulation

#: Channels of the guides: log light, albedo, normal.
GUIDES = 9
#: Channels of `features`, at half resolution: guides, deviation and prominence of 2 x 2 pixels, and what is present.
FEATURES = 4 * (GUIDES + 2) + 3
#: All that is brighter looks as bright, exposure-normalised: of a pixel of 1e30 a network says nothing of use.
BRIGHTEST = 1e9


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


#: Names of the planes that a network sees, in their order: the radiance, and those that `Inputs.present` tells of.
SEEN = Inputs._fields[:-1]


def guides_of(inputs: Inputs) -> Tensor:
    """Log light, up to `BRIGHTEST`, albedo and normal, (B, 9, H, W)."""
    if fused := find("fused_features", inputs):
        return fused.guides_of(inputs)
    return torch.cat([_log_encode(_light(inputs)), inputs.albedo, inputs.normal], 1)


def prominence(inputs: Inputs) -> Tensor:
    """How many times as bright a pixel is as the brightest of its eight neighbours, (B, 1, H, W), positive.

    Above one only where a pixel stands alone, as fireflies do; convolutions cannot say so, since they add.
    """
    if fused := find("fused_features", inputs):
        return fused.prominence(inputs)
    light = _light(inputs).mean(1, keepdim=True).clamp_min(0)
    height, width = light.shape[-2:]
    padded = F.pad(light, (1, 1, 1, 1))
    around = [(y, x) for y in range(3) for x in range(3) if (y, x) != (1, 1)]
    largest = torch.stack([padded[..., y : y + height, x : x + width] for y, x in around]).amax(0)
    return (light + EPS) / (largest + EPS)


def _log_encode(light: Tensor) -> Tensor:
    return log_encode(light.clamp_max(BRIGHTEST))


def _light(inputs: Inputs) -> Tensor:
    return demodulate(inputs.radiance, modulation(inputs.albedo, inputs.present[:, 0]))


def features(inputs: Inputs, prominent: Tensor) -> Tensor:
    """Guides, the noise's deviation and the logarithm of `prominence`, of 2 x 2 pixels each, and what is present.

    Deviation up to `BRIGHTEST`, prominence as well, and from its inverse on.

    Args:
        inputs: what the network sees, H and W even.
        prominent: (B, 1, H, W), their `prominence`.

    Returns:
        (B, 47, H / 2, W / 2), channels_last. Channel 4 c + 2 i + j is plane c of the pixel in row i and column j of the
        four.
    """
    if fused := find("fused_features", inputs):
        return fused.features(inputs, prominent)
    deviation = inputs.variance.mean(1, keepdim=True).clamp_min(0).sqrt()
    planes = [guides_of(inputs), _log_encode(deviation), prominent.clamp(1 / BRIGHTEST, BRIGHTEST).log() / LOG_OF_ONE]
    x = F.pixel_unshuffle(torch.cat(planes, 1), 2)  # (B, 44, H/2, W/2)
    flags = inputs.present[:, :, None, None].expand(-1, -1, *x.shape[-2:])
    return torch.cat([x, flags], 1).contiguous(memory_format=torch.channels_last)
