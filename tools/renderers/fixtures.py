"""The tests' frames of real renderers, rendered again.

    python -m tools.renderers.fixtures tests/fixtures [--size 48x27] [--spp 4] [--only NAME]

The first run installs Blender and LuxCore (`environments.py`).
"""

from __future__ import annotations

import argparse
from pathlib import Path

from tools.renderers import environments

_MITSUBA_SCENE = environments.ROOT / "scenes" / "studio.xml"

#: Each frame: the environment that renders it, and options of its script.
FRAMES: dict[str, tuple[str, tuple[str, ...]]] = {
    "cycles-4.5.exr": ("blender-4.5", ("--all-passes", "--view-layers", "2", "--denoise")),
    "cycles-5.0.exr": ("blender-5.0", ("--all-passes", "--view-layers", "2", "--denoise")),
    # A lossy kind of compression over cryptomattes, and light groups that leave a light out.
    "cycles-4.5-float-dwaa.exr": ("blender-4.5", ("--depth", "32", "--codec", "DWAA", "--lantern-alone")),
    "cycles-5.0-float-dwaa.exr": ("blender-5.0", ("--depth", "32", "--codec", "DWAA", "--lantern-alone")),
    "cycles-5.0-acescg.exr": ("blender-5.0", ("--codec", "PIZ", "--working-space", "ACEScg", "--denoise")),
    "luxcore": ("luxcore", ()),
    "mitsuba-aov.exr": ("mitsuba", ()),
    "mitsuba-moment.exr": ("mitsuba", ("--moment",)),
}


def render(name: str, folder: Path, size: str, spp: int, seed: int = 0) -> Path:
    """Render one of `FRAMES` into a folder.

    Args:
        name: a key of `FRAMES`.
        folder: where to put it; made if missing.
        size: `WxH`.
        spp: samples a pixel.
        seed: of the sampler.

    Returns:
        The file, or LuxCore's folder of files.
    """
    folder.mkdir(parents=True, exist_ok=True)
    renderer, options = FRAMES[name]
    options = ("--size", size, "--spp", str(spp), "--seed", str(seed + 1), *options)
    if renderer == "mitsuba":
        environments.render_mitsuba(_MITSUBA_SCENE, folder / name, *options)
    else:
        environments.render(renderer, folder / name, *options)
    return folder / name


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description="Render the tests' frames with the real renderers.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--size", default="48x27", help="WxH (default: 48x27)")
    parser.add_argument("--spp", type=int, default=4, help="samples a pixel (default: 4)")
    parser.add_argument("--only", choices=FRAMES, help="one of them")
    arguments = parser.parse_args()
    for name in [arguments.only] if arguments.only else FRAMES:
        print(render(name, arguments.folder, arguments.size, arguments.spp), flush=True)


if __name__ == "__main__":
    main()
