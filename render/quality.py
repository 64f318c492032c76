"""Views that teach nothing: told by their first two passes, before the expensive ones are rendered."""

from __future__ import annotations

import numpy as np

from denoise.frame import Planes

#: Pixels; fewer cannot tell.
_ENOUGH = 1024
#: A share of samples that is not finite; a scene with more is broken.
_NONFINITE = 0.1
#: A share of pixels that got any light. A small lamp leaves most of them black at 2 spp; fewer than this stay black.
_LIT = 0.01
#: A share of pixels in which something is hit.
_FILLED = 0.05
#: Deviation of one sample relative to the mean, over the picture: matte things under an even sky still have 0.1 to 1.
_NOISE = 0.02
#: Deviation of blocks of a picture, of albedo and of normal, below which they count as one flat colour.
_FLAT = 0.01
_BLOCK = 8


def degenerate(a: Planes, b: Planes, spp: tuple[int, int], nonfinite: float) -> str:
    """Why a view is of no use to a training, in a word or two; empty if it is of use.

    Args:
        a: planes of a pass.
        b: planes of another pass of the same view.
        spp: samples a pixel of each.
        nonfinite: share of their samples that were not finite.
    """
    if a["depth"].size < _ENOUGH:
        return ""
    if nonfinite > _NONFINITE:
        return "not finite"
    hit = (a["depth"] > 0) | (b["depth"] > 0)
    if hit.mean() < _FILLED:
        return "nothing but background"
    total = a["radiance"] + b["radiance"]
    if (total.max(axis=-1) > 0).mean() < _LIT:
        return "black"
    # E|A - B| of two normal means is 2 sigma / sqrt(pi n); n the harmonic mean of their samples.
    samples = 2 / (1 / spp[0] + 1 / spp[1])
    spread = float(np.abs(a["radiance"] - b["radiance"]).mean() / (total.mean() / 2)) * np.sqrt(np.pi * samples) / 2
    if spread < _NOISE:
        return "hardly any noise"
    albedo, normal = (a[name] + b[name] for name in ("albedo", "normal"))
    flat = max(_spread(albedo / 2), _spread(normal / 2)) < _FLAT
    if flat and _spread(total / total.mean()) < 5 * _FLAT + spread / np.sqrt(_BLOCK**2 * samples):
        return "one flat colour"
    return ""


def _spread(plane: np.ndarray) -> float:
    """Deviation of the means of blocks of a plane, the largest of its channels."""
    height, width = (max(1, n // _BLOCK) for n in plane.shape[:2])
    rows, columns = min(plane.shape[0], height * _BLOCK), min(plane.shape[1], width * _BLOCK)
    blocks = plane[:rows, :columns].reshape(height, rows // height, width, columns // width, -1)
    return float(blocks.mean((1, 3)).std((0, 1)).max())
