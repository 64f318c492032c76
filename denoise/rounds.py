"""Whose turn it is: every view once, in random order, before any comes again.

Drawn blindly, of a few hundred views a third would have no crop in as many, and others three; the mean of their
gradients would be of some views rather than of all. Rounds, each in another order, leave that noise out, and a training
ends nearer to the minimum: Mishchenko et al. 2020, "Random Reshuffling: Simple Analysis with Vast Improvements".
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import numpy as np

_View = TypeVar("_View")


def in_rounds(views: Sequence[_View], first: int, count: int, seed: int | tuple[int, ...]) -> list[_View]:
    """Those whose turn it is, a function of the numbers and of how many views there are alone.

    Args:
        views: all of them, at least one.
        first: number of the first turn, from 0 on.
        count: of turns.
        seed: of the orders.
    """
    rounds, places = np.divmod(np.arange(first, first + count), len(views))
    orders = {one: np.random.default_rng((*np.atleast_1d(seed), one)).permutation(len(views)) for one in set(rounds)}
    return [views[orders[one][place]] for one, place in zip(rounds, places, strict=True)]
