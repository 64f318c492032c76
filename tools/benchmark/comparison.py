"""Two methods compared on the same frames: ratios, how sure they are, and what is typical of repeated timings.

A ratio is the geometric mean over the frames of ours over theirs, so that 0.5 and 2 cancel. Its interval is a
percentile bootstrap (Efron 1979): the pictures are drawn again with replacement, 10,000 times; the frames of a
picture (its spp) stay together, since they are not independent of each other. It says how far the result depends on
which pictures were chosen; with fewer than about ten of them it is too narrow.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

CONFIDENCE = 0.95
_RESAMPLES = 10_000

#: The unbiased relMSE falls to zero or below now and then, where an image is nearly perfect.
SMALLEST = 1e-7


@dataclass(frozen=True)
class Comparison:
    """Of one figure of two methods.

    Attributes:
        value: geometric mean of the ratios, or mean of the differences.
        low: lower end of the confidence interval; NaN where there is one picture.
        high: its upper end.
        best: the smallest ratio or difference of a frame.
        worst: the largest.
        frames: how many frames were compared.
    """

    value: float
    low: float
    high: float
    best: float
    worst: float
    frames: int


def compare_ratios(pictures: Sequence[str], ours: Sequence[float], theirs: Sequence[float]) -> Comparison:
    """Ours over theirs, frame by frame.

    Args:
        pictures: which picture each frame is of.
        ours: the figure of each frame, in the same order.
        theirs: likewise.
    """
    a, b = (np.maximum(np.asarray(values, np.float64), SMALLEST) for values in (ours, theirs))
    of_logs = compare_differences(pictures, list(np.log(a)), list(np.log(b)))
    numbers = (of_logs.value, of_logs.low, of_logs.high, of_logs.best, of_logs.worst)
    return Comparison(*(math.exp(number) for number in numbers), of_logs.frames)


def compare_differences(pictures: Sequence[str], ours: Sequence[float], theirs: Sequence[float]) -> Comparison:
    """Ours minus theirs, frame by frame; the arguments are those of `compare_ratios`."""
    differences = [a - b for a, b in zip(ours, theirs, strict=True)]
    by_picture = defaultdict(list)
    for picture, difference in zip(pictures, differences, strict=True):
        by_picture[picture].append(difference)
    low, high = _interval([np.array(group) for group in by_picture.values()])
    mean = float(np.mean(differences))
    return Comparison(mean, low, high, min(differences), max(differences), len(differences))


def _interval(groups: list[np.ndarray]) -> tuple[float, float]:
    """Percentile bootstrap interval of the mean over all members, whole groups drawn."""
    if len(groups) < 2:
        return math.nan, math.nan
    sums = np.array([group.sum() for group in groups])
    counts = np.array([len(group) for group in groups])
    drawn = np.random.default_rng(0).integers(len(groups), size=(_RESAMPLES, len(groups)))
    means = sums[drawn].sum(axis=1) / counts[drawn].sum(axis=1)
    tail = (1 - CONFIDENCE) / 2
    low, high = np.quantile(means, (tail, 1 - tail))
    return float(low), float(high)


@dataclass(frozen=True)
class Spread:
    """Of repeated measurements: the median, the smallest and the largest."""

    median: float
    low: float
    high: float

    @staticmethod
    def of(values: Sequence[float]) -> Spread:
        """Of at least one value."""
        return Spread(float(np.median(values)), min(values), max(values))
