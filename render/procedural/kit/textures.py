"""Textures: patterns in colours, at scales from a pixel to a wall, and photographs that never were.

A texture repeats every so many metres of a surface (texture coordinates are metres); `to_uv` says how often.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from render.procedural.kit import patterns
from render.procedural.kit.colours import hue, near, random_colour

Description = dict[str, Any]
Field = Callable[[np.random.Generator, int], np.ndarray]


@dataclass(frozen=True)
class Recipe:
    """How one kind of texture is made.

    Attributes:
        field: (rng, size) to values (size, size) in [0, 1] that repeat.
        stops: kinds of the colours along [0, 1]: "joint", "wood", "any", "near" (a tone of the one before), "pale",
            "dark", "green".
        metres: what one repeat of it spans, the range of a log-uniform draw.
        sizes: edges in texels to draw from.
    """

    field: Field
    stops: tuple[str, ...]
    metres: tuple[float, float]
    sizes: tuple[int, ...] = (128, 256, 512)


def _tiles(aspect: tuple[int, ...], offset: bool) -> Field:
    def field(rng: np.random.Generator, size: int) -> np.ndarray:
        ratio = int(rng.choice(aspect))
        count = int(rng.choice([2, 4, 8] if ratio == 1 else [2, 4]))
        joint = max(1, round(size / count * rng.uniform(0.01, 0.06)))
        return patterns.tiles(rng, size, count, joint, offset, ratio)

    return field


def _clouds(rng: np.random.Generator, size: int) -> np.ndarray:
    return patterns.clouds(rng, size, tuple(2 ** rng.integers(0, 6, 2)), int(rng.integers(2, 7)))


def _stripes(rng: np.random.Generator, size: int) -> np.ndarray:
    return patterns.stripes(rng, size, int(rng.integers(3, max(4, size // 4))))


#: The kinds of textures by name.
KINDS: dict[str, Recipe] = {
    "wood": Recipe(patterns.wood, ("wood", "near", "near"), (0.4, 2.5)),
    "planks": Recipe(
        lambda r, n: patterns.planks(r, n, int(r.choice([3, 4, 6, 8]))), ("joint", "wood", "near"), (0.5, 2.0)
    ),
    "herringbone": Recipe(
        lambda r, n: patterns.herringbone(r, n, int(r.choice([2, 4])), int(r.choice([3, 4, 5]))),
        ("joint", "wood", "near"),
        (0.6, 2.0),
        (256, 512),
    ),
    "tiles": Recipe(_tiles((1,), False), ("joint", "any", "near"), (0.2, 2.4)),
    "metro": Recipe(_tiles((2, 3), True), ("joint", "pale", "near"), (0.3, 1.0)),
    "brick": Recipe(_tiles((2, 3), True), ("joint", "any", "near"), (0.6, 1.6)),
    "hexagons": Recipe(
        lambda r, n: patterns.hexagons(r, n, int(r.choice([4, 8, 16]))), ("joint", "any", "near"), (0.2, 1.5)
    ),
    "checker": Recipe(
        lambda r, n: patterns.checker(r, n, int(r.choice([2, 4, 8, 32]))), ("dark", "any", "pale"), (0.3, 3.0)
    ),
    "cracks": Recipe(lambda r, n: patterns.cracks(r, n, int(r.integers(3, 12))), ("joint", "any", "near"), (0.5, 4.0)),
    "marble": Recipe(patterns.marble, ("any", "pale", "near"), (0.5, 3.0)),
    "terrazzo": Recipe(
        lambda r, n: patterns.terrazzo(r, n, int(r.integers(200, 900))), ("any", "pale", "near"), (0.2, 1.0)
    ),
    "fabric": Recipe(
        lambda r, n: patterns.fabric(r, n, int(r.choice([8, 16, 32]))), ("any", "near", "near"), (0.02, 0.5), (128, 256)
    ),
    "plaid": Recipe(
        lambda r, n: patterns.plaid(r, n, int(r.integers(4, 14))), ("any", "any", "pale", "any"), (0.1, 0.8)
    ),
    "stripes": Recipe(_stripes, ("any", "pale", "any", "any"), (0.1, 3.0)),
    "dots": Recipe(lambda r, n: patterns.dots(r, n, int(r.choice([4, 8, 16]))), ("any", "pale", "any"), (0.1, 1.5)),
    "leaves": Recipe(
        lambda r, n: patterns.leaves_print(r, n, int(r.integers(30, 120))),
        ("pale", "any", "any"),
        (0.3, 2.0),
        (256,),
    ),
    "damask": Recipe(patterns.damask, ("any", "near", "any"), (0.2, 2.0)),
    "text": Recipe(
        lambda r, n: patterns.text(r, n, int(r.choice([8, 16, 32]))), ("dark", "pale"), (0.15, 1.5), (256, 512)
    ),
    "clouds": Recipe(_clouds, ("any", "near", "any"), (0.3, 6.0)),
    "plaster": Recipe(lambda r, n: patterns.clouds(r, n, (8, 8), 5), ("pale", "near"), (0.5, 3.0)),
    "speckle": Recipe(lambda r, n: patterns.speckle(r, n), ("any", "any"), (0.1, 1.5), (64, 128, 256)),
    "grass": Recipe(
        lambda r, n: 0.5 * patterns.clouds(r, n, (8, 8), 4) + 0.5 * patterns.speckle(r, n),
        ("green", "near", "green"),
        (1.0, 4.0),
        (256,),
    ),
}


def texture(
    rng: np.random.Generator,
    kind: str | None = None,
    metres: float | None = None,
    colours: np.ndarray | None = None,
    sharp: bool | None = None,
) -> Description:
    """A random colour texture as a `bitmap` description.

    Args:
        rng: source of every choice that is not given.
        kind: of `KINDS`, or "photograph"; None for any.
        metres: what one repeat spans on a surface.
        colours: (K, 3) linear, for values 0 to 1; by the kind's own stops otherwise.
        sharp: without interpolation between texels (hard edges of one texel).
    """
    kind = str(rng.choice([*KINDS, "photograph"])) if kind is None else kind
    if kind == "photograph":
        pixels = photograph(rng, int(rng.choice([128, 256])))
        span = math.exp(rng.uniform(math.log(0.3), math.log(3.0))) if metres is None else metres
        return bitmap(pixels, span, sharp=bool(sharp))
    recipe = KINDS[kind]
    size = int(rng.choice(recipe.sizes))
    field = recipe.field(rng, size)
    stops = palette(rng, recipe.stops) if colours is None else np.asarray(colours, float)
    if metres is None:
        metres = math.exp(rng.uniform(math.log(recipe.metres[0]), math.log(recipe.metres[1])))
    turned = bool(rng.random() < 0.5)
    sharp = bool(rng.random() < 0.15) if sharp is None else sharp
    return bitmap(coloured(field.T if turned else field, stops), metres, sharp=sharp)


def palette(rng: np.random.Generator, stops: tuple[str, ...]) -> np.ndarray:
    """Linear colours (K, 3) for the stops of a recipe."""
    colours: list[np.ndarray] = []
    for stop in stops:
        if stop == "near":
            tone = math.exp(rng.choice([-1, 1]) * rng.uniform(0.05, 1.2))
            colour = near(rng, np.clip(colours[-1] * tone, 0, 0.9), rng.uniform(0.02, 0.25))
        elif stop == "joint":
            colour = np.full(3, math.exp(rng.uniform(math.log(0.02), math.log(0.7))))
        elif stop == "wood":
            colour = hue(rng.uniform(0.03, 0.11), rng.uniform(0.35, 0.85), math.exp(rng.uniform(-3.0, -0.4)))
        elif stop == "green":
            colour = hue(rng.uniform(0.17, 0.38), rng.uniform(0.5, 0.9), math.exp(rng.uniform(-3.0, -0.9)))
        elif stop == "pale":
            colour = near(rng, np.full(3, rng.uniform(0.55, 0.9)), 0.08)
        elif stop == "dark":
            colour = near(rng, np.full(3, math.exp(rng.uniform(-4.5, -2.5))), 0.2)
        else:
            colour = random_colour(rng)
        colours.append(np.clip(colour, 0.005, 0.93))
    return np.array(colours)


def coloured(field: np.ndarray, stops: np.ndarray) -> np.ndarray:
    """Values (H, W) in [0, 1] through linear colours (K, 3) spread evenly over them: (H, W, 3) uint8 sRGB."""
    table = np.stack(
        [np.interp(np.linspace(0, 1, 256), np.linspace(0, 1, len(stops)), stops[:, c]) for c in range(3)], -1
    )
    return srgb(table)[np.round(np.clip(field, 0, 1) * 255).astype(np.uint8)]


def srgb(linear: np.ndarray) -> np.ndarray:
    """Linear colours to uint8 sRGB (IEC 61966-2-1)."""
    linear = np.clip(linear, 0, 1)
    encoded = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    return np.round(encoded * 255).astype(np.uint8)


def linear(srgb_pixels: np.ndarray) -> np.ndarray:
    """Pixels of uint8 sRGB as linear float32 in [0, 1]."""
    table = np.arange(256) / 255
    table = np.where(table <= 0.04045, table / 12.92, ((table + 0.055) / 1.055) ** 2.4)
    return table.astype(np.float32)[srgb_pixels]


def bitmap(
    pixels: np.ndarray, metres: float | tuple[float, float] = 1.0, raw: bool = False, sharp: bool = False
) -> Description:
    """An image (H, W, 1 or 3), uint8 sRGB or float32 linear, as a texture that repeats every so many metres (x, y)."""
    span = metres if isinstance(metres, tuple) else (metres, metres)
    return {
        "type": "bitmap",
        "image": pixels,
        "raw": raw,
        "filter_type": "nearest" if sharp else "bilinear",
        "wrap_mode": "repeat",
        "to_uv": np.diag([1 / span[0], 1 / span[1], 1.0, 1.0]),
    }


def values(
    rng: np.random.Generator, low: float, high: float, kind: str | None = None, metres: float | None = None
) -> Description:
    """A raw one-channel texture with values in [low, high]: roughness, heights, opacity, weights of a blend."""
    kind = str(rng.choice(list(KINDS))) if kind is None else kind
    recipe = KINDS[kind]
    field = recipe.field(rng, int(rng.choice(recipe.sizes[:2])))
    if metres is None:
        metres = math.exp(rng.uniform(math.log(recipe.metres[0]), math.log(recipe.metres[1])))
    return bitmap((low + (high - low) * field[..., None]).astype(np.float32), metres, raw=True)


def normals(rng: np.random.Generator, kind: str | None = None, metres: float | None = None) -> Description:
    """A random normal map: the slopes of a pattern, raw."""
    heights = values(rng, 0.0, 1.0, kind, metres)
    field = heights["image"][..., 0]
    strength = math.exp(rng.uniform(math.log(0.3), math.log(4.0)))
    dx = (np.roll(field, -1, 1) - np.roll(field, 1, 1)) * strength
    dy = (np.roll(field, -1, 0) - np.roll(field, 1, 0)) * strength
    normal = np.stack([-dx, -dy, np.ones_like(dx)], -1)
    normal /= np.linalg.norm(normal, axis=-1, keepdims=True)
    return {**heights, "image": (normal * 0.5 + 0.5).astype(np.float32)}


def photograph(rng: np.random.Generator, size: int = 256, shapes: int = 350) -> np.ndarray:
    """An image (size, size, 3) uint8 with the statistics of photographs: dead leaves, which give the 1/f spectrum.

    Discs and boxes whose sizes follow the inverse cube occlude one another (Lee, Mumford and Huang 2001), each with a
    colour, a gradient and some grain, under an uneven light. It repeats without a seam.
    """
    tint = random_colour(rng)
    fine = patterns.clouds(rng, size, (8, 8), 6)[..., None]
    rough = patterns.speckle(rng, size)[..., None]
    image = near(rng, tint, 0.5) * (0.5 + fine)
    smallest, largest = 0.012 * size, 0.35 * size
    radii = smallest / np.sqrt(1 - rng.random(shapes) * (1 - (smallest / largest) ** 2))
    for radius in radii:
        cx, cy, angle, stretch = rng.uniform(0, size), rng.uniform(0, size), rng.uniform(0, np.pi), rng.uniform(1, 3)
        where, dx, dy = patterns.around(cx, cy, 1.42 * radius, size)
        u, v = dx * np.cos(angle) + dy * np.sin(angle), dy * np.cos(angle) - dx * np.sin(angle)
        if rng.random() < 0.5:
            inside = np.hypot(u, v * stretch) < radius
        else:
            inside = (np.abs(u) < radius) & (np.abs(v) * stretch < radius)
        colour = near(rng, tint, 0.5) if rng.random() < 0.6 else random_colour(rng)
        shade = 1 + rng.uniform(-0.7, 0.7) * u[..., None] / radius
        grain = 1 + rng.uniform(0, 0.8) * (fine[where] - 0.5) + rng.uniform(0, 0.5) * (rough[where] - 0.5)
        image[where] = np.where(inside[..., None], colour * shade * grain, image[where])
    light = 0.4 + 1.2 * patterns.clouds(rng, size, (2, 2), 2)[..., None]
    return srgb(np.clip(image * light, 0.004, 0.95))
