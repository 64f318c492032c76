"""Materials that let light through: clear bodies, sheets, leaves, cut-outs.

Each function takes a generator and a colour, or None for one of its own.
"""

from __future__ import annotations

import numpy as np

from render.procedural.kit import bsdfs, draws, metals, textures
from render.procedural.kit.bsdfs import Description, Surface
from render.procedural.kit.colours import hue, random_colour


def tinted(rng: np.random.Generator, colour: Surface | None, share: float) -> Surface | None:
    """What multiplies each passage through glass: a given colour, nothing, or a light tint in a share of cases."""
    if colour is not None or rng.random() >= share:
        return colour
    return hue(rng.random(), rng.uniform(0.05, 0.7), rng.uniform(0.6, 1.0))


def glass(rng: np.random.Generator, colour: Surface | None) -> Description:
    """Clear."""
    return bsdfs.glass(rng.uniform(1.45, 1.7), tint=tinted(rng, colour, 0.3))


def crystal(rng: np.random.Generator, colour: Surface | None) -> Description:
    """Gems and cut glass."""
    return bsdfs.glass(rng.uniform(1.55, 2.42), tint=tinted(rng, colour, 0.6))


def frosted(rng: np.random.Generator, colour: Surface | None) -> Description:
    """Etched or sand-blasted."""
    tint = tinted(rng, colour, 0.3)
    return bsdfs.glass(rng.uniform(1.4, 1.6), draws.roughness(rng, 0.02, 0.5, 0.2), tint, ggx=bool(rng.random() < 0.7))


def rippled(rng: np.random.Generator, colour: Surface | None) -> Description:
    """Cathedral glass: smooth, but not flat."""
    return draws.relief(rng, glass(rng, colour), "clouds", "stripes", "dots", "cracks", height=0.006)


def pane(rng: np.random.Generator, colour: Surface | None) -> Description:
    """A sheet too thin to bend anything."""
    return bsdfs.pane(rng.uniform(1.4, 1.6), tinted(rng, colour, 0.25))


def resin(rng: np.random.Generator, colour: Surface | None) -> Description:
    """The principled material as a clouded, transparent body."""
    tone = hue(rng.random(), rng.uniform(0.1, 0.9), rng.uniform(0.5, 0.95)) if colour is None else colour
    clear = {"spec_trans": rng.uniform(0.5, 1.0), "eta": rng.uniform(1.3, 1.7)}
    return bsdfs.principled(tone, draws.log_uniform(rng, 0.05, 0.5), **clear)


def shade(rng: np.random.Generator, colour: Surface | None) -> Description:
    """Of lamps: paper and cloth that glow."""
    tone = draws.pale(rng) if colour is None else colour
    return bsdfs.thin(tone, rng.uniform(0.6, 1.4), rng.uniform(0.5, 1.0))


def leaf(rng: np.random.Generator, colour: Surface | None) -> Description:
    """Of a plant, shone through."""
    tone = (
        hue(rng.uniform(0.14, 0.4), rng.uniform(0.4, 0.9), draws.log_uniform(rng, 0.05, 0.5))
        if colour is None
        else colour
    )
    return bsdfs.thin(tone, rng.uniform(0.2, 1.2), rng.uniform(0.2, 0.7))


def screen(rng: np.random.Generator, colour: Surface | None) -> Description:
    """Perforated metal, lace, nets, cut-outs: solid here and holes there."""
    bulk = (
        metals.metal(rng, None) if rng.random() < 0.4 else bsdfs.matte(random_colour(rng) if colour is None else colour)
    )
    pattern = ("dots", "hexagons", "checker", "fabric", "damask", "cracks", "leaves", "stripes")[int(rng.integers(8))]
    opacity = textures.values(rng, 0.0, 1.0, pattern)
    solid = opacity["image"] > np.quantile(opacity["image"], rng.uniform(0.2, 0.6))
    opacity["image"] = (solid if rng.random() < 0.7 else ~solid).astype(np.float32)
    return bsdfs.holed(bulk, opacity)


def curtain(rng: np.random.Generator, colour: Surface | None) -> Description:
    """Sheer cloth: threads, with gaps between them too small to see."""
    tone = (draws.pale(rng) if rng.random() < 0.6 else random_colour(rng)) if colour is None else colour
    cloth = bsdfs.thin(tone, rng.uniform(0.5, 1.5), 0.8) if rng.random() < 0.5 else bsdfs.matte(tone)
    return bsdfs.holed(cloth, rng.uniform(0.3, 0.9))
