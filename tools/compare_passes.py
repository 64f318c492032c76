"""What two passes of a frame give together: against each alone, and against averaging them first.

    python -m tools.compare_passes runs/passes [--model MODEL] [--passes 8] [--quality best]
    python -m tools.compare_passes FOLDER --frames

Renders each validation scene eight times at 4, 16 and 64 spp, and a reference as two independent halves; what is
rendered already is used again. Every two of the passes are a pair, and errors are means over pairs. With --frames the
folder's own frames are taken: `NAME.16spp.a.exr`, `NAME.16spp.b.exr` and so on, `NAME.ref1.exr` and `NAME.ref2.exr`.
"""

from __future__ import annotations

import argparse
import glob
import itertools
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from rich import box
from rich.console import Console
from rich.table import Table

from denoise import process
from denoise.denoiser import Denoiser, Options
from denoise.errors import FrameError, McdenoiseError
from denoise.exr import read_frame
from denoise.frame import Frame
from denoise.metrics import energy, psnr, relmse
from denoise.passes import merge_auxiliary
from denoise.repair import clean_planes
from denoise.roles import find_roles, read_planes
from tools.benchmark.scenes import REFERENCE_SPP, SCENES, SPP
from tools.commands import run
from tools.compare_models import LEAST_ERROR
from tools.reference import SEED

_METHODS = ("a", "b", "mean, then denoised", "both")

#: Name, spp, the passes, and both halves of the reference.
Case = tuple[str, int, list[Frame], np.ndarray, np.ndarray]


def of_scenes(folder: Path, console: Console, size: str, passes: int) -> Iterator[Case]:
    """The validation scenes, rendered into the folder."""
    options = ("--split", "validation", "--size", size)
    ladder = ",".join(str(spp) for spp in SPP for _ in range(passes))
    run(console, "render-pairs", SCENES, "-o", folder / "frames", "--spp", ladder, *options)
    quality = ("--passes", 2, "--spp", REFERENCE_SPP, "--sampler", "multijitter", "--seed", SEED)
    run(console, "render-pairs", SCENES, "-o", folder / "references", *quality, *options)
    for first in sorted((folder / "references").glob("*.0.exr")):
        view = first.name.removesuffix(".0.exr")
        halves = [_radiance(read_frame(first.with_name(f"{view}.{index}.exr"))) for index in (0, 1)]
        for step, spp in enumerate(SPP):
            files = [folder / "frames" / f"{view}.{passes * step + index}.exr" for index in range(passes)]
            yield view.partition(".")[0], spp, [read_frame(file) for file in files], halves[0], halves[1]


def of_folder(folder: Path) -> Iterator[Case]:
    """Frames by their names."""
    for first in sorted(folder.glob("*spp.a.exr")):
        match = re.fullmatch(r"(.+)\.(\d+)spp\.a\.exr", first.name)
        if match:
            name, spp = match.groups()
            halves = [_radiance(read_frame(folder / f"{name}.ref{index}.exr")) for index in (1, 2)]
            files = sorted(folder.glob(f"{glob.escape(name)}.{spp}spp.[a-z].exr"))
            yield name, int(spp), [read_frame(file) for file in files], halves[0], halves[1]


def denoise_each(denoiser: Denoiser, a: Frame, b: Frame) -> list[np.ndarray]:
    """The radiance by each of `_METHODS`, (H, W, 3) float32."""
    alone = [_radiance(denoiser.denoise_frame(one)[0]) for one in (a, b)]
    planes = [clean_planes(read_planes(one, find_roles(one)))[0] for one in (a, b)]
    merged = merge_auxiliary(planes)
    mean = (planes[0]["radiance"] + planes[1]["radiance"]) / 2
    first = denoiser.denoise(mean, *(merged.get(name) for name in ("albedo", "normal", "variance")))
    beauty = find_roles(a).beauty
    kept = a.parts[beauty.part].channels[beauty.names[0]].dtype  # the others are rounded to it
    first = first.astype(kept).astype(np.float32)
    both = _radiance(denoiser.denoise_frame(a, Options(passes=(b,)))[0])
    return [*alone, first, both]


def compare(cases: Iterator[Case], denoiser: Denoiser, console: Console) -> dict[tuple[str, int], list[float]]:
    """Denoise all cases and print the table; the mean relMSE over pairs of each, by method.

    Raises:
        FrameError: a case of one pass only.
    """
    table = Table(
        *("scene", "spp", "pairs"),
        *(f"relMSE: {name}" for name in _METHODS),
        *("both / mean", "worst pair", "PSNR: mean", "both", "energy: both"),
        box=box.SIMPLE_HEAD,
    )
    for column in table.columns[1:]:
        column.justify = "right"
    errors: dict[tuple[str, int], list[float]] = {}
    singles: list[float] = []
    for name, spp, passes, r1, r2 in cases:
        pairs = [denoise_each(denoiser, a, b) for a, b in itertools.combinations(passes, 2)]
        if not pairs:
            raise FrameError(f"{name}: one pass of {spp} spp; give two at least")
        each = np.array([[max(relmse(image, r1, r2), LEAST_ERROR) for image in images] for images in pairs])
        errors[name, spp] = row = each.mean(0).tolist()
        ratios = each[:, 3] / each[:, 2]
        singles += ratios.tolist()
        decibels = np.mean([[psnr(image, r1, r2) for image in images[2:]] for images in pairs], 0)
        light = np.mean([energy(images[3], r1, r2) - energy(images[2], r1, r2) for images in pairs])
        shown = (*(f"{error:.5f}" for error in row), f"{row[3] / row[2]:.3f}", f"{ratios.max():.3f}")
        table.add_row(name, str(spp), str(len(pairs)), *shown, *(f"{value:.2f}" for value in decibels), f"{light:+.2%}")
    console.print(table)
    gains = np.array([[row[3] / min(row[:2]), row[3] / row[2]] for row in errors.values()])
    means, most = np.exp(np.log(gains).mean(0)), gains.max(0)
    lines = [
        f"both: relMSE is {mean:.3f} times that of {what} in the geometric mean, {worst:.3f} at worst"
        for what, mean, worst in zip(("the better pass alone", "the mean denoised"), means, most, strict=True)
    ]
    worse = sum(ratio > 1 for ratio in singles)
    lines.append(f"of {len(singles)} single pairs {worse} are worse by both than by the mean denoised")
    console.print("\n".join(lines), highlight=False)
    return errors


def _radiance(frame: Frame) -> np.ndarray:
    roles = find_roles(frame)
    return roles.beauty.read(frame)


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="where the renders are kept, or the frames are")
    parser.add_argument("--frames", action="store_true", help="take the folder's frames by their names")
    parser.add_argument("--passes", type=int, default=8, help="of each scene and spp to render (default: 8)")
    parser.add_argument("--model", type=Path, help="model file (default: the shipped one)")
    parser.add_argument("--quality", choices=("default", "best"), default="default", help="default: default")
    parser.add_argument("--size", default="160x104", help="WxH of the renders (default: 160x104)")
    arguments = parser.parse_args()
    process.tune()
    console = Console(width=160)
    try:
        if arguments.frames:
            cases = of_folder(arguments.folder)
        else:
            cases = of_scenes(arguments.folder, console, arguments.size, arguments.passes)
        compare(cases, Denoiser(arguments.model, quality=arguments.quality), console)
    except McdenoiseError as error:
        raise SystemExit(f"compare_passes: {error}") from error


if __name__ == "__main__":
    main()
