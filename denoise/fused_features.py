"""From planes to channels in one pass, compiled by numba: for inference on CPUs, as `denoise.fused`.

Planes are float32, (C, H, W); what convolutions take is (H, W, C), in bfloat16 where they compute in it.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from denoise.convolutions import kind
from denoise.features import BRIGHTEST, FEATURES, GUIDES, Inputs
from denoise.fused import arrays, by_rows, compiled, inlined, narrow
from denoise.transfer import ALBEDO_FLOOR, EPS, LOG_OF_ONE

_FLOAT32 = np.float32
_ONE, _HALF, _ZERO = _FLOAT32(1), _FLOAT32(0.5), _FLOAT32(0)
_FLOOR, _EPS, _BY_EPS = _FLOAT32(ALBEDO_FLOOR), _FLOAT32(EPS), _FLOAT32(1 / EPS)
_BY_LOG = _FLOAT32(1 / LOG_OF_ONE)
_BRIGHTEST, _BY_BRIGHTEST = _FLOAT32(BRIGHTEST), _FLOAT32(1 / BRIGHTEST)
_THIRD = _FLOAT32(1 / 3)

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


@inlined
def _put_pairs(row, out, channel):  # type: ignore[no-untyped-def]
    """Pairs of pixels into two channels."""
    for x in range(len(out)):
        out[x, channel] = narrow(row[2 * x], out[x, channel])
        out[x, channel + 1] = narrow(row[2 * x + 1], out[x, channel])


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
        f"void({', '.join([_PLANES] * 5)}, float32[::1], {channels}, intp, intp)"
        for channels in (_PLANES, "int16[:,:,::1]")
    )
)
def _feature_rows(radiance, albedo, normal, variance, prominent, present, out, first, last):  # type: ignore[no-untyped-def]
    row = np.empty(radiance.shape[2], np.float32)
    for half in range(first, last):
        for i in range(2):
            y = 2 * half + i
            for c in range(3):
                _log_light(radiance[c, y], albedo[c, y], present[0] > _ZERO, row)
                _put_pairs(row, out[half], 4 * c + 2 * i)
                _put_pairs(albedo[c, y], out[half], 4 * (3 + c) + 2 * i)
                _put_pairs(normal[c, y], out[half], 4 * (6 + c) + 2 * i)
            if present[2] > _ZERO:
                for x in range(row.size):
                    mean = (variance[0, y, x] + variance[1, y, x] + variance[2, y, x]) * _THIRD
                    row[x] = _log_encode(np.sqrt(mean if mean > _ZERO else _ZERO))
            else:
                row[:] = _ZERO
            _put_pairs(row, out[half], 36 + 2 * i)
            for x in range(row.size):
                row[x] = _log(min(max(prominent[0, y, x], _BY_BRIGHTEST), _BRIGHTEST)) * _BY_LOG
            _put_pairs(row, out[half], 40 + 2 * i)
        for c in range(3):
            for x in range(out.shape[1]):
                out[half, x, 44 + c] = narrow(present[c], out[half, x, 44 + c])


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
    *planes, present = inputs
    for one in zip(*map(arrays, (*planes, prominent, present, out)), strict=True):
        by_rows(_feature_rows, one, height=height // 2)
    return out.permute(0, 3, 1, 2)
