"""Muon: momentum whose steps are orthogonal matrices, for the convolutions; AdamW for all else.

A gradient's few large singular values are what plain momentum follows; made orthogonal, the step learns in all
directions alike. Jordan et al. 2024, "Muon: an optimizer for hidden layers in neural networks"; scaled so that a step
is as large as AdamW's and shares its rate of learning: Liu et al. 2025, "Muon is scalable for LLM training", 2.2.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from denoise.convolutions import he_norm

_MOMENTUM = 0.95
_BETAS, _EPS = (0.9, 0.999), 1e-8  # of AdamW
_QUINTIC = (3.4445, -4.7750, 2.0315)  # of Jordan et al.: steepest at zero, bounded about one
_ITERATIONS = 5
_AS_ADAMW = 0.2  # root mean square of AdamW's steps (Liu et al. 2025)


def optimizer_for(hidden: Sequence[Tensor], others: Sequence[Tensor], weight_decay: float) -> Muon:
    """The optimiser of a network.

    Args:
        hidden: weights of convolutions, for Muon; they are kept at the norm of He et al. 2015. Orthogonal steps make
            all of a matrix grow, and without this what a deep network of them computes with grows by powers of ten,
            until its output is the small difference of large numbers.
        others: for AdamW. Heads among them, whose outputs mean things of their own.
        weight_decay: of all.
    """
    groups = [{"params": hidden, "orthogonal": True}, {"params": others, "orthogonal": False}]
    return Muon([group for group in groups if group["params"]], weight_decay)


class Muon(torch.optim.Optimizer):
    """Muon for the groups that are `orthogonal`, AdamW for the others.

    Args:
        groups: of parameters, each with `orthogonal`.
        weight_decay: decoupled, of both.
    """

    def __init__(self, groups: list[dict[str, Any]], weight_decay: float) -> None:
        super().__init__(groups, {"lr": 0.0, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> None:  # type: ignore[override]
        """One step along the gradients there are."""
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.grad is None:
                    continue
                step = (self._muon if group["orthogonal"] else self._adam)(self.state[parameter], parameter.grad)
                parameter.mul_(1 - group["lr"] * group["weight_decay"]).add_(step, alpha=-group["lr"])
                if group["orthogonal"]:
                    parameter.mul_(he_norm(parameter) / parameter.norm())

    def _muon(self, state: dict[str, Tensor], gradient: Tensor) -> Tensor:
        if not state:
            state["momentum"] = torch.zeros_like(gradient)
        momentum = state["momentum"].lerp_(gradient, 1 - _MOMENTUM)
        ahead = gradient.lerp(momentum, _MOMENTUM)  # Nesterov's
        matrix = orthogonal(ahead.flatten(1))
        return matrix.mul_(_AS_ADAMW * max(matrix.shape) ** 0.5).view_as(gradient)

    def _adam(self, state: dict[str, Tensor], gradient: Tensor) -> Tensor:
        if not state:
            state["steps"] = torch.zeros(())
            state["mean"], state["square"] = torch.zeros_like(gradient), torch.zeros_like(gradient)
        state["steps"] += 1
        steps = state["steps"].item()
        mean = state["mean"].lerp_(gradient, 1 - _BETAS[0]) / (1 - _BETAS[0] ** steps)
        square = state["square"].lerp_(gradient * gradient, 1 - _BETAS[1]) / (1 - _BETAS[1] ** steps)
        return mean.div_(square.sqrt_().add_(_EPS))


def orthogonal(matrix: Tensor) -> Tensor:
    """A matrix of the same singular vectors, whose singular values are about one, by a Newton-Schulz iteration.

    Args:
        matrix: (M, N), any scale.

    Returns:
        (M, N) in the matrix's type, singular values between 0.7 and 1.2 but for those that are all but zero.
    """
    a, b, c = _QUINTIC
    x = matrix.T if matrix.shape[0] > matrix.shape[1] else matrix
    x = (x / (x.norm() + 1e-7)).bfloat16()
    for _ in range(_ITERATIONS):
        square = x @ x.T
        x = torch.addmm(x, torch.addmm(square, square, square, beta=b, alpha=c), x, beta=a)
    x = x.to(matrix.dtype)
    return x.T if matrix.shape[0] > matrix.shape[1] else x
