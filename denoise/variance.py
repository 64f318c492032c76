"""A variance that few samples tell, made surer: half of it each pixel's own, half the mean of the pixels around.

Most of what a few samples say of a pixel's variance is chance; what they say of the pixels around is nearly as true of
it. Its own still counts, for a firefly, or an edge between a quiet part and a noisy one.
"""

from __future__ import annotations

from torch import Tensor

from denoise.means import box_mean

#: Pixels each way that a variance depends on.
REACH = 4


def smoothed(variance: Tensor) -> Tensor:
    """Half of each pixel's own variance, and half the mean around it; (B, C, H, W)."""
    return (variance + box_mean(variance, REACH)) / 2
