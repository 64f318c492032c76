"""The filter's inner loops in one pass over each row, compiled by numba: for inference on CPUs.

The same as `denoise.kernels` has them in torch, which is the reference, to the rounding of float32, and several times
as fast: what torch writes to memory between two operations stays in the cache here. `denoise.kernels`
chooses; importing this module compiles it, or loads what an earlier process has compiled.

Logits and kernels may be bfloat16, which numba does not know: their bits come as int16. All else is float32.

Every function works on rows of blocks of `_BLOCK` pixels. Rows that several output rows need are copied once, with the
edge's pixels repeated, into a ring: row y of the plane is row y % n of the ring.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from denoise.machine_code import arrays, by_rows, compiled, inlined, narrow, wide
from denoise.strips import Rows
from denoise.transfer import ALBEDO_FLOOR

_BLOCK = 2048  # pixels of a row, at most: rings fit into a second-level cache, and few turns go to small work
_WIDEST = 33  # pixels, of kernels
_SPAN = _BLOCK + _WIDEST - 1  # pixels that kernels of a block's pixels reach

_GUIDES = 9
_FLOAT32 = np.float32  # plain numbers would be float64, and everything they touch
_LOG_BILINEAR = np.log(np.array([9, 3, 3, 1]) / 16).astype(np.float32)  # `kernels.BILINEAR`

# exp(r) for |r| <= log(2) / 2, and log(2) in two parts of which the first has few digits (Cephes, expf.c)
_LEAST = _FLOAT32(-87)  # below, its exponential is subnormal
_LOG2_E = _FLOAT32(1.44269504088896341)
_LOG_2_HIGH, _LOG_2_LOW = _FLOAT32(0.693359375), _FLOAT32(-2.12194440e-4)
_P5, _P4, _P3 = _FLOAT32(1.9875691500e-4), _FLOAT32(1.3981999507e-3), _FLOAT32(8.3334519073e-3)
_P2, _P1, _P0 = _FLOAT32(4.1665795894e-2), _FLOAT32(1.6666665459e-1), _FLOAT32(5.0000001201e-1)
_ROUND = _FLOAT32(3 << 22)  # a float32 that it is added to has no digits left after the point
_ONE, _QUARTER, _ZERO, _LOWEST = _FLOAT32(1), _FLOAT32(0.25), _FLOAT32(0), np.finfo(np.float32).min
_SHARPEST = _FLOAT32(6)  # logarithm
_LARGEST = _FLOAT32(80)  # that `_exp` takes
_FLOOR, _FLOORS = _FLOAT32(ALBEDO_FLOOR), (_FLOAT32(-3), _FLOAT32(2))  # logarithms
_BIAS, _MANTISSA = np.int32(127), np.int32(23)


@inlined
def _exp(x):  # type: ignore[no-untyped-def]
    """The exponential of a float32 up to 80, to 2e-7 of itself; numba's own is not vectorised."""
    x = _LEAST if x < _LEAST else x
    shifted = x * _LOG2_E + _ROUND
    power = shifted - _ROUND
    r = x - power * _LOG_2_HIGH - power * _LOG_2_LOW
    p = ((((_P5 * r + _P4) * r + _P3) * r + _P2) * r + _P1) * r + _P0
    scale = np.int32((_FLOAT32(shifted).view(np.int32) + _BIAS) << _MANTISSA).view(np.float32)  # 2 ** power
    return (p * r * r + r + _ONE) * scale


@inlined
def _load(row, start, out):  # type: ignore[no-untyped-def]
    """Fill `out` with the row from `start` on, which may lie before it, and repeat its first and last pixel."""
    before = min(max(-start, 0), out.size)
    end = max(min(row.size - start, out.size), before)
    out[:before] = row[0]
    out[before:end] = row[start + before : start + end]
    out[end:] = row[row.size - 1]


