"""From planes to channels in one pass, compiled by numba: for inference on CPUs, as `denoise.fused`.

Planes are float32, (C, H, W); what convolutions take is (H, W, C), in bfloat16 where they compute in it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numba import types
from numba.extending import overload
from torch import Tensor

from denoise.convolutions import kind
from denoise.features import BRIGHTEST, FEATURES, GUIDES, Inputs
from denoise.machine_code import arrays, by_rows, compiled, inlined, narrow
from denoise.transfer import ALBEDO_FLOOR, EPS, LOG_OF_ONE

_FLOAT32 = np.float32
_ONE, _HALF, _ZERO = _FLOAT32(1), _FLOAT32(0.5), _FLOAT32(0)
_FLOOR, _EPS, _BY_EPS = _FLOAT32(ALBEDO_FLOOR), _FLOAT32(EPS), _FLOAT32(1 / EPS)
_BY_LOG = _FLOAT32(1 / LOG_OF_ONE)
_BRIGHTEST, _BY_BRIGHTEST = _FLOAT32(BRIGHTEST), _FLOAT32(1 / BRIGHTEST)
_THIRD = _FLOAT32(1 / 3)
_BYTE = np.int32(8)  # bits
_SECOND, _BELOW, _KNOWN = 22, 30, 38  # the first pairs of channels behind those of planes, as `digits` has them
_TILE = 128  # pixels of half the size, whose channels fit into the first-level cache

# log(1 + m) for 1 + m between the roots of 1/2 and 2, and log(2) in two parts of which the first has few digits
# (Cephes, logf.c)
_ROOT_HALF = _FLOAT32(0.707106781186547524)
_LOG_2_HIGH, _LOG_2_LOW = _FLOAT32(0.693359375), _FLOAT32(-2.12194440e-4)
_P8, _P7, _P6 = _FLOAT32(7.0376836292e-2), _FLOAT32(-1.1514610310e-1), _FLOAT32(1.1676998740e-1)
_P5, _P4, _P3 = _FLOAT32(-1.2420140846e-1), _FLOAT32(1.4249322787e-1), _FLOAT32(-1.6668057665e-1)
_P2, _P1, _P0 = _FLOAT32(2.0000714765e-1), _FLOAT32(-2.4999993993e-1), _FLOAT32(3.3333331174e-1)
_EXPONENT, _FRACTION, _OF_HALF = np.int32(23), np.int32(0x7FFFFF), np.int32(0x3F000000)
_BELOW_ONE = np.int32(126)


@inlined
def _log(x):  # type: ignore[no-untyped-def]
    """The logarithm of a positive float32, to 1e-7; numba's own is not vectorised."""
    bits = _FLOAT32(x).view(np.int32)
    power = _FLOAT32((bits >> _EXPONENT) - _BELOW_ONE)
    m = np.int32((bits & _FRACTION) | _OF_HALF).view(np.float32)  # in [0.5, 1)
    low = m < _ROOT_HALF
    power = power - _ONE if low else power
    m = m + m - _ONE if low else m - _ONE
    p = (((((((_P8 * m + _P7) * m + _P6) * m + _P5) * m + _P4) * m + _P3) * m + _P2) * m + _P1) * m + _P0
    square = m * m
    return m + (p * m * square + power * _LOG_2_LOW - _HALF * square) + power * _LOG_2_HIGH


@inlined
def _log_encode(x):  # type: ignore[no-untyped-def]
    """As `transfer.log_encode`, up to `BRIGHTEST`."""
    return _log(_ONE + min(max(x, _ZERO), _BRIGHTEST) * _BY_EPS) * _BY_LOG


@inlined
def _log_light(radiance, albedo, demodulated, out):  # type: ignore[no-untyped-def]
    if demodulated:
        for x in range(out.size):
            out[x] = _log_encode(radiance[x] / (albedo[x] + _FLOOR))
    else:
        for x in range(out.size):
            out[x] = _log_encode(radiance[x])


_PLANES = "float32[:,:,::1]"


@compiled(f"void({', '.join([_PLANES] * 3)}, boolean, {_PLANES}, intp, intp)")
def _guide_rows(radiance, albedo, normal, demodulated, out, first, last):  # type: ignore[no-untyped-def]
    for y in range(first, last):
        for c in range(3):
            _log_light(radiance[c, y], albedo[c, y], demodulated, out[c, y])
            out[3 + c, y] = albedo[c, y]
            out[6 + c, y] = normal[c, y]


