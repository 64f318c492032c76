"""Gather kernels on a pyramid, and their convex blending.

Everything here is linear in the image, non-negative, and sums to one: the same predictions can be applied to every
layer that sums to the beauty, the result is bounded by the neighbourhood, and a constant stays a constant.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

#: Of repeated pixels, the 3 x 3 kernel that makes bilinear interpolation of them, row by row.
TENT = tuple(a * b / 16 for a in (1, 2, 1) for b in (1, 2, 1))


class Predictions(NamedTuple):
    """What the network says of a frame; level 0 is full resolution, each next one half of the last.

    Attributes:
        weight: (B, 1, H, W) positive; how much a pixel counts when coarser levels are averaged from it.
        kernels: per level (B, k * k, H / 2^l, W / 2^l), each pixel's kernel, summing to one over the channels.
        upsamplers: per level but the last (B, 9, H / 2^l, W / 2^l), how to interpolate it from the coarser one.
        alphas: per level but the last (B, 1, H / 2^l, W / 2^l) in [0, 1]; the coarser level's share in the blend.
    """

    weight: Tensor
    kernels: list[Tensor]
    upsamplers: list[Tensor]
    alphas: list[Tensor]


def distances(features: Tensor, others: Tensor, size: int) -> Tensor:
    """Squared distance of each pixel's features from those of every pixel of a neighbourhood.

    What a cross-bilateral filter weighs with (Eisemann and Durand 2004). No gradient goes through it.

    Args:
        features: (B, C, H, W).
        others: (B, C, H, W), where the neighbours are taken from: the same features, or those of a coarser level.
        size: side of the neighbourhood in pixels, odd.

    Returns:
        (B, size * size, H, W), in the order of `gather`.
    """
    height, width = features.shape[-2:]
    with torch.no_grad():
        padded = F.pad(others, (size // 2,) * 4, mode="replicate")
        out = features.new_empty(features.shape[0], size * size, height, width)
        for i in range(size * size):
            dy, dx = divmod(i, size)
            difference = padded[..., dy : dy + height, dx : dx + width] - features
            torch.sum(difference.square_(), 1, out=out[:, i])
        return out


def gather(image: Tensor, kernels: Tensor) -> Tensor:
    """Each output pixel is the weighted sum of its k x k neighbourhood; the frame's edge pixels are repeated.

    Adds one shifted image at a time, so that no k * k copies of the image stand in memory.

    Args:
        image: (B, C, H, W).
        kernels: (B, k * k, H, W), rows of the neighbourhood from the top, left to right.

    Returns:
        (B, C, H, W).
    """
    k = round(kernels.shape[1] ** 0.5)
    height, width = image.shape[-2:]
    padded = F.pad(image, (k // 2,) * 4, mode="replicate")
    out = torch.zeros_like(image)
    for i, weight in enumerate(kernels.split(1, 1)):  # not by slices: the gradient of each is as large as the whole
        dy, dx = divmod(i, k)
        shifted = padded[..., dy : dy + height, dx : dx + width]
        out = torch.addcmul(out, weight, shifted)
    return out


def pool(image: Tensor, weight: Tensor) -> tuple[Tensor, Tensor]:
    """The next coarser level: weighted means over 2 x 2 pixels, and the weights' own means.

    A firefly that the network gives no weight does not reach the coarser levels.

    Args:
        image: (B, C, H, W), H and W even.
        weight: (B, 1, H, W), positive.

    Returns:
        (B, C, H / 2, W / 2) and (B, 1, H / 2, W / 2).
    """
    coarse_weight = F.avg_pool2d(weight, 2)
    return F.avg_pool2d(image * weight, 2) / coarse_weight, coarse_weight


def upsample(image: Tensor, kernels: Tensor | None = None) -> Tensor:
    """(B, C, H, W) to (B, C, 2 H, 2 W).

    Repeated pixels, gathered 3 x 3: with `TENT` that is bilinear interpolation; with kernels that also stop at edges of
    the finer level, joint bilateral upsampling (Kopf et al. 2007).

    Args:
        image: (B, C, H, W).
        kernels: (B, 9, 2 H, 2 W), each pixel's summing to one; None for repeated pixels as they are.
    """
    repeated = F.interpolate(image, scale_factor=2, mode="nearest")
    return repeated if kernels is None else gather(repeated, kernels)


def blend(fine: Tensor, coarse: Tensor, alpha: Tensor) -> Tensor:
    """(1 - alpha) fine + alpha coarse, all at the fine resolution, alpha (B, 1, H, W) in [0, 1]."""
    return torch.lerp(fine, coarse, alpha)


def filter_pyramid(image: Tensor, predictions: Predictions) -> Tensor:
    """Apply a network's predictions to an image or to any layer of it.

    Down: means weighted by `predictions.weight`. On each level: gather. Up, from the coarsest level: blend each level
    with what came from below.

    Args:
        image: (B, C, H, W); H and W divisible by 2^(levels - 1).
        predictions: for the same H and W.

    Returns:
        (B, C, H, W).
    """
    levels, weight = [image], predictions.weight
    for _ in predictions.alphas:
        coarse, weight = pool(levels[-1], weight)
        levels.append(coarse)

    out = gather(levels[-1], predictions.kernels[-1])
    for level in reversed(range(len(predictions.alphas))):
        fine = gather(levels[level], predictions.kernels[level])
        coarse = upsample(out, predictions.upsamplers[level])
        out = blend(fine, coarse, predictions.alphas[level])
    return out
