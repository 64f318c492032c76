"""Several passes of one frame, denoised together: `mcdenoise a.exr --pass b.exr`.

    passes ── mean, and the spread between them as its variance ──> kernels ─┐
           ├─ the same, turned and moved ─────────────────────────> kernels ─┼─ each applied to each half
           └─ the same, held in a third way ──────────────────────> kernels ─┘             │
                                                                    half A, half B <───────┘
                                                          └── the six by their shares ──> out

The mean has less noise than any pass, and what the passes differ by tells how much, which a single frame does not: it
serves better than the variance that the passes bring. The second and the third look, on the frame turned and moved by
a pixel (`views`), err differently; of two passes the first look counts as two do, so that the result strays little from
what averaging first would give. Where a firefly of one half has left a blotch it hardly counts (`blotches.shares`).

What the passes differ by also holds the result back where it strays from their mean by more (`shrinkage`).

With `--quality best` the passes are averaged first, and their mean is looked at in four ways as any frame is, with what
they differ by for its variance: nothing is gained there by keeping them apart. `python -m tools.compare_passes`
measures it all against each pass alone and against averaging first.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

import numpy as np
from torch import Tensor

from denoise.errors import FrameError
from denoise.frame import Frame, Planes
from denoise.layers import Channels, window
from denoise.variance import squared

Plane = TypeVar("Plane", np.ndarray, Tensor)


def check_pass(frame: Frame, other: Frame, needed: Sequence[Channels], name: str = "a further pass") -> None:
    """Whether another frame can be a pass of the same picture.

    Args:
        frame: the first pass.
        other: a further one.
        needed: what is denoised: the beauty, and layers.
        name: what messages call the other frame: its file, where it is known.

    Raises:
        FrameError: channels missing, another size or place of the pixels, or the very same beauty.
    """
    for channels in needed:
        names = ", ".join(channels.names)
        if channels.part >= len(other.parts) or not set(channels.names) <= set(other.parts[channels.part].channels):
            raise FrameError(f"{name} has no {names} in part {channels.part}; give passes of the same layers")
        own, its = window(frame.parts[channels.part]), window(other.parts[channels.part])
        if own != its:
            raise FrameError(
                f"{name} has {its[3]}x{its[2]} pixels at {its[0]},{its[1]}, the frame {own[3]}x{own[2]} "
                f"at {own[0]},{own[1]}; give passes of the same picture"
            )
    beauty = needed[0]
    own_pixels, its_pixels = frame.parts[beauty.part].channels, other.parts[beauty.part].channels
    lit = any(own_pixels[name].any() for name in beauty.names)
    if lit and all(np.array_equal(own_pixels[name], its_pixels[name], equal_nan=True) for name in beauty.names):
        raise FrameError(f"{name} has the same noise as the frame; render it with another seed")


def merge_auxiliary(passes: Sequence[Planes]) -> Planes:
    """The auxiliary planes of several passes as one: means of albedo and normal, and the variance of the mean.

    Args:
        passes: planes (H, W, 3) by name.

    Returns:
        `albedo` and `normal` averaged over the passes that have them, `variance` where all have it.
    """
    merged: Planes = {}
    for name in ("albedo", "normal", "variance"):
        having = [planes[name] for planes in passes if name in planes]
        if len(having) == 1 == len(passes):
            merged[name] = having[0]
        elif having and (name != "variance" or len(having) == len(passes)):
            weight = 1 / len(having) ** (2 if name == "variance" else 1)
            merged[name] = having[0] * np.float32(weight)
            for plane in having[1:]:
                merged[name] += plane * np.float32(weight)
    return merged


def spread(passes: Sequence[np.ndarray]) -> np.ndarray:
    """The variance of the mean of two or more passes, told by what they differ by; each (H, W, 3), likewise."""
    mean = mean_of(passes)
    first, *others = (squared(one - mean) for one in passes)
    return sum(others, first) / np.float32(len(passes) * (len(passes) - 1))


def halves(passes: Sequence[Tensor]) -> list[Tensor]:
    """The means of every second pass and of the others; the pass itself where there is one only."""
    return [mean_of(half) for half in split(passes)]


def split(passes: Sequence[Any]) -> list[Sequence[Any]]:
    """Every second pass, and the others; of one pass that alone."""
    return [half for half in (passes[0::2], passes[1::2]) if half]


def mean_of(passes: Sequence[Plane]) -> Plane:
    """Their mean; the pass itself where there is one only."""
    return passes[0] if len(passes) == 1 else sum(passes[1:], passes[0]) / len(passes)
