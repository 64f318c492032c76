"""How the denoiser does on a frame of Cycles that no training saw, beside Intel's Open Image Denoise.

    python -m tools.compare_cycles runs/cycles [--model MODEL]

Renders the room of `tools/renderers/blender_scene.py` with Blender at 16 spp, and a reference as two halves of seeds
of their own; `mcdenoise` denoises the file as it is. OIDN gets the same beauty, albedo and normal, in its best mode:
albedo and normal are denoised first, then cleanAux is set. What is rendered already is used again.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import NamedTuple

import numpy as np
from rich import box
from rich.console import Console
from rich.table import Table

from denoise.errors import McdenoiseError
from denoise.exr import read_frame
from denoise.metrics import flip, psnr, relmse
from denoise.roles import find_roles, read_planes
from tools.benchmark import oidn
from tools.commands import run
from tools.renderers import environments

_BEAUTY = tuple(f"ViewLayer.Combined.{component}" for component in "RGB")


class Figures(NamedTuple):
    """Of one image against a reference (denoise/metrics.py)."""

    relmse: float
    psnr: float
    flip: float


def compare(
    folder: Path, console: Console, size: str, spp: int, reference_spp: int, blender: str, model: Path | None = None
) -> dict[str, Figures]:
    """Render, denoise with both, and print the table.

    Args:
        folder: keeps the renders.
        console: where to print.
        size: `WxH`.
        spp: of the noisy frame.
        reference_spp: of each half of the reference.
        blender: a key of `environments.PACKAGES`.
        model: model file; None for the shipped one.

    Returns:
        Figures by method: noisy, OIDN best, mcdenoise.
    """
    folder.mkdir(parents=True, exist_ok=True)
    plan = {f"noisy.{spp}spp": (spp, 0), **{f"reference{i}.{reference_spp}spp": (reference_spp, i) for i in (1, 2)}}
    files = []
    for name, (samples, seed) in plan.items():
        file = folder / f"{blender}.{size}.{name}.exr"
        if not file.exists():
            console.print(f"rendering {file.name}", highlight=False)
            environments.render(blender, file, "--size", size, "--spp", samples, "--seed", seed, "--depth", 32)
        files.append(file)
    noisy, *references = files
    clean = noisy.with_suffix(".denoised.exr")
    run(console, "mcdenoise", noisy, "-o", clean, *(("--model", model) if model else ()))

    frame = read_frame(noisy)
    planes = read_planes(frame, find_roles(frame))
    planes["albedo"] = planes["albedo"].clip(0, 1)
    halves = [_beauty(reference) for reference in references]
    images = {"noisy": _beauty(noisy), "OIDN best": oidn.denoise(planes, "best"), "mcdenoise": _beauty(clean)}
    figures = {
        name: Figures(*(metric(image, *halves) for metric in (relmse, psnr, flip))) for name, image in images.items()
    }
    table = Table("Cycles", "relMSE", "PSNR, dB", "FLIP", box=box.SIMPLE_HEAD)
    for name, (error, decibel, perceived) in figures.items():
        table.add_row(name, f"{error:.4f}", f"{decibel:.2f}", f"{perceived:.3f}")
    console.print(table)
    return figures


def _beauty(path: Path) -> np.ndarray:
    """The combined pass, (H, W, 3) float32, wherever it stands: Blender 5 gives it a part of its own."""
    parts = read_frame(path).parts
    return next(part.stack(_BEAUTY) for part in parts if set(_BEAUTY) <= set(part.channels))


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description="Compare with Open Image Denoise on a frame of Cycles.")
    parser.add_argument("folder", type=Path, help="where the renders are kept")
    parser.add_argument("--size", default="480x270", help="WxH (default: 480x270)")
    parser.add_argument("--spp", type=int, default=16, help="of the noisy frame (default: 16)")
    parser.add_argument("--reference-spp", type=int, default=1024, help="of each half (default: 1024)")
    parser.add_argument("--blender", choices=("blender-4.5", "blender-5.0"), default="blender-4.5")
    parser.add_argument("--model", type=Path, help="model file (default: the shipped one)")
    arguments = parser.parse_args()
    try:
        compare(
            arguments.folder,
            Console(),
            arguments.size,
            arguments.spp,
            arguments.reference_spp,
            arguments.blender,
            arguments.model,
        )
    except (McdenoiseError, RuntimeError) as error:
        raise SystemExit(f"compare_cycles: {error}") from error


if __name__ == "__main__":
    main()
