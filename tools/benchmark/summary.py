"""The figures of all frames together: a summary of each method, and ours against each of the others."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from tools.benchmark.comparison import SMALLEST, Comparison, compare_differences, compare_ratios
from tools.benchmark.measure import Result
from tools.benchmark.methods import Method

#: How each figure is compared; below 1 is better for ratios, above 0 for the difference of PSNR.
_COMPARED: dict[str, Callable[..., Comparison]] = {
    "relmse": compare_ratios,
    "flip": compare_ratios,
    "psnr": compare_differences,
}


@dataclass(frozen=True)
class Ratio:
    """Ours against another method on all frames of one spp.

    Attributes:
        spp: samples a pixel; None for all.
        ours: name of the method.
        theirs: name of the other.
        relmse: ratio.
        flip: ratio.
        psnr: difference in dB.
    """

    spp: int | None
    ours: str
    theirs: str
    relmse: Comparison
    flip: Comparison
    psnr: Comparison


@dataclass(frozen=True)
class Summary:
    """A method's figures over all frames of one spp.

    Attributes:
        spp: samples a pixel; None for all.
        method: its name.
        frames: number of them.
        relmse: geometric mean.
        psnr: mean, dB.
        flip: mean.
        flip_floor: mean.
        energy: mean of the absolute errors.
        wall: mean seconds.
        cpu: mean processor seconds.
    """

    spp: int | None
    method: str
    frames: int
    relmse: float
    psnr: float
    flip: float
    flip_floor: float
    energy: float
    wall: float
    cpu: float


def summarise(results: Sequence[Result], methods: Sequence[Method]) -> list[Summary]:
    """Every method's figures at every spp, and over all."""
    summaries = []
    for spp, chosen in _by_spp(results):
        for method in methods:
            own = [result for result in chosen if result.method == method.name]
            if own:
                errors = np.maximum([result.relmse for result in own], SMALLEST)
                means = {
                    name: float(np.mean([getattr(result, name) for result in own]))
                    for name in ("psnr", "flip", "flip_floor", "wall", "cpu")
                }
                light = float(np.mean([abs(result.energy) for result in own]))
                error = float(np.exp(np.log(errors).mean()))
                summaries.append(Summary(spp, method.name, len(own), error, energy=light, **means))
    return summaries


def compare(results: Sequence[Result], methods: Sequence[Method]) -> list[Ratio]:
    """Ours against every other method that uses as many passes, at every spp and over all."""
    ratios = []
    for spp, chosen in _by_spp(results):
        for ours in (method for method in methods if method.kind == "ours"):
            for theirs in (method for method in methods if method.kind != "ours" and method.passes == ours.passes):
                own, other = (
                    {(result.frame, result.spp): result for result in chosen if result.method == method.name}
                    for method in (ours, theirs)
                )
                keys = [key for key in own if key in other]
                if keys:
                    figures = {
                        name: function(
                            [frame for frame, _ in keys],
                            [getattr(own[key], name) for key in keys],
                            [getattr(other[key], name) for key in keys],
                        )
                        for name, function in _COMPARED.items()
                    }
                    ratios.append(Ratio(spp, ours.name, theirs.name, **figures))
    return ratios


def _by_spp(results: Sequence[Result]) -> list[tuple[int | None, list[Result]]]:
    """The results of each spp, then all of them."""
    counts = sorted({result.spp for result in results})
    groups: list[tuple[int | None, list[Result]]] = [
        (spp, [result for result in results if result.spp == spp]) for spp in counts
    ]
    return [*groups, (None, list(results))] if len(counts) > 1 else groups
