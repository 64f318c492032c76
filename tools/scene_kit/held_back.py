"""What no training sees: an interior, a still life and an exterior to validate with, and the demo."""

import numpy as np

from render.procedural.kit import furniture as things
from render.procedural.kit import tableware as ware
from render.procedural.kit.meshes import ball, box, cylinder, quad, tube, wall_with_hole
from tools.scene_kit.document import Scene
from tools.scene_kit.materials import disney, glass, glossy, image, matte, metal, mirror, polished, sun_and_sky
from tools.scene_kit.outdoors import tree
from tools.scene_kit.placing import place, shell
from tools.scene_kit.stills import backdrop


def lounge() -> Scene:
    """Validation interior."""
    s = Scene(
        "lounge",
        "An evening lounge: floor lamp, glass table, bookcase. Held back to validate.",
        (320, 200),
        "validation",
    )
    rng = np.random.default_rng(77)
    s.camera((4.2, 0.4, 1.4), (1.6, 3.4, 0.75), 68)
    s.material("wall", matte((0.68, 0.62, 0.56)))
    s.material("floor", glossy(image("planks-grey", 0.9), 0.15))
    s.material("sofa", disney((0.1, 0.28, 0.32), 0.8, sheen=0.6))
    s.material("oak", glossy(image("oak", 1.5), 0.2))
    s.material("glass", glass())
    s.material("brass", metal("Au", 0.15))
    s.material("shade", matte((0.8, 0.72, 0.55)))
    s.material("rug", matte(image("stripes", 0.7)))
    s.material("paper", matte((0.8, 0.76, 0.66)))
    s.material("ceramic", polished((0.7, 0.68, 0.6)))
    for i, colour in enumerate([(0.5, 0.1, 0.08), (0.1, 0.2, 0.4), (0.7, 0.6, 0.3), (0.15, 0.3, 0.2), (0.1, 0.1, 0.1)]):
        s.material(f"book-{i}", matte(colour))
    shell(s, 4.8, 4.4, 2.6, {"floor": "floor", "ceiling": "wall", "walls": "wall"})
    place(s, things.sofa(2.1), {"cover": "sofa", "legs": "oak"}, (2.6, 3.85, 0))
    s.put("rug", box((1.5, 1.8, 0), (3.7, 3.3, 0.012)))
    s.put("glass", box((2.1, 2.3, 0.4), (3.0, 2.9, 0.415)))
    s.put(
        "brass",
        *[tube([(x, 2.35, 0.012), (x, 2.35, 0.4), (x, 2.85, 0.4), (x, 2.85, 0.012)], 0.01) for x in (2.15, 2.95)],
    )
    s.put("ceramic", ware.teapot().moved(2.5, 2.6, 0.416), ware.turned(ware.CUP).moved(2.75, 2.5, 0.416))
    place(s, things.shelf(1.0, 1.9, 6), {"wood": "oak"}, (0.75, 4.08, 0))
    for level in things.shelf_levels(1.9, 6)[:-1]:
        for slot, meshes in things.books(rng, 0.8, 0.32, 5).items():
            s.put(slot, *[m.moved(0.28, 4.12, level + 0.022) for m in meshes])
    place(s, things.floor_lamp(1.6), {"metal": "brass", "shade": "shade"}, (4.1, 3.8, 0))
    s.light(ball((4.1, 3.8, 1.5), 0.04, 16), (2600, 2000, 1300))
    place(s, things.table_lamp(), {"metal": "ceramic", "shade": "shade"}, (0.6, 2.4, 0.5))
    s.light(ball((0.6, 2.4, 0.9), 0.03, 16), (2500, 1700, 900))
    place(s, things.table(0.45, 0.45, 0.5), {"top": "oak", "legs": "oak"}, (0.6, 2.4, 0))
    place(s, things.ladder_chair(), {"frame": "oak", "seat": "sofa"}, (1.0, 1.6, 0), 130)
    return s


