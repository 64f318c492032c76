"""Small lamps and nothing else: books, a bed, a corridor, strings of bulbs, candles."""

import numpy as np

from render.procedural.kit import furniture as things
from render.procedural.kit import tableware as ware
from render.procedural.kit.meshes import ball, box, cushion, cylinder, join, lathe, quad
from tools.scene_kit.document import Scene
from tools.scene_kit.materials import bumped, environment, glass, glossy, holed, image, matte, metal, mirror, polished
from tools.scene_kit.placing import place, shell


def bookshelf() -> Scene:
    """Books, books."""
    s = Scene("bookshelf", "A wall of books with many coloured spines under a reading lamp.", (320, 240))
    rng = np.random.default_rng(21)
    s.camera((1.2, 0.5, 1.35), (1.75, 3.0, 1.15), 64)
    s.material("wall", matte((0.55, 0.5, 0.42)))
    s.material("floor", glossy(image("planks", 0.9), 0.25))
    s.material("walnut", glossy(image("walnut", 1.5), 0.2))
    s.material("paper", matte((0.85, 0.8, 0.68)))
    s.material("shade", matte((0.8, 0.7, 0.5)))
    s.material("brass", metal("Au", 0.12))
    s.material("leather", glossy((0.3, 0.12, 0.06), 0.3))
    s.material("clay", polished((0.2, 0.35, 0.4)))
    colours = [
        (0.5, 0.08, 0.06),
        (0.08, 0.16, 0.4),
        (0.1, 0.3, 0.14),
        (0.75, 0.6, 0.2),
        (0.06, 0.06, 0.07),
        (0.75, 0.73, 0.68),
        (0.45, 0.25, 0.4),
        (0.7, 0.32, 0.1),
    ]
    for i, colour in enumerate(colours):
        s.material(f"book-{i}", glossy(colour, 0.25) if i % 2 else matte(colour))
    s.material("book-8", matte(image("stripes", 6)))
    s.material("book-9", matte(image("text", 5)))
    shell(s, 3.6, 3.4, 2.6, {"floor": "floor", "ceiling": "wall", "walls": "wall"})
    for left in (0.15, 1.3, 2.45):
        place(s, things.shelf(1.0, 2.2, 7), {"wood": "walnut"}, (left + 0.5, 3.1, 0))
        for level in things.shelf_levels(2.2, 7)[:-1]:
            row = things.books(rng, 0.96 * rng.uniform(0.6, 1.0), 0.33, 10)
            for slot, meshes in row.items():
                s.put(slot, *[m.moved(left + 0.02, 3.14, level + 0.022) for m in meshes])
    s.put(
        "leather",
        cushion((0.5, 1.9, 0.2), (1.2, 2.6, 0.45), 0.3),
        cushion((0.5, 2.45, 0.3), (1.2, 2.7, 0.95), 0.35),
        cushion((0.4, 1.9, 0.1), (0.58, 2.6, 0.62), 0.3),
        cushion((1.12, 1.9, 0.1), (1.3, 2.6, 0.62), 0.3),
    )
    place(s, things.floor_lamp(1.6), {"metal": "brass", "shade": "shade"}, (1.65, 2.55, 0))
    s.light(ball((1.65, 2.55, 1.5), 0.045, 16), (2600, 2000, 1250))
    place(s, things.table(0.5, 0.5, 0.5), {"top": "walnut", "legs": "walnut"}, (2.3, 2.3, 0))
    s.put("clay", ware.turned(ware.VASE, 0.7).moved(2.3, 2.35, 0.5))
    return s


