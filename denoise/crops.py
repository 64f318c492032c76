"""Training batches: crops of views, their passes split into input and target, and augmented.

    view ── scale, place, passes in two ── fireflies, filter, black, variance, inputs dropped ── turned, padded ──> crop

Lehtinen et al. 2018, section 3.3, and the augmentations usual for denoisers.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from denoise.data import StoredView, largest_and_others, merge_passes, split_passes, weighted_mean
from denoise.features import SEEN, Inputs
from denoise.frame import Planes
from denoise.kernels import halve
from denoise.variance import smoothed

# Chances that a crop is drawn with
_DROP_ALBEDO, _DROP_NORMAL, _DROP_BOTH, _DROP_VARIANCE = 0.05, 0.05, 0.05, 0.75
_BLACK, _SMALLER, _FIREFLIES, _FILTERED, _UNLIT = 0.01, 0.05, 0.05, 0.05, 0.03
_SMOOTHED = 0.5  # where there is a variance
_HALVED, _QUARTERED = 0.5, 0.4
_EXPOSURE_STOPS = 1.5  # exposure is jittered by up to so many stops either way
_MOST_FIREFLIES = 4  # of a piece of a crop that gets any
_PIECE = 128 * 128  # pixels, each of which may get some
_FIREFLY_STOPS = 4, 14  # by how much they are brighter than the crop's mean
_LAMPS = 0.05  # chance of a piece to get some
_LAMP_STOPS = 2, 14  # likewise; from glints on
_LAMP_SIDE = 4  # pixels, at most
_LAMP_NOISE = 0.1  # deviation at most, relative to its light, of the input and of the target
_DEVIATION = 0.3, 0.8  # pixels, of a Gaussian reconstruction filter; Mitsuba has 0.5
_TAPS = 2  # pixels each way that it reaches


class Crops(NamedTuple):
    """B crops, all in raw scene units.

    Attributes:
        views: the B views they were drawn from.
        inputs: (B, ., crop, crop).
        target: (B, 3, crop, crop) radiance.
        yardstick: likewise, if the views have them.
        fractions: (B,) samples of the inputs' pixels, over those of a pixel of all the view's passes; pixels of a
            crop made smaller have those of all that they are made of.
    """

    views: list[StoredView]
    inputs: Inputs
    target: Tensor
    yardstick: Tensor | None
    fractions: Tensor


def draw_batch(views: Sequence[StoredView], crop: int, rng: np.random.Generator, share: slice = slice(None)) -> Crops:
    """A training batch: a random crop of each view.

    Each crop has random numbers of its own, so that it is the same whoever draws it, and whatever else is drawn.

    Args:
        views: of the whole batch, all with yardsticks or none.
        crop: side of a crop in pixels.
        rng: fresh from its seed, which everything random comes from; the same seed gives the same batch.
        share: which of the batch's crops to draw.
    """
    seeds = rng.bit_generator.seed_seq.spawn(len(views))  # type: ignore[attr-defined]  # but for those set by hand
    drawn = list(views[share])
    rngs = map(np.random.default_rng, seeds[share])
    samples = [_draw_sample(view, crop, own) for view, own in zip(drawn, rngs, strict=True)]
    batch = {key: torch.from_numpy(np.stack([s[key] for s in samples])) for key in samples[0]}
    inputs = Inputs._make(batch[name] for name in Inputs._fields)
    return Crops(drawn, inputs, batch["target"], batch.get("yardstick"), batch["fraction"])


def _draw_sample(view: StoredView, crop: int, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """One augmented crop."""
    height, width = view.passes.shape[-2:]
    scale, side = _scale(crop, min(height, width), rng)
    smaller = rng.integers(side // 2, side + 1, 2) if rng.random() < _SMALLER else (side, side)
    h, w = (min(int(one) * scale, most) for one, most in zip(smaller, (height, width), strict=True))
    y, x = rng.integers(height - h + 1), rng.integers(width - w + 1)
    inner = view.passes[..., y : y + h, x : x + w]

    chosen, rest = split_passes(view.spp, rng)
    planes = merge_passes(inner[chosen], view.spp[chosen])
    if view.yardsticks is not None:  # by passes that are not in the target
        largest, _ = largest_and_others(view.spp)
        alone = largest[0] in rest
        rest = largest if alone else rest
        planes["yardstick"] = view.yardsticks[int(alone), :, y : y + h, x : x + w].astype(np.float32)
    planes["target"] = weighted_mean(inner[rest, :3], view.spp[rest])

    for _ in range(scale // 2):
        planes = halved(planes)
    for _ in range(max(1, planes["radiance"][0].size // _PIECE)):
        if rng.random() < _FIREFLIES:
            _add_fireflies(planes, rng)
        if rng.random() < _LAMPS:
            _add_lamps(planes, rng)
    if rng.random() < _FILTERED:
        planes = filtered(planes, rng.uniform(*_DEVIATION))
    if rng.random() < _UNLIT:
        _unlight(planes, rng)
    if rng.random() < _SMOOTHED and "variance" in planes:
        planes["variance"] = smoothed(torch.from_numpy(planes["variance"])[None])[0].numpy()
    _drop(planes, rng)
    rotation = np.linalg.qr(rng.standard_normal((3, 3)))[0].astype(np.float32)
    if "normal" in planes:
        planes["normal"] = np.einsum("ij,jhw->ihw", rotation, planes["normal"])
    channels = rng.permutation(3)
    for name in ("radiance", "albedo", "variance", "target", "yardstick"):
        if name in planes:
            planes[name] = planes[name][channels]
    if rng.random() < _BLACK:
        for name in ("radiance", "variance", "target", "yardstick"):
            if name in planes:
                planes[name] = np.zeros_like(planes[name])
    planes = _turn(planes, rng)
    fraction = scale**2 * view.spp[chosen].sum() / view.spp.sum()
    return {**_padded(planes, crop, mirrored=scale == 4), "fraction": fraction}


def _scale(crop: int, most: int, rng: np.random.Generator) -> tuple[int, int]:
    """How many of a view's pixels one of a crop's is wide, and the crop's side, which is smaller in small views."""
    if rng.random() < _QUARTERED and (side := min(crop, most // 4)) >= crop // 2:
        return 4, side
    return 2 if rng.random() < _HALVED and most >= 2 * crop else 1, crop


def halved(planes: Planes) -> Planes:
    """A view as if rendered at half the size, with four times the samples: more detail in a pixel, and less noise.

    Args:
        planes: (3, H, W) float32, H and W even.
    """
    means = {name: halve(torch.from_numpy(plane)[None])[0].numpy() for name, plane in planes.items()}
    return {name: mean / 4 if name == "variance" else mean for name, mean in means.items()}


def _add_fireflies(planes: Planes, rng: np.random.Generator) -> None:
    """Single pixels far too bright, in the input alone: of paths so rare that the mean hardly knows them."""
    _, height, width = planes["radiance"].shape
    count = int(rng.integers(1, _MOST_FIREFLIES + 1))
    y, x = rng.integers(height, size=count), rng.integers(width, size=count)
    light = planes["radiance"].mean() * 2.0 ** rng.uniform(*_FIREFLY_STOPS, count) * rng.uniform(0.2, 1, (3, count))
    planes["radiance"][:, y, x] += light
    if "variance" in planes:  # n samples, of which one has n times the light, and the others none
        planes["variance"][:, y, x] += light**2


def _add_lamps(planes: Planes, rng: np.random.Generator) -> None:
    """Spots as bright as fireflies, in the input and in the target: there is light, and little noise in it."""
    _, height, width = planes["radiance"].shape
    mean = planes["radiance"].mean()
    for _ in range(rng.integers(1, _MOST_FIREFLIES + 1)):
        h, w = rng.integers(1, _LAMP_SIDE + 1, 2)
        y, x = rng.integers(height), rng.integers(width)
        spot = (slice(None), slice(y, y + h), slice(x, x + w))
        shape = planes["radiance"][spot].shape
        covered = np.clip(rng.uniform(0.2, 2, shape[1:]), 0, 1)  # edges see a part of it
        light = mean * 2.0 ** rng.uniform(*_LAMP_STOPS) * rng.uniform(0.2, 1, (3, 1, 1)) * covered
        noise = rng.uniform(0, _LAMP_NOISE)
        for name in ("radiance", "target"):
            planes[name][spot] += light * (1 + noise * rng.standard_normal(shape[1:], np.float32)).clip(0)
        if "variance" in planes:
            planes["variance"][spot] += (noise * light) ** 2
        if "yardstick" in planes:
            planes["yardstick"][spot] += light


def filtered(planes: Planes, deviation: float) -> Planes:
    """A view as if rendered with a Gaussian reconstruction filter: what a sample brings is seen in several pixels.

    Args:
        planes: (3, H, W) float32, of pixels that share no samples, as a box filter makes them.
        deviation: of the filter, in pixels.
    """
    kernel = np.exp(-(np.arange(-_TAPS, _TAPS + 1) ** 2) / (2 * deviation**2)).astype(np.float32)
    kernel /= kernel.sum()
    return {name: _convolved(plane, kernel**2 if name == "variance" else kernel) for name, plane in planes.items()}


def _convolved(plane: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    """Along both axes; edges are repeated."""
    _, height, width = plane.shape
    plane = np.pad(plane, ((0, 0), (_TAPS, _TAPS), (_TAPS, _TAPS)), "edge")
    plane = sum(weight * plane[:, i : i + height] for i, weight in enumerate(kernel))
    return sum(weight * plane[:, :, i : i + width] for i, weight in enumerate(kernel))


def _unlight(planes: Planes, rng: np.random.Generator) -> None:
    """A part black, in the input and in the target: nothing is there, or a mirror of the dark."""
    _, height, width = planes["radiance"].shape
    lit = _outside(height, width, rng)
    names = planes.keys() if rng.random() < 0.5 else planes.keys() - {"albedo", "normal"}
    for name in names:
        planes[name] = planes[name] * (lit**2 if name == "variance" else lit)


def _outside(height: int, width: int, rng: np.random.Generator) -> np.ndarray:
    """(height, width) float32, how far each pixel is outside a random half plane, disc or box, or inside it."""
    y, x = np.indices((height, width), np.float32)
    y, x = y - rng.uniform(0, height), x - rng.uniform(0, width)
    shape = rng.integers(3)
    if shape == 0:
        angle = rng.uniform(0, 2 * np.pi)
        distance = y * np.sin(angle) + x * np.cos(angle)
    elif shape == 1:
        distance = np.hypot(y, x) - rng.uniform(3, max(height, width) / 2)
    else:
        distance = np.maximum(abs(y) - rng.uniform(2, height / 3), abs(x) - rng.uniform(2, width / 3))
    if rng.random() < 0.5:
        distance = -distance
    return np.clip(distance + 0.5, 0, 1).astype(np.float32)


def _drop(planes: Planes, rng: np.random.Generator) -> None:
    """Take inputs away at random, so that one model serves frames with and without them."""
    both = rng.random() < _DROP_BOTH
    for plane, chance in (("albedo", _DROP_ALBEDO), ("normal", _DROP_NORMAL), ("variance", _DROP_VARIANCE)):
        dropped = rng.random() < chance
        if dropped or (both and plane != "variance"):
            planes.pop(plane, None)


def _turn(planes: Planes, rng: np.random.Generator) -> Planes:
    """Flips and transposition, the same for all planes."""
    flip_y, flip_x, transpose = rng.random(3) < 0.5
    turned = {}
    for name, plane in planes.items():
        plane = plane[:, ::-1] if flip_y else plane
        plane = plane[:, :, ::-1] if flip_x else plane
        turned[name] = plane.transpose(0, 2, 1) if transpose else plane
    return turned


def _padded(planes: Planes, crop: int, mirrored: bool) -> dict[str, np.ndarray]:
    """All planes at (C, crop, crop), absent inputs zero and marked.

    Edges are repeated, as at inference, or the picture is mirrored, if it is much smaller than the crop.
    """
    sample = {"present": np.array([name in planes for name in SEEN[1:]], np.float32)}
    for name in dict.fromkeys((*SEEN, *planes)):
        if name in planes:
            _, h, w = planes[name].shape
            more = (0, 0), (0, crop - h), (0, crop - w)
            padded = np.pad(planes[name], more, "symmetric") if mirrored else np.pad(planes[name], more, "edge")
            sample[name] = np.ascontiguousarray(padded)
        else:
            sample[name] = np.zeros((3, crop, crop), np.float32)
    return sample


def jitter_exposure(count: int, rng: np.random.Generator) -> torch.Tensor:
    """(count, 1, 1, 1) factors, log-uniform around one."""
    return torch.from_numpy(2.0 ** rng.uniform(-_EXPOSURE_STOPS, _EXPOSURE_STOPS, (count, 1, 1, 1))).float()
