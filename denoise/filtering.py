"""A frame through a network, tile by tile: kernels predicted once from the beauty, applied to it and to its layers."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from denoise import background, bootstrap, shrinkage, variance
from denoise.blotches import REACH, shares
from denoise.features import SEEN, Inputs
from denoise.frame import Planes
from denoise.kernels import Predictions, filter_pyramid
from denoise.network import DirectNetwork, KernelNetwork
from denoise.passes import halves, mean_of, split, spread
from denoise.precision import mixed
from denoise.process import give_back
from denoise.tiles import Tile, tiles
from denoise.transfer import exposure, unexpose
from denoise.views import FARTHEST, VIEWS, View

Network = KernelNetwork | DirectNetwork

#: Layer by layer, the (3, h, w) float32 of each pass in a piece of the frame.
LayerCrops = Callable[[tuple[slice, slice]], Iterable[Sequence[Tensor]]]

#: Takes a result: 0 for the beauty or 1, 2, ... for the layers, the tile, and (3, h, w) of its inner rectangle.
Put = Callable[[int, Tile, Tensor], None]

#: Takes a tile, the noisy image (1, 3, h, w) of its crop, the filtered one, and the exposure; gives how much of each
#: pixel's change is to stay, (1, 1, h, w), or None where all of it is.
Hold = Callable[[Tile, Tensor, Tensor, Tensor], Tensor | None]

#: Index of a piece of the frame.
Piece = tuple[slice, slice] | np.ndarray

_LARGEST_WHOLE = 9_000_000  # pixels; larger frames are denoised in tiles unless told otherwise
_LOOKS_OF_SEVERAL = 3  # where there are several passes: with two, frames can come out worse than averaged first
_FIRST_OF_TWO = 2.0  # the first view of two passes sees them as they are, and counts for so many others
_TILE = 928  # with its surroundings 3.6 million pixels: 8K stays below 6 GB


@dataclass(frozen=True)
class Guide:
    """What kernels are predicted from.

    Attributes:
        beauties: of each pass, (H, W, 3) float32, finite and non-negative.
        auxiliary: albedo, normal and variance of the passes' mean, (H, W, 3) float32, as far as they are known.
        covered: where any pass's alpha is not zero, (H, W) bool; None where none has an alpha.
    """

    beauties: tuple[np.ndarray, ...]
    auxiliary: Planes = field(default_factory=dict)
    covered: np.ndarray | None = None


def filter_frame(
    network: Network,
    device: torch.device,
    precision: str,
    tile: int | None,
    guide: Guide,
    put: Put,
    layers: LayerCrops | None = None,
    looks: int = 1,
) -> float:
    """Denoise a whole frame: exposure, tiles, no more than noise explains, nothing where nothing is, and back.

    Args:
        network: on `device`.
        device: where to compute.
        precision: "float32", "bfloat16" or "auto", of the convolutions (`precision.mixed`).
        tile: side of the tiles in pixels, 0 for none, None to choose by the frame's size.
        guide: the passes.
        put: takes the results as they come, in scene units, on the CPU.
        layers: to be filtered with the beauty's kernels, if any; a network that predicts no kernels can have none.
        looks: views of the frame that kernels are predicted from. Where more than one is asked for, passes are averaged
            first: nothing is gained by more. All of them see a variance: what the passes differ by, else what the file
            has, else what a first look takes away.

    Returns:
        By how much the variance was taken to be too small, if one was known (`shrinkage.understated`); infinity if it
        was not gone by.
    """
    noise, times = _noise(guide)
    sure = "variance" not in guide.auxiliary
    way = _Way(network, device, tile)
    with torch.inference_mode(), mixed(device, precision):
        if noise is not None:

            def hold(one: Tile, noisy: Tensor, image: Tensor, factor: Tensor) -> Tensor:
                return shrinkage.share(noisy, image, noise(one.crop), factor, sure)

            _filter(way, guide, put, layers, looks, hold, shrinkage.REACH)
        elif len(guide.beauties) == 1:
            _filter_untold(way, guide, put, layers, looks)
        else:
            _filter(way, guide, put, layers, looks)
    return times


class _Way(NamedTuple):
    """By what a frame is filtered."""

    network: Network
    device: torch.device
    tile: int | None

    def side(self, pixels: int) -> int:
        """Of the tiles of a frame of so many pixels; 0 for none."""
        if self.tile is None:
            return _TILE if pixels > _LARGEST_WHOLE else 0
        return self.tile


def _filter_untold(way: _Way, guide: Guide, put: Put, layers: LayerCrops | None, looks: int) -> None:
    """One pass of which nothing tells the noise: the filter is shown how it errs on such a picture.

    Views see what a first look takes away as their variance. A frame in tiles is looked at first, too: how far its
    changes are held back is told by all of it.
    """
    (beauty,) = guide.beauties
    height, width = beauty.shape[:2]
    side = way.side(height * width * looks)
    if looks == 1 and (side == 0 or side >= max(height, width)):
        _filter(way, guide, put, layers, hold=lambda _, *seen: _kept(way, guide, *seen))
        return
    first = _filtered(way, guide)
    noisy, image = _seen(beauty), _seen(first)
    kept = _kept(way, guide, noisy, image, exposure(_brightness(guide.beauties)))
    if looks == 1 and layers is None:
        (whole,) = tiles(height, width, 0, way.network.align, 0)
        put(0, whole, (image if kept is None else shrinkage.blend(noisy, image, kept))[0])
        return
    if looks > 1 and "variance" not in guide.auxiliary:
        removed = np.subtract(beauty, first, out=first)
        guide = replace(guide, auxiliary={**guide.auxiliary, "variance": variance.squared(removed)})
    _filter(way, guide, put, layers, looks, lambda one, *_: None if kept is None else kept[..., *one.crop])


def _kept(way: _Way, guide: Guide, noisy: Tensor, image: Tensor, factor: Tensor) -> Tensor | None:
    """Of each pixel's change by one look, how much is to stay, (1, 1, H, W); None where all of it is."""
    quiet = bootstrap.quiet(noisy, image, factor)
    if quiet == 0:
        return None
    resampled = bootstrap.resampled(noisy, image)[0].permute(1, 2, 0).numpy()
    again = _filtered(way, replace(guide, beauties=(resampled,)))
    return bootstrap.share(noisy, image, _seen(again), factor, quiet)


