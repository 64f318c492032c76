"""What the denoiser does to hair, small print, faint shadows, volumes and caustics: the model card's pictures.

    python -m tools.probe_pictures -o OUT [--model MODEL] [--spp 16] [--reference-spp 1024]

Renders the probe scenes, which no training sees, denoises one pass of each, and writes OUT/probes.png: a row a scene,
with a detail of the noisy frame, the denoised one and the reference, whose exposure all three have. The figures are of
whole frames, against a reference of two halves (denoise/metrics.py). Albedo and normal are of the first hit, as most
renderers give them: they say nothing of what stands behind glass or under water.

What is rendered already is used again.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from PIL import Image
from rich import box
from rich.console import Console
from rich.table import Table

from denoise import process
from denoise.errors import FrameError, McdenoiseError
from denoise.files import replacing
from tools.benchmark.frames import find_cases, load
from tools.benchmark.scenes import render_frames
from tools.demo import Score, radiance, score
from tools.side_by_side import Detail, Panel, side_by_side

#: What to look at in each scene. All of one share: details of one size make rows of one width.
_SHARE = 0.6
_DETAILS = {
    "hair": Detail(0.02, 0.3, _SHARE),
    "print": Detail(0.19, 0.14, _SHARE),
    "faint-shadow": Detail(0.3, 0.2, _SHARE),
    "shafts": Detail(0.0, 0.2, _SHARE),
    "caustic-pool": Detail(0.3, 0.2, _SHARE),
}

#: Shadows of a few per cent are not seen on a page: they are shown to this power, which the page says.
_POWERS = {"faint-shadow": 4.0}


def probe_pictures(
    folder: Path,
    console: Console,
    model: Path | None = None,
    spp: int = 16,
    reference_spp: int = 1024,
    size: str | None = None,
) -> dict[str, tuple[Score, Score]]:
    """Render, denoise, write the picture and print the table.

    Args:
        folder: gets `probes.png`, and `frames/` with what was rendered.
        console: where to print.
        model: model file; None for the shipped one.
        spp: samples a pixel of the noisy frames.
        reference_spp: of both halves of a reference together.
        size: `WxH` of all frames; None for the scenes' own.

    Returns:
        For each scene the figures of the noisy and of the denoised frame.

    Raises:
        McdenoiseError: a model or a frame that cannot be used, or a folder that cannot be written.
    """
    from denoise.denoiser import Denoiser  # here: the process is tuned before torch is imported

    denoiser = Denoiser(model)
    frames = folder / "frames"
    render_frames(frames, console, "probe", size, (spp,), reference_spp // 2, "first-hit")
    rows, figures = [], {}
    columns = ("scene", "relMSE noisy", "relMSE denoised", "PSNR noisy", "PSNR denoised")
    table = Table(*columns, title=f"{spp} spp", box=box.SIMPLE_HEAD, title_justify="left")
    cases = {case.name: case for case in find_cases(frames)}
    for name, detail in _DETAILS.items():
        loaded = load(cases[name])
        noisy, clean = loaded.planes["radiance"], radiance(denoiser.denoise_frame(loaded.first)[0])
        before, after = score("noisy", noisy, loaded.halves), score("denoised", clean, loaded.halves)
        power = _POWERS.get(name, 1.0)
        note = f"contrast raised: radiance to the power of {power:g}" if name in _POWERS else ""
        shown = (
            (noisy, f"{name}: noisy, {spp} spp", str(before)),
            (clean, "denoised", str(after)),
            (loaded.reference, f"reference, {reference_spp} spp", note),
        )
        rows.append(side_by_side([Panel(_cut(image, detail).clip(0) ** power, *label) for image, *label in shown]))
        figures[name] = before, after
        numbers = f"{before.relmse:.4f}", f"{after.relmse:.4f}", f"{before.psnr:.2f}", f"{after.psnr:.2f}"
        table.add_row(name, *numbers)
    _write(folder / "probes.png", np.concatenate(rows))
    console.print(table)
    console.print(folder / "probes.png", highlight=False, soft_wrap=True)
    return figures


def _cut(image: np.ndarray, detail: Detail) -> np.ndarray:
    """The detail of an (H, W, 3) image."""
    height, width = image.shape[:2]
    top, left = round(detail.top * height), round(detail.left * width)
    return image[top : top + round(detail.share * height), left : left + round(detail.share * width)]


def _write(path: Path, pixels: np.ndarray) -> None:
    """Write (H, W, 3) uint8 in 256 colours: noise does not compress, and a palette keeps the file small."""
    page = Image.fromarray(pixels).quantize(256, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    try:
        with replacing(path) as temporary:
            page.save(temporary, "PNG", optimize=True)
    except OSError as error:
        raise FrameError(f"{path}: cannot be written: {error.strerror or error}") from error


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description="Draw what the denoiser does to the probe scenes.")
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="OUT", help="folder for picture and frames")
    parser.add_argument("--model", type=Path, help="model file (default: the shipped one)")
    parser.add_argument("--spp", type=int, default=16, help="samples a pixel of the noisy frames (default: 16)")
    parser.add_argument("--reference-spp", type=int, default=1024, help="of both halves together (default: 1024)")
    arguments = parser.parse_args()
    process.tune()
    try:
        probe_pictures(arguments.output, Console(), arguments.model, arguments.spp, arguments.reference_spp)
    except McdenoiseError as error:
        raise SystemExit(f"probe_pictures: {error}") from error


if __name__ == "__main__":
    main()