def bedroom() -> Scene:
    """Night, two lamps in cloth shades."""
    s = Scene("bedroom", "A bedroom at night, lit by two bedside lamps through their shades.", (320, 192))
    s.camera((0.4, 0.35, 1.5), (2.3, 3.4, 0.75), 70)
    s.material("wall", matte(image("wallpaper", 0.9)))
    s.material("white", matte((0.8, 0.78, 0.75)))
    s.material("floor", glossy(image("planks", 0.7), 0.3))
    s.material("oak", glossy(image("oak", 1.5), 0.25))
    s.material("sheet", matte((0.82, 0.8, 0.78)))
    s.material("blanket", bumped(matte(image("stripes", 0.7)), image("grain", 3, raw=True), 0.02))
    s.material("brass", metal("Cu", 0.15))
    s.material("rug", matte(image("carpet", 1.2)))
    s.material("mirror", mirror())
    s.material("ceramic", polished((0.2, 0.45, 0.45)))
    s.material("shade", holed(matte((0.88, 0.76, 0.55)), 0.8))
    shell(s, 4.4, 4.0, 2.5, {"floor": "floor", "ceiling": "white", "walls": "wall"})
    place(s, things.bed(), {"frame": "oak", "sheet": "sheet", "blanket": "blanket"}, (2.3, 2.9, 0))
    for x in (1.15, 3.45):
        place(
            s,
            things.cabinet(0.45, 0.4, 0.5, 1),
            {"front": "oak", "carcass": "oak", "handle": "brass"},
            (x - 0.22, 3.55, 0),
        )
        place(s, things.table_lamp(), {"metal": "ceramic", "shade": "shade"}, (x, 3.75, 0.5))
        s.light(ball((x, 3.75, 0.9), 0.03, 16), (900, 620, 330))
    s.put("rug", box((0.4, 1.1, 0), (1.5, 2.6, 0.012)))
    place(s, things.picture(0.7, 1.5), {"print": "mirror", "frame": "oak"}, (4.39, 2.4, 0.5), -90)
    place(s, things.ladder_chair(), {"frame": "oak", "seat": "blanket"}, (3.8, 1.4, 0), -120)
    return s


def corridor() -> Scene:
    """Strip lights and doors."""
    s = Scene("corridor", "An office corridor with strip lights, glossy floor and glass doors.", (240, 320))
    s.camera((0.75, 0.4, 1.55), (1.0, 8.0, 1.15), 70)
    s.material("wall", matte((0.7, 0.72, 0.68)))
    s.material("dado", glossy((0.25, 0.38, 0.36), 0.15))
    s.material("ceiling", matte(image("tiles-white", 0.4)))
    s.material("floor", polished(image("terrazzo", 1.0)))
    s.material("door", glossy(image("oak", 1), 0.2))
    s.material("steel", metal("Cr", 0.15))
    s.material("frosted", glass(1.5, 0.25))
    s.material("text", matte(image("text", 2.5)))
    s.material("red", polished((0.6, 0.05, 0.04)))
    shell(s, 2.0, 11, 2.6, {"floor": "floor", "ceiling": "ceiling", "walls": "wall", "north": "dado"})
    s.put("dado", box((0, 0, 0), (0.02, 11, 1.0)), box((1.98, 0, 0), (2, 11, 1.0)))
    for i in range(4):
        y = 1.6 + 2.5 * i
        s.put("door", box((1.95, y, 0), (1.99, y + 0.9, 2.05)), box((0.01, y + 1.1, 0), (0.05, y + 2.0, 2.05)))
        s.put(
            "steel",
            cylinder((1.9, y + 0.1, 1.0), (1.9, y + 0.22, 1.0), 0.01),
            cylinder((0.1, y + 1.9, 1.0), (0.1, y + 1.78, 1.0), 0.01),
        )
        s.put("steel", box((0.92, y, 2.52), (1.08, y + 1.3, 2.6)))
        if i != 2:
            s.light(box((0.95, y + 0.03, 2.49), (1.05, y + 1.27, 2.515)), (26, 29, 30))
    s.put("frosted", box((0.0, 7.2, 0), (0.75, 7.23, 2.6)))
    s.put("text", quad((0.025, 2.0, 1.2), (0, 0.6, 0), (0, 0, 0.6)), quad((1.975, 5.1, 1.2), (0, -0.6, 0), (0, 0, 0.5)))
    s.put("red", cylinder((0.15, 4.0, 0.6), (0.15, 4.0, 1.0), 0.07, sides=24), ball((0.15, 4.0, 1.0), 0.07))
    return s


