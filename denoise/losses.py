"""The losses, each with its formula, its minimiser under noisy targets and its source.

Noise2Noise needs a loss whose minimiser over f is the mean E[y] of the noisy target. Every Bregman divergence has
that (Banerjee et al. 2005), nothing else does. All take the prediction f and the raw target y, exposure-normalised
linear radiance of the same shape, and return the mean as a scalar.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from denoise.transfer import EPS

Loss = Callable[[Tensor, Tensor], Tensor]

_RELMSE_FLOOR = 0.01  # as in `metrics.relmse`
_BLOCKS, _OF_BLOCKS = (4, 16, 64), 2.0  # pixels wide, whose mean errors count besides, and how much
_UNLIT_EPS, _UNLIT_SHARE = 1e-4, 0.03  # where nothing is lit: how little light shows, and how much it counts


def log_l2(f: Tensor, y: Tensor) -> Tensor:
    """The HDR-aware log-space L2, made unbiased: the Itakura-Saito divergence of y + eps from f + eps.

    With r = (y + eps) / (f + eps): r - log r - 1; in u = log r it is u^2/2 + u^3/6 + ..., a squared log difference with
    the skew that moves its minimiser from the geometric mean to the mean. Its gradient is half that of `l_hdr`,
    but its value means something. For f < 0, where the log ends, the generator goes on as a parabola, so that it
    stays a Bregman divergence over all reals. Minimiser: the mean. Source: Itakura and Saito 1968; Bregman form in
    Banerjee et al. 2005, table 1.
    """
    return _itakura_saito(f, y, EPS).mean()


def _itakura_saito(f: Tensor, y: Tensor, eps: float) -> Tensor:
    """Pixel by pixel."""
    inside = f.clamp_min(0)
    ratio = (y.clamp_min(0) + eps) / (inside + eps)
    below = f.clamp_max(0)
    return ratio - ratio.log() - 1 + (below * below / 2 - y * below) / eps**2


def l_hdr(f: Tensor, y: Tensor) -> Tensor:
    """(f - y)^2 / (f + 0.01)^2, no gradient through the denominator. Minimiser: the mean.

    Source: Lehtinen et al. 2018, section 3.3.
    """
    return ((f - y) ** 2 / (f.detach() + EPS) ** 2).mean()


def relative_l2(f: Tensor, y: Tensor, yardstick: Tensor) -> Tensor:
    """(f - y)^2 / 2 (m^2 + 0.01): relMSE, as far as the yardstick m knows the truth.

    The yardstick must know nothing of the noise of y (`denoise.yardsticks`). Minimiser: the mean; where an input leaves
    several pictures possible, the mean in which each counts as in relMSE, the dark ones more. Where the yardstick is
    zero nothing is lit: relMSE forgives light that leaks in there, and a display shows it, so that the loss there is
    the divergence of `log_l2`, of a hundredth of its floor. Source: relMSE as in Rousselle et al. 2011, section 6; a
    denominator that gradients and targets do not meet as in Lehtinen et al. 2018, section 3.3.

    Args:
        f: as for all losses.
        y: likewise.
        yardstick: of the same shape, exposure-normalised.
    """
    lit = (f - y) ** 2 / (yardstick**2 + _RELMSE_FLOOR) / 2
    return torch.where(yardstick == 0, _UNLIT_SHARE * _itakura_saito(f, y, _UNLIT_EPS), lit).mean()


def multiscale_l2(f: Tensor, y: Tensor, yardstick: Tensor) -> Tensor:
    """`relative_l2`, and the same of the mean errors of blocks of pixels, which count for more.

    Blotches on a wall are a small part of relMSE, most of which is at edges, and a smaller one of a loss with the noise
    of y in it. In the mean over a block there is hundreds of times less noise. Errors are divided by the yardstick
    before they are averaged; all is a positive quadratic form of them. Minimiser: as of `relative_l2`.

    Args:
        f: (C, H, W).
        y: likewise.
        yardstick: likewise.
    """
    errors = torch.where(yardstick == 0, 0, (f - y) * (yardstick**2 + _RELMSE_FLOOR).rsqrt())
    of_blocks = [F.avg_pool2d(errors, min(side, *f.shape[-2:])).square().mean() / 2 for side in _BLOCKS]
    return relative_l2(f, y, yardstick) + _OF_BLOCKS * sum(of_blocks)


def l2(f: Tensor, y: Tensor) -> Tensor:
    """(f - y)^2. Minimiser: the mean; bright pixels and fireflies outweigh all others."""
    return ((f - y) ** 2).mean()


def l1(f: Tensor, y: Tensor) -> Tensor:
    """|f - y|. Minimiser: the median, which is darker than the mean under Monte Carlo noise."""
    return (f - y).abs().mean()


def naive_log_l2(f: Tensor, y: Tensor) -> Tensor:
    """(log(f + eps) - log(y + eps))^2. Minimiser: the geometric mean; images come out dark. For comparison only."""
    return ((torch.log(f.clamp_min(0) + EPS) - torch.log(y.clamp_min(0) + EPS)) ** 2).mean()


#: By the name the command line gives.
LOSSES: dict[str, Loss] = {
    "log-l2": log_l2,
    "l-hdr": l_hdr,
    "l2": l2,
    "l1": l1,
    "naive-log-l2": naive_log_l2,
}
