"""Render scenes small, and write one picture with their names; the probes have their own (tools/probe_pictures.py).

python -m tools.contact_sheet [-o docs/contact-sheet.png] [--spp 64] [--denoise]
python -m tools.contact_sheet procedural:interiors --seeds 0-47 -o interiors.png --spp 32 --denoise
"""

import argparse
import sys
import time
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from denoise.denoiser import Denoiser
from denoise.errors import McdenoiseError, RenderError
from denoise.preview import tone_map
from render import backend, variants
from render.entries import SceneEntry, find_scenes
from render.sources import parse_seeds

ROOT = Path(__file__).parents[1]

#: The box of one picture, pixels; names stand under it.
TILE = (150, 106)
NAME = 16
COLUMNS = 8


def fit(size: tuple[int, int], box: tuple[int, int]) -> tuple[int, int]:
    """The largest (width, height) of the proportions of `size` in `box`, pixels."""
    scale = min(box[0] / size[0], box[1] / size[1])
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def sheet(pictures: list[tuple[str, np.ndarray]]) -> Image.Image:
    """Pictures (H, W, 3) uint8, no larger than `TILE`, with their captions, in rows, in 256 colours."""
    rows = -(-len(pictures) // COLUMNS)
    page = Image.new("RGB", (COLUMNS * (TILE[0] + 6) + 6, rows * (TILE[1] + NAME + 6) + 6), (24, 24, 26))
    draw, font = ImageDraw.Draw(page), ImageFont.load_default(11)
    for number, (caption, pixels) in enumerate(pictures):
        left = 6 + (number % COLUMNS) * (TILE[0] + 6)
        top = 6 + (number // COLUMNS) * (TILE[1] + NAME + 6)
        height, width = pixels.shape[:2]
        page.paste(Image.fromarray(pixels), (left + (TILE[0] - width) // 2, top + (TILE[1] - height) // 2))
        draw.text((left + TILE[0] // 2, top + TILE[1] + 2), caption, fill=(215, 215, 215), font=font, anchor="mt")
    # Noise does not compress: a palette keeps the file small.
    return page.quantize(256, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)


def main() -> int:
    """Run the command; the exit status."""
    parser = argparse.ArgumentParser(description="Render scenes small into one labelled picture.")
    parser.add_argument("scenes", nargs="*", help="as render-pairs takes them (default: scenes/ but for the probes)")
    parser.add_argument("--seeds", help="first and last seed of procedural scenes, as 0-47")
    parser.add_argument("-o", "--output", type=Path, default=ROOT / "docs" / "contact-sheet.png")
    parser.add_argument("--spp", type=int, default=64, help="samples a pixel (default: 64)")
    parser.add_argument("--denoise", action="store_true", help="show them denoised by the shipped model")
    parser.add_argument("--variant", choices=("auto", *variants.VARIANTS), default="auto")
    arguments = parser.parse_args()
    try:
        entries = chosen(arguments.scenes, parse_seeds(arguments.seeds) if arguments.seeds else None)
        pictures = draw(entries, arguments.spp, arguments.variant, Denoiser() if arguments.denoise else None)
    except (McdenoiseError, ValueError) as error:
        sys.exit(f"contact_sheet: {error}")
    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    sheet(pictures).save(arguments.output, optimize=True)
    print(f"{arguments.output}: {len(pictures)} scenes, {arguments.output.stat().st_size / 1e3:.0f} kB")
    return 0


def chosen(words: list[str], seeds: tuple[int, int] | None = None) -> list[SceneEntry]:
    """The scenes that the words mean; without any, those of scenes/ that are no probes.

    Raises:
        RenderError: as `find_scenes`.
    """
    entries = find_scenes(words or [ROOT / "scenes"], seeds=seeds)
    return entries if words else [entry for entry in entries if entry.split != "probe"]


def draw(entries: list[SceneEntry], spp: int, variant: str, denoiser: Denoiser | None) -> list[tuple[str, np.ndarray]]:
    """Captions and pictures; a scene that fails costs a line and its picture."""
    backend.start(variants.choose(variant))
    pictures = []
    for entry in entries:
        began = time.perf_counter()
        try:
            scene = backend.Scene(entry.source, fit(entry.size or TILE, TILE))
            planes = scene.render(scene.camera, "independent", spp, seed=1).planes
        except RenderError as error:
            print(error, file=sys.stderr)
            continue
        radiance = planes["radiance"]
        if denoiser is not None:
            radiance = denoiser.denoise(radiance, planes["albedo"], planes["normal"], planes.get("variance"))
        split = "" if entry.split in ("train", "") else f" ({entry.split})"
        pictures.append((f"{entry.name}{split}", tone_map(radiance)))
        print(f"{entry.name}: {time.perf_counter() - began:.1f} s", file=sys.stderr)
    return pictures


if __name__ == "__main__":
    sys.exit(main())
