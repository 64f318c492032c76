"""Means over squares of pixels."""

from __future__ import annotations

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
