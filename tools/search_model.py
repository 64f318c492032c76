"""Short trainings that differ in one thing each, at equal steps: what the shipped network and recipe rest on.

    python -m tools.search_model runs/train --frames FOLDER -o runs/search [--steps 500] [--only adamw,ema-0.99]

Trains each variant from nothing on the same data sets, which must hold no scene of FOLDER, and judges them on FOLDER
(as for `tools.benchmark`). Models and a table go to the output; what is trained already is not trained again. One run
each: differences of a few per cent say little.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
from rich import box
from rich.console import Console
from rich.progress import track
from rich.table import Table

from denoise import process

process.tune()  # before torch allocates

from denoise.data import StoredView, load_sets  # noqa: E402
from denoise.denoiser import pick_device  # noqa: E402
from denoise.errors import McdenoiseError  # noqa: E402
from denoise.network import ModelConfig  # noqa: E402
from denoise.provenance import describe  # noqa: E402
from denoise.train import TrainConfig, train  # noqa: E402
from tools.compare_models import errors  # noqa: E402

#: First channels of the planes of a stored pass, of three channels each.
_ALBEDO, _NORMAL, _VARIANCE = 3, 6, 9


@dataclass(frozen=True)
class Variant:
    """One training.

    Attributes:
        model: the network.
        config: how it is trained; `steps` is set for all alike.
        seen: what it sees of a view.
    """

    model: ModelConfig = ModelConfig()
    config: TrainConfig = TrainConfig()
    seen: Callable[[StoredView], StoredView] = lambda view: view


def without(*firsts: int) -> Callable[[StoredView], StoredView]:
    """Takes planes away, by their first channels."""

    def seen(view: StoredView) -> StoredView:
        passes = view.passes.copy()
        for first in firsts:
            passes[:, first : first + 3] = np.nan
        return replace(view, passes=passes)

    return seen


def only(view: StoredView, count: int) -> StoredView:
    """The passes with most samples, so many of them."""
    kept = np.sort(np.argsort(view.spp, kind="stable")[-count:])
    return replace(view, passes=view.passes[kept], spp=view.spp[kept])


_MODEL, _CONFIG = ModelConfig(), TrainConfig()

VARIANTS = {
    "as-shipped": Variant(),
    "seed-1": Variant(config=replace(_CONFIG, seed=1)),
    "direct": Variant(model=ModelConfig(network="direct")),
    "four-levels": Variant(model=replace(_MODEL, widths=_MODEL.widths[:3])),
    "five-levels": Variant(model=replace(_MODEL, widths=_MODEL.widths[:4])),
    "half-the-width": Variant(model=replace(_MODEL, widths=tuple(w // 2 for w in _MODEL.widths), head=40)),
    "narrower-above": Variant(model=replace(_MODEL, widths=(48, 72, 96, 128, 128), head=64)),
    "wider-above": Variant(model=replace(_MODEL, widths=(96, 120, 112, 72, 48), head=112)),
    "kernels-3-5": Variant(model=replace(_MODEL, fine_kernel=3, kernel=5)),
    "kernels-5-5": Variant(model=replace(_MODEL, kernel=5)),
    "kernels-7-7": Variant(model=replace(_MODEL, fine_kernel=7)),
    "no-variance": Variant(seen=without(_VARIANCE)),
    "no-albedo-no-normal": Variant(seen=without(_ALBEDO, _NORMAL)),
    "two-passes": Variant(seen=partial(only, count=2)),
    "crop-64-batch-32": Variant(config=replace(_CONFIG, crop=64, batch=32)),
    "crop-256-batch-2": Variant(config=replace(_CONFIG, crop=256, batch=2)),
    "adamw": Variant(config=replace(_CONFIG, optimizer="adamw")),
    "lr-1e-3": Variant(config=replace(_CONFIG, learning_rate=1e-3)),
    "lr-5e-3": Variant(config=replace(_CONFIG, learning_rate=5e-3)),
    "ema-0.99": Variant(config=replace(_CONFIG, ema=0.99)),
    "loss-l-hdr": Variant(config=replace(_CONFIG, loss="l-hdr")),
    "loss-l2": Variant(config=replace(_CONFIG, loss="l2")),
}


def search(names: list[str], directories: list[Path], frames: Path, out: Path, steps: int, console: Console) -> None:
    """Train what is missing, judge all, print the table.

    Raises:
        McdenoiseError: data sets or frames that cannot be used.
    """
    out.mkdir(parents=True, exist_ok=True)
    views = [replace(view, held_out=False) for view in load_sets(directories)]
    device = pick_device("auto")
    table = Table("variant", *(f"{spp} spp" for spp in (4, 16, 64)), box=box.SIMPLE)
    for name in names:
        variant = VARIANTS[name]
        model = out / f"{name}.{steps}.safetensors"
        if not model.exists():
            seen = [variant.seen(view) for view in views]
            config = replace(variant.config, steps=steps, checkpoint_seconds=1e9)
            provenance = describe(directories, seen, device)
            records = train(config, variant.model, seen, model, device, provenance)
            for _ in track(records, name, steps, console=console, transient=True, disable=not console.is_terminal):
                pass
        rows: dict[int, list[float]] = {}
        for _, spp, row in errors(frames, [model]):
            rows.setdefault(spp, []).append(row[-1])
        means = [f"{math.exp(np.log(rows[spp]).mean()):.4f}" if spp in rows else "" for spp in (4, 16, 64)]
        console.print(name, *means, highlight=False)
        table.add_row(name, *means)
    console.print(table)


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("directories", nargs="+", type=Path, metavar="DIR")
    parser.add_argument("--frames", type=Path, required=True)
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=500)
    parser.add_argument("--only", metavar="NAME,...", help=f"some of {', '.join(VARIANTS)}")
    arguments = parser.parse_args()
    names = arguments.only.split(",") if arguments.only else list(VARIANTS)
    if unknown := [name for name in names if name not in VARIANTS]:
        parser.error(f"--only {','.join(unknown)}: known are {', '.join(VARIANTS)}")
    try:
        search(names, arguments.directories, arguments.frames, arguments.output, arguments.steps, Console())
    except McdenoiseError as error:
        raise SystemExit(f"search_model: {error}") from error


if __name__ == "__main__":
    main()
