"""A reference of a scene as two independent halves, which make the error figures unbiased (denoise/metrics.py).

    python -m tools.reference scenes/studio.xml --size 480x270 --spp 256

writes tools/references/studio.ref1.exr and studio.ref2.exr: radiance alone, half. Those two are committed, for
`make demo`; render them again where the scene has changed, which a test tells.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import numpy as np
from rich.console import Console

from denoise.exr import read_frame
from denoise.frame import PLANES
from denoise.pairs import file_sha256, open_pairs, view_planes, write_pass
from tools.commands import run

REFERENCES = Path(__file__).parent / "references"

#: Apart from the default 0 of render-pairs: a reference must not share its noise with what is measured against it.
SEED = 1_000_003


def render_reference(scene: Path, folder: Path, size: str, spp: int, console: Console) -> float:
    """Render both halves of the scene's own view.

    Args:
        scene: Mitsuba XML.
        folder: where to write `NAME.ref1.exr` and `NAME.ref2.exr`; made if missing.
        size: `WxH`.
        spp: samples a pixel of each half.
        console: shows the command.

    Returns:
        Seconds it took.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as temporary:
        # multijitter: less noise than independent samples at the same cost, and independent between seeds as they are
        options = ("--size", size, "--spp", spp, "--sampler", "multijitter", "--seed", SEED)
        seconds = run(console, "render-pairs", scene, "-o", temporary, "--passes", 2, *options)
        (view,) = open_pairs(temporary)
        for index, record in enumerate(view.passes):
            attributes: dict[str, str | int | float] = {
                "render:scene": view.scene,
                "render:sceneSha256": view.scene_sha256,
                "render:renderer": view.renderer,
                "render:sampler": view.sampler,
                "render:spp": record.spp or spp,
                "render:seed": str(record.seed),
            }
            write_pass(half_path(folder, scene, index), {"radiance": view_planes(view, index)["radiance"]}, attributes)
    return seconds


def half_path(folder: Path, scene: Path, index: int) -> Path:
    """Where half 0 or 1 of the scene's reference lies."""
    return folder / f"{scene.stem}.ref{index + 1}.exr"


def read_reference(folder: Path, scene: Path) -> tuple[np.ndarray, np.ndarray, int]:
    """Both halves, (H, W, 3) float32 each, and the samples a pixel of each.

    Raises:
        FrameError: a half is missing or broken.
    """
    parts = [read_frame(half_path(folder, scene, index)).parts[0] for index in (0, 1)]
    first, second = (part.stack(PLANES["radiance"]) for part in parts)
    return first, second, int(parts[0].header["render:spp"])


def is_current(folder: Path, scene: Path) -> bool:
    """Whether the reference was rendered from the scene file as it is now."""
    headers = [read_frame(half_path(folder, scene, index)).parts[0].header for index in (0, 1)]
    return all(header["render:sceneSha256"] == file_sha256(scene) for header in headers)


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description="Render a reference of a scene as two independent halves.")
    parser.add_argument("scene", type=Path, help="Mitsuba XML")
    parser.add_argument("-o", "--output", type=Path, default=REFERENCES, help="folder (default: tools/references)")
    parser.add_argument("--size", default="480x270", help="WxH (default: 480x270)")
    parser.add_argument("--spp", type=int, default=256, help="samples a pixel of each half (default: 256)")
    arguments = parser.parse_args()
    console = Console()
    seconds = render_reference(arguments.scene, arguments.output, arguments.size, arguments.spp, console)
    for index in (0, 1):
        path = half_path(arguments.output, arguments.scene, index)
        console.print(f"{path}  {path.stat().st_size / 1e6:.2f} MB", highlight=False)
    console.print(f"rendered in {seconds:.0f} s", highlight=False)


if __name__ == "__main__":
    main()