def _put(row, rule, place, whole, out):  # type: ignore[no-untyped-def]
    """A row of a plane, each two pixels into two channels; of bytes, two in a uint16, by a rule of `digits`.

    Args:
        row: (2 n,).
        rule: steps in one, the largest byte, and second digits' steps in one.
        place: of the pair of channels, of that of second digits, and of that for what is below zero; -1 for none.
        whole: (n,) uint16, for what comes in between.
        out: (n, C) of floats, or (n, C / 2) of pairs of bytes.
    """
    raise TypeError("for compiled code only: numba takes `_typed_put`, by the type of `out`")


@overload(_put)
def _typed_put(row, rule, place, whole, out):  # type: ignore[no-untyped-def]
    return _put_bytes if out.dtype == types.uint16 else _put_floats


def _put_floats(row, rule, place, whole, out):  # type: ignore[no-untyped-def]
    channel = 2 * place[0]
    for x in range(len(out)):
        out[x, channel] = narrow(row[2 * x], out[x, channel])
        out[x, channel + 1] = narrow(row[2 * x + 1], out[x, channel])


def _put_bytes(row, rule, place, whole, out):  # type: ignore[no-untyped-def]
    (by_step, most, base), (first, second, below) = rule, place
    single = whole.view(np.uint8)
    rounding = _ZERO if second >= 0 else _HALF
    for x in range(row.size):
        single[x] = np.uint8(np.int32(min(max(row[x] * by_step, _ZERO) + rounding, most)))
    _put_pairs(whole, out, first)
    if second >= 0:
        for x in range(row.size):
            steps = min(max(row[x] * by_step, _ZERO), most)
            single[x] = np.uint8(np.int32((steps - _FLOAT32(np.int32(steps))) * base + _HALF))
        _put_pairs(whole, out, second)
    if below >= 0:
        for x in range(row.size):
            single[x] = np.uint8(np.int32(min(max(-row[x] * by_step, _ZERO) + _HALF, most)))
        _put_pairs(whole, out, below)


@inlined
def _put_pairs(pairs, out, place):  # type: ignore[no-untyped-def]
    for x in range(len(out)):
        out[x, place] = pairs[x]


def _put_present(present, rule, out):  # type: ignore[no-untyped-def]
    """What is known, into the last channels of every pixel."""
    raise TypeError("for compiled code only: numba takes `_typed_put_present`, by the type of `out`")


@overload(_put_present)
def _typed_put_present(present, rule, out):  # type: ignore[no-untyped-def]
    def put_floats(present, rule, out):  # type: ignore[no-untyped-def]
        for x in range(len(out)):
            for c in range(3):
                out[x, 44 + c] = narrow(present[c], out[x, 44 + c])

    def put_bytes(present, rule, out):  # type: ignore[no-untyped-def]
        a, b, c = np.int32(present[0] * rule[0]), np.int32(present[1] * rule[0]), np.int32(present[2] * rule[0])
        for x in range(len(out)):
            out[x, _KNOWN] = a | b << _BYTE
            out[x, _KNOWN + 1] = c

    return put_bytes if out.dtype == types.uint16 else put_floats


@inlined
def _mean_light(radiance, albedo, y, demodulated, out):  # type: ignore[no-untyped-def]
    """Of a row of pixels, from the second of `out` on; nothing beyond the first and the last row."""
    if y < 0 or y >= radiance.shape[1]:
        out[:] = _ZERO
        return
    r, g, b = radiance[0, y], radiance[1, y], radiance[2, y]
    row = out[1:]
    if demodulated:
        s, t, u = albedo[0, y], albedo[1, y], albedo[2, y]
        for x in range(r.size):
            total = r[x] / (s[x] + _FLOOR) + g[x] / (t[x] + _FLOOR) + b[x] / (u[x] + _FLOOR)
            row[x] = total * _THIRD if total > _ZERO else _ZERO
    else:
        for x in range(r.size):
            total = r[x] + g[x] + b[x]
            row[x] = total * _THIRD if total > _ZERO else _ZERO


@inlined
def _largest(left, middle, right):  # type: ignore[no-untyped-def]
    beside = left if left > right else right
    return middle if middle > beside else beside


@compiled(f"void({_PLANES}, {_PLANES}, boolean, {_PLANES}, intp, intp)")
def _prominence_rows(radiance, albedo, demodulated, out, first, last):  # type: ignore[no-untyped-def]
    ring = np.zeros((3, radiance.shape[2] + 2), np.float32)
    loaded = first - 1
    for y in range(first, last):
        while loaded <= y + 1:
            _mean_light(radiance, albedo, loaded, demodulated, ring[(loaded + 3) % 3])
            loaded += 1
        above, own, below, row = ring[(y + 2) % 3], ring[y % 3], ring[(y + 1) % 3], out[0, y]
        for x in range(row.size):
            upper = _largest(above[x], above[x + 1], above[x + 2])
            lower = _largest(below[x], below[x + 1], below[x + 2])
            row[x] = (own[x + 1] + _EPS) / (_largest(upper, _largest(own[x], lower, own[x + 2]), lower) + _EPS)


