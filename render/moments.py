"""From sums over the samples of each pixel to the planes of a pass."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from denoise.frame import Planes


@dataclass(frozen=True)
class Moments:
    """Sums over each pixel's samples, (pixels, C) float32.

    Attributes:
        radiance: of the finite samples.
        squares: of the finite samples' radiance.
        albedo: of all samples; each in [0, 1], or (scalar variant) whatever the renderer says.
        normal: of all samples.
        depth: of all samples, (pixels, 1).
        valid: number of finite samples, (pixels, 1).
    """

    radiance: np.ndarray
    squares: np.ndarray
    albedo: np.ndarray
    normal: np.ndarray
    depth: np.ndarray
    valid: np.ndarray


def finish(moments: Moments, spp: int, size: tuple[int, int]) -> tuple[Planes | None, int]:
    """The planes of a pass, all finite, and the number of samples that were not.

    The variance is that of the pixel mean, (m2 - mean^2) / (n - 1), estimated from the pass's own samples as if they
    were independent. Stratified samplers (all but `independent`) spread a pixel's samples evenly, so that their mean
    varies less than this says. One sample has no variance: the plane is left out.

    A pixel without one finite sample gets the mean of its nearest finite neighbours.

    Returns:
        Planes by name, (H, W, C) float32, or None if no pixel has a finite sample; and the count of non-finite samples.
    """
    width, height = size
    valid = moments.valid.astype(np.float64)
    nonfinite = int(round(spp * len(valid) - valid.sum()))
    known = valid[:, 0] > 0
    if not known.any():
        return None, nonfinite
    count = np.maximum(valid, 1)
    mean = moments.radiance / count
    flat = {
        "radiance": mean,
        "albedo": np.clip(np.nan_to_num(moments.albedo / spp, posinf=1.0, neginf=0.0), 0, 1),
        "normal": np.clip(np.nan_to_num(moments.normal / spp, posinf=0.0, neginf=0.0), -1, 1),
        "depth": np.nan_to_num(moments.depth / spp, posinf=0.0, neginf=0.0),
    }
    if spp > 1:
        # One surviving sample of several says nothing of its variance either, so it counts as two.
        spread = (moments.squares / count - mean**2) / np.maximum(count - 1, 1)
        flat["variance"] = np.nan_to_num(np.maximum(spread, 0), posinf=float(np.finfo(np.float32).max))
    planes = {name: plane.reshape(height, width, -1).astype(np.float32) for name, plane in flat.items()}
    if not known.all():
        for name in {"radiance", "variance"} & planes.keys():
            planes[name] = fill(planes[name], known.reshape(height, width))
    return planes, nonfinite


def fill(plane: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Replace unknown pixels by the mean of the known ones of their eight neighbours, outward until none is left.

    Args:
        plane: (H, W, C).
        known: (H, W) bool, at least one of them true.
    """
    plane, known = np.where(known[..., None], plane, 0), known.copy()
    shifts = [(y, x) for y in range(3) for x in range(3) if (y, x) != (1, 1)]
    height, width = known.shape
    while not known.all():
        padded, there = np.pad(plane, ((1, 1), (1, 1), (0, 0))), np.pad(known, 1)
        total = np.sum([padded[y : y + height, x : x + width] for y, x in shifts], axis=0)
        number = np.sum([there[y : y + height, x : x + width] for y, x in shifts], axis=0)[..., None]
        reached = ~known & (number[..., 0] > 0)
        plane = np.where(reached[..., None], total / np.maximum(number, 1), plane)
        known |= reached
    return plane
