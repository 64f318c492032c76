"""Means, and maxima, over squares of pixels."""

from __future__ import annotations

import math

import torch.nn.functional as F
from torch import Tensor


def box_mean(plane: Tensor, radius: int) -> Tensor:
    """Means over (2 radius + 1)^2 pixels, over fewer at edges.

    Args:
        plane: (B, C, H, W).
        radius: in pixels.

    Returns:
        The same shape.
    """
    side = 2 * radius + 1  # rows first, then columns, which is faster than both at once
    plane = F.avg_pool2d(plane, (1, side), 1, (0, radius), count_include_pad=False)
    return F.avg_pool2d(plane, (side, 1), 1, (radius, 0), count_include_pad=False)


def box_max(plane: Tensor, radius: int) -> Tensor:
    """The largest of (2 radius + 1)^2 pixels, of fewer at edges.

    From maxima of 1, 2, 4, ... pixels; for wide squares many times as fast as torch's `max_pool2d`.

    Args:
        plane: (B, C, H, W).
        radius: in pixels.

    Returns:
        The same shape.
    """
    side = 2 * radius + 1
    plane = F.pad(plane, (radius,) * 4, value=-math.inf)
    for axis in (-1, -2):
        seen = 1
        while seen < side:
            step = min(seen, side - seen)
            length = plane.shape[axis] - step
            plane = plane.narrow(axis, 0, length).maximum(plane.narrow(axis, step, length))
            seen += step
    return plane
