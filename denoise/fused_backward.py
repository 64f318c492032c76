"""The backward passes of `denoise.fused`, compiled by numba: for training on CPUs.

What autograd of `denoise.kernels` computes in torch, to the rounding of float32, without the planes that torch writes
for each tap. An image of the batch is worked on by one thread, since neighbours add to the same pixels.

Every innermost loop writes to one row or two: with more, LLVM would have to prove too much to make vector code of it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from denoise import fused
from denoise.machine_code import arrays, compiled, inlined, workers

_GROUPS, _GUIDES = 3, 9
_TWO, _ONE, _ZERO = np.float32(2), np.float32(1), np.float32(0)
_at = np.uintp  # what planes are indexed with: numba would check whether a signed number counts from the end


@inlined
def _softmax_gradients(shares, slopes, taps, pixels, row, mean, out):  # type: ignore[no-untyped-def]
    """Of a softmax's output `shares` to the logits; one row of all taps' planes."""
    width = _at(mean.size)
    for x in range(width):
        mean[x] = _ZERO
    for k in range(taps):
        i = k * pixels + row
        for x in range(width):
            mean[x] += shares[i + x] * slopes[i + x]
    for k in range(taps):
        i = k * pixels + row
        for x in range(width):
            out[i + x] = shares[i + x] * (slopes[i + x] - mean[x])


@inlined
def _pull(near, i, near_size, own, j, own_size, sharpness, s, slope, k, width, to_near, to_own, to_sharpness):  # type: ignore[no-untyped-def]
    """Of a weighed square that is subtracted from a logit, to the guides of a group that it lies between.

    The guides are those of the planes `near` from pixel i on, and of `own` from pixel j on; three planes each.
    """
    i1, j1 = i + near_size, j + own_size
    i2, j2 = i1 + near_size, j1 + own_size
    for x in range(width):
        d0 = near[i + x] - own[j + x]
        d1 = near[i1 + x] - own[j1 + x]
        d2 = near[i2 + x] - own[j2 + x]
        down = slope[k + x]
        to_sharpness[s + x] -= down * (d0 * d0 + d1 * d1 + d2 * d2)
        pull = _TWO * sharpness[s + x] * down
        to_near[i + x] -= pull * d0
        to_near[i1 + x] -= pull * d1
        to_near[i2 + x] -= pull * d2
        to_own[j + x] += pull * d0
        to_own[j1 + x] += pull * d1
        to_own[j2 + x] += pull * d2


_PLANES = "float32[:,:,::1]"


@compiled(f"void({', '.join([_PLANES] * 7)})")
def _edge_gradients(kernels, slopes, sharpness, padded, to_logits, to_sharpness, to_padded):  # type: ignore[no-untyped-def]
    taps, height, width = _at(kernels.shape[0]), _at(kernels.shape[1]), _at(kernels.shape[2])
    size = _at(round(kernels.shape[0] ** 0.5))
    border = size // _at(2)
    stride, pixels = _at(padded.shape[2]), height * width
    plane = _at(padded.shape[1]) * stride
    mean = np.empty(width, np.float32)
    own, to_own = np.empty(_GUIDES * width, np.float32), np.empty(_GUIDES * width, np.float32)
    to_sharpness[:] = _ZERO
    to_padded[:] = _ZERO
    shares, slope, sharp, guides = kernels.ravel(), slopes.ravel(), sharpness.ravel(), padded.ravel()
    to_logit, to_sharp, to_guides = to_logits.ravel(), to_sharpness.ravel(), to_padded.ravel()
    for y in range(height):
        row = y * width
        _softmax_gradients(shares, slope, taps, pixels, row, mean, to_logit)
        for c in range(_at(_GUIDES)):
            start = c * plane + (y + border) * stride + border
            for x in range(width):
                own[c * width + x] = guides[start + x]
                to_own[c * width + x] = _ZERO
        for k in range(taps):
            start = (y + k // size) * stride + k % size
            for group in range(_at(_GROUPS)):
                i, j, s = _at(3) * group * plane + start, _at(3) * group * width, group * pixels + row
                _pull(
                    guides, i, plane, own, j, width, sharp, s, to_logit, k * pixels + row, width,
                    to_guides, to_own, to_sharp,
                )  # fmt: skip
        for c in range(_at(_GUIDES)):
            start = c * plane + (y + border) * stride + border
            for x in range(width):
                to_guides[start + x] += to_own[c * width + x]


@inlined
def _spread(padded, start, both, own, beside, half):  # type: ignore[no-untyped-def]
    """A padded coarse row at each fine pixel: the coarse pixel that it lies in, and the nearest beside."""
    for x in range(half):
        left, middle, right = padded[start + x], padded[start + x + _at(1)], padded[start + x + _at(2)]
        even, odd = _at(2) * x, _at(2) * x + _at(1)
        both[own + even] = middle
        both[own + odd] = middle
        both[beside + even] = left
        both[beside + odd] = right


@inlined
def _collect(both, own, beside, half, padded, start):  # type: ignore[no-untyped-def]
    """The transpose of `_spread`, added to the row."""
    for x in range(half):
        even, odd = _at(2) * x, _at(2) * x + _at(1)
        padded[start + x] += both[beside + even]
        padded[start + x + _at(1)] += both[own + even] + both[own + odd]
        padded[start + x + _at(2)] += both[beside + odd]


@compiled(f"void({', '.join([_PLANES] * 8)})")
def _corner_gradients(  # type: ignore[no-untyped-def]
    upsampler, slopes, sharpness, guides, padded, to_sharpness, to_guides, to_padded
):
    height, width = _at(upsampler.shape[1]), _at(upsampler.shape[2])
    half, stride, pixels = width // _at(2), _at(padded.shape[2]), height * width
    plane = _at(padded.shape[1]) * stride
    mean, to_logit = np.empty(width, np.float32), np.empty(4 * pixels, np.float32)
    corners, to_corners = np.empty(2 * _GUIDES * width, np.float32), np.empty(2 * _GUIDES * width, np.float32)
    to_sharpness[:] = _ZERO
    to_guides[:] = _ZERO
    to_padded[:] = _ZERO
    shares, slope, sharp, fine, coarse = (
        upsampler.ravel(), slopes.ravel(), sharpness.ravel(), guides.ravel(), padded.ravel()
    )  # fmt: skip
    to_sharp, to_fine, to_coarse = to_sharpness.ravel(), to_guides.ravel(), to_padded.ravel()
    for y in range(height):
        row = y * width
        _softmax_gradients(shares, slope, _at(4), pixels, row, mean, to_logit)
        for far in range(_at(2)):
            up = y // _at(2) + (_at(1) if far == _at(0) else _at(2) * (y % _at(2)))
            for c in range(_at(_GUIDES)):
                first = _at(2) * c * width
                _spread(coarse, c * plane + up * stride, corners, first, first + width, half)
            to_corners[:] = _ZERO
            for beside in range(_at(2)):
                k = (_at(2) * far + beside) * pixels + row
                for group in range(_at(_GROUPS)):
                    i, j = (_at(6) * group + beside) * width, _at(3) * group * pixels + row
                    _pull(
                        corners, i, _at(2) * width, fine, j, pixels, sharp, group * pixels + row, to_logit, k, width,
                        to_corners, to_fine, to_sharp,
                    )  # fmt: skip
            for c in range(_at(_GUIDES)):
                first = _at(2) * c * width
                _collect(to_corners, first, first + width, half, to_coarse, c * plane + up * stride)


@inlined
def _add_products(a, i, b, j, to_a, to_b, slope, width):  # type: ignore[no-untyped-def]
    """Of a sum of products a b, whose gradient is `slope`, to both factors."""
    for x in range(width):
        to_a[i + x] += slope[x] * b[j + x]
        to_b[j + x] += slope[x] * a[i + x]


@inlined
def _add_product(a, i, b, j, out, width):  # type: ignore[no-untyped-def]
    for x in range(width):
        out[x] += a[i + x] * b[j + x]


@compiled(f"void({', '.join([_PLANES] * 11)})")
def _level_gradients(  # type: ignore[no-untyped-def]
    padded, coarse, kernels, upsampler, alpha, slopes, to_padded, to_coarse, to_kernels, to_upsampler, to_alpha
):
    channels, height, width = _at(slopes.shape[0]), _at(slopes.shape[1]), _at(slopes.shape[2])
    taps, size = _at(kernels.shape[0]), _at(round(kernels.shape[0] ** 0.5))
    half, pixels = width // _at(2), height * width
    stride, coarse_stride = _at(padded.shape[2]), _at(coarse.shape[2])
    plane, coarse_plane = _at(padded.shape[1]) * stride, _at(coarse.shape[1]) * coarse_stride
    corners, to_corners = np.empty(2 * width, np.float32), np.empty(2 * width, np.float32)
    to_gathered, to_up = np.empty(width, np.float32), np.empty(width, np.float32)
    gathered, up = np.empty(width, np.float32), np.empty(width, np.float32)
    to_padded[:] = _ZERO
    to_coarse[:] = _ZERO
    to_kernels[:] = _ZERO
    to_upsampler[:] = _ZERO
    to_alpha[:] = _ZERO
    image, below, shares, means, blend, slope = (
        padded.ravel(), coarse.ravel(), kernels.ravel(), upsampler.ravel(), alpha.ravel(), slopes.ravel()
    )  # fmt: skip
    to_image, to_below, to_shares, to_means, to_blend = (
        to_padded.ravel(), to_coarse.ravel(), to_kernels.ravel(), to_upsampler.ravel(), to_alpha.ravel()
    )  # fmt: skip
    for y in range(height):
        row = y * width
        for c in range(channels):
            s = c * pixels + row
            for x in range(width):
                to_up[x] = slope[s + x] * blend[row + x]
                to_gathered[x] = slope[s + x] * (_ONE - blend[row + x])
                gathered[x] = _ZERO
                up[x] = _ZERO
            for k in range(taps):
                i, j = k * pixels + row, c * plane + (y + k // size) * stride + k % size
                _add_product(shares, i, image, j, gathered, width)
                _add_products(shares, i, image, j, to_shares, to_image, to_gathered, width)
            for far in range(_at(2)):
                r = y // _at(2) + (_at(1) if far == _at(0) else _at(2) * (y % _at(2)))
                start = c * coarse_plane + r * coarse_stride
                _spread(below, start, corners, _at(0), width, half)
                to_corners[:] = _ZERO
                for beside in range(_at(2)):
                    i, j = (_at(2) * far + beside) * pixels + row, beside * width
                    _add_product(means, i, corners, j, up, width)
                    _add_products(means, i, corners, j, to_means, to_corners, to_up, width)
                _collect(to_corners, _at(0), width, half, to_below, start)
            for x in range(width):
                to_blend[row + x] += slope[s + x] * (up[x] - gathered[x])


def edge_stopping(logits: Tensor, sharpness: Tensor, guides: Tensor, rows: None = None) -> Tensor:
    """As `kernels.edge_stopping`, all rows."""
    return _EdgeStopping.apply(logits, sharpness, guides)


def corner_stopping(sharpness: Tensor, guides: Tensor, coarse: Tensor, rows: None = None) -> Tensor:
    """As `kernels.corner_stopping`, all rows."""
    return _CornerStopping.apply(sharpness, guides, coarse)


def filter_level(image: Tensor, coarse: Tensor, kernels: Tensor, upsampler: Tensor, alpha: Tensor) -> Tensor:
    """As `fused.filter_level`."""
    shares = (plane.expand(len(image), -1, -1, -1) for plane in (kernels, upsampler, alpha))
    return _FilterLevel.apply(image, coarse, *shares)


def pixel_shuffle(coarse: Tensor) -> Tensor:
    """As `kernels.pixel_shuffle`; as copies of transposed planes, faster than torch's own."""
    squares = coarse.unflatten(1, (-1, 2, 2)).permute(0, 1, 4, 2, 5, 3)  # (B, C, H, 2, W, 2)
    return squares.flatten(4).flatten(2, 3)


