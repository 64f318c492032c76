"""How the denoiser does on frames that Mitsuba renders with other reconstruction filters, beside Open Image Denoise.

    python -m tools.compare_filters runs/filters [--model MODEL]

With a box filter pixels share no samples. With a Gaussian, Mitsuba's own default, what a sample brings is seen in the
pixels around it too, and noise looks like a texture. Renders the validation scenes as Mitsuba writes them, and
references in two halves with the same filter. What is rendered already is used again.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from rich import box
from rich.console import Console
from rich.table import Table

from denoise import process
from denoise.errors import McdenoiseError
from denoise.files import replacing
from render.entries import find_scenes
from tools.compare_models import LEAST_ERROR
from tools.renderers import environments

_METHODS = ("noisy", "OIDN best", "mcdenoise")


class Row(NamedTuple):
    """relMSE of one scene with one filter."""

    scene: str
    rfilter: str
    noisy: float
    oidn: float
    ours: float


def render_frames(folder: Path, scene: Path, rfilter: str, size: str, spp: int, reference_spp: int) -> None:
    """Render what is missing of a scene's frame and of its reference, named as `tools.benchmark` has them.

    Raises:
        RuntimeError: Mitsuba failed.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for seed, (name, samples) in enumerate(((f"{spp}spp.a", spp), ("ref1", reference_spp), ("ref2", reference_spp))):
        file = folder / f"{scene.stem}.{name}.exr"
        if not file.exists():
            options = ("--size", size, "--spp", samples, "--seed", seed, "--filter", rfilter)
            with replacing(file) as unfinished:
                environments.render_mitsuba(scene, unfinished, *options)


def judge(folder: Path, rfilter: str, model: Path | None) -> Iterator[Row]:
    """The figures of a folder of frames.

    Raises:
        McdenoiseError: a model or a frame that cannot be used.
    """
    from denoise.denoiser import Denoiser
    from denoise.metrics import relmse
    from tools.benchmark.frames import find_cases, load
    from tools.benchmark.methods import methods

    chosen = {method.name: method for method in methods(Denoiser(model))}
    for case in find_cases(folder):
        loaded = load(case)
        images = (chosen[name].run(loaded) for name in _METHODS)
        yield Row(case.name, rfilter, *(max(relmse(image, *loaded.halves), LEAST_ERROR) for image in images))


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="where the renders are kept")
    parser.add_argument("--size", default="160x104", help="WxH (default: 160x104)")
    parser.add_argument("--spp", type=int, default=16, help="of the noisy frames (default: 16)")
    parser.add_argument("--reference-spp", type=int, default=256, help="of each half (default: 256)")
    parser.add_argument("--model", type=Path, help="model file (default: the shipped one)")
    arguments = parser.parse_args()
    process.tune()

    table = Table("filter", "scene", *_METHODS, "times OIDN's", box=box.SIMPLE_HEAD)
    entries = find_scenes([environments.ROOT / "scenes"], "validation")
    scenes = [entry.source for entry in entries if isinstance(entry.source, Path)]
    try:
        for rfilter in environments.FILTERS:
            folder = arguments.folder / f"{rfilter}.{arguments.size}.{arguments.spp}spp.{arguments.reference_spp}spp"
            for scene in scenes:
                render_frames(folder, scene, rfilter, arguments.size, arguments.spp, arguments.reference_spp)
            rows = list(judge(folder, rfilter, arguments.model))
            means = [math.exp(value) for value in np.log([row[2:] for row in rows]).mean(0)]
            for row in (*rows, Row("geometric mean", rfilter, *means)):
                errors = (f"{error:.4f}" for error in row[2:])
                table.add_row(row.rfilter, row.scene, *errors, f"{row.ours / row.oidn:.2f}")
    except (McdenoiseError, RuntimeError) as error:
        raise SystemExit(f"compare_filters: {error}") from error
    Console().print(table)


if __name__ == "__main__":
    main()
