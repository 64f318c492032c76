"""What a network sees, in bytes, for a first convolution that multiplies bytes as the others do.

A feature becomes a whole number of steps, and some become two: light spans more stops than a byte tells apart, so that
a second digit says where in its step it lies; and what can be negative has a byte for when it is.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from denoise.compiled import find
from denoise.features import FEATURES, Inputs, features

#: Features that have a second digit, light and deviation, and those that can be negative, normal and prominence.
_FINE = (*range(0, 12), *range(36, 40))
_SIGNED = (*range(24, 36), *range(40, 44))
_PRESENT = slice(44, 47)
#: Channels of `digits`: those of all planes, second digits, what is below zero, what is present, and one that is zero.
DIGITS = 44 + len(_FINE) + len(_SIGNED) + 4
_UNIT = 127  # steps from 0 to 1 of what is no logarithm
_BASE = 4  # steps of a second digit in one of the first; with more, rounding errors of light are seen more often
_LIGHTEST = 4.0  # logarithm that the largest byte stands for, a million times white; what is brighter looks as bright


def digits(inputs: Inputs, prominent: Tensor, levels: int) -> Tensor:
    """`features.features` in bytes.

    Args:
        inputs: what the network sees, H and W even.
        prominent: (B, 1, H, W), their `prominence`.
        levels: the largest byte, 127 or more.

    Returns:
        (B, 80, H / 2, W / 2) uint8, channels last.
    """
    if fused := find("fused_features", inputs):
        return fused.digits(inputs, prominent, (levels / _LIGHTEST, _UNIT, levels, _BASE), DIGITS)
    x = features(inputs, prominent).float() * _steps_in_one(levels)[:, None, None]
    x, below = x.clamp(0, levels), (-x[:, _SIGNED]).clamp(0, levels)
    second = _BASE * x[:, _FINE].frac()
    x[:, _FINE] = x[:, _FINE].floor()
    planes = torch.cat([x[:, :44], second, below, x[:, _PRESENT], torch.zeros_like(x[:, :1])], 1)
    return (planes + 0.5).clamp(0, levels).to(torch.uint8, memory_format=torch.channels_last)


def of_digits(conv: nn.Module, levels: int, step: float) -> nn.Conv2d:
    """The convolution that makes of digits, each of which counts `step`, what `conv`, 3 x 3, makes of features."""
    assert isinstance(conv, nn.Conv2d)
    weight = conv.weight.detach() / (step * _steps_in_one(levels)[:, None, None])
    parts = [weight[:, :44], weight[:, _FINE] / _BASE, -weight[:, _SIGNED], weight[:, _PRESENT]]
    made = nn.Conv2d(DIGITS, conv.out_channels, 3, padding=1)
    made.weight, made.bias = nn.Parameter(torch.cat([*parts, torch.zeros_like(weight[:, :1])], 1)), conv.bias
    return made


def _steps_in_one(levels: int) -> Tensor:
    """How many steps of each feature make one, (47,)."""
    steps = torch.full((FEATURES,), float(_UNIT))
    for logarithms in slice(0, 12), slice(36, 44):
        steps[logarithms] = levels / _LIGHTEST
    return steps
