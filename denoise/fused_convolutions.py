"""What lies between the U-Net's convolutions, compiled by numba: for inference on CPUs, in bfloat16, channels last.

The same as `denoise.convolutions` has them in torch, bit for bit, in one pass over memory.
"""

from __future__ import annotations

from torch import Tensor

from denoise.fused import arrays, by_rows, compiled

_PIXELS = "int16[:,:,::1]"  # (H, W, C), bfloat16 as its bits


@compiled(f"void({_PIXELS}, {_PIXELS}, {_PIXELS}, intp, intp)")
def _joined_rows(below, skip, out, first, last):  # type: ignore[no-untyped-def]
    channels = below.shape[2]
    for y in range(first, last):
        for x in range(out.shape[1]):
            coarse, fine, pixel, rest = below[y // 2, x // 2], skip[y, x], out[y, x], out[y, x, channels:]
            for c in range(channels):
                pixel[c] = coarse[c]
            for c in range(fine.size):
                rest[c] = fine[c]


@compiled(f"void({_PIXELS}, {_PIXELS}, intp, intp)")
def _pooled_rows(fine, out, first, last):  # type: ignore[no-untyped-def]
    for y in range(first, last):
        for x in range(out.shape[1]):
            a, b = fine[2 * y, 2 * x], fine[2 * y, 2 * x + 1]
            c, d = fine[2 * y + 1, 2 * x], fine[2 * y + 1, 2 * x + 1]
            pixel = out[y, x]
            for k in range(pixel.size):  # floats that are not negative are in the order of their bits
                upper, lower = max(a[k], b[k]), max(c[k], d[k])
                pixel[k] = max(upper, lower)


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


def _pixels(x: Tensor) -> Tensor:
    return x.permute(0, 2, 3, 1)  # (B, H, W, C), contiguous where x is channels last