def glassware() -> Scene:
    """Validation still life."""
    s = Scene(
        "glassware",
        "A glass still life under a small lamp and a window card. Held back to validate.",
        (256, 224),
        "validation",
    )
    s.camera((-0.2, -1.0, 0.42), (0.02, 0.05, 0.11), 40)
    s.material("table", polished(image("marble", 1.2)))
    s.material("glass", glass())
    s.material("rose", glass(1.5, 0.0, (0.95, 0.7, 0.75)))
    s.material("frosted", glass(1.5, 0.18))
    s.material("steel", metal("Cr", 0.1))
    s.material("lemon", glossy((0.85, 0.7, 0.1), 0.25))
    backdrop(s, "table")
    s.put(
        "glass",
        ware.turned(ware.BOTTLE).moved(-0.22, 0.2, 0.001),
        ware.turned(ware.WINE, 1.1).moved(0.02, -0.02, 0.001),
        ware.turned(ware.BOWL, 0.9).moved(0.3, 0.1, 0.001),
    )
    s.put(
        "rose",
        ware.turned(ware.TUMBLER).moved(-0.15, -0.15, 0.001),
        ware.turned(ware.VASE, 0.8).moved(0.18, 0.3, 0.001),
    )
    s.put("frosted", ware.turned(ware.TUMBLER).moved(0.2, -0.14, 0.001))
    s.put("steel", cylinder((-0.38, 0.0, 0), (-0.38, 0.0, 0.14), 0.055, sides=40), ball((0.07, -0.24, 0.03), 0.03, 24))
    s.put("lemon", *[ball((x, y, 0.035), 0.035) for x, y in ((-0.05, 0.14), (0.4, -0.05))])
    s.light(ball((0.8, 0.5, 1.0), 0.05, 24), (240, 220, 190))
    s.light(quad((-1.3, -0.6, 0.2), (0, 1.0, 0), (0, 0, 0.9)), (1.6, 1.8, 2.2))
    return s


def courtyard() -> Scene:
    """Validation exterior."""
    s = Scene(
        "courtyard",
        "A tiled courtyard with a tree and a fountain in the sun. Held back to validate.",
        (304, 208),
        "validation",
    )
    rng = np.random.default_rng(63)
    s.camera((-1.6, -3.2, 1.5), (0.4, 1.2, 0.9), 64)
    s.material("floor", glossy(image("tiles-blue", 0.6), 0.2))
    s.material("brick", matte(image("brick", 0.9)))
    s.material("plaster", matte(image("plaster", 0.5)))
    s.material("bark", matte((0.22, 0.16, 0.11)))
    s.material("leaf", matte((0.17, 0.34, 0.08)))
    s.material("stone", polished(image("marble", 0.8)))
    s.material("water", glass(1.33))
    s.material("iron", metal("Cr", 0.2))
    s.put("floor", quad((-4, -4, 0), (8, 0, 0), (0, 8, 0)))
    s.put("brick", wall_with_hole((-4, 4, 0), (8, 0, 0), 3.2, (2.2, 0, 3.4, 2.2)))
    s.put(
        "plaster",
        box((-4.2, -4, 0), (-4, 4, 3.2)),
        box((4, -4, 0), (4.2, 4, 3.2)),
        quad((-4, 5.2, 0), (8, 0, 0), (0, 0, 3.2)),
    )
    tree(s, rng, "spray", (1.8, 1.8), 2.9, 28)
    s.put(
        "stone",
        ware.turned(ware.BOWL, 5).moved(-0.4, 0.9, 0.1),
        cylinder((-0.4, 0.9, 0), (-0.4, 0.9, 0.2), 0.3, sides=32),
        ball((-0.4, 0.9, 0.55), 0.12),
    )
    s.put("water", cylinder((-0.4, 0.9, 0.2), (-0.4, 0.9, 0.4), 0.45, 0.56, 48))
    s.put(
        "iron", *[cylinder((-1.8 + 0.09 * i, 4.02, 0), (-1.8 + 0.09 * i, 4.02, 2.2), 0.008, sides=6) for i in range(14)]
    )
    place(s, things.spindle_chair(), {"frame": "iron", "seat": "iron"}, (0.9, 0.0, 0), 60)
    s.rest.append(sun_and_sky((-0.3, -0.5, 0.7), 3.5, 1.0, 3.0))
    return s