@inlined
def _less_distances(logits, sharpness, y, left, near, own, out):  # type: ignore[no-untyped-def]
    """Logits less the weighed squares of what the guides `near` and `own` differ by.

    Guide c of pixel x lies at c * _SPAN + x: with addresses of their own, nine rows each would have to be told apart.
    """
    s0, s1, s2 = sharpness[0, y, left:], sharpness[1, y, left:], sharpness[2, y, left:]
    for x in range(out.size):
        a, b, c = near[x] - own[x], near[_SPAN + x] - own[_SPAN + x], near[2 * _SPAN + x] - own[2 * _SPAN + x]
        d, e = near[3 * _SPAN + x] - own[3 * _SPAN + x], near[4 * _SPAN + x] - own[4 * _SPAN + x]
        f, g = near[5 * _SPAN + x] - own[5 * _SPAN + x], near[6 * _SPAN + x] - own[6 * _SPAN + x]
        h, i = near[7 * _SPAN + x] - own[7 * _SPAN + x], near[8 * _SPAN + x] - own[8 * _SPAN + x]
        first, second, third = a * a + b * b + c * c, d * d + e * e + f * f, g * g + h * h + i * i
        out[x] = wide(logits[x]) - (first * s0[x] + second * s1[x] + third * s2[x])


@inlined
def _softmax(rows, count, largest, total, out, y, left):  # type: ignore[no-untyped-def]
    """Softmax over the rows (k, n), to `count` pixels of out (k, H, W)."""
    largest[:] = _LOWEST
    for k in range(len(rows)):
        row = rows[k]
        for x in range(count):
            largest[x] = row[x] if row[x] > largest[x] else largest[x]
    total[:] = _ZERO
    for k in range(len(rows)):
        row = rows[k]
        for x in range(count):
            row[x] = _exp(row[x] - largest[x])
            total[x] += row[x]
    for x in range(count):
        total[x] = _ONE / total[x]
    for k in range(len(rows)):
        row, share = rows[k], out[k, y, left : left + count]
        for x in range(count):
            share[x] = narrow(row[x] * total[x], share[x])


