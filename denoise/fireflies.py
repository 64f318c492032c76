"""Fireflies cut down before denoising, for those who want it: `mcdenoise --firefly-clamp X`.

A sample that found a small bright light by chance makes one pixel many times as bright as it should be. The network
is trained to live with them; a clamp takes energy away, so that it is off unless it is asked for.
"""

from __future__ import annotations

import numpy as np

_RADIUS = 2  # pixels
_THIRD = 3  # 8 of 24: as many as the corner pixel of a lamp has beside it; a firefly over 2 x 2 pixels has 3
_DARK = 0.01  # of the frame's mean: neighbours darker than this count as this bright, so that stars stay
_ROWS = 128  # rows looked at together; bounds the memory to 50 MB at a width of 4,000


def firefly_scale(radiance: np.ndarray, limit: float) -> np.ndarray:
    """The factor for each pixel that brings it down to `limit` times as bright as the upper third of its neighbours.

    Of the 24 neighbours in 5 x 5 pixels (fewer at the frame's edge) the eighth brightest counts, brightness being the
    mean of the channels: lamps stay whole, to their corners, and the pixel keeps its colour. Thin lines of light are
    cut down too, which is why useful limits are large: 10 or more.

    Args:
        radiance: (H, W, C) float, finite and non-negative.
        limit: how many times as bright a pixel may be.

    Returns:
        (H, W) float32 in [0, 1], 1 for pixels that stay as they are.
    """
    brightness = radiance.mean(axis=-1, dtype=np.float32)
    floor = _DARK * float(brightness.mean(dtype=np.float64))
    padded = np.pad(brightness, _RADIUS, constant_values=np.nan)
    scale = np.ones_like(brightness)
    height, width = brightness.shape
    for top in range(0, height, _ROWS):
        rows = slice(top, min(top + _ROWS, height))
        # Only what outshines the floor can be cut, and of that few pixels are left in most frames.
        y, x = np.nonzero(brightness[rows] > limit * floor)
        y += top
        here = brightness[y, x]
        around = [
            padded[y + dy, x + dx]
            for dy in range(2 * _RADIUS + 1)
            for dx in range(2 * _RADIUS + 1)
            if (dy, dx) != (_RADIUS, _RADIUS)
        ]
        neighbours = np.sort(np.stack(around), axis=0)  # (24, N); NaN, beyond the edge, last
        known = np.count_nonzero(~np.isnan(neighbours), axis=0)
        # From the brightest down; without any neighbour, in a frame of one pixel, there is nothing to go by.
        third = neighbours[np.maximum(known - np.maximum(known // _THIRD, 1), 0), np.arange(len(here))]
        highest = limit * np.maximum(np.where(known > 0, third, np.inf), floor)
        scale[y, x] = np.minimum(1, highest / here)
    return scale
