"""Gradients clipped to a multiple of their usual size, each tensor's by its own.

A firefly in a target gives a gradient thousands of times the usual one. Muon's steps are of one length whatever the
gradient's, so that they would follow it for as long as the momentum remembers it, and that layer by layer: a network
can die of it.
"""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import nn

_REMEMBERED = 0.95  # of the usual norm, each step
_UNKNOWN = 20  # steps in which nothing is usual yet, and nothing is clipped


class Clipper:
    """Knows the usual norm of each parameter's gradient, a running geometric mean.

    Args:
        parameters: in an order that stays.
        limit: largest norm, in units of the usual one.

    Attributes:
        usual: (N,) norms.
        steps: clipped so far.
    """

    def __init__(self, parameters: Iterable[nn.Parameter], limit: float) -> None:
        self._parameters, self._limit = list(parameters), limit
        self.usual = torch.ones(len(self._parameters))
        self.steps = 0

    @torch.no_grad()
    def clip(self) -> float:
        """Clip the gradients where they are, and return the norm that they had together."""
        gradients = [parameter.grad for parameter in self._parameters if parameter.grad is not None]
        norms = torch.stack([gradient.norm() for gradient in gradients]).cpu().clamp_min(1e-12)
        if self.steps < _UNKNOWN:
            self.usual = norms
        for gradient, scale in zip(gradients, (self._limit * self.usual / norms).tolist(), strict=True):
            if scale < 1:
                gradient.mul_(scale)
        self.usual = self.usual * (norms / self.usual).clamp(1 / self._limit, self._limit) ** (1 - _REMEMBERED)
        self.steps += 1
        return norms.square().sum().sqrt().item()