@inlined
def _load_corners(row, left, padded, own, beside):  # type: ignore[no-untyped-def]
    """A coarse row at each fine pixel from `left`: the coarse pixel that it lies in, and the nearest beside."""
    _load(row, left // 2 - 1, padded)
    for x in range(padded.size - 2):
        own[2 * x] = padded[x + 1]
        own[2 * x + 1] = padded[x + 1]
        beside[2 * x] = padded[x]
        beside[2 * x + 1] = padded[x + 2]


_PLANES, _HALF_PLANES = "float32[:,:,::1]", "int16[:,:,::1]"


@compiled(*(f"void({logits}, {_PLANES}, {_PLANES}, {logits}, intp, intp, intp)" for logits in (_PLANES, _HALF_PLANES)))
def _edge_rows(logits, sharpness, guides, out, down, first, last):  # type: ignore[no-untyped-def]
    taps, height, width = logits.shape
    size = int(round(taps**0.5))
    border, block = size // 2, min(width, _BLOCK)
    ring = np.empty((size, _GUIDES * _SPAN), np.float32)
    rows = np.empty((taps, block), np.float32)
    largest, total = np.empty(block, np.float32), np.empty(block, np.float32)
    for left in range(0, width, block):
        count = min(block, width - left)
        loaded = max(first - border, 0)
        for y in range(first, last):
            while loaded <= min(y + border, height - 1):
                for c in range(_GUIDES):
                    _load(
                        guides[c, loaded], left - border, ring[loaded % size, c * _SPAN : c * _SPAN + block + size - 1]
                    )
                loaded += 1
            own = ring[y % size, border:]
            for k in range(taps):
                near = ring[min(max(y + k // size - border, 0), height - 1) % size, k % size :]
                _less_distances(logits[k, y, left:], sharpness, y, left, near, own, rows[k, :count])
            _softmax(rows, count, largest, total, out, y + down, left)


@compiled(f"void({_PLANES}, {_PLANES}, {_PLANES}, {_PLANES}, intp, intp, intp)")
def _corner_rows(sharpness, guides, coarse, out, down, first, last):  # type: ignore[no-untyped-def]
    height, width = coarse.shape[1], guides.shape[2]
    block = min(width, _BLOCK)
    ring = np.empty((3, 2, _GUIDES * _SPAN), np.float32)
    padded = np.empty(block // 2 + 2, np.float32)
    own = np.empty(_GUIDES * _SPAN, np.float32)
    bilinear = np.empty((4, block), np.float32)
    rows = np.empty((4, block), np.float32)
    largest, total = np.empty(block, np.float32), np.empty(block, np.float32)
    for k in range(4):
        bilinear[k, :] = _LOG_BILINEAR[k]
    for left in range(0, width, block):
        count = min(block, width - left)
        loaded = max(first // 2 - 1, 0)
        for y in range(first, last):
            while loaded <= min(y // 2 + 1, height - 1):
                for c in range(_GUIDES):
                    within, beside = ring[loaded % 3, 0, c * _SPAN :], ring[loaded % 3, 1, c * _SPAN :]
                    _load_corners(coarse[c, loaded], left, padded, within, beside)
                loaded += 1
            for c in range(_GUIDES):
                _load(guides[c, y], left, own[c * _SPAN : c * _SPAN + block])
            for k in range(4):
                row = y // 2 if k < 2 else min(max(y // 2 + 2 * (y % 2) - 1, 0), height - 1)
                _less_distances(bilinear[k], sharpness, y, left, ring[row % 3, k % 2], own, rows[k, :count])
            _softmax(rows, count, largest, total, out, y + down, left)


@compiled(
    *(
        f"void({_PLANES}, {_PLANES}, {kernels}, {_PLANES}, {_PLANES}, {_PLANES}, intp, intp)"
        for kernels in (_PLANES, _HALF_PLANES)
    )
)
def _level_rows(image, coarse, kernels, upsampler, alpha, out, first, last):  # type: ignore[no-untyped-def]
    channels, height, width = image.shape
    coarse_height, taps = coarse.shape[1], len(kernels)
    size = int(round(taps**0.5))
    border, block = size // 2, min(width, _BLOCK)
    ring = np.empty((size, channels, block + size - 1), np.float32)
    corners = np.empty((3, 2, channels, block), np.float32)
    padded = np.empty(block // 2 + 2, np.float32)
    total = np.empty(block, np.float32)
    for left in range(0, width, block):
        count = min(block, width - left)
        loaded, coarse_loaded = max(first - border, 0), max(first // 2 - 1, 0)
        for y in range(first, last):
            while loaded <= min(y + border, height - 1):
                for c in range(channels):
                    _load(image[c, loaded], left - border, ring[loaded % size, c])
                loaded += 1
            while coarse_loaded <= min(y // 2 + 1, coarse_height - 1):
                slot = coarse_loaded % 3
                for c in range(channels):
                    _load_corners(coarse[c, coarse_loaded], left, padded, corners[slot, 0, c], corners[slot, 1, c])
                coarse_loaded += 1
            beyond = min(max(y // 2 + 2 * (y % 2) - 1, 0), coarse_height - 1) % 3
            within = y // 2 % 3
            u0, u1 = upsampler[0, y, left:], upsampler[1, y, left:]
            u2, u3 = upsampler[2, y, left:], upsampler[3, y, left:]
            share = alpha[0, y, left:]
            for c in range(channels):
                total[:] = _ZERO
                for k in range(taps):
                    near = ring[min(max(y + k // size - border, 0), height - 1) % size, c, k % size : k % size + count]
                    weight = kernels[k, y, left:]
                    for x in range(count):
                        total[x] += wide(weight[x]) * near[x]
                c0, c1 = corners[within, 0, c], corners[within, 1, c]
                c2, c3 = corners[beyond, 0, c], corners[beyond, 1, c]
                blended = out[c, y, left:]
                for x in range(count):
                    up = u0[x] * c0[x] + u1[x] * c1[x] + u2[x] * c2[x] + u3[x] * c3[x]
                    blended[x] = (_ONE - share[x]) * total[x] + share[
                        x
                    ] * up  # a firefly of no share leaves no rounding


@compiled(*(f"void({planes}, {planes}, intp, intp)" for planes in (_PLANES, _HALF_PLANES)))
def _shuffled_rows(coarse, out, first, last):  # type: ignore[no-untyped-def]
    for c in range(len(out)):
        for y in range(first, last):
            even, odd = coarse[4 * c + y % 2 * 2, y // 2], coarse[4 * c + y % 2 * 2 + 1, y // 2]
            row = out[c, y]
            for x in range(even.size):
                row[2 * x] = even[x]
                row[2 * x + 1] = odd[x]


@compiled(
    *(
        f"void({said}, {said}, {said}, {_PLANES}, float32[::1], {_PLANES}, {_PLANES}, {_PLANES}, intp, intp)"
        for said in (_PLANES, _HALF_PLANES)
    )
)
def _read_rows(correction, sharp, share, guides, scales, corrected, sharpness, alpha, first, last):  # type: ignore[no-untyped-def]
    for c in range(len(corrected)):
        for y in range(first, last):
            said, guide, out = correction[c, y], guides[c, y], corrected[c, y]
            for x in range(out.size):
                out[x] = guide[x] + wide(said[x])
    for c in range(len(sharpness)):
        for y in range(first, last):
            said, out = sharp[c, y], sharpness[c, y]
            for x in range(out.size):
                logarithm = wide(said[x])
                out[x] = _exp(_SHARPEST if logarithm > _SHARPEST else logarithm) * scales[c]
    for y in range(first, last):
        said, out = share[0, y], alpha[0, y]
        for x in range(out.size):
            logit = wide(said[x])
            small = _exp(-logit if logit > _ZERO else logit)
            out[x] = (_ONE if logit > _ZERO else small) / (_ONE + small)


@compiled(
    *(
        f"void({said}, {said}, {_PLANES}, boolean, {_PLANES}, float32, {_PLANES}, {_PLANES}, intp, intp)"
        for said in (_PLANES, _HALF_PLANES)
    )
)
def _weight_rows(floor, logit, albedo, known, prominent, least, divisor, weight, first, last):  # type: ignore[no-untyped-def]
    for y in range(first, last):
        said, out = floor[0, y], divisor[0, y]
        for x in range(out.size):
            out[x] = _exp(min(max(wide(said[x]), _FLOORS[0]), _FLOORS[1])) * _FLOOR
        for c in range(2, -1, -1):  # the first one last
            red, own, plane = divisor[0, y], divisor[c, y], albedo[c, y]
            for x in range(own.size):
                own[x] = plane[x] + red[x] if known else _ONE
        said, stands_out, out = logit[0, y], prominent[0, y], weight[0, y]
        for x in range(out.size):  # the sigmoid of the logit less the logarithm of the prominence
            by = _ONE + _exp(min(-wide(said[x]), _LARGEST)) * max(stands_out[x], _ONE)
            out[x] = _ONE / by + min(_ONE / stands_out[x], least)


@compiled(f"void({_PLANES}, {_PLANES}, intp, intp)")
def _halved_rows(plane, out, first, last):  # type: ignore[no-untyped-def]
    for c in range(len(out)):
        for y in range(first, last):
            upper, lower, row = plane[c, 2 * y], plane[c, 2 * y + 1], out[c, y]
            for x in range(row.size):
                row[x] = (upper[2 * x] + upper[2 * x + 1] + lower[2 * x] + lower[2 * x + 1]) * _QUARTER


def edge_stopping(logits: Tensor, sharpness: Tensor, guides: Tensor, rows: Rows | None = None) -> Tensor:
    """As `kernels.edge_stopping`; logits, and so the kernels, float32 or bfloat16."""
    assert logits.shape[1] <= _WIDEST**2
    rows = rows or Rows(0, logits.shape[2], _empty(logits), 0)
    for planes in zip(*map(arrays, (logits, sharpness, guides, rows.whole)), strict=True):
        by_rows(_edge_rows, (*planes, rows.top - rows.first), rows.end, rows.first)
    return rows.whole


def corner_stopping(sharpness: Tensor, guides: Tensor, coarse: Tensor, rows: Rows | None = None) -> Tensor:
    """As `kernels.corner_stopping`."""
    height, width = guides.shape[2:]
    rows = rows or Rows(0, height, guides.new_empty(len(guides), 4, height, width), 0)
    for planes in zip(*map(arrays, (sharpness, guides, coarse, rows.whole)), strict=True):
        by_rows(_corner_rows, (*planes, rows.top - rows.first), rows.end, rows.first)
    return rows.whole


def filter_level(image: Tensor, coarse: Tensor, kernels: Tensor, upsampler: Tensor, alpha: Tensor) -> Tensor:
    """One level on the way up: the gathered image, blended with what came from below.

    Args:
        image: (B, C, H, W), H and W even.
        coarse: (B, C, H / 2, W / 2), the filtered coarser level.
        kernels: (B, k * k, H, W), or (1, k * k, H, W) for all; float32 or bfloat16.
        upsampler: (B, 4, H, W), or (1, 4, H, W) for all.
        alpha: (B, 1, H, W), or (1, 1, H, W) for all.

    Returns:
        (B, C, H, W).
    """
    out = _empty(image)
    if len(kernels) == 1:  # all images at once: the kernels are read from memory once
        image, coarse, filtered = (plane.flatten(0, 1)[None] for plane in (image, coarse, out))
    else:
        filtered = out
    planes = (image, coarse, kernels, upsampler, alpha, filtered)
    for one in zip(*map(arrays, planes), strict=True):
        by_rows(_level_rows, one)
    return out


def halve(plane: Tensor) -> Tensor:
    """As `kernels.halve`."""
    count, channels, height, width = plane.shape
    out = plane.new_empty(count, channels, height // 2, width // 2)
    for planes in zip(*map(arrays, (plane, out)), strict=True):
        by_rows(_halved_rows, planes)
    return out


def pixel_shuffle(coarse: Tensor) -> Tensor:
    """As `kernels.pixel_shuffle`; float32 or bfloat16."""
    count, channels, height, width = coarse.shape
    out = coarse.new_empty(count, channels // 4, 2 * height, 2 * width)
    for planes in zip(*map(arrays, (coarse, out)), strict=True):
        by_rows(_shuffled_rows, planes)
    return out


def read(
    correction: Tensor, sharpness: Tensor, alpha: Tensor, guides: Tensor, scales: Sequence[float]
) -> tuple[Tensor, Tensor, Tensor]:
    """What a head says of a level, as `network` reads it.

    Args:
        correction: (B, 9, H, W), of the guides; float32 or bfloat16.
        sharpness: (B, 3, H, W), its logarithm, likewise.
        alpha: (B, 1, H, W), its logit, likewise.
        guides: (B, 9, H, W).
        scales: of the sharpnesses.

    Returns:
        Corrected guides, sharpness, and alpha, float32.
    """
    shapes = (plane.shape for plane in (guides, sharpness, alpha))
    out = [guides.new_empty(shape) for shape in shapes]
    factors = np.array(scales, np.float32)
    said = *map(arrays, (correction, sharpness, alpha, guides)), [factors] * len(guides)
    for planes in zip(*said, *map(arrays, out), strict=True):
        by_rows(_read_rows, planes)
    return out[0], out[1], out[2]


def read_weight(
    floor: Tensor, weight: Tensor, albedo: Tensor, known: Tensor, prominent: Tensor, least: float
) -> tuple[Tensor, Tensor]:
    """What a head says of light's divisor and of a pixel's weight, as `network` reads it.

    Args:
        floor: (B, 1, H, W), logarithm; float32 or bfloat16.
        weight: (B, 1, H, W), logit, likewise.
        albedo: (B, 3, H, W).
        known: (B,), whether it is, 0 or 1.
        prominent: (B, 1, H, W), positive.
        least: weight of what does not stand out.

    Returns:
        (B, 3, H, W) and (B, 1, H, W), float32.
    """
    divisor, out = _empty(albedo), _empty(prominent)
    said = *map(arrays, (floor, weight, albedo)), [one > 0 for one in known.tolist()], arrays(prominent)
    for *planes, divided, counted in zip(*said, arrays(divisor), arrays(out), strict=True):
        by_rows(_weight_rows, (*planes, _FLOAT32(least), divided, counted))
    return divisor, out


def _empty(like: Tensor) -> Tensor:
    return torch.empty_like(like, memory_format=torch.contiguous_format)
