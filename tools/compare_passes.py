"""What two passes of a frame give together: against each alone, and against averaging them first.

    python -m tools.compare_passes runs/passes [--model MODEL]
    python -m tools.compare_passes FOLDER --frames

Renders each validation scene twice at 4, 16 and 64 spp, and a reference as two independent halves;
what is rendered already is used again. With --frames the folder's own frames are taken: `NAME.16spp.a.exr`,
`NAME.16spp.b.exr` and the like, with `NAME.ref1.exr` and `NAME.ref2.exr`.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from rich import box
from rich.console import Console
from rich.table import Table

from denoise import process
from denoise.denoiser import Denoiser, Options
from denoise.errors import McdenoiseError
from denoise.exr import read_frame
from denoise.frame import Frame
from denoise.metrics import energy, psnr, relmse
from denoise.passes import merge_auxiliary
from denoise.repair import clean_planes
from denoise.roles import find_roles, read_planes
from tools.benchmark.scenes import SCENES, SPP
from tools.commands import run
from tools.compare_models import LEAST_ERROR
from tools.reference import SEED

_METHODS = ("a", "b", "mean, then denoised", "both")

#: Name, spp, both passes, and both halves of the reference.
Case = tuple[str, int, Frame, Frame, np.ndarray, np.ndarray]


def of_scenes(folder: Path, console: Console, size: str) -> Iterator[Case]:
    """The validation scenes, rendered into the folder."""
    options = ("--split", "validation", "--size", size)
    run(console, "render-pairs", SCENES, "-o", folder / "frames", "--spp", ",".join(f"{n},{n}" for n in SPP), *options)
    quality = ("--passes", 2, "--spp", 256, "--sampler", "multijitter", "--seed", SEED)
    run(console, "render-pairs", SCENES, "-o", folder / "references", *quality, *options)
    for first in sorted((folder / "references").glob("*.0.exr")):
        name = first.name.removesuffix(".0.exr")
        halves = [_radiance(read_frame(first.with_name(f"{name}.{index}.exr"))) for index in (0, 1)]
        for index, spp in enumerate(SPP):
            a, b = (read_frame(folder / "frames" / f"{name}.{2 * index + one}.exr") for one in (0, 1))
            yield name, spp, a, b, halves[0], halves[1]


def of_folder(folder: Path) -> Iterator[Case]:
    """Frames by their names."""
    for first in sorted(folder.glob("*spp.a.exr")):
        match = re.fullmatch(r"(.+)\.(\d+)spp\.a\.exr", first.name)
        if match:
            name, spp = match.groups()
            halves = [_radiance(read_frame(folder / f"{name}.ref{index}.exr")) for index in (1, 2)]
            a, b = (read_frame(folder / f"{name}.{spp}spp.{one}.exr") for one in "ab")
            yield name, int(spp), a, b, halves[0], halves[1]


def denoise_each(denoiser: Denoiser, a: Frame, b: Frame) -> list[np.ndarray]:
    """The radiance by each of `_METHODS`, (H, W, 3) float32."""
    alone = [_radiance(denoiser.denoise_frame(one)[0]) for one in (a, b)]
    planes = [clean_planes(read_planes(one, find_roles(one)))[0] for one in (a, b)]
    merged = merge_auxiliary(planes)
    mean = (planes[0]["radiance"] + planes[1]["radiance"]) / 2
    first = denoiser.denoise(mean, *(merged.get(name) for name in ("albedo", "normal", "variance")))
    both = _radiance(denoiser.denoise_frame(a, Options(passes=(b,)))[0])
    return [*alone, first, both]


def compare(cases: Iterator[Case], denoiser: Denoiser, console: Console) -> dict[tuple[str, int], list[float]]:
    """Denoise all cases and print the table; the relMSE of each by method."""
    table = Table(
        "scene",
        "spp",
        *(f"relMSE: {name}" for name in _METHODS),
        "PSNR: mean",
        "both",
        "energy: both",
        box=box.SIMPLE_HEAD,
    )
    for column in table.columns[1:]:
        column.justify = "right"
    errors: dict[tuple[str, int], list[float]] = {}
    for name, spp, a, b, r1, r2 in cases:
        images = denoise_each(denoiser, a, b)
        errors[name, spp] = [max(relmse(image, r1, r2), LEAST_ERROR) for image in images]
        decibels = [f"{psnr(image, r1, r2):.2f}" for image in images[2:]]
        light = energy(images[3], r1, r2) - energy(images[2], r1, r2)
        table.add_row(name, str(spp), *(f"{error:.5f}" for error in errors[name, spp]), *decibels, f"{light:+.2%}")
    console.print(table)
    ratios = np.array([[row[3] / min(row[:2]), row[3] / row[2]] for row in errors.values()])
    means, worst = np.exp(np.log(ratios).mean(0)), ratios.max(0)
    for what, mean, most in zip(("the better pass alone", "the mean denoised"), means, worst, strict=True):
        line = f"both: relMSE is {mean:.3f} times that of {what} in the geometric mean, {most:.3f} at worst"
        console.print(line, highlight=False)
    return errors


def _radiance(frame: Frame) -> np.ndarray:
    roles = find_roles(frame)
    return roles.beauty.read(frame)


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="where the renders are kept, or the frames are")
    parser.add_argument("--frames", action="store_true", help="take the folder's frames by their names")
    parser.add_argument("--model", type=Path, help="model file (default: the shipped one)")
    parser.add_argument("--size", default="160x104", help="WxH of the renders (default: 160x104)")
    arguments = parser.parse_args()
    process.tune()
    console = Console(width=160)
    try:
        cases = (
            of_folder(arguments.folder) if arguments.frames else of_scenes(arguments.folder, console, arguments.size)
        )
        compare(cases, Denoiser(arguments.model), console)
    except McdenoiseError as error:
        raise SystemExit(f"compare_passes: {error}") from error


if __name__ == "__main__":
    main()
