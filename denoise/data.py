"""From a data set of passes to training batches: decode once, split passes, crop, augment.

A view's passes are all estimates of one image with independent noise. Each time a view is drawn, its passes are split
anew into an input subset and a target subset, disjoint; everything the network sees comes from the input subset.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch

from denoise.errors import PairsError
from denoise.features import Inputs
from denoise.files import replacing
from denoise.frame import Planes
from denoise.kernels import halve
from denoise.losses import log_l2
from denoise.packed import Mapping, is_packed, read_index
from denoise.pairs import HALF_MAX, View, open_pairs, view_planes
from denoise.repair import clean_planes
from denoise.transfer import exposure

#: Folder in a data set for what is worked out of its views.
CACHE = ".cache"
#: Planes a pass is stored with, and the first of the channels each takes.
_STORED = {"radiance": 0, "albedo": 3, "normal": 6, "variance": 9}
_CHANNELS = 12
_HELD_OUT_EVERY = 16  # where no view belongs to a validation split, one view in so many

LEAST_NOISE = 0.2  # loss; views cleaner than this do not count more and more
MOST_NOISE = 0.6  # loss; of views noisier than this targets say so little that they are better left out

# Augmentation, as chances a sample is drawn with
_DROP_ALBEDO, _DROP_NORMAL, _DROP_BOTH, _DROP_VARIANCE = 0.05, 0.05, 0.05, 0.5
_BLACK, _SMALLER, _FIREFLIES = 0.01, 0.05, 0.05
_HALVED, _QUARTERED = 0.5, 0.15
_EXPOSURE_STOPS = 1.5  # exposure is jittered by up to so many stops either way
_MOST_FIREFLIES = 4  # of a crop that gets any
_FIREFLY_STOPS = 4, 14  # by how much they are brighter than the crop's mean


@dataclass(frozen=True)
class StoredView:
    """A view's passes, decoded.

    Attributes:
        name: data set folder and view, for messages.
        passes: (P, 12, H, W) float16, memory-mapped: radiance, albedo, normal, variance; a plane that a pass does not
            have is NaN throughout.
        spp: (P,) samples per pixel of each pass, or ones where unknown: their weights.
        held_out: kept from training, for validation.
        weight: of its crops in the loss (`noise_weight`).
        yardsticks: (2, 3, H, W) float16, scene units; what errors are measured by (`denoise.yardsticks`), as the
            largest pass says, and as the others do; or None.
        folder: the data set; what is worked out of its views is kept in its `.cache`. None where nothing is kept.
    """

    name: str
    passes: np.ndarray
    spp: np.ndarray
    held_out: bool
    weight: float = 1.0
    yardsticks: np.ndarray | None = None
    folder: Path | None = None


def load_sets(directories: Sequence[Path], sample: bool = True) -> list[StoredView]:
    """The views of data sets, each a folder of passes (`open_pairs`) or a packed set (`denoise.packed`).

    Nothing is read of a packed set but its index. Passes are decoded as `load_views` does.

    Args:
        directories: the data sets.
        sample: hold out one view in sixteen, unless some of the views belong to a validation split and some do not:
            then, and always without `sample`, those of that split are held out and no others.

    Raises:
        PairsError: as `open_pairs`, `read_index` and `load_views`.
    """
    stored: list[StoredView] = []
    splits: list[str] = []
    for directory in directories:
        if is_packed(directory):
            mapping = Mapping(directory)
            for packed in read_index(directory):
                name, spp = f"{directory}/{packed.name}", np.array(packed.spp, np.float32)
                one = StoredView(name, mapping.passes(packed), spp, False, packed.weight, folder=Path(directory))
                stored.append(one)
                splits.append(packed.split)
        else:
            views = open_pairs(directory)
            stored += load_views(views)
            splits += [view.split for view in views]
    return _hold_out(stored, splits, sample)


def load_views(views: Sequence[View]) -> list[StoredView]:
    """Decode passes into memory-mapped files beside them, once; later calls only map them.

    Raises:
        PairsError: a view with fewer than two passes, passes of unequal size, or NaN or Inf in a pass.
    """
    stored = []
    for view in views:
        spp, passes = samples_of(view), _mapped(view)
        name, weight = f"{view.directory}/{view.name}", noise_weight(passes, spp)
        stored.append(StoredView(name, passes, spp, False, weight, folder=Path(view.directory)))
    return _hold_out(stored, [view.split for view in views])


def _hold_out(stored: list[StoredView], splits: list[str], sample: bool = True) -> list[StoredView]:
    """The views, those marked that are kept for validation: of that split, or one in so many where there is none."""
    split = not sample or len({each == "validation" for each in splits}) == 2

    def held(view: StoredView, own: str) -> bool:
        if split:
            return own == "validation"
        return len(stored) > 1 and _digest(Path(view.name).name) % _HELD_OUT_EVERY == 0

    return [replace(view, held_out=held(view, own)) for view, own in zip(stored, splits, strict=True)]


def samples_of(view: View) -> np.ndarray:
    """(P,) samples a pixel of a view's passes; ones where they are unknown."""
    return np.array([record.spp or 1 for record in view.passes], np.float32)


