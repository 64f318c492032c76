"""No more is changed than noise explains: where a filter errs by more than the noise it takes away, it is held back.

    noisy, filtered ── their difference, squared, nearby ──┐
    variance ───────── the noise nearby ───────────────────┴──> share ──> noisy + share (filtered - noisy)

If a filter is right, it changes pixels by their noise: the mean square of its changes is the variance. What is above
that it errs by. A noisy pixel errs by its variance alone, without bias, and of the two the mean that errs least is by
the variance's share of both: a James-Stein estimator (Green and Strawderman 1991, "A James-Stein type estimator for
combining unbiased and possibly biased estimators"; of renders: Gu et al. 2022, "Neural James-Stein Combiner for
Unbiased and Biased Renderings"). Filters err at hundreds of samples, where there is little noise; where there is much,
a variance told by few samples is not to be relied on, and nothing is held back. But a lamp of a few pixels that all
passes show, brighter by far than anything by which they differ nearby, is no firefly, and stays whatever the filter
takes it for.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from denoise.means import box_max, box_mean

_NEAR = 5  # pixels each way over which noise and changes are averaged
_AROUND = 2  # and brightness, which both are measured by
_FAR = 16  # over which nothing may be as noisy as a lamp is bright
#: Pixels each way that a share depends on.
REACH = max(_NEAR + _AROUND, _FAR + 1)

_MARGIN = 1.5  # changes may be so many times the variance before they count as errors
_NOISY = 0.1  # variance, relative to the brightness squared, above which ever less is held back
_CHANGED = 0.15  # likewise changes, where the variance is not sure
_OUTSHONE = 16.0, 64.0  # brightness squared over the largest variance around: below noise, above light for sure
_LOST = 0.04, 0.25  # of such a pixel, squared, that the filter takes away: below it may, above it must not
_BLACK = 1e-6  # brightness squared, exposure-normalised, below which nothing is seen

_BLOCK = 8  # pixels
_ENOUGH = 500_000  # pixels of a frame that tell how it varies
_SMOOTH = 0.1  # of all blocks are taken to be without a texture of their own
_USUAL = 1.4  # their differences, told by so few pixels, are as much smaller than the variance
_FAINT = 1e-4  # differences of an albedo or a normal, squared and summed over a block, that explain nothing
_ROUNDED = 1e-9  # likewise, relative to all of them


def share(noisy: Tensor, filtered: Tensor, variance: Tensor, factor: Tensor, sure: bool) -> Tensor:
    """Of each pixel's change, how much is to stay.

    Args:
        noisy: (1, 3, h, w), scene units.
        filtered: likewise.
        variance: of the noisy pixels, likewise, in units of the square.
        factor: (1, 1, 1, 1), the exposure.
        sure: what the passes differ by is their variance; what a file calls so may be something else, and must not
            bring fireflies back: there large changes are held back less.

    Returns:
        (1, 1, h, w) in [0, 1], the same for all channels and layers.
    """
    bright = brightness(filtered, factor)
    noise = _nearby(variance.mean(1, keepdim=True).clamp_min_(0), bright)
    change = changes(noisy, filtered, bright)
    error = (change - _MARGIN * noise).clamp_min_(0)
    held = error / (noise + error).clamp_min_(torch.finfo(torch.float32).tiny)
    doubt = noise / _NOISY if sure else (noise / _NOISY).maximum(change / _CHANGED - 1)
    kept = 1 - held / (1 + doubt.square_())
    kept = kept * (1 - _lamps(noisy, filtered, variance)) if sure else kept
    return kept.nan_to_num_(nan=1)  # near pixels too bright to be squared: they are fireflies


def brightness(filtered: Tensor, factor: Tensor) -> Tensor:
    """What squares of noise and of changes are measured by, (1, 1, h, w), in units of the square.

    Args:
        filtered: (1, 3, h, w), scene units.
        factor: (1, 1, 1, 1), the exposure.
    """
    return box_mean(filtered.square().mean(1, keepdim=True), _AROUND) + _BLACK / factor**2


def changes(image: Tensor, filtered: Tensor, bright: Tensor) -> Tensor:
    """What an image differs from the filtered one by, squared, relative to the brightness, and around each pixel.

    Args:
        image: (1, 3, h, w), scene units.
        filtered: likewise.
        bright: the filtered image's `brightness`.

    Returns:
        (1, 1, h, w).
    """
    return _nearby((filtered - image).square_().mean(1, keepdim=True), bright)


def _nearby(square: Tensor, bright: Tensor) -> Tensor:
    return box_mean(square / bright, _NEAR)


def _lamps(noisy: Tensor, filtered: Tensor, variance: Tensor) -> Tensor:
    """How surely a pixel is light that the filter took for a firefly, in [0, 1]; two beside each other at least.

    Two passes can find a firefly in the same pixel, where there are many, and in the next one, where a reconstruction
    filter spreads it: then others are near that one pass alone has found.
    """
    brightness = noisy.square().mean(1, keepdim=True).clamp_min_(torch.finfo(torch.float32).tiny)
    lost = (noisy - filtered).clamp_min_(0).square_().mean(1, keepdim=True)
    noise = box_max(variance.mean(1, keepdim=True), _FAR)
    sure = _rise(brightness / noise, *_OUTSHONE) * _rise(lost / brightness, *_LOST)
    beside = F.avg_pool2d(sure, 3, 1, 1, divisor_override=1) - sure
    return sure * beside.clamp_max_(1)


def _rise(value: Tensor, low: float, high: float) -> Tensor:
    """From 0 to 1, smoothly."""
    step = ((value - low) / (high - low)).clamp_(0, 1)
    return step.square() * (3 - 2 * step)


def blend(noisy: Tensor, filtered: Tensor, share: Tensor) -> Tensor:
    """The filtered image as far as its share goes, and the noisy one for the rest."""
    return torch.lerp(noisy, filtered, share)


def sample(height: int, width: int, enough: int = _ENOUGH) -> np.ndarray:
    """Rows of a frame, some next to each other, of about so many pixels: for `understated`, or the like; or all."""
    bands = np.arange(height // _BLOCK * _BLOCK).reshape(-1, _BLOCK)
    return bands[:: 1 + height * width // enough].ravel()


def understated(radiance: np.ndarray, variance: np.ndarray, guides: Sequence[np.ndarray] = ()) -> float:
    """By how much a variance has to be multiplied to be that of the noise; 1 if it is as large, or larger.

    Other renderers may mean something else by the word, and a layer may be empty. Noise differs from pixel to pixel:
    the smoothest blocks' second differences are six times its variance. At hundreds of samples a texture is larger than
    noise in every block, so that what differs as albedo and normal do is left out.

    Args:
        radiance: (H, W, 3) float32, rows of a `sample`.
        variance: likewise, of its pixels.
        guides: albedo and normal, likewise, as far as they are known.

    Returns:
        At least 1; infinity where there is no variance, or too little of a frame to tell.
    """
    height, width = radiance.shape[:2]
    rows, columns = height // _BLOCK, (width - 2) // _BLOCK
    if rows < 1 or columns < 1:
        return math.inf

    def blocks(plane: np.ndarray, middle: int) -> np.ndarray:
        plane = plane.astype(np.float64)
        whole = (plane[:, :-2] + middle * plane[:, 1:-1] + plane[:, 2:])[: rows * _BLOCK, : columns * _BLOCK]
        parted = whole.reshape(rows, _BLOCK, columns, _BLOCK, 3).swapaxes(1, 2)
        return parted.reshape(rows * columns, _BLOCK**2, 3)

    seen = _unexplained(blocks(radiance, -2), [blocks(guide, -2) for guide in guides])
    told = blocks(variance, 4).mean((1, 2))
    known = told > 0
    if not known.any():
        return math.inf
    return max(1.0, _USUAL * float(np.quantile(seen[known] / told[known], _SMOOTH)))


def _unexplained(differences: np.ndarray, guides: Sequence[np.ndarray]) -> np.ndarray:
    """The mean square in each block of what is not a linear function of the guides, by least squares.

    Args:
        differences: (blocks, pixels, 3) float64.
        guides: likewise.
    """
    if not guides:
        return (differences**2).mean((1, 2))
    by = np.concatenate(guides, 2)
    _, pixels, terms = by.shape
    transposed = by.swapaxes(1, 2)
    products = transposed @ by
    least = _FAINT + _ROUNDED * np.trace(products, axis1=1, axis2=2)  # grey guides say one thing three times
    weights = np.linalg.solve(products + least[:, None, None] * np.eye(terms), transposed @ differences)
    return ((differences - by @ weights) ** 2).sum(1).mean(1) / (pixels - terms)
