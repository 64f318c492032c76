"""Daylit rooms people work in: an office behind blinds, a glasshouse, a café."""

import numpy as np

from render.procedural.kit import furniture as things
from render.procedural.kit import tableware as ware
from render.procedural.kit.meshes import ball, box, cushion, cylinder, lathe, quad, tube, wall_with_hole
from tools.scene_kit.document import Scene
from tools.scene_kit.materials import (
    environment,
    glass,
    glossy,
    image,
    matte,
    metal,
    mirror,
    pane,
    polished,
    sun_and_sky,
)
from tools.scene_kit.placing import place, shell


def office() -> Scene:
    """Sun through slats."""
    s = Scene("office", "An office: low sun through venetian blinds, desks with screens, papers and lamps.", (320, 216))
    rng = np.random.default_rng(81)
    s.camera((0.5, 0.4, 1.5), (3.2, 3.2, 0.85), 72)
    s.material("wall", matte((0.7, 0.7, 0.66)))
    s.material("floor", matte(image("carpet", 0.9)))
    s.material("ceiling", matte(image("tiles-white", 0.4)))
    s.material("desk", glossy(image("oak", 1.2), 0.15))
    s.material("steel", metal("Cr", 0.2))
    s.material("slat", glossy((0.75, 0.73, 0.68), 0.25))
    s.material("black", polished((0.03, 0.03, 0.035)))
    s.material("paper", matte(image("text", 3.4)))
    s.material("seat", matte((0.12, 0.2, 0.3)))
    s.material("red", polished((0.5, 0.06, 0.05)))
    s.material("glass", glass())
    s.material("book-0", matte((0.5, 0.4, 0.15)))
    s.material("book-1", matte((0.15, 0.3, 0.35)))
    s.material("ground", matte((0.3, 0.3, 0.28)))
    shell(s, 4.6, 4.2, 2.6, {"floor": "floor", "ceiling": "ceiling", "walls": "wall"}, without=("east",))
    s.put("wall", wall_with_hole((4.6, 4.2, 0), (0, -4.2, 0), 2.6, (0.4, 0.9, 3.4, 2.3)))
    s.put(
        "slat",
        *[
            box((-0.024, 0, -0.001), (0.024, 3.0, 0.001)).turned(-32, "y").moved(4.66, 0.8, 0.92 + 0.045 * i)
            for i in range(31)
        ],
    )
    for y, turn in ((3.3, 0), (1.5, 180)):
        place(s, things.table(1.5, 0.75, 0.73), {"top": "desk", "legs": "steel"}, (3.2, y, 0), turn)
        side = 1 if turn == 0 else -1
        s.put(
            "black",
            box((2.9, y + 0.12 * side - 0.012, 0.85), (3.5, y + 0.12 * side + 0.012, 1.22)),
            box((3.05, y + 0.05, 0.73), (3.35, y + 0.2, 0.74)),
            box((3.17, y + 0.1 * side, 0.74), (3.23, y + 0.12 * side, 0.9)),
        )
        s.light(
            quad((2.915, y + 0.107 * side, 0.865), (0.57, 0, 0), (0, 0, 0.34))
            if side > 0
            else quad((3.485, y - 0.107, 0.865), (-0.57, 0, 0), (0, 0, 0.34)),
            (0.6, 0.8, 1.1),
        )
        for _ in range(5):
            x0, y0 = rng.uniform(2.55, 3.7), y + rng.uniform(-0.3, 0.1)
            s.put(
                "paper",
                box((-0.105, -0.148, 0), (0.105, 0.148, 0.002))
                .turned(rng.uniform(-25, 25))
                .moved(x0, y0, 0.731 + 0.002 * rng.uniform()),
            )
        s.put("red", ware.turned(ware.CUP).moved(2.65, y - 0.15, 0.731))
        s.put("glass", ware.turned(ware.TUMBLER).moved(3.75, y - 0.1, 0.732))
        s.put(
            "seat",
            cushion((2.95, y - 0.95 * side - 0.25, 0.42), (3.45, y - 0.95 * side + 0.25, 0.5), 0.3),
            cushion((2.97, y - 1.2 * side - 0.04, 0.6), (3.43, y - 1.2 * side + 0.04, 1.05), 0.35),
        )
        s.put(
            "steel",
            cylinder((3.2, y - 0.95 * side, 0.08), (3.2, y - 0.95 * side, 0.43), 0.025),
            *[
                cylinder(
                    (3.2, y - 0.95 * side, 0.09),
                    (3.2 + 0.28 * np.cos(a), y - 0.95 * side + 0.28 * np.sin(a), 0.04),
                    0.015,
                )
                for a in np.arange(5) * 1.257
            ],
        )
        s.put(
            "steel",
            tube([(3.85, y + 0.2 * side, 0.73), (3.85, y + 0.2 * side, 1.05), (3.6, y + 0.1 * side, 1.2)], 0.01),
        )
    place(s, things.shelf(1.0, 1.9, 6), {"wood": "desk"}, (1.0, 3.9, 0))
    for level in things.shelf_levels(1.9, 6)[:-1]:
        for slot, meshes in things.books(rng, 0.85, 0.3, 2).items():
            s.put(slot, *[m.moved(0.53, 3.93, level + 0.022) for m in meshes])
    place(s, things.picture(1.0, 0.7), {"print": "paper", "frame": "black"}, (2.4, 4.19, 1.3))
    s.put("ground", quad((4.8, -400, -6), (400, 0, 0), (0, 800, 0)))
    s.rest.append(sun_and_sky((0.8, -0.2, 0.42), 4.0, 8.0, 60.0))
    return s


