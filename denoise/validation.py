"""How a network does on held-out views, without any clean reference.

The input is a few of a view's passes; the others are the reference, split in two halves where there are enough,
so that their noise drops out of the error (see `metrics`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import torch

from denoise.data import StoredView, merge_passes, weighted_mean
from denoise.denoiser import denoise_inputs, to_inputs
from denoise.losses import Loss
from denoise.metrics import relmse
from denoise.network import DirectNetwork, KernelNetwork
from denoise.transfer import expose, exposure

_INPUT_SHARE = 1 / 8  # of a view's samples; the rest are better spent on the reference


def validate(
    network: KernelNetwork | DirectNetwork, views: Sequence[StoredView], loss: Loss, device: torch.device
) -> dict[str, float]:
    """Loss and improvement over the noisy input, averaged over whole views.

    Args:
        network: to be judged.
        views: held-out ones.
        loss: as in training; against the passes that the input did not use, so an unbiased one keeps its order.
        device: where the network is.

    Returns:
        `val_loss`, and `val_db`: 10 log10 of the noisy inputs' summed relMSE over the outputs'.
    """
    total_loss, noisy_error, error = 0.0, 0.0, 0.0
    for view in views:
        chosen, halves = _split(view)
        planes = merge_passes(view.passes[chosen], view.spp[chosen])
        first, second = (_radiance(view, half) for half in halves)
        rest = np.concatenate(halves) if halves[0] is not halves[1] else halves[0]

        inputs = to_inputs({name: plane.transpose(1, 2, 0) for name, plane in planes.items()})
        with torch.inference_mode():
            output = denoise_inputs(network, inputs, device)
            factor = exposure(inputs.radiance)
            target = torch.from_numpy(_radiance(view, rest))[None]
            total_loss += loss(expose(output, factor), expose(target, factor)).item()
        noisy, clean = (x.transpose(1, 2, 0) for x in (planes["radiance"], output[0].numpy()))
        r1, r2 = first.transpose(1, 2, 0), second.transpose(1, 2, 0)
        # with a single reference pass its variance counts in both errors; E[(A - B)^2] / 2 of two like passes is it
        floor = relmse(noisy, r1, r2) / 2 if halves[0] is halves[1] else 0.0
        noisy_error += relmse(noisy, r1, r2) - floor
        error += relmse(clean, r1, r2) - floor
    ratio = max(noisy_error, 1e-12) / max(error, 1e-12)
    return {"val_loss": total_loss / len(views), "val_db": 10 * math.log10(ratio)}


def _split(view: StoredView) -> tuple[np.ndarray, tuple[np.ndarray, np.ndarray]]:
    """Input passes, the smallest, and two halves of the others; the same one twice where only one is left."""
    order = np.argsort(view.spp, kind="stable")
    count = max(1, int((view.spp[order].cumsum() <= _INPUT_SHARE * view.spp.sum()).sum()))
    rest = order[count:]
    if len(rest) == 1:
        return order[:count], (rest, rest)
    return order[:count], (rest[-1:], rest[:-1])


def _radiance(view: StoredView, passes: np.ndarray) -> np.ndarray:
    """(3, H, W) float32 radiance of some passes together."""
    return weighted_mean(view.passes[passes, :3], view.spp[passes])
