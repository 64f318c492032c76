"""Render every scene of scenes/ small, and write one picture with their names.

python -m tools.contact_sheet [-o docs/contact-sheet.png] [--spp 64] [--denoise]
"""

import argparse
import sys
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from denoise.denoiser import Denoiser
from denoise.preview import tone_map
from render import backend, variants
from render.plan import find_scenes

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
    parser = argparse.ArgumentParser(description="Render every scene small into one labelled picture.")
    parser.add_argument("-o", "--output", type=Path, default=ROOT / "docs" / "contact-sheet.png")
    parser.add_argument("--spp", type=int, default=64, help="samples a pixel (default: 64)")
    parser.add_argument("--denoise", action="store_true", help="show them denoised by the shipped model")
    arguments = parser.parse_args()
    denoiser = Denoiser() if arguments.denoise else None
    backend.start(variants.choose())
    pictures = []
    for entry in find_scenes([ROOT / "scenes"]):
        scene = backend.Scene(entry.path, fit(entry.size or TILE, TILE))
        planes = scene.render(scene.camera, "independent", arguments.spp, seed=1).planes
        radiance = planes["radiance"]
        if denoiser is not None:
            radiance = denoiser.denoise(radiance, planes["albedo"], planes["normal"], planes.get("variance"))
        split = "" if entry.split == "train" else f" ({entry.split})"
        pictures.append((f"{entry.name}{split}", tone_map(radiance)))
        print(f"{entry.name}: rendered", file=sys.stderr)
    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    sheet(pictures).save(arguments.output, optimize=True)
    print(f"{arguments.output}: {len(pictures)} scenes, {arguments.output.stat().st_size / 1e3:.0f} kB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
