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
#: Channels of `features`, at half resolution: guides, deviation, prominence and draft of 2 x 2 pixels, and what is
#: present.
FEATURES = 4 * (GUIDES + 3) + 4


class Inputs(NamedTuple):
    """What a network sees. Planes that are absent are zero and marked so.

    Attributes:
        radiance: (B, 3, H, W), float32, linear, exposure-normalised (`transfer.exposure`).
        albedo: (B, 3, H, W) in [0, 1].
        normal: (B, 3, H, W) in [-1, 1].
        variance: (B, 3, H, W) of the pixel mean, in units of the normalised radiance squared.
        draft: (B, 3, H, W) what an earlier look made of the radiance (`denoise.second_look`).
        present: (B, 4) of 0 or 1: whether albedo, normal, variance and draft are known.
    """

    radiance: Tensor
    albedo: Tensor
    normal: Tensor
    variance: Tensor
    draft: Tensor
    present: Tensor

    def exposed(self, factor: Tensor) -> Inputs:
        """The same inputs with radiance, variance and draft in another exposure; factor (B, 1, 1, 1)."""
        radiance, variance, draft = self.radiance * factor, self.variance * factor**2, self.draft * factor
        return self._replace(radiance=radiance, variance=variance, draft=draft)


#: Names of the planes, in their order: the radiance, and those that `Inputs.present` tells of.
PLANES = Inputs._fields[:-1]


def guides_of(inputs: Inputs) -> Tensor:
    """Log light, albedo and normal, (B, 9, H, W)."""
    if fused := find("fused_features", inputs):
        return fused.guides_of(inputs)
    return torch.cat([log_encode(_light(inputs, inputs.radiance)), inputs.albedo, inputs.normal], 1)


def prominence(inputs: Inputs) -> Tensor:
    """How many times as bright a pixel is as the brightest of its eight neighbours, (B, 1, H, W), positive.

    Above one only where a pixel stands alone, as fireflies do; convolutions cannot say so, since they add.
    """
    if fused := find("fused_features", inputs):
        return fused.prominence(inputs)
    light = _light(inputs, inputs.radiance).mean(1, keepdim=True).clamp_min(0)
    height, width = light.shape[-2:]
    padded = F.pad(light, (1, 1, 1, 1))
    around = [(y, x) for y in range(3) for x in range(3) if (y, x) != (1, 1)]
    largest = torch.stack([padded[..., y : y + height, x : x + width] for y, x in around]).amax(0)
    return (light + EPS) / (largest + EPS)


def _light(inputs: Inputs, radiance: Tensor) -> Tensor:
    return demodulate(radiance, modulation(inputs.albedo, inputs.present[:, 0]))


def features(inputs: Inputs, prominent: Tensor) -> Tensor:
    """Guides, the noise's deviation, the logarithm of `prominence` and the draft's log light, and what is present.

    Of deviation and draft one plane for all channels of colour: so are the kernels.

    Args:
        inputs: what the network sees, H and W even.
        prominent: (B, 1, H, W), their `prominence`.

    Returns:
        (B, 52, H / 2, W / 2), channels_last. Channel 4 c + 2 i + j is plane c of the pixel in row i and column j of 2 x
        2; the last four are `Inputs.present`.
    """
    if fused := find("fused_features", inputs):
        return fused.features(inputs, prominent)
    deviation = inputs.variance.mean(1, keepdim=True).clamp_min(0).sqrt()
    draft = log_encode(_light(inputs, inputs.draft).mean(1, keepdim=True))
    planes = [guides_of(inputs), log_encode(deviation), prominent.log() / LOG_OF_ONE, draft]
    x = F.pixel_unshuffle(torch.cat(planes, 1), 2)  # (B, 48, H/2, W/2)
    flags = inputs.present[:, :, None, None].expand(-1, -1, *x.shape[-2:])
    return torch.cat([x, flags], 1).contiguous(memory_format=torch.channels_last)
