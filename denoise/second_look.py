"""A second look at a picture: it also sees a draft, what a first look made of it.

    first look ──> draft ──┬──────────────────> second look
                           └─ squared residual, where no variance is known

In a draft edges of shadows stand out that noise hides from the first look, and blotches show against what is around
them. What the first look took away, squared, says how large the noise is. As in denoisers that begin with a basic
estimate (Dabov et al. 2007, section III); what makes drafts and what reads them is one network here.
"""

from __future__ import annotations

import torch
from torch import Tensor

from denoise.features import Inputs
from denoise.network import DirectNetwork, KernelNetwork
from denoise.variance import smoothed

_LARGEST = 1e18  # whose square float32 can hold


def with_drafts(network: KernelNetwork | DirectNetwork, inputs: Inputs, chosen: Tensor) -> Inputs:
    """Inputs of a training, some of them as a second look sees them; what is learned by it no draft is changed for.

    Args:
        network: that makes the drafts; of the direct one there are none.
        inputs: B crops without drafts, exposure-normalised.
        chosen: (B,) bool, which of them get one.
    """
    if isinstance(network, DirectNetwork) or not chosen.any():
        return inputs
    first = Inputs._make(plane[chosen] for plane in inputs)
    with torch.no_grad():
        draft = network(first)
    residual = (first.radiance - draft).clamp(-_LARGEST, _LARGEST)
    known = first.present[:, 2].view(-1, 1, 1, 1) > 0
    second = first._replace(
        variance=torch.where(known, first.variance, smoothed(residual.square())),
        draft=draft,
        present=torch.cat([first.present[:, :2], torch.ones_like(first.present[:, 2:])], 1),
    )
    planes = (plane.clone() for plane in inputs)
    return Inputs._make(plane.index_put_((chosen,), own) for plane, own in zip(planes, second, strict=True))
