"""From a data set to the views that a training draws from: decode once, weigh, merge passes and split them.

A view's passes are all estimates of one image with independent noise. Each time a view is drawn (`denoise.crops`), its
passes are split anew into an input subset and a target subset, disjoint; everything the network sees comes from the
input subset.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch

from denoise.errors import PairsError
from denoise.files import replacing
from denoise.frame import Planes
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
