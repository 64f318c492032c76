"""Time of the filter alone at 1920x1080 with albedo and normal, against Open Image Denoise's, in the same run.

    python -m tools.bench_denoise [--repeats 5] [--model MODEL]

The two run in turn, so that a busy machine is busy for both; reading, writing and loading the models are not counted.
Prints the medians, and the ratio of neighbours in time with its smallest and largest value.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from pathlib import Path

from denoise import process


def seconds(function: Callable[[], object]) -> float:
    """Wall time of one call."""
    started = time.perf_counter()
    function()
    return time.perf_counter() - started


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--model", type=Path, help="model file (default: the shipped one)")
    arguments = parser.parse_args()

    process.tune()
    import numpy as np
    import pyoidn

    from denoise import Denoiser

    rng = np.random.default_rng(0)
    beauty, albedo, normal = (rng.random((1080, 1920, 3), dtype=np.float32) for _ in range(3))
    denoiser = Denoiser(arguments.model)
    ours: list[float] = []
    theirs: list[float] = []
    for repeat in range(arguments.repeats + 1):
        a = seconds(lambda: denoiser.denoise(beauty, albedo, normal))
        b = seconds(lambda: pyoidn.denoise(beauty, albedo, normal, hdr=True))
        if repeat:  # the first of each allocates
            ours.append(a)
            theirs.append(b)
    ratios = [a / b for a, b in zip(ours, theirs, strict=True)]
    print(f"mcdenoise {statistics.median(ours):.2f} s, OIDN high {statistics.median(theirs):.2f} s")
    print(f"ratio {statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})")


if __name__ == "__main__":
    main()
