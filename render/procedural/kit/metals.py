"""Metals: polished, brushed, hammered, gilt, rusty, and such as no table has.

Each function takes a generator and a colour that tints it, or None.
"""

from __future__ import annotations

import math

import numpy as np

from render.procedural.kit import bsdfs, draws, textures
from render.procedural.kit.bsdfs import Description, Surface
from render.procedural.kit.colours import hue


def chrome(rng: np.random.Generator, colour: Surface | None) -> Description:
    """Plated, smooth or nearly."""
    if rng.random() < 0.5:
        return bsdfs.metal("Cr", 0.0 if rng.random() < 0.6 else draws.log_uniform(rng, 0.005, 0.05), colour)
    return bsdfs.metal("none", 0.0, colour if colour is not None else np.full(3, rng.uniform(0.5, 0.95)))


def mirror(rng: np.random.Generator, colour: Surface | None) -> Description:
    """A looking-glass."""
    silver = np.full(3, rng.uniform(0.75, 0.97))
    return bsdfs.mirror(colour if colour is not None else silver)


def metal(rng: np.random.Generator, colour: Surface | None) -> Description:
    """Any measured metal of any roughness."""
    kind = bsdfs.METALS[int(rng.integers(len(bsdfs.METALS)))]
    ggx = "ggx" if rng.random() < 0.75 else "beckmann"
    return bsdfs.metal(kind, draws.roughness(rng, 0.01, 0.6), colour, ggx)


def alloy(rng: np.random.Generator, colour: Surface | None) -> Description:
    """Any indices a metal may have, not only measured ones."""
    eta = np.exp(rng.uniform(math.log(0.1), math.log(4.0), 3) * 0.5 + rng.uniform(-1, 0.7))
    k = rng.uniform(1.5, 6.0) * np.exp(rng.normal(0, 0.2, 3))
    return bsdfs.metal((eta, k), draws.roughness(rng, 0.01, 0.5), colour)


def brushed(rng: np.random.Generator, colour: Surface | None) -> Description:
    """Rough along one axis."""
    kind = ("Al", "Cr", "Ni_palik", "Cu", "Au", "Ag")[int(rng.integers(6))]
    pair = draws.log_uniform(rng, 0.02, 0.12), draws.log_uniform(rng, 0.15, 0.5)
    brushed = bsdfs.metal(kind, pair if rng.random() < 0.5 else pair[::-1], colour)
    return draws.relief(rng, brushed, "stripes", "wood", height=0.001) if rng.random() < 0.2 else brushed


def gold(rng: np.random.Generator, colour: Surface | None) -> Description:
    """Jewellery and cutlery: gold, silver, copper."""
    return bsdfs.metal(("Au", "Cu", "Ag", "Au")[int(rng.integers(4))], draws.roughness(rng, 0.005, 0.25, 0.15), colour)


def hammered(rng: np.random.Generator, colour: Surface | None) -> Description:
    """Beaten or cast, in dents."""
    kind = ("Cu", "Ag", "Al", "Au")[int(rng.integers(4))]
    sheet = bsdfs.metal(kind, draws.log_uniform(rng, 0.02, 0.25), colour)
    return draws.relief(rng, sheet, "clouds", "dots", "cracks", "hexagons", height=0.01)


def rust(rng: np.random.Generator, colour: Surface | None) -> Description:
    """Metal with a matte crust in patches."""
    tone = hue(rng.uniform(0.0, 0.1), rng.uniform(0.5, 0.9), rng.uniform(0.05, 0.4)) if colour is None else colour
    crust = bsdfs.matte(tone)
    patches = textures.values(rng, -rng.uniform(0, 1.5), 1 + rng.uniform(0, 1.5), "clouds")
    patches["image"] = np.clip(patches["image"], 0, 1)
    return bsdfs.mixed(metal(rng, None), crust, patches)
