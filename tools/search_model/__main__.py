"""Short trainings that differ in one thing each, at equal steps: what the shipped network and recipe rest on.

    python -m tools.search_model runs/train --frames FOLDER -o runs/search [--steps 500] [--seed 0] [--only adamw,...]

Trains each variant from nothing on the same data sets, which must hold no scene of FOLDER, and judges them by relMSE on
FOLDER's frames, one pass each (as for `tools.benchmark`). Models go to the output; what is trained already is not
trained again. One run each: how far two seeds differ says what differences mean.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from unittest.mock import patch

import numpy as np
from rich import box
from rich.console import Console
from rich.progress import track
from rich.table import Table

from denoise import process

process.tune()  # before torch allocates

from denoise import metrics  # noqa: E402
from denoise.checkpoint import load_model  # noqa: E402
from denoise.data import StoredView, load_sets  # noqa: E402
from denoise.denoiser import denoise_inputs, pick_device, to_inputs  # noqa: E402
from denoise.errors import McdenoiseError  # noqa: E402
from denoise.provenance import describe  # noqa: E402
from denoise.train import train  # noqa: E402
from tools.benchmark.frames import find_cases, load  # noqa: E402
from tools.compare_models import LEAST_ERROR  # noqa: E402
from tools.search_model.variants import VARIANTS, Variant  # noqa: E402


def search(
    names: list[str], directories: list[Path], frames: Path, out: Path, steps: int, seed: int, console: Console
) -> None:
    """Train what is missing, judge all, print the table.

    Raises:
        McdenoiseError: data sets or frames that cannot be used.
    """
    out.mkdir(parents=True, exist_ok=True)
    views = [replace(view, held_out=False) for view in load_sets(directories)]
    numbers = sorted({case.spp for case in find_cases(frames)})
    table = Table("variant", *(f"{spp} spp" for spp in numbers), box=box.SIMPLE)
    for name in names:
        model = out / f"{name}.{steps}.{seed}.safetensors"
        with _in_place(VARIANTS[name]):
            if not model.exists():
                _train(name, directories, views, model, steps, seed, console)
            rows: dict[int, list[float]] = {}
            for spp, error in judge(VARIANTS[name], model, frames):
                rows.setdefault(spp, []).append(error)
        means = [f"{math.exp(np.log(rows[spp]).mean()):.4f}" for spp in numbers]
        console.print(name, *means, highlight=False)
        table.add_row(name, *means)
    console.print(table)


@contextmanager
def _in_place(variant: Variant) -> Iterator[None]:
    """The variant's parts in the places of those that the package has."""
    with ExitStack() as stack:
        for name, part in variant.parts.items():
            stack.enter_context(patch(f"denoise.{name}", part))
        yield


def _train(
    name: str, directories: list[Path], views: list[StoredView], model: Path, steps: int, seed: int, console: Console
) -> None:
    variant, device = VARIANTS[name], pick_device("auto")
    seen = [variant.seen(view) for view in views]
    config = replace(variant.config, steps=steps, seed=seed, checkpoint_seconds=1e9)
    records = train(config, variant.model, seen, model, device, describe(directories, seen, device))
    for _ in track(records, name, steps, console=console, transient=True, disable=not console.is_terminal):
        pass


def judge(variant: Variant, model: Path, frames: Path) -> Iterator[tuple[int, float]]:
    """Of each frame its spp, and the relMSE of one pass through the network.

    Raises:
        McdenoiseError: a model or a frame that cannot be used.
    """
    network, device = load_model(model)[0], pick_device("auto")
    network.to(device)
    for case in find_cases(frames):
        loaded = load(case)
        inputs = to_inputs(variant.shown(loaded.planes, case.spp))
        image = denoise_inputs(network, inputs, device)[0].permute(1, 2, 0).numpy()
        yield case.spp, max(metrics.relmse(image, *loaded.halves), LEAST_ERROR)


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("directories", nargs="+", type=Path, metavar="DIR")
    parser.add_argument("--frames", type=Path, required=True)
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=500)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", metavar="NAME,...", help=f"some of {', '.join(VARIANTS)}")
    arguments = parser.parse_args()
    names = arguments.only.split(",") if arguments.only else list(VARIANTS)
    if unknown := [name for name in names if name not in VARIANTS]:
        parser.error(f"--only {','.join(unknown)}: known are {', '.join(VARIANTS)}")
    ways = arguments.output, arguments.steps, arguments.seed
    try:
        search(names, arguments.directories, arguments.frames, *ways, Console())
    except McdenoiseError as error:
        raise SystemExit(f"search_model: {error}") from error


if __name__ == "__main__":
    main()
