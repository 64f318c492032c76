"""What lies between the U-Net's convolutions, compiled by numba: for inference on CPUs, channels last.

The same as `denoise.convolutions` has them in torch, bit for bit, in one pass over memory. Planes are float32 or
bfloat16; where it matters which, both are compiled.
"""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from denoise.machine_code import arrays, by_rows, compiled, inlined

_KINDS = "float32[:,:,::1]", "int16[:,:,::1]"  # (H, W, C); bfloat16 as its bits
_BYTES = "uint8[:,:,::1]"
_PAIRS = 16  # of pixels, whose channels fit into the first-level cache
_ONE = np.uint64(1)


@compiled(*(f"void({kind}, {kind}, {kind}, intp, intp)" for kind in (*_KINDS, _BYTES)))
def _joined_rows(below, skip, out, first, last):  # type: ignore[no-untyped-def]
    channels = below.shape[2]
    for y in range(first, last):
        for x in range(out.shape[1]):
            coarse, fine, pixel, rest = below[y // 2, x // 2], skip[y, x], out[y, x], out[y, x, channels:]
            for c in range(channels):
                pixel[c] = coarse[c]
            for c in range(fine.size):
                rest[c] = fine[c]


@compiled(*(f"void({kind}, {kind}, intp, intp)" for kind in (*_KINDS, _BYTES)))
def _pooled_rows(fine, out, first, last):  # type: ignore[no-untyped-def]
    for y in range(first, last):
        for x in range(out.shape[1]):
            a, b = fine[2 * y, 2 * x], fine[2 * y, 2 * x + 1]
            c, d = fine[2 * y + 1, 2 * x], fine[2 * y + 1, 2 * x + 1]
            pixel = out[y, x]
            for k in range(pixel.size):  # floats that are not negative are in the order of their bits
                upper, lower = max(a[k], b[k]), max(c[k], d[k])
                pixel[k] = max(upper, lower)


@inlined
def _part_pairs(pixels, left, channel, first, second):  # type: ignore[no-untyped-def]
    """Of each two pixels the lower halves of what a channel holds, side by side, and the upper halves."""
    bits = np.uint64(4 * pixels.itemsize)
    lower = (_ONE << bits) - _ONE
    for x in range(first.size):
        a, b = np.uint64(pixels[2 * (left + x), channel]), np.uint64(pixels[2 * (left + x) + 1, channel])
        first[x] = (a & lower) | (b << bits)
        second[x] = (a >> bits) | (b & ~lower)


@compiled("void(uint32[:,:,::1], uint32[:,:,::1], intp, intp, intp)")
def _parted_rows(twos, planes, top, first, last):  # type: ignore[no-untyped-def]
    width = planes.shape[2]
    for y in range(first, last):
        for left in range(0, width, _PAIRS):
            end = min(left + _PAIRS, width)
            for c in range(len(planes) // 2):
                one, next_one = planes[2 * c, top + y, left:end], planes[2 * c + 1, top + y, left:end]
                _part_pairs(twos[y], left, c, one, next_one)


@compiled("void(uint64[:,:,::1], uint64[:,:,::1], intp, intp, intp)")
def _parted_and_shuffled_rows(fours, planes, top, first, last):  # type: ignore[no-untyped-def]
    width = planes.shape[2]
    for y in range(first, last):
        for left in range(0, width, _PAIRS):
            end = min(left + _PAIRS, width)
            for c in range(len(planes)):
                upper, lower = planes[c, 2 * (top + y), left:end], planes[c, 2 * (top + y) + 1, left:end]
                _part_pairs(fours[y], left, c, upper, lower)


def join(below: Tensor, skip: Tensor) -> Tensor:
    """As `convolutions.join`."""
    count, channels, height, width = skip.shape
    out = skip.new_empty(count, height, width, below.shape[1] + channels)
    for planes in zip(*map(arrays, (_pixels(below), _pixels(skip), out)), strict=True):
        by_rows(_joined_rows, planes, height)
    return out.permute(0, 3, 1, 2)


def pool(x: Tensor) -> Tensor:
    """As `convolutions.pool`."""
    count, channels, height, width = x.shape
    out = x.new_empty(count, height // 2, width // 2, channels)
    for planes in zip(*map(arrays, (_pixels(x), out)), strict=True):
        by_rows(_pooled_rows, planes, height // 2)
    return out.permute(0, 3, 1, 2)


def part(pixels: Tensor, planes: Tensor, top: int, shuffled: bool) -> None:
    """Put an image, whose channels lie side by side, into planes of their own.

    Args:
        pixels: (C, h, W) bfloat16, channels last.
        planes: (C, H, W) likewise, each contiguous; or (C / 4, 2 H, 2 W), into which pixels are shuffled
            (`kernels.pixel_shuffle`).
        top: the number of the first of the rows among those of the planes.
        shuffled: whether they are.
    """
    _, height, width = pixels.shape
    if width % 2 or len(pixels) % 2:
        side = 2 if shuffled else 1
        planes[:, side * top : side * (top + height)] = F.pixel_shuffle(pixels, side)
        return
    kind, parted = (np.uint64, _parted_and_shuffled_rows) if shuffled else (np.uint32, _parted_rows)
    both = (bits.view(torch.int16).numpy().view(kind) for bits in (pixels.permute(1, 2, 0), planes))
    by_rows(parted, (*both, top), height)


def _pixels(x: Tensor) -> Tensor:
    return x.permute(0, 2, 3, 1)  # (B, H, W, C), contiguous where x is channels last
