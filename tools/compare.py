"""How the denoiser compares with Intel's Open Image Denoise, on the scenes that are held back for validation.

    python -m tools.compare runs/compare [--model MODEL]

Renders each scene at 4, 16 and 64 spp, and a reference as two independent halves; both denoisers get the same noisy
radiance, albedo and normal (ours the variance too, which OIDN has no input for). OIDN runs in its best mode: albedo and
normal are denoised first, then cleanAux is set. What is rendered already is used again.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import NamedTuple

import numpy as np
from rich import box
from rich.console import Console
from rich.table import Table

from denoise import process
from denoise.denoiser import Denoiser
from denoise.errors import McdenoiseError
from denoise.frame import Planes
from denoise.metrics import flip, psnr, relmse
from denoise.pairs import open_pairs, view_planes
from tools.commands import run
from tools.reference import SEED

SCENES = Path(__file__).parents[1] / "scenes"
SPP = (4, 16, 64)

#: Of each half of the references.
_REFERENCE_SPP = 256
_METHODS = ("noisy", "OIDN best", "mcdenoise")


class Figures(NamedTuple):
    """Of one image against a reference (denoise/metrics.py)."""

    relmse: float
    psnr: float
    flip: float


def compare(
    folder: Path, console: Console, model: Path | None = None, size: str | None = None, split: str = "validation"
) -> dict[tuple[str, int, str], Figures]:
    """Render, denoise with both, and print the table.

    Args:
        folder: keeps the renders, in `frames/` and `references/`.
        console: where to print.
        model: model file; None for the shipped one.
        size: `WxH`; None for each scene's own.
        split: of the scenes' manifest.

    Returns:
        Figures by scene, spp and method.
    """
    options = ("--split", split) + (("--size", size) if size else ())
    frames, references = folder / "frames", folder / "references"
    run(console, "render-pairs", SCENES, "-o", frames, "--spp", ",".join(map(str, SPP)), *options)
    quality = ("--passes", 2, "--spp", _REFERENCE_SPP, "--sampler", "multijitter", "--seed", SEED)
    run(console, "render-pairs", SCENES, "-o", references, *quality, *options)

    denoiser = Denoiser(model)
    figures = {}
    for view, reference in zip(open_pairs(frames), open_pairs(references), strict=True):
        halves = [view_planes(reference, index)["radiance"] for index in (0, 1)]
        for index, spp in enumerate(SPP):
            planes = view_planes(view, index)
            auxiliary = (planes.get(name) for name in ("albedo", "normal", "variance"))
            images = (planes["radiance"], oidn_best(planes), denoiser.denoise(planes["radiance"], *auxiliary))
            for method, image in zip(_METHODS, images, strict=True):
                figures[view.scene, spp, method] = Figures(*(metric(image, *halves) for metric in (relmse, psnr, flip)))
    console.print(_table(figures))
    for spp in SPP:
        scenes = sorted({scene for scene, _, _ in figures})
        ours, oidn = (
            # the estimate is unbiased, and so below zero now and then where an image is nearly perfect
            np.array([max(figures[scene, spp, method].relmse, 1e-7) for scene in scenes])
            for method in ("mcdenoise", "OIDN best")
        )
        ratios = ours / oidn
        mean = np.exp(np.mean(np.log(ratios)))
        line = f"{spp} spp: relMSE is {mean:.2f} times OIDN's in the geometric mean, {ratios.max():.2f} at worst"
        console.print(line, highlight=False)
    return figures


def oidn_best(planes: Planes) -> np.ndarray:
    """A pass denoised by Open Image Denoise in its best mode, (H, W, 3) float32."""
    import pyoidn

    colour = np.ascontiguousarray(planes["radiance"], np.float32)
    albedo = _oidn_prefilter("albedo", np.ascontiguousarray(planes["albedo"].clip(0, 1), np.float32))
    normal = _oidn_prefilter("normal", np.ascontiguousarray(planes["normal"], np.float32))
    return pyoidn.denoise(colour, albedo, normal, hdr=True, clean_aux=True)


def _oidn_prefilter(name: str, image: np.ndarray) -> np.ndarray:
    import pyoidn

    device = pyoidn.Device()
    device.commit()
    prefilter = pyoidn.Filter(device, "RT")
    clean = np.zeros_like(image)
    prefilter.set_image(name, image, pyoidn.OIDN_FORMAT_FLOAT3)
    prefilter.set_image("output", clean, pyoidn.OIDN_FORMAT_FLOAT3)
    prefilter.commit()
    prefilter.execute()
    prefilter.release()
    device.release()
    return clean


def _table(figures: dict[tuple[str, int, str], Figures]) -> Table:
    table = Table("scene", "spp", "", "relMSE", "PSNR, dB", "FLIP", box=box.SIMPLE_HEAD)
    for column in table.columns[3:]:
        column.justify = "right"
    for (scene, spp, method), (error, decibel, perceived) in figures.items():
        first = method == _METHODS[0]
        table.add_row(
            scene if first else "",
            str(spp) if first else "",
            method,
            f"{error:.4f}",
            f"{decibel:.2f}",
            f"{perceived:.3f}",
            end_section=method == _METHODS[-1],
        )
    return table


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description="Compare with Open Image Denoise on the validation scenes.")
    parser.add_argument("folder", type=Path, help="where the renders are kept")
    parser.add_argument("--model", type=Path, help="model file (default: the shipped one)")
    parser.add_argument("--size", help="WxH (default: each scene's own)")
    parser.add_argument("--split", default="validation", help="of the scenes (default: validation)")
    arguments = parser.parse_args()
    process.tune()
    try:
        compare(arguments.folder, Console(), arguments.model, arguments.size, arguments.split)
    except McdenoiseError as error:
        raise SystemExit(f"compare: {error}") from error


if __name__ == "__main__":
    main()
