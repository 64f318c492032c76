"""How good each method is on each frame."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from denoise.metrics import energy, flip_map, psnr, relmse
from tools.benchmark.frames import Case, Loaded, load
from tools.benchmark.methods import Method


@dataclass(frozen=True)
class Result:
    """Of one method on one frame; the figures are those of denoise/metrics.py.

    Attributes:
        frame: name of the picture.
        spp: samples a pixel of the pass.
        method: its name.
        relmse: relative squared error, the reference's noise taken out.
        psnr: dB of the tone-mapped image, the reference's noise taken out.
        flip: LDR-FLIP against the mean of the halves.
        flip_floor: what a perfect image would get for FLIP, from the reference's noise alone.
        energy: relative error of the mean radiance.
        wall: seconds of one run, everything loaded.
        cpu: processor seconds of all threads in it.
    """

    frame: str
    spp: int
    method: str
    relmse: float
    psnr: float
    flip: float
    flip_floor: float
    energy: float
    wall: float
    cpu: float


@dataclass(frozen=True)
class Measured:
    """A result with what it was measured on.

    Attributes:
        case: the frame.
        loaded: its pixels.
        method: what made the image.
        image: (H, W, 3) linear radiance.
        flip: (H, W), where the image differs.
        result: the figures.
    """

    case: Case
    loaded: Loaded
    method: Method
    image: np.ndarray
    flip: np.ndarray
    result: Result


def measure(cases: Sequence[Case], methods: Sequence[Method]) -> Iterator[Measured]:
    """Run every method on every case; each result as it is there.

    Args:
        cases: what to denoise.
        methods: each is left out where it needs a second pass and there is none.

    Raises:
        FrameError: a file is broken, or of another size than its reference.
    """
    floors: dict[str, float] = {}
    warm = set()
    for case in cases:
        loaded = load(case)
        if case.name not in floors:
            floors[case.name] = flip_floor(*loaded.halves)
        for method in methods:
            if method.passes > 1 and loaded.second is None:
                continue
            shape = loaded.reference.shape
            if (method.name, shape) not in warm:  # the first run of a size allocates, and loads what is loaded lazily
                method.run(loaded)
                warm.add((method.name, shape))
            wall, cpu = time.perf_counter(), time.process_time()
            image = method.run(loaded)
            wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
            seen = flip_map(image, *loaded.halves)
            result = Result(
                case.name,
                case.spp,
                method.name,
                relmse(image, *loaded.halves),
                psnr(image, *loaded.halves),
                float(seen.mean()),
                floors[case.name],
                energy(image, *loaded.halves),
                wall,
                cpu,
            )
            yield Measured(case, loaded, method, image, seen, result)


def flip_floor(r1: np.ndarray, r2: np.ndarray) -> float:
    """FLIP that a perfect image would get from the noise of the reference, which is the mean of the halves.

    A half differs from the mean by half the difference of the halves' noises, and the true image by half their sum:
    the same amount of noise. So the halves' own FLIP against the mean is an estimate of the floor.
    """
    return float(flip_map(r1, r1, r2).mean() + flip_map(r2, r1, r2).mean()) / 2
