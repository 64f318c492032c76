"""Materials by what a thing is made of: wall paint, chrome, frosted glass, leather, a leaf, each in its own spread."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from render.procedural.kit import finishes, glasses, metals
from render.procedural.kit.bsdfs import Description, Surface

Maker = Callable[[np.random.Generator, Surface | None], Description]


def random_material(
    rng: np.random.Generator,
    kind: str | None = None,
    colour: Surface | None = None,
    among: Sequence[str] | None = None,
) -> Description:
    """A random material.

    Args:
        rng: source of every choice that is not given.
        kind: of `KINDS`; None draws one.
        colour: its main colour, (3,) linear or a texture's description; None draws one that the kind may have. Kinds
            without a colour of their own (measured metals, mirrors) are tinted by it, or go without.
        among: the kinds to draw from, all by default; `GROUPS` has some by use. One named twice comes twice as often.

    Raises:
        KeyError: a kind that is not in `KINDS`.
    """
    if kind is None:
        names = list(KINDS) if among is None else list(among)
        kind = names[int(rng.integers(len(names)))]
    return KINDS[kind](rng, colour)


#: Every kind of material: what makes one from a generator and a colour, or None for a colour of its own.
KINDS: dict[str, Maker] = {
    "wall paint": finishes.wall_paint,
    "plaster": finishes.plaster,
    "wallpaper": finishes.wallpaper,
    "brick": finishes.brick,
    "concrete": finishes.concrete,
    "wood": finishes.wood,
    "floor wood": finishes.floor_wood,
    "tile": finishes.tile,
    "stone": finishes.stone,
    "fabric": finishes.fabric,
    "velvet": finishes.velvet,
    "carpet": finishes.carpet,
    "leather": finishes.leather,
    "paper": finishes.paper,
    "picture": finishes.picture,
    "plastic": finishes.plastic,
    "lacquer": finishes.lacquer,
    "porcelain": finishes.porcelain,
    "ceramic": finishes.ceramic,
    "rubber": finishes.rubber,
    "skin": finishes.skin,
    "chrome": metals.chrome,
    "mirror": metals.mirror,
    "metal": metals.metal,
    "alloy": metals.alloy,
    "brushed metal": metals.brushed,
    "gold": metals.gold,
    "hammered metal": metals.hammered,
    "rust": metals.rust,
    "car paint": finishes.car_paint,
    "anything": finishes.anything,
    "glass": glasses.glass,
    "crystal": glasses.crystal,
    "frosted glass": glasses.frosted,
    "rippled glass": glasses.rippled,
    "pane": glasses.pane,
    "resin": glasses.resin,
    "shade": glasses.shade,
    "leaf": glasses.leaf,
    "screen": glasses.screen,
    "curtain": glasses.curtain,
}

#: Kinds by what they suit. Solids of glass ("glass bodies") want closed meshes, sheets stand alone.
GROUPS: dict[str, tuple[str, ...]] = {
    "walls": ("wall paint", "wall paint", "wall paint", "plaster", "wallpaper", "brick", "concrete", "wood", "tile"),
    "floors": ("floor wood", "floor wood", "tile", "tile", "stone", "carpet", "concrete"),
    "furniture": ("wood", "wood", "lacquer", "plastic", "wall paint", "metal", "stone"),
    "upholstery": ("fabric", "fabric", "leather", "velvet"),
    "crockery": ("porcelain", "ceramic", "plastic", "porcelain"),
    "metals": ("chrome", "metal", "alloy", "brushed metal", "gold", "hammered metal", "rust"),
    "glass bodies": ("glass", "glass", "crystal", "frosted glass", "rippled glass", "resin"),
    "glass sheets": ("pane",),
    "sheets": ("shade", "leaf", "screen", "curtain"),
    "reflectors": ("chrome", "mirror", "gold", "brushed metal", "car paint", "lacquer"),
}

#: Kinds that no light goes through, for anything at all.
OPAQUE: tuple[str, ...] = tuple(
    kind for kind in KINDS if kind not in {*GROUPS["glass bodies"], *GROUPS["glass sheets"], *GROUPS["sheets"]}
)
