"""Bad pixels: found, counted, and filled in from their neighbours before they can spread.

Renderers write a few NaN and Inf in many frames, and negative radiance where a ray went wrong or a filter rings.
A convolution would carry one NaN over its whole receptive field.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from denoise.bits import is_plain
from denoise.frame import Planes

#: Bad values whose neighbourhoods are looked at together: bounds the memory to some 20 MB.
_BLOCK = 1 << 18

#: Rounds of filling from the rim inwards, so the radius of the largest hole that is filled; beyond is black.
_ROUNDS = 16


#: What the values of the auxiliary planes can be.
_RANGES = {"albedo": (0, 1), "normal": (-1, 1), "depth": (0, None), "variance": (0, None)}

#: Unit vectors stored as halves exceed 1 by so much; what is clipped within it needs no words.
_ROUNDING = 1e-3

#: Depths from here on say that nothing was hit: Cycles writes 1e10.
_MISS = 1e9


@dataclass(frozen=True)
class Repairs:
    """How many pixels of a plane had a bad value, by kind; a pixel counts once, under the first that holds."""

    nan: int = 0
    inf: int = 0
    negative: int = 0

    @property
    def total(self) -> int:
        """Number of pixels repaired."""
        return self.nan + self.inf + self.negative

    def __add__(self, other: Repairs) -> Repairs:
        return Repairs(self.nan + other.nan, self.inf + other.inf, self.negative + other.negative)

    def __str__(self) -> str:
        kinds = [f"{count} {name}" for name, count in vars(self).items() if count]
        return ", ".join(kinds) or "none"


def repair_radiance(radiance: np.ndarray, keep_negative: bool = False) -> tuple[np.ndarray, Repairs]:
    """Replace NaN, Inf and negative values by the median of the good ones among their eight neighbours.

    Each channel is repaired by itself. The median, since what breaks one pixel often makes a firefly of the
    next. Holes of NaN and Inf are filled from the rim inwards. Negative values without a good neighbour become
    0: whole regions are negative where a saturated colour lies outside the gamut, and it must not be bled into.

    Args:
        radiance: (H, W, C) float32; left as it is.
        keep_negative: for layers, of which one may take light away from the sum; NaN and Inf alone are bad then.

    Returns:
        The repaired plane, finite and non-negative (the input itself if it was good), and what was bad.
    """
    if is_plain(radiance):
        return radiance, Repairs()
    nonfinite = ~np.isfinite(radiance)
    with np.errstate(invalid="ignore"):
        negative = (radiance < 0) & ~nonfinite & (not keep_negative)
    if not (nonfinite.any() or negative.any()):
        return radiance, Repairs()
    any_nan = np.isnan(radiance).any(axis=-1)
    any_inf = nonfinite.any(axis=-1) & ~any_nan
    any_negative = negative.any(axis=-1) & ~any_nan & ~any_inf
    repairs = Repairs(*(int(mask.sum()) for mask in (any_nan, any_inf, any_negative)))

    repaired = np.where(nonfinite | negative, np.float32(np.nan), radiance).astype(np.float32, copy=False)
    for c in range(repaired.shape[-1]):
        bad = np.argwhere(nonfinite[..., c] | negative[..., c])  # (N, 2)
        for _ in range(_ROUNDS):
            values = _median_of_neighbours(repaired[..., c], bad)
            filled = ~np.isnan(values)
            if not filled.any():
                break
            repaired[bad[filled, 0], bad[filled, 1], c] = values[filled]
            bad = bad[~filled]
            bad = bad[nonfinite[bad[:, 0], bad[:, 1], c]]
    return np.nan_to_num(repaired, copy=False, nan=0.0), repairs


def clean_planes(planes: Planes, notes: list[str] | None = None) -> tuple[Planes, Repairs]:
    """All planes fit for the network: radiance repaired, the auxiliary ones finite and in their range.

    Albedo is brought to [0, 1] (rough metal and glass reach 96 in Mitsuba), normals to [-1, 1], variance to
    0 or more; NaN and Inf in these become 0, "unknown". Depth of a miss (Inf, or 1e10 in Cycles) becomes 0.

    Args:
        planes: by the names of `denoise.frame.PLANES`, each (H, W, C) float32; left as they are.
        notes: takes a line for each auxiliary plane that was changed.

    Returns:
        The planes, those that were good as they are, and what was repaired of the radiance.
    """
    cleaned, repairs = {}, Repairs()
    notes = [] if notes is None else notes
    for name, plane in planes.items():
        if name == "radiance":
            cleaned[name], repairs = repair_radiance(plane)
            continue
        low, high = _RANGES[name]
        if _is_within(plane, name):
            cleaned[name] = plane
            continue
        known = np.isfinite(plane)
        if name == "depth":
            known &= np.abs(plane) < _MISS
        cleaned[name] = np.clip(plane, low, high)
        if not known.all():
            np.logical_not(known, out=known)
            cleaned[name][known] = 0
            notes.append(f"{name}: {_pixels(known)} without a value (NaN, Inf or a miss) set to 0")
            np.logical_not(known, out=known)
        outside = plane < low - _ROUNDING
        if high is not None:
            outside |= plane > high + _ROUNDING
        outside &= known
        if outside.any():
            notes.append(f"{name}: {_pixels(outside)} clipped to {'0 or more' if high is None else f'[{low}, {high}]'}")
    return cleaned, repairs


def _is_within(plane: np.ndarray, name: str) -> bool:
    """Whether an auxiliary plane is fit as it is: most are, and then neither masks nor a copy are needed."""
    low, high = _RANGES[name]
    if high is None:
        high = np.nextafter(np.float32(_MISS if name == "depth" else np.inf), np.float32(0))
    with np.errstate(invalid="ignore"):  # NaN is in no range
        return bool(plane.min(initial=low) >= low and plane.max(initial=low) <= high)


def _pixels(mask: np.ndarray) -> str:
    count = int(mask.any(axis=-1).sum())
    return f"{count} pixel{'s' if count != 1 else ''}"


def _median_of_neighbours(plane: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Median of the values that are no NaN among the eight neighbours of each place (N, 2); NaN where none is."""
    height, width = plane.shape
    steps = np.array([(dy, dx) for dy in (-1, 0, 1) for dx in (-1, 0, 1) if (dy, dx) != (0, 0)])
    result = np.empty(len(places), np.float32)
    for start in range(0, len(places), _BLOCK):
        at = places[start : start + _BLOCK, None, :] + steps  # (N, 8, 2)
        y, x = at[..., 0], at[..., 1]
        inside = (y >= 0) & (y < height) & (x >= 0) & (x < width)
        values = plane[np.clip(y, 0, height - 1), np.clip(x, 0, width - 1)]
        values = np.sort(np.where(inside, values, np.float32(np.nan)), axis=1)  # NaN last
        count = (~np.isnan(values)).sum(axis=1)
        rows = np.arange(len(values))
        # Halves first: the sum of two values near the largest float would overflow.
        middle = values[rows, (np.maximum(count, 1) - 1) // 2] / 2 + values[rows, count // 2 % 8] / 2
        result[start : start + _BLOCK] = np.where(count > 0, middle, np.nan)
    return result