def studio() -> Scene:
    """The demo interior."""
    s = Scene("studio", "A painter's studio in the morning, held back for the demo.", (480, 270), "demo")
    s.camera((0.45, 0.5, 1.45), (3.3, 3.7, 0.95), 74)
    s.material("wall", matte(image("plaster", 0.7)))
    s.material("brick", matte(image("brick", 1.0)))
    s.material("floor", glossy(image("planks", 0.7), 0.14))
    s.material("oak", glossy(image("oak", 1.6), 0.2))
    s.material("iron", metal("Cr", 0.3))
    s.material("copper", metal("Cu", 0.1))
    s.material("art", matte(image("poster", (1.0, 0.8))))
    s.material("linen", matte(image("fabric-grey", 3)))
    s.material("glass", glass())
    s.material("blue", polished((0.08, 0.2, 0.45)))
    s.material("leaf", matte((0.13, 0.32, 0.1)))
    s.material("clay", matte((0.6, 0.3, 0.18)))
    s.material("mirror", mirror())
    shell(s, 5.2, 4.6, 2.9, {"floor": "floor", "ceiling": "wall", "walls": "wall", "north": "brick"}, without=("west",))
    s.put("wall", wall_with_hole((0, 0, 0), (0, 4.6, 0), 2.9, (1.4, 0.7, 3.8, 2.6)))
    s.put("iron", things.window_bars(2.4, 1.9, 4, 4, 0.025).turned(90).moved(-0.05, 1.4, 0.7))
    # The easel and its canvas.
    s.put(
        "oak",
        cylinder((2.1, 3.2, 0), (2.45, 3.55, 2.0), 0.018, sides=8),
        cylinder((2.9, 3.2, 0), (2.55, 3.55, 2.0), 0.018, sides=8),
        cylinder((2.5, 4.1, 0), (2.5, 3.55, 1.9), 0.018, sides=8),
        box((2.05, 3.22, 0.82), (2.95, 3.36, 0.85)),
    )
    s.put("art", quad((2.0, 3.25, 0.86), (1.0, 0, 0), (0, 0.2, 0.8)))
    place(s, things.table(1.4, 0.7, 0.78), {"top": "oak", "legs": "iron"}, (4.2, 3.7, 0))
    s.put(
        "glass",
        ware.turned(ware.TUMBLER, 1.2).moved(3.9, 3.6, 0.781),
        ware.turned(ware.BOTTLE).moved(4.3, 3.8, 0.781),
        ware.turned(ware.VASE, 0.8).moved(4.6, 3.65, 0.781),
    )
    s.put(
        "copper",
        ware.turned(ware.POT, 0.8).moved(4.15, 3.5, 0.78),
        ware.teapot().turned(200).moved(4.75, 3.9, 0.78),
    )
    s.put("blue", ware.turned(ware.BOWL).moved(4.45, 3.5, 0.78))
    place(s, things.spindle_chair(), {"frame": "oak", "seat": "oak"}, (2.9, 2.4, 0), 160)
    place(s, things.sofa(1.5), {"cover": "linen", "legs": "oak"}, (4.7, 1.9, 0), -90)
    place(s, things.plant(np.random.default_rng(3), 40, 1.2), {"pot": "clay", "leaf": "leaf"}, (0.8, 4.0, 0))
    place(s, things.picture(0.7, 1.0), {"print": "mirror", "frame": "oak"}, (5.19, 3.2, 1.2), -90)
    place(s, things.picture(0.6, 0.45), {"print": "art", "frame": "oak"}, (1.1, 4.59, 1.6))
    place(s, things.pendant(0.8, 0.24), {"cord": "iron", "bell": "copper"}, (4.2, 3.6, 2.9))
    s.light(ball((4.2, 3.6, 2.07), 0.05, 16), (260, 200, 130))
    s.put("linen", things.curtain(0.6, 2.6, 5).turned(90).moved(0.12, 3.8, 0.1))
    s.put("leaf", quad((-400, -400, -0.4), (399.8, 0, 0), (0, 800, 0)))
    s.rest.append(sun_and_sky((-0.7, -0.15, 0.5), 3.0, 3.0, 18.0))
    return s


SCENES = (
    lounge,
    glassware,
    courtyard,
    studio,
)
