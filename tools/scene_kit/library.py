"""The textures all scenes share, by file name in scenes/textures, each from its own seed."""

import zlib

import numpy as np

from render.procedural.kit import patterns
from tools.scene_kit import glyphs
from tools.scene_kit import texture as make


def textures() -> dict[str, bytes]:
    """Every texture file: {"oak.png": bytes, ...}."""
    return {name: _one(name) for name in _MADE}


def _one(name: str) -> bytes:
    # The seed comes from the name, so that adding a texture changes no other.
    return _MADE[name](np.random.default_rng(zlib.crc32(name.encode())))


#: Lines with all letters in them. The page is drawn from below: the first row of a texture is at v = 0.
_PRINT = (
    "PACK MY BOX",
    "WITH FIVE",
    "DOZEN LIQUOR",
    "JUGS THE",
    "QUICK BROWN",
    "FOX JUMPS",
    "OVER A LAZY",
    "DOG",
)

_MADE = {
    "oak.png": lambda r: make.png(patterns.wood(r), [(0.36, 0.22, 0.11), (0.62, 0.43, 0.25), (0.78, 0.6, 0.4)]),
    "walnut.png": lambda r: make.png(patterns.wood(r), [(0.13, 0.07, 0.04), (0.3, 0.18, 0.1), (0.42, 0.28, 0.17)]),
    "planks.png": lambda r: make.png(patterns.planks(r), [(0.12, 0.07, 0.04), (0.55, 0.38, 0.22), (0.8, 0.64, 0.45)]),
    "planks-grey.png": lambda r: make.png(
        patterns.planks(r, across=4), [(0.1, 0.1, 0.1), (0.45, 0.42, 0.4), (0.7, 0.68, 0.64)]
    ),
    "tiles-white.png": lambda r: make.png(
        patterns.tiles(r), [(0.5, 0.48, 0.45), (0.86, 0.86, 0.85), (0.95, 0.95, 0.94)]
    ),
    "tiles-blue.png": lambda r: make.png(
        patterns.tiles(r, count=8, joint=2), [(0.8, 0.8, 0.78), (0.1, 0.3, 0.45), (0.5, 0.75, 0.8)]
    ),
    "metro.png": lambda r: make.png(
        patterns.tiles(r, count=4, joint=2, offset=True, aspect=2),
        [(0.4, 0.4, 0.4), (0.85, 0.86, 0.84), (0.93, 0.94, 0.92)],
    ),
    "brick.png": lambda r: make.png(
        patterns.tiles(r, count=4, joint=3, offset=True, aspect=3),
        [(0.7, 0.66, 0.6), (0.4, 0.17, 0.11), (0.68, 0.38, 0.26)],
    ),
    "marble.png": lambda r: make.png(patterns.marble(r), [(0.3, 0.3, 0.33), (0.78, 0.77, 0.76), (0.93, 0.92, 0.9)]),
    "marble-green.png": lambda r: make.png(
        patterns.marble(r), [(0.7, 0.75, 0.68), (0.12, 0.25, 0.19), (0.05, 0.13, 0.1)]
    ),
    "fabric-grey.png": lambda r: make.png(patterns.fabric(r), [(0.2, 0.2, 0.22), (0.5, 0.5, 0.52), (0.68, 0.67, 0.66)]),
    "fabric-red.png": lambda r: make.png(
        patterns.fabric(r, threads=16), [(0.25, 0.03, 0.03), (0.6, 0.14, 0.1), (0.8, 0.4, 0.3)]
    ),
    "stripes.png": lambda r: make.png(
        patterns.stripes(r), [(0.1, 0.15, 0.35), (0.9, 0.87, 0.8), (0.75, 0.25, 0.15), (0.95, 0.8, 0.4)]
    ),
    "carpet.png": lambda r: make.png(
        0.7 * patterns.leaves_print(r, count=90) + 0.3 * patterns.noise(r, 256, (128, 128)),
        [(0.3, 0.06, 0.07), (0.65, 0.5, 0.3), (0.1, 0.16, 0.3)],
    ),
    "wallpaper.png": lambda r: make.png(
        patterns.leaves_print(r), [(0.86, 0.84, 0.76), (0.35, 0.5, 0.4), (0.7, 0.62, 0.45)]
    ),
    "text.png": lambda r: make.png(patterns.text(r), [(0.05, 0.05, 0.06), (0.93, 0.91, 0.86)]),
    "print.png": lambda r: make.png(glyphs.page(_PRINT)[::-1], [(0.05, 0.05, 0.06), (0.93, 0.92, 0.88)]),
    "poster.png": lambda r: make.png(
        np.minimum(patterns.clouds(r, 256, (2, 3), 3), 1),
        [(0.08, 0.1, 0.25), (0.85, 0.35, 0.2), (0.95, 0.8, 0.5), (0.15, 0.45, 0.5)],
    ),
    "terrazzo.png": lambda r: make.png(patterns.terrazzo(r), [(0.2, 0.2, 0.22), (0.75, 0.73, 0.7), (0.75, 0.45, 0.35)]),
    "checker.png": lambda r: make.png(patterns.checker(r), [(0.06, 0.06, 0.06), (0.9, 0.88, 0.83)]),
    "plaster.png": lambda r: make.png(patterns.clouds(r, 256, (8, 8), 5), [(0.6, 0.58, 0.54), (0.82, 0.8, 0.76)]),
    "grain.png": lambda r: make.png(patterns.clouds(r, 256, (16, 16), 4), [(0, 0, 0), (1, 1, 1)]),
    "scratches.png": lambda r: make.png(
        0.6 * patterns.noise(r, 256, (4, 128)) + 0.4 * patterns.clouds(r, 256), [(0, 0, 0), (1, 1, 1)]
    ),
    "tiles-normal.png": lambda r: make.normal_png(
        0.7 * (patterns.tiles(r, 128, 4, 4) > 0.1) + 0.3 * patterns.clouds(r, 128), 1.2
    ),
    "dusk.hdr": lambda r: make.hdr(make.sky(r, "dusk")),
    "studio.hdr": lambda r: make.hdr(make.sky(r, "studio")),
    "overcast.hdr": lambda r: make.hdr(make.sky(r, "overcast")),
}
