"""The light of a frame's beauty and layers, in pieces: repaired, clamped, and with sums that hold.

The beauty is repaired and clamped by itself; its layers then follow it. Whatever they miss of it at a pixel, be it a
rounding or the energy of a firefly, is shared out among them in proportion to what they have there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from denoise.additive import Group
from denoise.bits import has_sign, is_finite, is_plain
from denoise.fireflies import firefly_scale
from denoise.frame import Frame
from denoise.layers import Channels
from denoise.repair import Repairs, repair_radiance

Crop = tuple[slice, slice]

#: Pixels for which shares are worked out together: they stay in the processor's caches.
_STRIP = 120_000

#: Radiance, far below the smallest half: shares in proportion to less would overflow.
_BLACK = 1e-20


@dataclass(frozen=True)
class Pass:
    """One pass of a frame: its beauty, whole, and its layers, as they are stored.

    Attributes:
        beauty: (H, W, 3) float32, finite and non-negative.
        layers: (H, W) channels of any float type for each layer, finite.
        signed: for each layer, whether it is negative anywhere.
        scale: (H, W) what the beauty's pixels were multiplied by to cut fireflies; None where nothing was.
    """

    beauty: np.ndarray
    layers: tuple[tuple[np.ndarray, ...], ...] = ()
    signed: tuple[bool, ...] = ()
    scale: np.ndarray | None = None


def open_pass(
    frame: Frame, radiance: np.ndarray, layers: Sequence[Channels], firefly_clamp: float | None
) -> tuple[Pass, Repairs]:
    """Repair and clamp a pass.

    Args:
        frame: that the layers are in.
        radiance: (H, W, 3) float32, its beauty as it was read.
        layers: to be denoised along.
        firefly_clamp: limit as for `firefly_scale`, or None.

    Returns:
        The pass, and how many bad pixels were repaired in all.
    """
    beauty, repairs = repair_radiance(radiance)
    scale = None
    if firefly_clamp is not None:
        scale = firefly_scale(beauty, firefly_clamp)
        beauty = beauty * scale[..., None]
    stored, signed = [], []
    for channels in layers:
        pixels = tuple(frame.parts[channels.part].channels[name] for name in channels.names)
        plain = all(map(is_plain, pixels))
        if not plain and not all(map(is_finite, pixels)):
            repaired, more = repair_radiance(channels.read(frame), keep_negative=True)
            pixels = tuple(np.moveaxis(repaired, -1, 0))
            repairs = repairs + more
        stored.append(pixels)
        signed.append(not plain and any(map(has_sign, pixels)))
    return Pass(beauty, tuple(stored), tuple(signed), scale), repairs


class Layers:
    """The layers of all passes, cut to a piece of the frame and made to sum to the beauty's.

    Args:
        passes: with the same layers each.
        groups: of those layers.
        layers: all of them, in the order of `Pass.layers`.
    """

    def __init__(self, passes: Sequence[Pass], groups: Sequence[Group], layers: Sequence[Channels]) -> None:
        self._passes = passes
        self._groups = [[layers.index(channels) for channels in group.layers] for group in groups if group.sums]
        self._count = len(layers)

    def crops(self, crop: Crop) -> Iterator[list[Tensor]]:
        """Layer by layer, each pass's (3, h, w) float32 in a piece of the frame."""
        shares = [self._shares(one, crop) for one in self._passes]
        for index in range(self._count):
            both = zip(self._passes, shares, strict=True)
            yield [_filled(one, index, crop, mine.get(index)) for one, mine in both]

    def _shares(self, one: Pass, crop: Crop) -> dict[int, _Share]:
        """What each layer of a sum is to be changed by.

        A layer of several groups is changed with the first of them, and the others share what is then missing.
        """
        shares: dict[int, _Share] = {}
        for group in self._groups:
            free = [index for index in group if index not in shares]
            proportion = torch.empty((3, *_size(crop)))
            rest = None
            for at, piece in _strips(crop):
                missing, weight = _compare(one, group, piece, shares, at)
                black = weight < _BLACK
                if black.any():
                    rest = torch.zeros_like(proportion) if rest is None else rest
                    rest[:, at] = missing.where(black, torch.zeros(()))
                    missing[black], weight[black] = 0, 1
                torch.div(missing, weight, out=proportion[:, at])
            share = _Share(proportion, None)
            shares |= dict.fromkeys(free, share)
            if free and rest is not None:
                shares[free[0]] = replace(share, rest=rest)
        return shares


@dataclass(frozen=True)
class _Share:
    """What a layer is to be changed by: in proportion to its light; and what it alone takes where all are black."""

    proportion: Tensor
    rest: Tensor | None


def _compare(
    one: Pass, group: Sequence[int], piece: Crop, shares: Mapping[int, _Share], rows: slice
) -> tuple[Tensor, Tensor]:
    """What a group misses of the beauty in a piece, and the light of those of its layers that have no share yet."""
    missing = torch.from_numpy(one.beauty[piece]).permute(2, 0, 1).clone(memory_format=torch.contiguous_format)
    positive, signed, light = torch.zeros_like(missing), torch.zeros_like(missing), torch.empty_like(missing[0])
    for index in group:
        for i in range(3):
            _fill(light, one, index, i, piece, shares.get(index), rows)
            if index in shares:
                missing[i] -= light
            elif one.signed[index]:
                missing[i] -= light
                signed[i] += light.abs_()
            else:
                positive[i] += light  # most layers: what they weigh is what they make up
    missing -= positive
    return missing, positive.add_(signed)


def _fill(
    light: Tensor, one: Pass, index: int, i: int, piece: Crop, share: _Share | None, rows: slice = slice(None)
) -> None:
    """Put a channel's piece into `light`, (h, w), changed by these rows of its share; an only channel is all three."""
    channels = one.layers[index]
    light.copy_(torch.from_numpy(channels[i % len(channels)][piece]))
    if one.scale is not None:
        light.mul_(torch.from_numpy(one.scale[piece]))
    if share is not None:
        light.addcmul_(light.abs() if one.signed[index] else light, share.proportion[i, rows])
        if share.rest is not None:
            light.add_(share.rest[i, rows])


def _filled(one: Pass, index: int, crop: Crop, share: _Share | None) -> Tensor:
    """A layer's three channels, (3, h, w)."""
    light = torch.empty((3, *_size(crop)))
    for i in range(3):
        _fill(light[i], one, index, i, crop, share)
    return light


def _strips(crop: Crop) -> Iterator[tuple[slice, Crop]]:
    """A piece of the frame a few rows at a time: the rows within the piece, and the smaller piece."""
    rows, columns = crop
    step = max(1, _STRIP // max(1, columns.stop - columns.start))
    for start in range(rows.start, rows.stop, step):
        end = min(start + step, rows.stop)
        yield slice(start - rows.start, end - rows.start), (slice(start, end), columns)


def _size(crop: Crop) -> tuple[int, int]:
    return crop[0].stop - crop[0].start, crop[1].stop - crop[1].start