def noise_weight(passes: np.ndarray, spp: np.ndarray) -> float:
    """How much a view's crops shall count in the loss: the inverse of the loss that its noise alone makes.

    As in weighted least squares: where the targets are noisy, an error says little, and without weights the noisiest
    views drown all others. One number for a whole view, so it does not move the minimiser as clipping would.

    Args:
        passes: (P, 12, H, W) as stored.
        spp: (P,) samples per pixel.
    """
    half = np.arange(len(spp)) % 2 == 0
    a, b = (torch.from_numpy(weighted_mean(passes[mask, :3, ::2, ::2], spp[mask]))[None] for mask in (half, ~half))
    factor = exposure(a + b) * 2
    return 1 / (log_l2(a * factor, b * factor).item() + LEAST_NOISE)


def worth_learning(views: Sequence[StoredView]) -> list[StoredView]:
    """The views less those that are too noisy to learn from, but at least the quieter third.

    A view's weight makes its errors count for less, and its gradients' noise, of a few fireflies, for too much still.

    Args:
        views: all with yardsticks, which noise is measured by, or none; then all of them are worth it.
    """
    if not views or views[0].yardsticks is None:
        return list(views)
    least = min(1 / (LEAST_NOISE + MOST_NOISE), float(np.quantile([view.weight for view in views], 2 / 3)))
    return [view for view in views if view.weight >= least]


def _digest(text: str) -> int:
    return int(hashlib.sha256(text.encode()).hexdigest()[:8], 16)


def _mapped(view: View) -> np.ndarray:
    """The view's passes as one memory-mapped array, made where it is missing or of other passes."""
    _check_passes(view)
    marks = [(r.file, r.bytes, r.sha256 or view.path(i).stat().st_mtime_ns) for i, r in enumerate(view.passes)]
    key = hashlib.sha256(repr(marks).encode()).hexdigest()[:16]
    name = f"{view.name}.{key}.npy"
    cache = view.directory / CACHE
    if not (cache / name).exists():
        array = decode(view)
        try:
            keep(cache / name, lambda file: np.save(file, array))
        except OSError:  # a read-only or full data set folder costs memory, not the training
            return array
    return np.load(cache / name, mmap_mode="r")


def decode(view: View) -> np.ndarray:
    """A view's passes as they are stored, (P, 12, H, W) float16.

    Raises:
        PairsError: a view with fewer than two passes, passes of unequal size, or NaN or Inf in a pass.
    """
    _check_passes(view)
    return np.stack([_to_stored(view_planes(view, i), view, i) for i in range(len(view.passes))])


def _check_passes(view: View) -> None:
    if len(view.passes) < 2:
        raise PairsError(f"{view.directory}: view {view.name} has {len(view.passes)} pass; training needs two or more")


def _to_stored(planes: Planes, view: View, index: int) -> np.ndarray:
    where = f"{view.directory}/{view.passes[index].file} (view {view.name})"
    if not np.isfinite(planes["radiance"]).all():
        raise PairsError(f"{where}: NaN or Inf in the radiance; render the view again or leave it out")
    planes, _ = clean_planes(planes)
    out = np.full((_CHANNELS, view.height, view.width), np.nan, np.float16)
    for plane, first in _STORED.items():
        if plane in planes:
            out[first : first + 3] = planes[plane].clip(max=HALF_MAX).transpose(2, 0, 1)
    return out


def keep(path: Path, write: Callable[[Path], None]) -> None:
    """Have a file written into a data set's cache, whole or not at all. Raises OSError where that cannot be."""
    path.parent.mkdir(exist_ok=True)
    with replacing(path) as temporary:
        write(temporary)


