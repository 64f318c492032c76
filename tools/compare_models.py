"""How several models do on the same frames: relMSE or FLIP of each, frame by frame.

    python -m tools.compare_models FOLDER a.safetensors b.safetensors ... [--metric flip]

FOLDER is as for `tools.benchmark`: shot.16spp.a.exr with the halves of its reference, shot.ref1.exr and shot.ref2.exr.
Each model sees one pass. Geometric means stand below, for each number of samples.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from rich import box
from rich.console import Console
from rich.table import Table

from denoise import process
from denoise.errors import McdenoiseError

#: The estimate of the error is unbiased, and so below zero now and then where an image is nearly perfect.
LEAST_ERROR = 1e-7
#: By name, functions of `denoise.metrics` that are the less the better.
METRICS = ("relmse", "flip")


def errors(
    folder: Path, models: Sequence[Path], precision: str = "auto", metric: str = "relmse"
) -> Iterator[tuple[str, int, list[float]]]:
    """For each case its name, its spp, and the error of the noisy frame and of each model, by one of `METRICS`.

    Raises:
        McdenoiseError: a model or a frame that cannot be used.
    """
    from denoise import metrics
    from denoise.denoiser import Denoiser
    from tools.benchmark.frames import find_cases, load
    from tools.benchmark.methods import methods

    measure = getattr(metrics, metric)
    denoisers = [Denoiser(model, precision=precision) for model in models]
    ours = [next(method for method in methods(one) if method.kind == "ours") for one in denoisers]
    for case in find_cases(folder):
        loaded = load(case)
        images = [loaded.planes["radiance"], *(method.run(loaded) for method in ours)]
        yield case.name, case.spp, [max(measure(image, *loaded.halves), LEAST_ERROR) for image in images]


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("models", type=Path, nargs="+")
    parser.add_argument("--precision", default="auto", help="as mcdenoise has it (default: auto)")
    parser.add_argument("--metric", default="relmse", choices=METRICS, help="(default: relmse)")
    arguments = parser.parse_args()
    process.tune()

    table = Table("frame", "spp", "noisy", *(model.stem for model in arguments.models), box=box.SIMPLE)
    rows: dict[int, list[list[float]]] = {}
    try:
        for name, spp, row in errors(arguments.folder, arguments.models, arguments.precision, arguments.metric):
            table.add_row(name, str(spp), *(f"{value:.4f}" for value in row))
            rows.setdefault(spp, []).append(row)
    except McdenoiseError as error:
        raise SystemExit(f"compare_models: {error}") from error
    for spp, some in sorted(rows.items()):
        means = [math.exp(value) for value in np.log(some).mean(0)]
        table.add_row("geometric mean", str(spp), *(f"{value:.4f}" for value in means))
    Console(width=60 + 16 * len(arguments.models)).print(table)


if __name__ == "__main__":
    main()