def many_lights() -> Scene:
    """Strings of bulbs."""
    s = Scene("many-lights", "A terrace at dusk under strings of many small coloured bulbs.", (320, 180))
    rng = np.random.default_rng(31)
    s.camera((-1.3, -1.9, 1.45), (0.5, 1.4, 1.05), 68)
    s.material("deck", glossy(image("planks-grey", 0.6), 0.25))
    s.material("brick", matte(image("brick", 1.0)))
    s.material("oak", matte(image("oak", 2)))
    s.material("iron", metal("Cr", 0.35))
    s.material("glass", glass())
    s.material("ceramic", polished((0.8, 0.75, 0.65)))
    s.material("leaf", matte((0.1, 0.26, 0.08)))
    s.material("clay", matte((0.5, 0.22, 0.14)))
    s.put("deck", box((-3.5, -3.5, -0.1), (3.5, 3.5, 0)))
    s.put("brick", box((-3.5, 3.4, 0), (3.5, 3.6, 2.6)), box((-3.6, -3.5, 0), (-3.5, 3.5, 1.2)))
    bulbs: dict[int, list] = {0: [], 1: [], 2: [], 3: []}
    for line in range(5):
        a, b = np.array([-3.3, -1.6 + line * 1.1, 2.5]), np.array([3.4, -2.0 + line * 1.3, 2.6])
        points = [a + (b - a) * t - np.array([0, 0, 1.6 * t * (1 - t)]) for t in np.linspace(0, 1, 13)]
        s.put("iron", join([cylinder(p, q, 0.004, sides=4) for p, q in zip(points[:-1], points[1:], strict=True)]))
        for p in points[1:-1]:
            bulbs[int(rng.integers(4))].append(ball((p[0], p[1], p[2] - 0.05), 0.022, 8))
    for i, colour in enumerate([(230, 150, 60), (200, 40, 25), (40, 150, 60), (50, 80, 210)]):
        s.light(join(bulbs[i]), colour)
    place(s, things.table(1.4, 0.8), {"top": "oak", "legs": "iron"}, (0.1, 1.0, 0))
    for x, y, turn in ((-0.5, 0.3, 170), (0.7, 0.35, 200), (-0.3, 1.75, -10), (1.2, 1.1, -80)):
        place(s, things.spindle_chair(), {"frame": "iron", "seat": "oak"}, (x, y, 0), turn)
    s.put(
        "glass",
        *[ware.turned(ware.WINE, sides=24).moved(x, y, 0.741) for x, y in ((-0.3, 0.8), (0.5, 0.85), (0.1, 1.2))],
    )
    s.put("glass", ware.turned(ware.BOTTLE, sides=24).moved(0.2, 0.95, 0.741))
    s.put("ceramic", *[ware.turned(ware.PLATE, sides=28).moved(x, y, 0.74) for x, y in ((-0.35, 1.0), (0.55, 1.1))])
    for x, y in ((-2.8, 2.7), (2.7, 2.8), (-2.9, 0.6)):
        place(s, things.plant(rng, 26, 1.1), {"pot": "clay", "leaf": "leaf"}, (x, y, 0))
    s.rest.append(environment("dusk", 0.3))
    return s


