"""Which of some layers sum to a given one: a search over sampled pixels."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

#: Share of the pixels where a sum may miss: renderers clamp the beauty and its layers each for itself.
STRAY = 0.01

_STEPS = 4000  # of the search that begins with one layer
_ALL_STEPS = 40_000  # of the whole search: about a second


def find_sums(
    total: np.ndarray, lights: np.ndarray, tolerance: np.ndarray, names: Sequence[str]
) -> list[tuple[int, ...]]:
    """Sets of layers that sum to `total`, until each layer that is in such a set is in one of them.

    A layer may be in several: diffuse and specular sum to the beauty, and so do the diffuse and specular light of
    each lamp. All subsets cannot be tried, so that a search of bounded length begins with each layer that is in no
    set yet, and adds those with the most similar names first. Light is never negative, which prunes it: what is added
    must nowhere exceed what is missing, and what is left must be able to make it up.

    Args:
        total: (P, C) samples, finite, 0 or more.
        lights: (N, P, C) samples of the layers, likewise.
        tolerance: (P, C), by how much a sum may miss at each sample.
        names: of the layers.

    Returns:
        Sets of indices into `lights`, each ascending.
    """
    fitting = [i for i in range(len(lights)) if _rare(lights[i] > total + tolerance)] if len(total) else []
    found: list[tuple[int, ...]] = []
    covered: set[int] = set()
    steps = _ALL_STEPS
    for first in fitting:
        if first in covered or steps <= 0:
            continue
        others = sorted((i for i in fitting if i != first), key=lambda i: -_alike(names[first], names[i]))
        search = _Search(lights[others], tolerance, min(_STEPS, steps))
        chosen = search.run(total - lights[first])
        steps -= search.steps
        if chosen is not None:
            found.append(tuple(sorted([first, *(others[i] for i in chosen)])))
            covered |= set(found[-1])
    return found


class _Search:
    """Depth first through the subsets of layers, those with early layers before those without."""

    def __init__(self, lights: np.ndarray, tolerance: np.ndarray, limit: int) -> None:
        self._lights, self._tolerance, self._limit = lights, tolerance, limit
        # What the layers from each on can add at most, and 0 at the end.
        self._left = np.concatenate([np.cumsum(lights[::-1], axis=0)[::-1], np.zeros_like(tolerance)[None]])
        self.steps = 0

    def run(self, missing: np.ndarray) -> list[int] | None:
        """The layers that sum to what is missing; None where none do, or where the search grew too long."""
        stack: list[tuple[int, np.ndarray, tuple[int, ...]]] = [(0, missing, ())]  # next layer, ..., chosen so far
        while stack and self.steps < self._limit:
            at, missing, chosen = stack.pop()
            self.steps += 1
            if _rare(np.abs(missing) > self._tolerance):
                return self._completed(missing, list(chosen))
            if at == len(self._lights) or not _rare(missing > self._left[at] + self._tolerance):
                continue
            stack.append((at + 1, missing, chosen))
            if _rare(self._lights[at] > missing + self._tolerance):
                stack.append((at + 1, missing - self._lights[at], (*chosen, at)))
        return None

    def _completed(self, missing: np.ndarray, chosen: list[int]) -> list[int]:
        """With the layers that a sum holds without but for a few pixels, as that of the lamps' own light."""
        for at in range(len(self._lights)):
            if at not in chosen and self._misses(missing - self._lights[at]) < self._misses(missing):
                missing = missing - self._lights[at]
                chosen.append(at)
        return chosen

    def _misses(self, missing: np.ndarray) -> int:
        return int((np.abs(missing) > self._tolerance).any(axis=-1).sum())


def _rare(where: np.ndarray) -> bool:
    """Whether at most a stray few of the samples (P, C) are marked."""
    return bool(where.any(axis=-1).mean() <= STRAY)


def _alike(a: str, b: str) -> int:
    """Length of what two names begin and end with alike."""
    a, b = a.lower(), b.lower()
    ends = [0, 0]
    for which, (one, other) in enumerate(((a, b), (a[::-1], b[::-1]))):
        for x, y in zip(one, other, strict=False):
            if x != y:
                break
            ends[which] += 1
    return sum(ends)
