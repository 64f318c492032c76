"""The light of a frame's beauty and layers, in pieces: repaired, clamped, and with sums that hold.

The beauty is repaired and clamped by itself; its layers then follow it. Whatever they miss of it at a pixel, be it a
rounding or the energy of a firefly, is shared out among them in proportion to what they have there.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from denoise.additive import Group
from denoise.fireflies import firefly_scale
from denoise.frame import Frame
from denoise.layers import Channels
from denoise.repair import Repairs, repair_radiance

Crop = tuple[slice, slice]


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
    stored = []
    for channels in layers:
        pixels = tuple(frame.parts[channels.part].channels[name] for name in channels.names)
        if not all(map(_is_finite, pixels)):
            repaired, more = repair_radiance(channels.read(frame), keep_negative=True)
            pixels = tuple(np.moveaxis(repaired, -1, 0))
            repairs = repairs + more
        stored.append(pixels)
    signed = tuple(any(map(_has_sign, pixels)) for pixels in stored)
    return Pass(beauty, tuple(stored), signed, scale), repairs


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
            yield [_follow(_read(one, index, crop), mine.get(index), one.signed[index]) for one, mine in both]

    def _shares(self, one: Pass, crop: Crop) -> dict[int, _Share]:
        """What each layer of a sum is to be changed by.

        A layer of several groups is changed with the first of them, and the others share what is then missing.
        """
        shares: dict[int, _Share] = {}
        for group in self._groups:
            missing = torch.from_numpy(one.beauty[crop]).permute(2, 0, 1).clone(memory_format=torch.contiguous_format)
            weight = torch.zeros_like(missing)
            free = [index for index in group if index not in shares]
            for index in group:
                light = _follow(_read(one, index, crop), shares.get(index), one.signed[index])
                missing -= light
                if index not in shares:
                    weight += light.abs_() if one.signed[index] else light
            black = weight == 0
            rest = torch.where(black, missing, 0) if black.any() else None
            proportion = missing.div_(weight).masked_fill_(black, 0)
            shares |= {index: _Share(proportion, rest if index == free[0] else None) for index in free}
        return shares


@dataclass(frozen=True)
class _Share:
    """What a layer is to be changed by: in proportion to its light; and what it alone takes where all are black."""

    proportion: Tensor
    rest: Tensor | None


def _read(one: Pass, index: int, crop: Crop) -> Tensor:
    """A layer's piece, (3, h, w) float32 of its own; a single channel is repeated."""
    channels = one.layers[index]
    first = channels[0][crop]
    light = torch.empty((3, *first.shape))
    for i in range(3):
        light[i] = torch.from_numpy(channels[i % len(channels)][crop])
    return light if one.scale is None else light.mul_(torch.from_numpy(one.scale[crop]))


def _follow(light: Tensor, share: _Share | None, signed: bool) -> Tensor:
    if share is None:
        return light
    light.addcmul_(light.abs() if signed else light, share.proportion)
    return light if share.rest is None else light.add_(share.rest)


def _is_finite(pixels: np.ndarray) -> bool:
    """By the bits without the sign, some ten times as fast as asking NumPy of halves."""
    magnitude, infinity = (0x7FFF, 0x7C00) if pixels.dtype == np.float16 else (0x7FFFFFFF, 0x7F800000)
    bits: np.ndarray = pixels.view(f"u{pixels.itemsize}") & magnitude
    return bool(bits.max() < infinity)


def _has_sign(pixels: np.ndarray) -> bool:
    signed: np.ndarray = pixels.view(f"i{pixels.itemsize}")
    return bool(signed.min() < 0)