def _filtered(way: _Way, guide: Guide) -> np.ndarray:
    """What one look makes of a frame, (H, W, 3)."""
    filtered = np.empty_like(guide.beauties[0])

    def put(index: int, tile: Tile, image: Tensor) -> None:
        torch.from_numpy(filtered[tile.place]).copy_(image.permute(1, 2, 0))

    _filter(way, guide, put)
    return filtered


def _filter(
    way: _Way,
    guide: Guide,
    put: Put,
    layers: LayerCrops | None = None,
    looks: int = 1,
    hold: Hold = lambda *_: None,
    held_by: int = 0,
) -> None:
    """As `filter_frame`; of each tile's changes stays what `hold` says, which is told by pixels so far away."""
    network, device, _ = way
    nothing = background.empty(guide.beauties, guide.auxiliary.get("normal"), guide.covered)
    apart = len(guide.beauties) if looks == 1 else 1  # passes
    height, width = guide.beauties[0].shape[:2]
    factor = exposure(_brightness(guide.beauties))  # of the whole frame, so that tiles agree
    reach = network.reach + held_by + (REACH + FARTHEST if apart > 1 or looks > 1 else 0)
    reach += variance.REACH if looks > 1 else 0
    for one in tiles(height, width, way.side(height * width * looks), network.align, reach):
        views = _views(guide, one, looks)
        noisy = _tensor(views[0][1]["radiance"])  # the passes' mean
        beauties = halves([_tensor(beauty[one.crop]) for beauty in guide.beauties]) if apart > 1 else [noisy]
        if isinstance(network, DirectNetwork):
            filtered = [_direct(network, device, views[-1][1], half, factor) for half in beauties]
            kernels = None
        else:
            kernels = _Kernels(network, device, views, factor, keep=layers is not None)
            filtered = list(kernels.apply(beauties))
        weights = _shares(filtered, apart, factor)
        image = _together(filtered, weights)
        kept = hold(one, noisy, image, factor)
        put(0, one, _inner(image if kept is None else shrinkage.blend(noisy, image, kept), one, nothing))
        if kernels is None or layers is None:
            continue
        for index, passes in enumerate(layers(one.crop), 1):
            if index == 1:
                give_back()  # what the network took: layers need far less
            mean = mean_of(passes)
            parts = halves(passes) if apart > 1 else [mean]
            image = _together(kernels.apply([part[None] for part in parts]), weights)
            if kept is not None:
                image = shrinkage.blend(mean[None], image, kept)
            put(index, one, _inner(image, one, nothing))