class _EdgeStopping(torch.autograd.Function):
    """`fused.edge_stopping` with gradients."""

    @staticmethod
    def forward(ctx: Any, logits: Tensor, sharpness: Tensor, guides: Tensor) -> Tensor:
        kernels = fused.edge_stopping(logits, sharpness, guides)
        ctx.save_for_backward(kernels, sharpness, guides)
        return kernels

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, ...]:
        kernels, sharpness, guides = ctx.saved_tensors
        border = round(kernels.shape[1] ** 0.5) // 2
        padded = _padded(guides, border)
        out = _like(kernels), _like(sharpness), torch.empty_like(padded)
        _by_image(_edge_gradients, kernels, gradients[0], sharpness, padded, *out)
        return out[0], out[1], _folded(out[2], border)


class _CornerStopping(torch.autograd.Function):
    """`fused.corner_stopping` with gradients."""

    @staticmethod
    def forward(ctx: Any, sharpness: Tensor, guides: Tensor, coarse: Tensor) -> Tensor:
        upsampler = fused.corner_stopping(sharpness, guides, coarse)
        ctx.save_for_backward(upsampler, sharpness, guides, coarse)
        return upsampler

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, ...]:
        upsampler, sharpness, guides, coarse = ctx.saved_tensors
        padded = _padded(coarse, 1)
        out = _like(sharpness), _like(guides), torch.empty_like(padded)
        _by_image(_corner_gradients, upsampler, gradients[0], sharpness, guides, padded, *out)
        return out[0], out[1], _folded(out[2], 1)