def merge_passes(passes: np.ndarray, spp: np.ndarray) -> Planes:
    """Several passes as if they had been rendered as one.

    Means weighted by spp; variances combined with the spread between the passes (Chan et al. 1979, equation 2.1),
    so that it is known as soon as there are two samples, and not by counting what is not known as zero.

    Args:
        passes: (P, 12, H, W) as stored.
        spp: (P,) samples per pixel.

    Returns:
        Planes in (3, H, W) float32: radiance, and albedo, normal and variance where known.
    """
    planes: Planes = {}
    total = float(spp.sum())
    for plane in ("radiance", "albedo", "normal"):
        first = _STORED[plane]
        if not np.isnan(passes[:, first, 0, 0]).any():
            planes[plane] = weighted_mean(passes[:, first : first + 3], spp)

    first = _STORED["variance"]
    known = ~np.isnan(passes[:, first, 0, 0])
    if total >= 2 and (known | (spp == 1)).all():
        squares = np.zeros(passes.shape[2:], np.float32)
        for one, n, has_variance in zip(passes, spp, known, strict=True):
            if has_variance:
                squares = squares + one[first : first + 3].astype(np.float32) * (n * (n - 1))
            squares = squares + n * (one[:3].astype(np.float32) - planes["radiance"]) ** 2
        planes["variance"] = squares / (total * (total - 1))
    return planes


def weighted_mean(passes: np.ndarray, spp: np.ndarray) -> np.ndarray:
    """Mean of (P, ...) passes weighted by their samples, float32.

    Pass by pass: a product of matrices would wake the threads of BLAS, which fight the training's for the cores.
    """
    total = np.zeros(passes.shape[1:], np.float32)
    for one, weight in zip(passes, (spp / spp.sum()).astype(np.float32), strict=True):
        total += weight * one.astype(np.float32)
    return total


def split_passes(spp: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Indices of the passes that make the input, and of the others, which make the target; neither is empty.

    The input's share is drawn log-uniformly up to three quarters of the samples, so that few and many samples are
    seen equally often and the target never becomes the noisier by far.
    """
    budget = np.exp(rng.uniform(np.log(spp.min()), np.log(max(0.75 * spp.sum(), spp.min()))))
    chosen: list[int] = []
    for i in rng.permutation(len(spp)):
        if spp[[*chosen, i]].sum() <= budget and len(chosen) < len(spp) - 1:
            chosen.append(int(i))
    if not chosen:
        chosen = [int(rng.choice(np.flatnonzero(spp == spp.min())))]
    rest = np.setdiff1d(np.arange(len(spp)), chosen)
    return np.array(sorted(chosen)), rest


def largest_and_others(spp: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Indices of the largest of a view's passes, and of all others."""
    largest = int(spp.argmax())
    return np.array([largest]), np.delete(np.arange(len(spp)), largest)


def draw_batch(
    views: Sequence[StoredView], count: int, crop: int, rng: np.random.Generator, share: slice = slice(None)
) -> tuple[list[StoredView], Inputs, torch.Tensor, torch.Tensor | None]:
    """A training batch: crops of random views.

    Each crop has random numbers of its own, so that it is the same whoever draws it, and whatever else is drawn.

    Args:
        views: what to draw from, all with yardsticks or none.
        count: crops of the whole batch.
        crop: side of a crop in pixels.
        rng: fresh from its seed, which everything random comes from; the same seed gives the same batch.
        share: which of the batch's crops to draw.

    Returns:
        The views, inputs (B, ., crop, crop), target radiance (B, 3, crop, crop) and, if views have them, yardsticks
        likewise, of the B crops of the share, all in raw scene units.
    """
    seeds = rng.bit_generator.seed_seq.spawn(count)  # type: ignore[attr-defined]  # all but those set by hand have it
    drawn, samples = [], []
    for own in map(np.random.default_rng, seeds[share]):
        drawn.append(views[int(own.integers(len(views)))])
        samples.append(_draw_sample(drawn[-1], crop, own))
    batch = {key: torch.from_numpy(np.stack([s[key] for s in samples])) for key in samples[0]}
    return drawn, Inputs._make(batch[name] for name in Inputs._fields), batch["target"], batch.get("yardstick")


def _draw_sample(view: StoredView, crop: int, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """One augmented crop (Lehtinen et al. 2018, section 3.3, and the augmentations usual for denoisers)."""
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
    if rng.random() < _FIREFLIES:
        _add_fireflies(planes, rng)
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
    return _padded(planes, crop, mirrored=scale == 4)


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
    sample = {"present": np.array([name in planes for name in ("albedo", "normal", "variance")], np.float32)}
    for name in dict.fromkeys(("radiance", "albedo", "normal", "variance", *planes)):
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