class _Kernels:
    """Predictions for one tile, from one view of it or from several, made when they are applied.

    Kept for what else they are to be applied to, or else let go one by one: they take more memory than all the rest.
    """

    def __init__(
        self,
        network: KernelNetwork,
        device: torch.device,
        views: Sequence[tuple[View, Planes]],
        factor: Tensor,
        keep: bool,
    ) -> None:
        self._network, self._device, self._views, self._factor = network, device, views, factor
        self._keep = keep
        self._kept: dict[int, Predictions] = {}

    def apply(self, halves: Sequence[Tensor]) -> Iterator[Tensor]:
        """Filter (1, 3, h, w) images of light, all by the first view's kernels, then by the next's; on the CPU."""
        align = self._network.align
        for index, (view, planes) in enumerate(self._views):
            predictions = self._kept.get(index)
            if predictions is None:
                predictions = self._network.predict(_held_inputs(planes, view, align, self._device, self._factor))
                if self._keep:
                    self._kept[index] = predictions
            for half in halves:
                filtered = filter_pyramid(view.hold(half.to(self._device), align), predictions)
                yield view.back(filtered, *half.shape[-2:]).cpu()
            del predictions  # before there are the next ones


def _views(guide: Guide, tile: Tile, looks: int) -> list[tuple[View, Planes]]:
    """What to predict from, and how to hold it; of several passes with the variance they show.

    Where several are kept apart, colours stay as they are: with them exchanged, less of a firefly that one alone has is
    taken away.
    """
    beauties = [beauty[tile.crop] for beauty in guide.beauties]
    planes = {name: plane[tile.crop] for name, plane in guide.auxiliary.items()}
    planes["radiance"] = mean_of(beauties)
    if len(beauties) > 1:
        planes["variance"] = spread(beauties)
    if looks > 1:
        planes["variance"] = _smoothed(planes["variance"])
    elif len(beauties) > 1:
        return [(replace(view, rolled=0), planes) for view in VIEWS[:_LOOKS_OF_SEVERAL]]
    return [(view, planes) for view in VIEWS[:looks]]


def _direct(network: DirectNetwork, device: torch.device, planes: Planes, radiance: Tensor, factor: Tensor) -> Tensor:
    height, width = radiance.shape[-2:]
    planes = {**planes, "radiance": radiance[0].permute(1, 2, 0).numpy()}
    out = network(_held_inputs(planes, View(), network.align, device, factor)).cpu()
    return unexpose(out[..., :height, :width], factor)


