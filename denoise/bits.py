"""Whether floats are finite, negative or black, told by their bits: many times as fast as asking NumPy of halves.

Without its sign a float is in the order of its bits taken as an integer, infinity is above every number, and NaN
above that. A sign is the highest bit. So one maximum over unsigned integers tells of most planes all there is to know.
"""

from __future__ import annotations

import numpy as np

#: Bits of infinity, by the bytes of a float.
_INFINITY = {2: 0x7C00, 4: 0x7F800000, 8: 0x7FF0000000000000}


def ordered(pixels: np.ndarray) -> np.ndarray:
    """Floats as integers: in the same order among what is not negative, below 0 for what has a sign, 0 for black."""
    return pixels.view(f"i{pixels.itemsize}")


def is_plain(pixels: np.ndarray) -> bool:
    """Whether all of an array of floats is finite and without a sign; one look at it, no copy."""
    return bool(_unsigned(pixels).max(initial=0) < _INFINITY[pixels.itemsize])


def is_finite(pixels: np.ndarray) -> bool:
    """Whether none of an array of floats is NaN or Inf."""
    infinity = _INFINITY[pixels.itemsize]
    sign = 1 << 8 * pixels.itemsize - 1
    highest = _unsigned(pixels).max(initial=0)
    if highest < infinity:
        return True
    # What has a sign hides what has none.
    return bool(highest < sign | infinity and ordered(pixels).max() < infinity)


def has_sign(pixels: np.ndarray) -> bool:
    """Whether any of an array of floats is negative, or a zero with a sign."""
    return bool(ordered(pixels).min(initial=0) < 0)


def _unsigned(pixels: np.ndarray) -> np.ndarray:
    return pixels.view(f"u{pixels.itemsize}")
