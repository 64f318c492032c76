"""An empty background stays black: where no sample hit anything there is nothing to filter, and no light may leak in.

    normals, alpha ── zero ──┐
                             ├──> empty, if so in all of the 7 x 7 pixels around
    passes ────────── black ─┘

A display shows even a thousandth of the light next to it.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

_NEAR = 3  # pixels; with fewer, hair that few samples hit would be cut away around those that do


def empty(beauties: Iterable[np.ndarray], normal: np.ndarray | None, covered: np.ndarray | None) -> np.ndarray | None:
    """Where a frame shows nothing.

    A mean of normals is zero only where nothing was hit, or in a volume, and alpha where nothing covers the background.
    Where such pixels have light anywhere in the frame, of a sky or of fog, others may have been missed by chance: then
    it cannot be told.

    Args:
        beauties: of each pass, (H, W, 3) float32.
        normal: likewise, of all passes; None where it is not known.
        covered: (H, W) bool, where alpha is not zero; None where it is not known.

    Returns:
        (H, W) bool; None where nothing is empty or it cannot be told.
    """
    missed = [_zero(normal)] if normal is not None else []
    missed += [~covered] if covered is not None else []
    if not missed:
        return None
    nothing = _around(np.logical_and.reduce(missed))
    if not nothing.any():
        return None
    black = all(_zero(beauty)[nothing].all() for beauty in beauties)
    return nothing if black else None


def _zero(plane: np.ndarray) -> np.ndarray:
    """(H, W) where all channels are zero."""
    return (plane[..., 0] == 0) & (plane[..., 1] == 0) & (plane[..., 2] == 0)


def _around(mask: np.ndarray) -> np.ndarray:
    """(H, W) where a mask holds in all pixels of the square around, as far as the frame goes."""
    for _ in range(_NEAR):
        rows = mask.copy()
        rows[1:] &= mask[:-1]
        rows[:-1] &= mask[1:]
        mask = rows.copy()
        mask[:, 1:] &= rows[:, :-1]
        mask[:, :-1] &= rows[:, 1:]
    return mask
