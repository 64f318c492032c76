"""What squared errors are measured by: how bright a view is, pixel by pixel, and how noisy.

relMSE divides squared errors by the square of the clean image, which nobody has. Losses that take the prediction in its
place (`losses.l_hdr`, and by their curvature `losses.log_l2`) forgive what is too bright, most of all where light leaks
into the dark: there a prediction is large, and its error counts little. A model's picture of passes that the target
does not have is nearer to the truth, and knows nothing of the target's noise: so the least loss still lies at a mean of
the target, in which pictures count as relMSE counts them.

The noise that the same passes show nearby is added, as in weighted least squares: where fireflies fall, a target says
little.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
import torch
from torch import Tensor

from denoise.data import CACHE, LEAST_NOISE, StoredView, keep, largest_and_others, merge_passes, weighted_mean
from denoise.denoiser import denoise_inputs, to_inputs
from denoise.losses import relative_l2
from denoise.means import box_mean
from denoise.network import DirectNetwork, KernelNetwork
from denoise.pairs import HALF_MAX
from denoise.transfer import exposure

_NEAR = 7  # pixels to either side; noise is a mean over a square of them

#: Takes a view and returns it with its yardsticks.
Measure = Callable[[StoredView], StoredView]


def measured_by(network: KernelNetwork | DirectNetwork, device: torch.device) -> Measure:
    """A function that gives views `yardsticks`, and their `weight` for losses measured by them (`noise_weight`).

    By what a network makes of their passes. That is as slow as to denoise each view twice; so it is kept in the view's
    data set, where the training's other processes find it, and the training itself when it is resumed. Where nothing
    can be written it is worked out each time.
    """
    model = hashlib.sha256()
    for tensor in network.state_dict().values():
        model.update(tensor.float().cpu().numpy().tobytes())

    def measure(view: StoredView) -> StoredView:
        make = partial(_measure, network, device, view)
        if view.folder is None:
            yardsticks, weight = make()
        else:
            key = model.copy()
            key.update(np.ascontiguousarray(view.passes).data)
            name = f"{Path(view.name).name}.{key.hexdigest()[:16]}.npz"
            yardsticks, weight = _kept(view.folder / CACHE / name, make)
        return replace(view, yardsticks=yardsticks, weight=weight)

    return measure


def _kept(path: Path, make: Callable[[], tuple[np.ndarray, float]]) -> tuple[np.ndarray, float]:
    """What a file holds; made, and written there, where it is missing or broken."""
    try:
        with np.load(path) as found:
            return found["yardsticks"], float(found["weight"])
    except (OSError, ValueError, KeyError, BadZipFile):
        yardsticks, weight = make()
    with suppress(OSError):  # a read-only or full disk costs time, not the training
        keep(path, lambda file: np.savez(file, yardsticks=yardsticks, weight=weight))
    return yardsticks, weight


def _measure(
    network: KernelNetwork | DirectNetwork, device: torch.device, view: StoredView
) -> tuple[np.ndarray, float]:
    groups = largest_and_others(view.spp)
    with torch.inference_mode():
        pictures = [_denoised(network, device, view, group) for group in groups]
        noisy = [torch.from_numpy(weighted_mean(view.passes[group, :3], view.spp[group])) for group in groups]
        spp = [float(view.spp[group].sum()) for group in groups]
        # the largest pass measures targets of some of the others, of half their samples as a rule
        ratios = spp[0] / max(spp[1] / 2, float(view.spp.min())), spp[1] / spp[0]
        yardsticks = [_yardstick(*each) for each in zip(noisy, pictures, ratios, strict=True)]
        factor = exposure(sum(noisy[1:], noisy[0])[None] / len(noisy)).item()
        clean = factor * (pictures[0] + pictures[1]) / 2
        loss = sum(
            relative_l2(clean, factor * target, factor * yardstick).item() / 2
            for target, yardstick in zip(noisy, reversed(yardsticks), strict=True)
        )
    return torch.stack(yardsticks).half().numpy(), 1 / (loss + LEAST_NOISE)


def _denoised(
    network: KernelNetwork | DirectNetwork, device: torch.device, view: StoredView, group: np.ndarray
) -> Tensor:
    """(3, H, W) what the network makes of some of a view's passes."""
    planes = merge_passes(view.passes[group], view.spp[group])
    inputs = to_inputs({name: np.ascontiguousarray(plane.transpose(1, 2, 0)) for name, plane in planes.items()})
    return denoise_inputs(network, inputs, device)[0].clamp(0, HALF_MAX)


def _yardstick(noisy: Tensor, picture: Tensor, ratio: float) -> Tensor:
    """(3, H, W) the root of the picture's square and of the variance of targets with `ratio` times fewer samples."""
    square = ((noisy - picture) ** 2).mean(0, keepdim=True)[None]
    variance = box_mean(square, _NEAR)[0] * ratio
    return (picture**2 + variance).sqrt().clamp(0, HALF_MAX)
