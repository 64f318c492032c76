"""Opaque materials that are no metals: walls, floors, cloth, crockery, plastics, paints.

Each function takes a generator and a colour, or None for a colour of its own.
"""

from __future__ import annotations

import numpy as np

from render.procedural.kit import bsdfs, draws, textures
from render.procedural.kit.bsdfs import Description, Surface
from render.procedural.kit.colours import hue, near, random_colour


def wall_paint(rng: np.random.Generator, colour: Surface | None) -> Description:
    """Emulsion, or eggshell."""
    tone = colour if colour is not None else (draws.pale(rng) if rng.random() < 0.6 else random_colour(rng))
    if rng.random() < 0.25:
        return bsdfs.glossy(tone, rng.uniform(0.25, 0.5))
    return bsdfs.matte(tone)


def plaster(rng: np.random.Generator, colour: Surface | None) -> Description:
    """Uneven plaster."""
    paint = bsdfs.matte(draws.pattern(rng, "plaster", "clouds") if colour is None else colour)
    return draws.relief(rng, paint, "clouds", "plaster", "speckle", height=0.01)


def wallpaper(rng: np.random.Generator, colour: Surface | None) -> Description:
    """Printed paper, matte or silky."""
    print_ = draws.pattern(rng, "leaves", "damask", "stripes", "dots", "plaid", "plaster") if colour is None else colour
    return bsdfs.matte(print_) if rng.random() < 0.7 else bsdfs.glossy(print_, rng.uniform(0.2, 0.4))


def brick(rng: np.random.Generator, colour: Surface | None) -> Description:
    """Bricks and rubble."""
    wall = bsdfs.matte(draws.pattern(rng, "brick", "cracks", "metro") if colour is None else colour)
    return draws.relief(rng, wall, "clouds", "brick") if rng.random() < 0.4 else wall


def concrete(rng: np.random.Generator, colour: Surface | None) -> Description:
    """Cast, bare or sealed."""
    grey = np.full(3, rng.uniform(0.15, 0.55))
    colours = np.stack([near(rng, grey, 0.2), near(rng, grey, 0.1)])
    tone = textures.texture(rng, "clouds", colours=colours) if colour is None else colour
    return bsdfs.matte(tone) if rng.random() < 0.6 else bsdfs.glossy(tone, rng.uniform(0.15, 0.4))


def wood(rng: np.random.Generator, colour: Surface | None) -> Description:
    """Furniture: oiled, varnished, polished."""
    tone = textures.texture(rng, "wood") if colour is None else colour
    draw = rng.random()
    if draw < 0.3:
        return bsdfs.matte(tone)
    if draw < 0.75:
        return bsdfs.glossy(tone, draws.log_uniform(rng, 0.06, 0.4))
    return (
        bsdfs.polished(tone) if draw < 0.88 else bsdfs.principled(tone, draws.roughness(rng, 0.15, 0.5), clearcoat=0.8)
    )


def floor_wood(rng: np.random.Generator, colour: Surface | None) -> Description:
    """Boards, parquet, herringbone."""
    tone = draws.pattern(rng, "planks", "planks", "herringbone", "wood") if colour is None else colour
    floor = bsdfs.glossy(tone, draws.log_uniform(rng, 0.05, 0.4)) if rng.random() < 0.8 else bsdfs.matte(tone)
    return draws.relief(rng, floor, "planks", "wood", height=0.004) if rng.random() < 0.25 else floor


def tile(rng: np.random.Generator, colour: Surface | None) -> Description:
    """Glazed and stone tiles."""
    tone = draws.pattern(rng, "tiles", "metro", "hexagons", "checker", "terrazzo") if colour is None else colour
    draw = rng.random()
    if draw < 0.3:
        tiles = bsdfs.polished(tone)
    elif draw < 0.8:
        tiles = bsdfs.glossy(tone, draws.log_uniform(rng, 0.02, 0.3))
    else:
        tiles = bsdfs.principled(tone, draws.roughness(rng, 0.1, 0.6, share=0.6), specular=0.5)
    return draws.relief(rng, tiles, "tiles", "metro", "clouds", height=0.005) if rng.random() < 0.2 else tiles


def stone(rng: np.random.Generator, colour: Surface | None) -> Description:
    """Marble, terrazzo, granite."""
    tone = draws.pattern(rng, "marble", "marble", "terrazzo", "cracks", "speckle") if colour is None else colour
    draw = rng.random()
    if draw < 0.4:
        return bsdfs.polished(tone)
    return bsdfs.glossy(tone, draws.log_uniform(rng, 0.03, 0.4)) if draw < 0.8 else bsdfs.matte(tone)


def fabric(rng: np.random.Generator, colour: Surface | None) -> Description:
    """Woven cloth, plain or with a sheen."""
    tone = draws.pattern(rng, "fabric", "plaid", "stripes", "dots", "damask", "leaves") if colour is None else colour
    if rng.random() < 0.5:
        return bsdfs.matte(tone)
    return bsdfs.principled(tone, rng.uniform(0.6, 1.0), sheen=rng.uniform(0.2, 1.0), sheen_tint=rng.random())


def velvet(rng: np.random.Generator, colour: Surface | None) -> Description:
    """Cloth that is bright at grazing angles."""
    tone = random_colour(rng, high=0.6) if colour is None else colour
    return bsdfs.principled(tone, rng.uniform(0.7, 1.0), specular=0.1, sheen=1.0, sheen_tint=rng.uniform(0.3, 1.0))