@compiled(
    *(
        f"void({', '.join([_PLANES] * 5)}, float32[::1], float32[::1], {channels}, intp, intp)"
        for channels in (_PLANES, "int16[:,:,::1]", "uint16[:,:,::1]")
    )
)
def _feature_rows(radiance, albedo, normal, variance, prominent, present, scale, out, first, last):  # type: ignore[no-untyped-def]
    logarithm, unit = (scale[0], scale[2], scale[3]), (scale[1], scale[2], scale[3])
    buffer, whole = np.empty(2 * _TILE, np.float32), np.empty(_TILE, np.uint16)
    for half in range(first, last):
        for left in range(0, out.shape[1], _TILE):
            tile = out[half, left : left + _TILE]
            row, span = buffer[: 2 * len(tile)], slice(2 * left, 2 * (left + len(tile)))
            for i in range(2):
                y = 2 * half + i
                for c in range(3):
                    _log_light(radiance[c, y, span], albedo[c, y, span], present[0] > _ZERO, row)
                    _put(row, logarithm, (2 * c + i, _SECOND + 2 * c + i, -1), whole, tile)
                    _put(albedo[c, y, span], unit, (6 + 2 * c + i, -1, -1), whole, tile)
                    _put(normal[c, y, span], unit, (12 + 2 * c + i, -1, _BELOW + 2 * c + i), whole, tile)
                if present[2] > _ZERO:
                    a, b, c = variance[0, y, span], variance[1, y, span], variance[2, y, span]
                    for x in range(row.size):
                        row[x] = _log_encode(np.sqrt(max((a[x] + b[x] + c[x]) * _THIRD, _ZERO)))
                else:
                    row[:] = _ZERO
                _put(row, logarithm, (18 + i, _SECOND + 6 + i, -1), whole, tile)
                stands_out = prominent[0, y, span]
                for x in range(row.size):
                    row[x] = _log(min(max(stands_out[x], _BY_BRIGHTEST), _BRIGHTEST)) * _BY_LOG
                _put(row, logarithm, (20 + i, -1, _BELOW + 6 + i), whole, tile)
            _put_present(present, unit, tile)


def guides_of(inputs: Inputs) -> Tensor:
    """As `features.guides_of`."""
    *planes, _, present = inputs
    out = torch.empty(len(present), GUIDES, *planes[0].shape[2:])
    for *one, known, own in zip(*map(arrays, planes), present[:, 0].tolist(), arrays(out), strict=True):
        by_rows(_guide_rows, (*one, known > 0, own))
    return out


def prominence(inputs: Inputs) -> Tensor:
    """As `features.prominence`."""
    radiance, albedo, *_, present = inputs
    out = torch.empty(len(present), 1, *radiance.shape[2:])
    for *one, known, own in zip(arrays(radiance), arrays(albedo), present[:, 0].tolist(), arrays(out), strict=True):
        by_rows(_prominence_rows, (*one, known > 0, own))
    return out


def features(inputs: Inputs, prominent: Tensor) -> Tensor:
    """As `features.features`; in bfloat16 where the CPU's convolutions compute in it."""
    count, _, height, width = inputs.radiance.shape
    out = torch.empty(count, height // 2, width // 2, FEATURES, dtype=kind())
    _see(inputs, prominent, (0, 0, 0, 0), out)
    return out.permute(0, 3, 1, 2)


def digits(inputs: Inputs, prominent: Tensor, scale: Sequence[float], count: int) -> Tensor:
    """As `digits.digits`.

    Args:
        inputs: what the network sees.
        prominent: their `prominence`.
        scale: steps in one, of what is logarithmic and of all else; the largest byte; and second digits' steps in one.
        count: channels.
    """
    images, _, height, width = inputs.radiance.shape
    out = torch.empty(images, height // 2, width // 2, count // 2, dtype=torch.uint16)
    _see(inputs, prominent, scale, out)
    return out.view(torch.uint8).permute(0, 3, 1, 2)


def _see(inputs: Inputs, prominent: Tensor, scale: Sequence[float], out: Tensor) -> None:
    *planes, present = inputs
    for *one, own in zip(*map(arrays, (*planes, prominent, present, out)), strict=True):
        by_rows(_feature_rows, (*one, np.array(scale, np.float32), own), height=len(own))