def cellar() -> Scene:
    """Candles."""
    s = Scene("cellar", "A brick cellar by candlelight: tiny flames, barrels, bottles in racks.", (256, 240))
    rng = np.random.default_rng(82)
    s.camera((0.5, 0.4, 1.4), (2.1, 3.3, 0.8), 70)
    s.material("brick", bumped(matte(image("brick", 1.0)), image("brick", 1.0, raw=True), 0.015))
    s.material("floor", glossy(image("terrazzo", 0.7), 0.3))
    s.material("oak", matte(image("oak", (1, 2))))
    s.material("iron", metal("Cr", 0.4))
    s.material("green", glass(1.5, 0.0, (0.4, 0.7, 0.45)))
    s.material("glass", glass())
    s.material("wax", glossy((0.85, 0.8, 0.65), 0.3))
    s.material("silver", metal("Ag", 0.08))
    s.material("cork", matte((0.5, 0.35, 0.2)))
    shell(s, 3.8, 4.0, 2.3, {"floor": "floor", "ceiling": "brick", "walls": "brick"})
    s.put(
        "brick",
        box((0, 1.9, 1.95), (3.8, 2.25, 2.3)),
        box((3.45, 1.9, 0), (3.8, 2.25, 1.95)),
        box((0, 1.9, 0), (0.3, 2.25, 1.95)),
    )
    barrel = [
        (0, 0),
        (0.28, 0),
        (0.34, 0.2),
        (0.36, 0.42),
        (0.34, 0.64),
        (0.28, 0.84),
        (0.27, 0.84),
        (0.27, 0.8),
        (0, 0.8),
    ]
    for x, y in ((3.2, 3.5), (3.25, 2.75), (0.5, 3.5)):
        s.put("oak", lathe(barrel, 32).moved(x, y, 0))
        s.put(
            "iron",
            *[
                lathe([(r, z), (r + 0.01, z), (r + 0.01, z + 0.035), (r, z + 0.035)], 32, smooth=False).moved(x, y, 0)
                for r, z in ((0.315, 0.1), (0.355, 0.32), (0.355, 0.5), (0.315, 0.72))
            ],
        )
    s.put(
        "oak",
        *[box((0.95, 3.55, z), (2.7, 3.95, z + 0.025)) for z in (0.3, 0.7, 1.1, 1.5)],
        *[box((x, 3.55, 0), (x + 0.04, 3.95, 1.6)) for x in (0.95, 1.8, 2.66)],
    )
    for z in (0.325, 0.725, 1.125):
        for i in range(7):
            if rng.random() < 0.75:
                s.put("green", ware.turned(ware.BOTTLE, 1.0, 16).turned(90, "x").moved(1.1 + 0.23 * i, 3.9, z + 0.04))
    place(s, things.table(1.2, 0.7, 0.72), {"top": "oak", "legs": "oak"}, (1.9, 2.4, 0))
    for x, y, tall in ((1.6, 2.4, 0.16), (1.72, 2.5, 0.1), (2.25, 2.3, 0.2)):
        s.put("silver", ware.turned(ware.PLATE, 0.5).moved(x, y, 0.72))
        s.put("wax", cylinder((x, y, 0.727), (x, y, 0.727 + tall), 0.018, sides=20))
        flame = lathe([(0, 0), (0.007, 0.012), (0.005, 0.026), (0, 0.042)], 10)
        s.light(flame.moved(x, y, 0.737 + tall), (2600, 1500, 600))
    s.put("wax", cylinder((0.5, 3.4, 0.84), (0.5, 3.4, 0.98), 0.03, sides=20))
    s.light(lathe([(0, 0), (0.008, 0.014), (0.006, 0.03), (0, 0.05)], 10).moved(0.5, 3.4, 0.99), (2600, 1500, 600))
    s.put(
        "glass",
        ware.turned(ware.WINE, 1.1).moved(1.95, 2.25, 0.721),
        ware.turned(ware.WINE, 1.1).moved(2.05, 2.6, 0.721),
    )
    place(s, things.ladder_chair(), {"frame": "oak", "seat": "cork"}, (1.5, 1.8, 0), 170)
    return s


SCENES = (
    bookshelf,
    bedroom,
    corridor,
    many_lights,
    cellar,
)