def glasshouse() -> Scene:
    """Plants under panes."""
    s = Scene("glasshouse", "A glasshouse: leaves and iron ribs, sunlight through thin panes, wet floor.", (240, 256))
    rng = np.random.default_rng(83)
    s.camera((1.5, 0.3, 1.5), (1.6, 4.5, 1.0), 70)
    s.material("floor", polished(image("tiles-blue", 0.5)))
    s.material("stone", matte(image("plaster", 0.8)))
    s.material("iron", glossy((0.75, 0.77, 0.74), 0.2))
    s.material("pane", pane())
    s.material("leaf", glossy((0.1, 0.28, 0.07), 0.25))
    s.material("pale", matte((0.3, 0.42, 0.12)))
    s.material("clay", matte((0.6, 0.3, 0.18)))
    s.material("oak", matte(image("oak", 2)))
    s.material("zinc", metal("Al", 0.25))
    s.material("ground", matte((0.18, 0.26, 0.1)))
    s.put("floor", quad((0, 0, 0.001), (3.2, 0, 0), (0, 6, 0)))
    s.put(
        "stone",
        box((-0.1, 0, 0), (0, 6, 0.6)),
        box((3.2, 0, 0), (3.3, 6, 0.6)),
        box((0, 6, 0), (3.2, 6.1, 0.6)),
        quad((3.3, 0, 0), (-3.4, 0, 0), (0, 0, 3.2)),
    )
    for y in np.linspace(0.1, 5.9, 9):
        s.put("iron", tube([(0, y, 0.6), (0, y, 2.1), (1.6, y, 3.0), (3.2, y, 2.1), (3.2, y, 0.6)], 0.018, 6))
    s.put(
        "iron",
        *[
            cylinder((x, 0, z), (x, 6, z), 0.014, sides=6)
            for x, z in ((0, 0.6), (0, 1.3), (0, 2.1), (0.8, 2.55), (1.6, 3.0), (2.4, 2.55), (3.2, 2.1), (3.2, 1.3))
        ],
    )
    # Half of the roof is glazed with thin panes; through the rest the light falls freely.
    s.put("pane", quad((3.2, 0, 2.1), (0, 6, 0), (-1.6, 0, 0.9)), quad((0, 6, 0.6), (0, -6, 0), (0, 0, 1.5)))
    for y in (1.4, 2.4, 3.4, 4.4, 5.3):
        for x in (0.45, 2.75):
            place(
                s,
                things.plant(rng, 16, float(rng.uniform(0.7, 1.5))),
                {"pot": "clay", "leaf": ("leaf", "pale")[int(rng.integers(2))]},
                (x, y, 0 if y > 3 else 0.45),
            )
    s.put(
        "oak",
        box((0.2, 1.0, 0.42), (0.75, 2.8, 0.45)),
        box((2.5, 1.0, 0.42), (3.05, 2.8, 0.45)),
        *[box((x, y, 0), (x + 0.05, y + 0.05, 0.42)) for x in (0.22, 0.68, 2.52, 2.98) for y in (1.05, 2.7)],
    )
    s.put(
        "zinc",
        lathe([(0, 0), (0.11, 0), (0.11, 0.24), (0.1, 0.24), (0.1, 0.01), (0, 0.01)], 28).moved(1.2, 2.6, 0.002),
        tube([(1.3, 2.6, 0.05), (1.5, 2.6, 0.3)], 0.014),
    )
    place(s, things.spindle_chair(), {"frame": "iron", "seat": "oak"}, (1.7, 4.6, 0), 15)
    s.put("ground", quad((-300, -300, -0.05), (600, 0, 0), (0, 600, 0)))
    s.rest.append(sun_and_sky((0.55, 0.35, 0.6), 3.0, 2.0, 8.0))
    return s


