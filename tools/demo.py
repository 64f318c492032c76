"""`make demo`: two noisy renders of a scene that no training saw, and the clean frame made of them.

    python -m tools.demo FOLDER

Each pass is denoised by itself and the two results are averaged, as Lehtinen et al. 2018 do (section 3.3): the noise
that is left in them is nearly independent, so the average is better than either.
"""

from __future__ import annotations

import argparse
import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rich import box
from rich.console import Console
from rich.table import Table

from denoise.errors import McdenoiseError
from denoise.exr import read_frame, write_frame
from denoise.frame import PLANES, Frame, Part
from denoise.metrics import psnr, relmse
from denoise.pairs import open_pairs
from tools.commands import run
from tools.reference import REFERENCES, read_reference
from tools.side_by_side import Detail, Panel, write_side_by_side

SCENE = Path(__file__).parents[1] / "scenes" / "studio.xml"
SPP = 8

#: What to look at in the studio: the canvas on its easel, and the table with its glasses.
_DETAILS = (Detail(0.31, 0.26, 0.2), Detail(0.53, 0.42, 0.16))


@dataclass(frozen=True)
class Score:
    """An image's figures against the reference."""

    name: str
    relmse: float
    psnr: float

    def __str__(self) -> str:
        return f"relMSE {self.relmse:.4f}   PSNR {self.psnr:.1f} dB"


def score(name: str, image: np.ndarray, halves: tuple[np.ndarray, np.ndarray]) -> Score:
    """The figures of an (H, W, 3) image against the two halves of a reference."""
    return Score(name, relmse(image, *halves), psnr(image, *halves))


def make_demo(
    folder: Path,
    console: Console,
    scene: Path = SCENE,
    references: Path = REFERENCES,
    spp: int = SPP,
    model: Path | None = None,
) -> list[Score]:
    """Render, denoise, compare, and print the table.

    Args:
        folder: gets `passes/`, `denoised/`, `clean.exr` and `side-by-side.png`; those of an earlier run are replaced.
        console: where to print.
        scene: Mitsuba XML; its reference sets the resolution.
        references: folder of the reference.
        spp: samples a pixel of each of the two passes.
        model: model file; None for the shipped one.

    Returns:
        Figures of: one noisy pass, both averaged, one denoised pass, both denoised and averaged.
    """
    *halves, reference_spp = read_reference(references, scene)
    height, width = halves[0].shape[:2]
    passes, denoised, clean = folder / "passes", folder / "denoised", folder / "clean.exr"
    for earlier in (passes, denoised):
        shutil.rmtree(earlier, ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)

    size = f"{width}x{height}"
    rendering = run(console, "render-pairs", scene, "-o", passes, "--passes", 2, "--spp", spp, "--size", size)
    (view,) = open_pairs(passes)
    noisy_files = [view.path(index) for index in range(2)]
    options = () if model is None else ("--model", model)
    denoising = run(console, "mcdenoise", *noisy_files, "-o", f"{denoised}/", *options)

    started = time.perf_counter()
    noisy = [radiance(read_frame(path)) for path in noisy_files]
    clean_frames = [read_frame(denoised / path.name) for path in noisy_files]
    write_frame(clean, average(clean_frames))
    both_noisy, both_clean = np.mean(noisy, axis=0), radiance(read_frame(clean))
    reference = halves[0], halves[1]
    scores = [
        score(f"noisy, one pass of {spp} spp", noisy[0], reference),
        score(f"noisy, both passes averaged, {2 * spp} spp", both_noisy, reference),
        score(f"denoised, one pass of {spp} spp", radiance(clean_frames[0]), reference),
        score("denoised, both passes, averaged", both_clean, reference),
    ]
    panels = [
        Panel(both_noisy, f"noisy, {2 * spp} spp", str(scores[1])),
        Panel(both_clean, "denoised", str(scores[3])),
        Panel(np.mean(halves, axis=0), f"reference, {2 * reference_spp} spp", "noisy itself; the figures allow for it"),
    ]
    picture = folder / "side-by-side.png"
    write_side_by_side(picture, panels, _DETAILS)
    comparing = time.perf_counter() - started

    stages = [
        ("render two passes, from starting Mitsuba", rendering),
        ("denoise both, from starting PyTorch", denoising),
        ("average, compare, draw", comparing),
    ]
    console.print(table(f"{scene.stem}, {size}", scores, stages))
    console.print(f"{clean}: the clean frame. {picture}: beside the noisy one and the reference.", highlight=False)
    return scores


def radiance(frame: Frame) -> np.ndarray:
    """The beauty of a frame of ours, (H, W, 3) float32."""
    return frame.parts[0].stack(PLANES["radiance"])


def average(frames: Sequence[Frame]) -> Frame:
    """The mean of frames with the same channels, in the first one's types and with its attributes.

    Without the variance: it was that of a single noisy pass.
    """
    first = frames[0].parts[0]
    channels = {
        name: np.mean([frame.parts[0].channels[name] for frame in frames], axis=0, dtype=np.float32).astype(old.dtype)
        for name, old in first.channels.items()
        if name not in PLANES["variance"]
    }
    header = {**first.header, "mcdenoise:average": f"of {len(frames)} passes, denoised one by one"}
    return Frame([Part(header, channels)])


def table(title: str, scores: Sequence[Score], stages: Sequence[tuple[str, float]]) -> Table:
    """The one table: figures of each image, then seconds of each stage."""
    result = Table("", "relMSE", "PSNR, dB", "seconds", title=title, box=box.SIMPLE_HEAD, title_justify="left")
    for column in result.columns[1:]:
        column.justify = "right"
    for one in scores:
        result.add_row(one.name, f"{one.relmse:.4f}", f"{one.psnr:.2f}", "")
    result.add_section()
    for name, seconds in stages:
        result.add_row(name, "", "", f"{seconds:.1f}")
    return result


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description="Render a scene noisily, denoise it, and compare with its reference.")
    parser.add_argument("folder", type=Path, help="where to write")
    parser.add_argument("--spp", type=int, default=SPP, help=f"samples a pixel of each pass (default: {SPP})")
    parser.add_argument("--model", type=Path, help="model file (default: the shipped one)")
    arguments = parser.parse_args()
    try:
        make_demo(arguments.folder, Console(), spp=arguments.spp, model=arguments.model)
    except McdenoiseError as error:
        raise SystemExit(f"demo: {error}") from error


if __name__ == "__main__":
    main()