def _shares(filtered: Sequence[Tensor], apart: int, factor: Tensor) -> list[Tensor]:
    """Of the beauty by each view's kernels, of each half; none where there is but one."""
    if len(filtered) == 1:
        return []
    counts: list[float] = [len(half) for half in split(range(apart))]
    others = counts * (len(filtered) // len(counts) - 1)
    first = [_FIRST_OF_TWO * count for count in counts] if apart == 2 else counts
    return shares([image * factor for image in filtered], first + others)


def _together(filtered: Iterable[Tensor], weights: Sequence[Tensor]) -> Tensor:
    """Images (n, 3, h, w) by their shares; where there is but one, that."""
    if not weights:
        (image,) = filtered
        return image
    images = (image * weight for image, weight in zip(filtered, weights, strict=True))
    return sum(images, next(images))


def _noise(guide: Guide) -> tuple[Callable[[Piece], Tensor] | None, float]:
    """Gives the variance (1, 3, h, w) of the passes' mean, as they bring it or differ; None where that tells nothing.

    And by how much it was raised; 1 where none is known.
    """
    known = guide.auxiliary.get("variance")
    if known is None and len(guide.beauties) == 1:
        return None, 1.0

    def told(piece: Piece) -> np.ndarray:
        return spread([beauty[piece] for beauty in guide.beauties]) if known is None else known[piece]

    rows = shrinkage.sample(*guide.beauties[0].shape[:2])
    guides = [guide.auxiliary[name][rows] for name in ("albedo", "normal") if name in guide.auxiliary]
    times = shrinkage.understated(mean_of([beauty[rows] for beauty in guide.beauties]), told(rows), guides)
    return (lambda piece: _tensor(told(piece)).mul_(times)) if math.isfinite(times) else None, times


def _smoothed(plane: np.ndarray) -> np.ndarray:
    return variance.smoothed(_tensor(plane))[0].permute(1, 2, 0).numpy()


def _inner(image: Tensor, tile: Tile, nothing: np.ndarray | None) -> Tensor:
    """(3, h, w) of an image (1, 3, H, W) of a tile, in its inner rectangle; black where the frame shows nothing."""
    rows, columns = tile.within
    inner = image[0, :, rows, columns]
    return inner if nothing is None else inner.masked_fill(torch.from_numpy(nothing[tile.place]), 0)


def _brightness(beauties: Sequence[np.ndarray]) -> Tensor:
    """Mean over passes and channels, (1, 1, H, W)."""
    mean = mean_of(beauties)
    red, green, blue = (torch.from_numpy(mean[..., channel]) for channel in range(3))
    return ((red + green).add_(blue) / 3)[None, None]


def to_inputs(planes: Planes) -> Inputs:
    """A frame's planes as a batch of one, absent ones zero and marked.

    Args:
        planes: (H, W, 3) float32 each: radiance, and albedo, normal, variance where known.
    """
    zero = np.zeros_like(planes["radiance"])
    present = torch.tensor([[float(name in planes) for name in SEEN[1:]]])
    return Inputs._make([*(_tensor(planes.get(name, zero)) for name in SEEN), present])


def _held_inputs(planes: Planes, view: View, align: int, device: torch.device, factor: Tensor) -> Inputs:
    """As `to_inputs`, in a view on the network's grid, and exposed; absent planes take no memory."""
    held = {name: view.hold(_seen(planes[name]), align) for name in SEEN if name in planes}
    held["radiance"].mul_(factor)
    if "variance" in held:
        held["variance"].mul_(factor**2)
    nothing = torch.zeros(1, 1, 1, 1).expand_as(held["radiance"])
    present = torch.tensor([[float(name in planes) for name in SEEN[1:]]])
    return Inputs._make(plane.to(device) for plane in (*(held.get(name, nothing) for name in SEEN), present))


def _tensor(plane: np.ndarray) -> Tensor:
    """(H, W, 3) to (1, 3, H, W); by torch, which copies in all threads."""
    return _seen(plane).contiguous()


def _seen(plane: np.ndarray) -> Tensor:
    """(H, W, 3) as (1, 3, H, W), the same pixels."""
    return torch.from_numpy(plane).permute(2, 0, 1)[None]
