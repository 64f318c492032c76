"""Frames for the benchmark that the repository renders itself: its validation scenes, which no training sees."""

from __future__ import annotations

import shutil
from pathlib import Path

from rich.console import Console

from denoise.pairs import open_pairs
from tools.commands import run
from tools.reference import SEED

SCENES = Path(__file__).parents[2] / "scenes"
SPP = (4, 16, 64)
REFERENCE_SPP = 256  # of each half


def render_frames(
    folder: Path,
    console: Console,
    split: str = "validation",
    size: str | None = None,
    spp: tuple[int, ...] = SPP,
    reference_spp: int = REFERENCE_SPP,
    aux: str | None = None,
) -> None:
    """Render two passes at each spp, and the references; what is rendered already is used again.

    Args:
        folder: gets the frames, and `rendered/` with what render-pairs wrote.
        console: shows the commands.
        split: of the scenes' manifest.
        size: `WxH`; None for each scene's own.
        spp: samples a pixel of the passes.
        reference_spp: of each half of the references.
        aux: whose albedo and normal, as for render-pairs; None for its default.
    """
    passes, references = folder / "rendered" / "passes", folder / "rendered" / "references"
    options = ("--split", split) + (("--size", size) if size else ())
    ladder = ",".join(str(number) for number in spp for _ in "ab")
    whose = ("--aux", aux) if aux else ()
    run(console, "render-pairs", SCENES, "-o", passes, "--spp", ladder, *options, *whose)
    # multijitter: less noise than independent samples at the same cost, and independent between seeds as they are
    quality = ("--passes", 2, "--spp", reference_spp, "--sampler", "multijitter", "--seed", SEED)
    run(console, "render-pairs", SCENES, "-o", references, *quality, *options)
    for view in open_pairs(passes):
        for index, number in enumerate(number for number in spp for _ in "ab"):
            shutil.copyfile(view.path(index), folder / f"{view.scene}.{number}spp.{'ab'[index % 2]}.exr")
    for view in open_pairs(references):
        for index in (0, 1):
            shutil.copyfile(view.path(index), folder / f"{view.scene}.ref{index + 1}.exr")
