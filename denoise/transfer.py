"""Exposure, albedo demodulation and log encoding, each a forward and an inverse.

All functions work on float32 torch tensors of linear radiance, (B, C, H, W).
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

#: What counts as dark after exposure normalisation: the floor of the loss (Lehtinen et al. 2018, section 3.3) and
#: of the log encoding.
EPS = 0.01
_KEY = 0.18  # middle grey: the log-average of a normalised frame (Reinhard et al. 2002, section 3.1)
_BIN = 16  # pixels; the log-average is taken over the means of such squares, so that noise does not darken it
_BLACK = 1e-8  # bins below it say nothing of the exposure
_BRIGHTEST_BIN = 1e6  # times the bin in the middle; what is beyond it is a broken path, and no lamp
#: What black is divided by where nothing better is known.
ALBEDO_FLOOR = 0.25
#: What `log_encode` divides by, so that it gives 1 for 1.
LOG_OF_ONE = math.log1p(1 / EPS)


def exposure(radiance: Tensor) -> Tensor:
    """The factor that brings each image's log-average to middle grey.

    Args:
        radiance: (B, 3, H, W) linear, any exposure.

    Returns:
        (B, 1, 1, 1); 1 for an image that is black all over.
    """
    luminance = radiance.clamp_min(0).mean(1, keepdim=True)
    bins = F.avg_pool2d(luminance, _BIN, ceil_mode=True, count_include_pad=False).flatten(1)  # (B, bins)
    lit = bins > _BLACK
    ordered = bins.masked_fill(~lit, math.inf).sort(1).values
    middle = ordered.gather(1, (lit.sum(1, keepdim=True) - 1).clamp_min(0) // 2)  # of those that are lit
    bins = torch.minimum(bins, _BRIGHTEST_BIN * middle)  # one pixel of 1e30 would else be stops of a small frame
    mean_log = (bins.clamp_min(_BLACK).log() * lit).sum(1) / lit.sum(1).clamp_min(1)
    factor = torch.where(lit.any(1), _KEY / mean_log.exp(), torch.ones_like(mean_log))
    return factor.view(-1, 1, 1, 1)


def expose(radiance: Tensor, factor: Tensor) -> Tensor:
    """Radiance to exposure-normalised radiance; (B, 3, H, W) and (B, 1, 1, 1)."""
    return radiance * factor


def unexpose(normalised: Tensor, factor: Tensor) -> Tensor:
    """The inverse of `expose`."""
    return normalised / factor


def modulation(albedo: Tensor, present: Tensor, floor: Tensor | float = ALBEDO_FLOOR) -> Tensor:
    """What radiance is divided by, so that the network filters light rather than paint.

    Affine in the albedo: a pixel on the edge of two surfaces then never exceeds both of them when divided.

    Args:
        albedo: (B, 3, H, W) in [0, 1].
        present: (B,) 1 where the albedo is known, 0 where it is to be left out.
        floor: what black is divided by: mirrors, glass and emitters too, whose albedo is 0; (B, 1, H, W) or a number.

    Returns:
        (B, 3, H, W), positive; one where the albedo is left out.
    """
    return torch.where(present.view(-1, 1, 1, 1) > 0, albedo + floor, torch.ones_like(albedo))


def demodulate(radiance: Tensor, modulation: Tensor) -> Tensor:
    """Radiance (B, 3, H, W) to light. Only inputs are divided; results are multiplied before they meet a target."""
    return radiance / modulation


def remodulate(light: Tensor, modulation: Tensor) -> Tensor:
    """The inverse of `demodulate`."""
    return light * modulation


def log_encode(x: Tensor) -> Tensor:
    """Linear [0, inf) to a logarithmic scale with 0 at 0 and 1 at 1; negative values count as 0."""
    return torch.log1p(x.clamp_min(0) / EPS) / LOG_OF_ONE


def log_decode(g: Tensor) -> Tensor:
    """The inverse of `log_encode` for non-negative values."""
    return torch.expm1(g * LOG_OF_ONE) * EPS