def cafe() -> Scene:
    """Many chairs, a bar, overcast windows."""
    s = Scene(
        "cafe",
        "A café on an overcast day: a counter with bottles and a mirror, thin chairs, round marble tables.",
        (320, 180),
    )
    rng = np.random.default_rng(84)
    s.camera((0.5, 0.5, 1.5), (3.9, 3.6, 0.95), 72)
    s.material("wall", matte((0.45, 0.5, 0.42)))
    s.material("ceiling", matte((0.75, 0.72, 0.66)))
    s.material("floor", glossy(image("checker", 0.35), 0.1))
    s.material("oak", glossy(image("walnut", 1.5), 0.12))
    s.material("marble", polished(image("marble", 1.5)))
    s.material("iron", glossy((0.04, 0.04, 0.04), 0.2))
    s.material("brass", metal("Au", 0.12))
    s.material("mirror", mirror())
    s.material("glass", glass())
    s.material("green", glass(1.5, 0.0, (0.5, 0.8, 0.55)))
    s.material("ceramic", polished((0.85, 0.83, 0.78)))
    s.material("red", matte(image("fabric-red", 3)))
    shell(s, 5.6, 4.4, 2.9, {"floor": "floor", "ceiling": "ceiling", "walls": "wall"}, without=("west",))
    s.put("wall", wall_with_hole((0, 0, 0), (0, 4.4, 0), 2.9, (1.0, 0.6, 4.0, 2.5)))
    s.put("iron", things.window_bars(3.0, 1.9, 4, 2).turned(90).moved(-0.05, 1.0, 0.6))
    s.put(
        "oak",
        box((3.0, 3.2, 0), (5.6, 3.6, 1.0)),
        box((2.9, 3.95, 1.2), (5.5, 4.2, 1.22)),
        box((2.9, 3.95, 1.6), (5.5, 4.2, 1.62)),
    )
    s.put("marble", box((2.95, 3.12, 1.0), (5.6, 3.65, 1.04)))
    s.put("brass", tube([(3.0, 3.1, 0.2), (5.6, 3.1, 0.2)], 0.02))
    place(s, things.picture(2.4, 0.95), {"print": "mirror", "frame": "brass"}, (3.0, 4.39, 1.25))
    for z in (1.221, 1.621):
        for x in np.arange(3.0, 5.4, 0.2):
            kind = ("glass", "green", "ceramic")[int(rng.integers(3))]
            profile = {"glass": ware.WINE, "green": ware.BOTTLE, "ceramic": ware.CUP}[kind]
            s.put(kind, ware.turned(profile, 1.0, 12).moved(x, 4.08, z))
    for x, y in ((1.6, 2.6), (3.2, 1.9), (4.8, 1.5)):
        s.put("marble", cylinder((x, y, 0.72), (x, y, 0.745), 0.36, sides=40))
        s.put("iron", cylinder((x, y, 0.02), (x, y, 0.72), 0.025), cylinder((x, y, 0), (x, y, 0.025), 0.22, sides=28))
        for turn in (20, 140, 260):
            a = np.radians(turn + 90)
            place(
                s,
                things.spindle_chair(5),
                {"frame": "iron", "seat": "red"},
                (x + 0.62 * np.cos(a), y + 0.62 * np.sin(a), 0),
                turn,
            )
        s.put(
            "ceramic",
            ware.turned(ware.CUP, 1.0, 20).moved(x + 0.1, y - 0.12, 0.75),
            ware.turned(ware.PLATE, 0.6, 20).moved(x + 0.1, y - 0.12, 0.745),
        )
    for x in (3.4, 4.2, 5.0):
        place(s, things.pendant(1.0, 0.15), {"cord": "iron", "bell": "brass"}, (x, 3.35, 2.9))
        s.light(ball((x, 3.35, 1.91), 0.03, 12), (420, 320, 190))
    s.rest.append(environment("overcast", 9.0))
    return s


SCENES = (
    office,
    glasshouse,
    cafe,
)