def carpet(rng: np.random.Generator, colour: Surface | None) -> Description:
    """Matte and busy."""
    tone = draws.pattern(rng, "speckle", "fabric", "damask", "leaves", "plaid", "stripes") if colour is None else colour
    return bsdfs.matte(tone)


def leather(rng: np.random.Generator, colour: Surface | None) -> Description:
    """Dull and wrinkled."""
    tone = (
        hue(rng.uniform(0, 0.12), rng.uniform(0.2, 0.8), draws.log_uniform(rng, 0.015, 0.5))
        if colour is None
        else colour
    )
    return draws.relief(rng, bsdfs.glossy(tone, rng.uniform(0.15, 0.4)), "cracks", "speckle", "clouds", height=0.008)


def paper(rng: np.random.Generator, colour: Surface | None) -> Description:
    """Printed: text, pictures, stripes."""
    tone = draws.pattern(rng, "text", "photograph", "stripes") if colour is None else colour
    return bsdfs.matte(tone) if rng.random() < 0.7 else bsdfs.glossy(tone, rng.uniform(0.1, 0.3))


def picture(rng: np.random.Generator, colour: Surface | None) -> Description:
    """A photograph, bare, glazed or varnished."""
    tone = textures.texture(rng, "photograph") if colour is None else colour
    return (bsdfs.matte, bsdfs.polished, bsdfs.glossy)[int(rng.integers(3))](tone)


def plastic(rng: np.random.Generator, colour: Surface | None) -> Description:
    """Moulded, smooth or rough."""
    tone = random_colour(rng) if colour is None else colour
    nonlinear = bool(rng.random() < 0.3)
    if rng.random() < 0.35:
        return bsdfs.polished(tone, rng.uniform(1.35, 1.8), nonlinear)
    return bsdfs.glossy(tone, draws.log_uniform(rng, 0.03, 0.4), rng.uniform(1.35, 1.8), nonlinear)


def lacquer(rng: np.random.Generator, colour: Surface | None) -> Description:
    """A thick, shining coat."""
    tone = random_colour(rng) if colour is None else colour
    if rng.random() < 0.5:
        return bsdfs.glossy(tone, draws.log_uniform(rng, 0.01, 0.1))
    coat = {"clearcoat": rng.uniform(0.5, 1.0), "clearcoat_gloss": rng.uniform(0.6, 1.0)}
    return bsdfs.principled(tone, rng.uniform(0.2, 0.6), metallic=rng.uniform(0, 0.7), **coat)


def porcelain(rng: np.random.Generator, colour: Surface | None) -> Description:
    """White, or painted, under a glaze."""
    if colour is None:
        colour = draws.pattern(rng, "stripes", "dots", "leaves", "checker") if rng.random() < 0.2 else draws.pale(rng)
    return bsdfs.polished(colour) if rng.random() < 0.6 else bsdfs.glossy(colour, draws.log_uniform(rng, 0.01, 0.15))


def ceramic(rng: np.random.Generator, colour: Surface | None) -> Description:
    """Coloured glaze, perhaps worn off in places."""
    glaze = porcelain(rng, random_colour(rng) if colour is None else colour)
    if rng.random() < 0.5:
        return draws.relief(rng, glaze, "clouds", "stripes", "speckle", height=0.01)
    bare = bsdfs.matte(hue(rng.uniform(0.02, 0.09), rng.uniform(0.2, 0.7), rng.uniform(0.2, 0.7)))
    return bsdfs.mixed(glaze, bare, textures.values(rng, 0.0, 1.0, "clouds"))


def rubber(rng: np.random.Generator, colour: Surface | None) -> Description:
    """Dull and dark."""
    tone = random_colour(rng, high=0.4) if colour is None else colour
    return bsdfs.principled(tone, rng.uniform(0.5, 0.9), specular=rng.uniform(0.1, 0.5))


def skin(rng: np.random.Generator, colour: Surface | None) -> Description:
    """Of fruits: saturated, speckled, waxy."""
    if colour is None:
        ripe = hue(rng.uniform(-0.08, 0.33), rng.uniform(0.6, 0.98), rng.uniform(0.15, 0.85))
        pair = np.stack([ripe, near(rng, ripe, rng.uniform(0.1, 0.5))])
        colour = textures.texture(rng, "clouds", rng.uniform(0.03, 0.3), pair) if rng.random() < 0.6 else ripe
    wax = bsdfs.glossy(colour, draws.log_uniform(rng, 0.08, 0.4))
    return draws.relief(rng, wax, "speckle", height=0.004) if rng.random() < 0.4 else wax


def car_paint(rng: np.random.Generator, colour: Surface | None) -> Description:
    """Flakes of metal under a clear coat."""
    tone = random_colour(rng, high=0.7) if colour is None else colour
    values = {"metallic": rng.uniform(0.3, 1.0), "clearcoat": 1.0, "clearcoat_gloss": rng.uniform(0.8, 1.0)}
    return bsdfs.principled(tone, draws.log_uniform(rng, 0.15, 0.6), **values)


def anything(rng: np.random.Generator, colour: Surface | None) -> Description:
    """The principled material with every knob turned anywhere."""
    tone = (
        (draws.pattern(rng, *textures.KINDS) if rng.random() < 0.5 else random_colour(rng))
        if colour is None
        else colour
    )
    knobs = ("specular", "spec_tint", "anisotropic", "sheen", "sheen_tint", "clearcoat", "clearcoat_gloss", "flatness")
    values = {knob: float(rng.random()) for knob in knobs if rng.random() < 0.4}
    values["metallic"] = float(rng.choice([0.0, rng.random(), 1.0]))
    return bsdfs.principled(tone, draws.roughness(rng, 0.05, 1.0), **values)
