"""What lies between the U-Net's convolutions, compiled by numba: for inference on CPUs, channels last.

The same as `denoise.convolutions` has them in torch, bit for bit, in one pass over memory. Planes are float32 or
bfloat16; where it matters which, both are compiled.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from denoise.fused import arrays, by_rows, compiled, wide

_KINDS = "float32[:,:,::1]", "int16[:,:,::1]"  # (H, W, C); bfloat16 as its bits
_BYTES = "uint8[:,:,::1]"
_HALF = np.float32(0.5)
_TILE = 32  # pixels whose channels fit into the first-level cache
_PAIR = np.int64(32)  # bits


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


@compiled(*(f"void({kind}, float32, float32, {_BYTES}, intp, intp)" for kind in _KINDS))
def _quantized_rows(pixels, by_step, most, out, first, last):  # type: ignore[no-untyped-def]
    for y in range(first, last):
        for x in range(out.shape[1]):
            pixel, whole = pixels[y, x], out[y, x]
            for c in range(whole.size):
                steps = wide(pixel[c]) * by_step + _HALF
                whole[c] = np.uint8(np.int32(steps if steps < most else most))


@compiled("void(int16[:,:,::1], int16[:,:,::1], intp, intp, intp)")
def _parted_rows(pixels, planes, top, first, last):  # type: ignore[no-untyped-def]
    for y in range(first, last):
        for left in range(0, pixels.shape[1], _TILE):
            count = min(_TILE, pixels.shape[1] - left)
            for c in range(len(planes)):
                row = planes[c, top + y, left : left + count]
                for x in range(count):
                    row[x] = pixels[y, left + x, c]


@compiled("void(int64[:,:,::1], int32[:,:,::1], intp, intp, intp)")
def _parted_and_shuffled_rows(fours, pairs, top, first, last):  # type: ignore[no-untyped-def]
    for y in range(first, last):
        for left in range(0, fours.shape[1], _TILE):
            count = min(_TILE, fours.shape[1] - left)
            for c in range(len(pairs)):
                upper = pairs[c, 2 * (top + y), left : left + count]
                lower = pairs[c, 2 * (top + y) + 1, left : left + count]
                for x in range(count):
                    four = fours[y, left + x, c]
                    upper[x] = np.int32(four)
                    lower[x] = np.int32(four >> _PAIR)


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


def quantize(x: Tensor, step: float, levels: int) -> Tensor:
    """As `quantized.quantize`."""
    count, channels, height, width = x.shape
    out = x.new_empty(count, height, width, channels, dtype=torch.uint8)
    for pixels, whole in zip(*map(arrays, (_pixels(x), out)), strict=True):
        by_rows(_quantized_rows, (pixels, np.float32(1 / step), np.float32(levels), whole), height)
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
    side_by_side, rows = pixels.permute(1, 2, 0).view(torch.int16).numpy(), planes.view(torch.int16).numpy()
    if shuffled:  # two halves of one row are written at once, and four read
        by_rows(_parted_and_shuffled_rows, (side_by_side.view(np.int64), rows.view(np.int32), top), pixels.shape[1])
    else:
        by_rows(_parted_rows, (side_by_side, rows, top), pixels.shape[1])


def _pixels(x: Tensor) -> Tensor:
    return x.permute(0, 2, 3, 1)  # (B, H, W, C), contiguous where x is channels last
