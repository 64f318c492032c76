"""Gather kernels on a pyramid, and their convex blending.

Everything here is linear in the image, non-negative, and sums to one: the same predictions can be applied to every
layer that sums to the beauty, and where the modulation is even, the result is bounded by the neighbourhood.

In torch, for all devices. On CPUs `denoise.fused` and, with gradients, `denoise.fused_backward` do the same several
times as fast, if numba is installed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from types import ModuleType
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from denoise.compiled import find
from denoise.strips import Rows, by_strips
from denoise.transfer import demodulate, remodulate

#: Shares of the four coarse pixels around a fine one, as `corners` has them, that make bilinear interpolation.
BILINEAR = (9 / 16, 3 / 16, 3 / 16, 1 / 16)
#: Pixels of a strip whose planes and differences fit into the second-level cache of two cores.
_CACHED = 32_768


class Level(NamedTuple):
    """What the network says of one level of the pyramid, h x w pixels.

    Attributes:
        kernels: (B, k * k, h, w), each pixel's kernel, summing to one over the channels; float32 or bfloat16.
        upsampler: (B, 4, h, w), how to interpolate the level from the coarser one's `corners`, summing to one.
        alpha: (B, 1, h, w) in [0, 1]; the coarser level's share in the blend.
    """

    kernels: Tensor
    upsampler: Tensor
    alpha: Tensor


class Predictions(NamedTuple):
    """What the network says of a frame.

    Attributes:
        modulation: (B, 3, H, W) positive; what the image is divided by before it is filtered.
        weight: (B, 1, H, W) positive; how much a pixel counts in all means.
        levels: from full resolution, each next one half of the last, but for the coarsest.
        coarsest: (B, k * k, h, w), the kernels of the coarsest level.
    """

    modulation: Tensor
    weight: Tensor
    levels: Sequence[Level]
    coarsest: Tensor


def edge_stopping(logits: Tensor, sharpness: Tensor, guides: Tensor, rows: Rows | None = None) -> Tensor:
    """Softmax kernels: free logits for each tap, less the squared distances of the guides.

    What a cross-bilateral filter weighs with (Eisemann and Durand 2004). Guides come in three groups of three channels,
    each with a sharpness of its own.

    Args:
        logits: (B, k * k, H, W), rows of the neighbourhood from the top, left to right; float32 or bfloat16.
        sharpness: (B, 3, H, W) of each pixel, not negative.
        guides: (B, 9, H, W).
        rows: of the result, to be put somewhere, if not all; for inference.

    Returns:
        (B, k * k, H, W), summing to one, in the logits' type; or what rows were put into.
    """
    if fused := _fused(sharpness, guides):
        return fused.edge_stopping(logits, sharpness, guides, rows)
    size = round(logits.shape[1] ** 0.5)
    (kernels,) = by_strips(_edge_stopping, (logits, sharpness, guides), _CACHED, size // 2)
    return rows.put(kernels) if rows else kernels


def _edge_stopping(logits: Tensor, sharpness: Tensor, guides: Tensor) -> tuple[Tensor]:
    border = round(logits.shape[1] ** 0.5) // 2
    padded = F.pad(guides, (border,) * 4, mode="replicate")
    return (_LessDistances.apply(logits.to(sharpness.dtype), sharpness, padded).softmax(1).to(logits.dtype),)


def corner_stopping(sharpness: Tensor, guides: Tensor, coarse: Tensor, rows: Rows | None = None) -> Tensor:
    """How to interpolate a level from the coarser one without mixing over edges (Kopf et al. 2007).

    Args:
        sharpness: (B, 3, H, W), as in `edge_stopping`.
        guides: (B, 9, H, W).
        coarse: (B, 9, H / 2, W / 2), the guides of the coarser level.
        rows: as in `edge_stopping`.

    Returns:
        (B, 4, H, W), for `upsample`; or what rows were put into.
    """
    if fused := _fused(sharpness, guides, coarse):
        return fused.corner_stopping(sharpness, guides, coarse, rows)
    (upsampler,) = by_strips(_corner_stopping, (sharpness, guides, coarse), _CACHED, halo=2, align=2)
    return rows.put(upsampler) if rows else upsampler


def _corner_stopping(sharpness: Tensor, guides: Tensor, coarse: Tensor) -> tuple[Tensor]:
    padded = F.pad(coarse, (1, 1, 1, 1), mode="replicate")
    bilinear = guides.new_tensor(BILINEAR).log().view(1, 4, 1, 1)
    return ((bilinear - _CornerDistances.apply(sharpness, guides, padded)).softmax(1),)


def _squares(difference: Tensor) -> Tensor:
    """(9, H, W) to (3, H, W): squares summed over the three channels of each group."""
    first, second, third = (difference[channel::3] for channel in range(3))
    return torch.addcmul(torch.addcmul(first * first, second, second), third, third)


class _LessDistances(torch.autograd.Function):
    """Logits less the weighed squared distances.

    One image of the batch at a time, since its planes fit into the cache; differences are computed twice rather than
    kept: they are large.
    """

    @staticmethod
    def forward(ctx: Any, logits: Tensor, sharpness: Tensor, padded: Tensor) -> Tensor:
        ctx.save_for_backward(sharpness, padded)
        out = torch.empty_like(logits)
        for one, sharp, free, own in zip(padded, sharpness, logits, out, strict=True):
            for i, index in enumerate(_taps(one, len(free))):
                squares = _squares(one[index] - _inner(one, len(free)))
                torch.sub(free[i], squares.mul_(sharp).sum(0), out=own[i])
        return out

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        (gradient,) = gradients
        sharpness, padded = ctx.saved_tensors
        to_sharpness, to_padded = torch.zeros_like(sharpness), torch.zeros_like(padded)
        each = zip(padded, sharpness, gradient, to_sharpness, to_padded, strict=True)
        for one, sharp, slopes, to_sharp, to_one in each:
            to_centre = _inner(to_one, len(slopes))
            for slope, index in zip(slopes, _taps(one, len(slopes)), strict=True):
                difference = one[index] - _inner(one, len(slopes))
                to_sharp.addcmul_(slope, _squares(difference), value=-1)
                difference.view(3, 3, *slope.shape).mul_((sharp * slope).mul_(-2)[:, None])
                to_one[index].add_(difference)
                to_centre.sub_(difference)
        return gradient, to_sharpness, to_padded


class _CornerDistances(torch.autograd.Function):
    """The weighed squared distances of pixels from the four coarse ones around them, for the same reasons."""

    @staticmethod
    def forward(ctx: Any, sharpness: Tensor, guides: Tensor, padded: Tensor) -> Tensor:
        ctx.save_for_backward(sharpness, guides, padded)
        out = guides.new_empty(guides.shape[0], 4, *guides.shape[2:])
        for one, sharp, coarse, own in zip(guides, sharpness, padded, out, strict=True):
            for i, corner in enumerate(_corners(coarse)):
                torch.sum(_squares(corner - one).mul_(sharp), 0, out=own[i])
        return out

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        (gradient,) = gradients
        sharpness, guides, padded = ctx.saved_tensors
        to_sharpness, to_guides, to_padded = (torch.zeros_like(plane) for plane in ctx.saved_tensors)
        each = zip(guides, sharpness, padded, gradient, to_guides, to_sharpness, to_padded, strict=True)
        for one, sharp, coarse, slopes, to_one, to_sharp, to_coarse in each:
            for i, (slope, corner) in enumerate(zip(slopes, _corners(coarse), strict=True)):
                difference = corner - one
                to_sharp.addcmul_(slope, _squares(difference))
                difference.view(3, 3, *slope.shape).mul_((sharp * slope).mul_(2)[:, None])
                to_one.sub_(difference)
                _add_corner(to_coarse, difference, i)
        return to_sharpness, to_guides, to_padded


def gather(image: Tensor, kernels: Tensor) -> Tensor:
    """Each output pixel is the weighted sum of its k x k neighbourhood; the frame's edge pixels are repeated.

    Adds one shifted image at a time, so that no k * k copies of the image stand in memory.

    Args:
        image: (B, C, H, W).
        kernels: (B, k * k, H, W), rows of the neighbourhood from the top, left to right; or (1, k * k, H, W) for all.

    Returns:
        (B, C, H, W).
    """
    border = round(kernels.shape[1] ** 0.5) // 2
    padded = F.pad(image, (border,) * 4, mode="replicate")
    return _Gather.apply(padded, kernels.to(image.dtype).expand(len(image), -1, -1, -1))


class _Gather(torch.autograd.Function):
    """The sum over taps; autograd would keep and fill a plane as large as the image for each of them."""

    @staticmethod
    def forward(ctx: Any, padded: Tensor, kernels: Tensor) -> Tensor:
        ctx.save_for_backward(padded, kernels)
        out = padded.new_zeros(len(padded), padded.shape[1], *kernels.shape[2:])
        for one, weights, own in zip(padded, kernels, out, strict=True):
            for weight, index in zip(weights, _taps(one, len(weights)), strict=True):
                own.addcmul_(weight, one[index])
        return out

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, Tensor]:
        (gradient,) = gradients
        padded, kernels = ctx.saved_tensors
        to_padded, to_kernels = torch.zeros_like(padded), torch.empty_like(kernels)
        for one, weights, slope, to_one, to_weights in zip(
            padded, kernels, gradient, to_padded, to_kernels, strict=True
        ):
            for i, index in enumerate(_taps(one, len(weights))):
                to_one[index].addcmul_(weights[i], slope)
                torch.sum(one[index] * slope, 0, out=to_weights[i])
        return to_padded, to_kernels


def _taps(padded: Tensor, count: int) -> Iterator[tuple[slice, slice, slice]]:
    """Where in a padded plane (C, H, W) each tap of k x k kernels finds the neighbours, row by row from the top."""
    size = round(count**0.5)
    height, width = padded.shape[-2] - size + 1, padded.shape[-1] - size + 1
    for i in range(count):
        dy, dx = divmod(i, size)
        yield slice(None), slice(dy, dy + height), slice(dx, dx + width)


def _inner(padded: Tensor, count: int) -> Tensor:
    """A padded plane without its padding: what the middle tap finds."""
    border = round(count**0.5) // 2
    return padded[:, border : padded.shape[-2] - border, border : padded.shape[-1] - border]


def halve(plane: Tensor) -> Tensor:
    """Means over 2 x 2 pixels: (B, C, H, W), H and W even, to (B, C, H / 2, W / 2)."""
    fused = find("fused", (plane,))
    return fused.halve(plane) if fused else F.avg_pool2d(plane, 2)


def upsample(coarse: Tensor, upsampler: Tensor) -> Tensor:
    """Means of the four coarse pixels around each fine one: its own, the nearest ones beside, above or below, across.

    Args:
        coarse: (B, C, H, W); the edge pixels are repeated.
        upsampler: (B, 4, 2 H, 2 W), summing to one; or (1, 4, 2 H, 2 W) for all.

    Returns:
        (B, C, 2 H, 2 W).
    """
    padded = F.pad(coarse, (1, 1, 1, 1), mode="replicate")
    weights = upsampler.split(1, 1)
    out = torch.zeros((), device=coarse.device)
    for weight, corner in zip(weights, _corners(padded), strict=True):
        out = torch.addcmul(out, weight, corner)
    return out


def _corners(padded: Tensor) -> Iterator[Tensor]:
    """Padded (..., h + 2, w + 2) to four times (..., 2 h, 2 w), in the order of `upsample`."""
    own = padded[..., 1:-1, :].repeat_interleave(2, -2)
    beyond = _interleave(padded[..., :-2, :], padded[..., 2:, :], -2)
    for rows in (own, beyond):
        yield rows[..., 1:-1].repeat_interleave(2, -1)
        yield _interleave(rows[..., :-2], rows[..., 2:], -1)


def _interleave(even: Tensor, odd: Tensor, dim: int) -> Tensor:
    return torch.stack((even, odd), dim).flatten(dim - 1, dim)


def _add_corner(padded: Tensor, fine: Tensor, corner: int) -> None:
    """The transpose of one of `_corners`: add (C, 2 h, 2 w) to the padded (C, h + 2, w + 2) pixels it came from."""
    far_row, far_column = divmod(corner, 2)
    height, width = fine.shape[-2] // 2, fine.shape[-1] // 2
    for i in range(2):
        y = 2 * i if far_row else 1
        for j in range(2):
            x = 2 * j if far_column else 1
            padded[:, y : y + height, x : x + width].add_(fine[:, i::2, j::2])


def blend(fine: Tensor, coarse: Tensor, alpha: Tensor) -> Tensor:
    """(1 - alpha) fine + alpha coarse, all at the fine resolution, alpha (B, 1, H, W) in [0, 1]."""
    return torch.lerp(fine, coarse, alpha)


def pixel_shuffle(coarse: Tensor) -> Tensor:
    """Channels to pixels, as `torch.nn.functional.pixel_shuffle`: (B, 4 C, H, W) to (B, C, 2 H, 2 W)."""
    fused = _fused(coarse)
    return fused.pixel_shuffle(coarse) if fused else F.pixel_shuffle(coarse, 2)


def filter_pyramid(image: Tensor, predictions: Predictions) -> Tensor:
    """Apply a network's predictions to an image or to any layer of it.

    Divided by the modulation, and multiplied by the weight, which is filtered with it: all means are weighted ones, and
    a firefly that the network gives no weight is in none of them (normalized convolution: Knutsson and Westin 1993).
    Down: plain means. On each level: gather. Up, from the coarsest level: blend each level with what came from below.
    At last divided by the filtered weight, and multiplied by the modulation again.

    Args:
        image: (B, 3, H, W); H and W divisible by 2^levels.
        predictions: for the same H and W; of one image, to be applied to all, or of as many.

    Returns:
        (B, 3, H, W).
    """
    planes = [_weighted(image, predictions)]
    for _ in predictions.levels:
        planes.append(halve(planes[-1]))

    out = gather(planes.pop(), predictions.coarsest)
    for level in reversed(predictions.levels):
        out = _filter_level(planes.pop(), out, level)
    return _unweighted(out, predictions)


def _weighted(image: Tensor, predictions: Predictions) -> Tensor:
    """Demodulated light times its weight, and the weight: (B, 3, H, W) to (B', 3 B / B' + 1, H, W).

    B' is what predictions are of: where that is one image, all are filtered at once, with the weight.
    """
    weight = predictions.weight
    light = demodulate(image, predictions.modulation).view(len(weight), -1, *image.shape[2:])
    if torch.is_grad_enabled():
        return torch.cat([light * weight, weight], 1)
    planes = light.new_empty(len(light), light.shape[1] + 1, *light.shape[2:])  # filled in place, which saves a copy
    torch.mul(light, weight, out=planes[:, :-1])
    planes[:, -1:] = weight
    return planes


def _unweighted(planes: Tensor, predictions: Predictions) -> Tensor:
    """The inverse of `_weighted`."""
    light, weight = planes.split([planes.shape[1] - 1, 1], 1)
    modulation = predictions.modulation
    return remodulate((light / weight).reshape(-1, *modulation.shape[1:]), modulation)


def _filter_level(image: Tensor, coarse: Tensor, level: Level) -> Tensor:
    if fused := _fused(image, coarse, level.upsampler, level.alpha):
        return fused.filter_level(image, coarse, *level)
    border = round(level.kernels.shape[1] ** 0.5) // 2
    halo = max(2, border + border % 2)  # whole rows of the coarser level
    (out,) = by_strips(_filter_rows, (image, coarse, *level), _CACHED, halo, align=2)
    return out


def _filter_rows(image: Tensor, coarse: Tensor, kernels: Tensor, upsampler: Tensor, alpha: Tensor) -> tuple[Tensor]:
    return (blend(gather(image, kernels), upsample(coarse, upsampler), alpha),)


def _fused(*planes: Tensor) -> ModuleType | None:
    """`denoise.fused` where it can be used on the planes; with gradients, `denoise.fused_backward`."""
    return find("fused", planes, with_gradients="fused_backward")