class _FilterLevel(torch.autograd.Function):
    """`fused.filter_level` with gradients; as many kernels as images."""

    @staticmethod
    def forward(ctx: Any, image: Tensor, coarse: Tensor, kernels: Tensor, upsampler: Tensor, alpha: Tensor) -> Tensor:
        ctx.save_for_backward(image, coarse, kernels, upsampler, alpha)
        return fused.filter_level(image, coarse, kernels, upsampler, alpha)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, ...]:
        image, coarse, *shares = ctx.saved_tensors
        border = round(shares[0].shape[1] ** 0.5) // 2
        planes = _padded(image, border), _padded(coarse, 1), *shares
        out = [_like(plane) for plane in planes]
        _by_image(_level_gradients, *planes, gradients[0], *out)
        return _folded(out[0], border), _folded(out[1], 1), *out[2:]


def _like(plane: Tensor) -> Tensor:
    return torch.empty_like(plane, memory_format=torch.contiguous_format)


def _padded(plane: Tensor, border: int) -> Tensor:
    return F.pad(plane, (border,) * 4, mode="replicate")


def _folded(padded: Tensor, border: int) -> Tensor:
    """The transpose of `_padded`: what the repeated pixels got belongs to those that they repeat."""
    for rows in (padded, padded.transpose(-1, -2)):
        rows[..., border, :] += rows[..., :border, :].sum(-2)
        rows[..., -border - 1, :] += rows[..., -border:, :].sum(-2)
    return padded[..., border:-border, border:-border]


def _by_image(function: Callable[..., None], *planes: Tensor) -> None:
    """Call a function with the planes of each image of the batch, in as many threads as torch uses."""
    images = list(zip(*map(arrays, planes), strict=True))
    threads = torch.get_num_threads()
    if threads == 1:
        for image in images:
            function(*image)
    else:
        list(workers(threads).map(lambda image: function(*image), images))
