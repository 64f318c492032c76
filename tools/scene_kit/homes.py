"""Kitchen, bathroom, dining room, stairs."""

import numpy as np

from render.procedural.kit import furniture as things
from render.procedural.kit import tableware as ware
from render.procedural.kit.meshes import ball, box, cushion, cylinder, join, lathe, quad, tube, wall_with_hole
from tools.scene_kit.document import Scene
from tools.scene_kit.materials import (
    brushed,
    bumped,
    environment,
    glass,
    glossy,
    image,
    matte,
    metal,
    mirror,
    normal_mapped,
    polished,
    sun_and_sky,
)
from tools.scene_kit.placing import place, shell


def kitchen() -> Scene:
    """Glossy cabinets, steel, tiles."""
    s = Scene(
        "kitchen", "A kitchen with glossy cabinets, steel and metro tiles under spots and a cool window.", (320, 200)
    )
    s.camera((0.5, 0.35, 1.55), (2.6, 3.2, 1.0), 76)
    s.material("wall", matte((0.78, 0.76, 0.7)))
    s.material("metro", normal_mapped(glossy(image("metro", 0.8), 0.05), image("tiles-normal", 1.2, raw=True)))
    s.material("floor", glossy(image("tiles-white", 0.5), 0.15))
    s.material("front", polished((0.12, 0.22, 0.26)))
    s.material("body", matte((0.5, 0.5, 0.48)))
    s.material("stone", polished(image("marble", 0.7)))
    s.material("steel", brushed("Cr", 0.05, 0.25))
    s.material("chrome", metal("Cr", 0.03))
    s.material("copper", metal("Cu", 0.12))
    s.material("oak", glossy(image("oak", 2), 0.25))
    s.material("glass", glass())
    s.material("ceramic", polished((0.85, 0.84, 0.8)))
    s.material("leaf", matte((0.15, 0.35, 0.1)))
    s.material("fruit", glossy((0.8, 0.35, 0.05), 0.3))
    shell(s, 4, 3.8, 2.5, {"floor": "floor", "ceiling": "wall", "walls": "wall", "north": "metro"}, without=("west",))
    s.put("wall", wall_with_hole((0, 0, 0), (0, 3.8, 0), 2.5, (1.2, 1.0, 2.3, 2.0)))
    s.put("ceramic", things.window_bars(1.1, 1.0, 2, 2).turned(90).moved(-0.03, 1.2, 1.0))
    slots = {"front": "front", "carcass": "body", "handle": "chrome"}
    place(s, things.cabinet(3.0, 0.6, 0.88, 5), slots, (0.6, 3.2, 0))
    place(s, things.cabinet(1.5, 0.35, 0.7, 3, 0.0), slots, (0.3, 3.45, 1.5))
    place(s, things.cabinet(0.9, 0.35, 0.7, 2, 0.0), slots, (3.05, 3.45, 1.5))
    place(s, things.cabinet(1.8, 0.6, 0.88, 3), slots, (3.4, 3.1, 0), -90)
    s.put("stone", box((0.55, 3.15, 0.88), (4, 3.8, 0.92)), box((3.36, 1.25, 0.88), (4, 3.15, 0.92)))
    s.put(
        "steel",
        box((1.95, 3.4, 1.6), (2.75, 3.8, 1.68)),
        box((2.2, 3.55, 1.68), (2.5, 3.8, 2.5)),
        box((2.0, 3.25, 0.92), (2.7, 3.7, 0.93)),
    )
    s.put("copper", ware.turned(ware.POT).moved(2.2, 3.4, 0.93), cylinder((2.3, 3.3, 1.03), (2.5, 3.1, 1.06), 0.01))
    s.put("steel", ware.turned(ware.POT, 1.2).moved(2.5, 3.5, 0.93))
    s.put("chrome", ware.tap().moved(1.2, 3.65, 0.92), tube([(0.7, 3.76, 1.42), (1.9, 3.76, 1.42)], 0.008))
    s.put("chrome", *[cylinder((0.8 + 0.15 * i, 3.74, 1.42), (0.8 + 0.15 * i, 3.72, 1.12), 0.006) for i in range(6)])
    s.put(
        "ceramic",
        *[ware.turned(ware.PLATE).moved(3.7, 2.6, 0.92 + 0.022 * i) for i in range(5)],
        ware.turned(ware.CUP).moved(3.6, 2.2, 0.92),
    )
    s.put("ceramic", ware.turned(ware.BOWL, 1.3).moved(3.7, 1.7, 0.92))
    s.put(
        "fruit", *[ball((3.7 + 0.07 * np.cos(a), 1.7 + 0.07 * np.sin(a), 1.0), 0.045, 16) for a in (0, 1.6, 3.1, 4.7)]
    )
    s.put(
        "glass",
        ware.turned(ware.BOTTLE).moved(1.7, 3.55, 0.921),
        ware.turned(ware.TUMBLER).moved(1.55, 3.45, 0.921),
        ware.turned(ware.WINE).moved(3.65, 2.95, 0.921),
    )
    place(s, things.table(1.0, 0.7, 0.75), {"top": "oak", "legs": "oak"}, (1.6, 1.9, 0))
    for x, turn in ((1.2, 180), (1.95, 150)):
        place(
            s,
            things.spindle_chair(),
            {"frame": "oak", "seat": "oak"},
            (x, 1.5 if x < 1.5 else 2.3, 0),
            turn if x < 1.5 else 10,
        )
    s.put("glass", ware.turned(ware.VASE, 0.7).moved(1.6, 1.9, 0.751))
    s.light(
        join([cylinder((x, y, 2.475), (x, y, 2.49), 0.05, sides=20) for x in (1.0, 2.2, 3.3) for y in (1.2, 2.7)]),
        (130, 110, 84),
    )
    s.light(box((0.4, 3.5, 1.485), (1.7, 3.53, 1.495)), (60, 53, 43))
    s.rest.append(environment("overcast", 2.5))
    return s


def bathroom() -> Scene:
    """Mirror, ceramic, chrome."""
    s = Scene(
        "bathroom", "A bathroom: mirror cabinet, wash basin, tub, chrome plumbing, lit beside the mirror.", (240, 280)
    )
    s.camera((0.5, 0.3, 1.5), (1.7, 2.8, 0.95), 74)
    s.material("tiles", normal_mapped(polished(image("tiles-blue", 0.6)), image("tiles-normal", 1.2, raw=True)))
    s.material("wall", matte((0.82, 0.82, 0.78)))
    s.material("floor", glossy(image("checker", 0.6), 0.08))
    s.material("ceramic", polished((0.88, 0.88, 0.86)))
    s.material("chrome", metal("Cr", 0.02))
    s.material("mirror", mirror())
    s.material("towel", bumped(matte((0.7, 0.3, 0.2)), image("grain", 8, raw=True), 0.03))
    s.material("oak", glossy(image("walnut", 2), 0.15))
    s.material("glass", glass())
    s.material("frosted", glass(1.5, 0.2))
    s.material("leaf", matte((0.12, 0.3, 0.1)))
    shell(s, 2.6, 3.0, 2.5, {"floor": "floor", "ceiling": "wall", "walls": "wall", "north": "tiles"})
    s.put("tiles", box((2.58, 0.9, 0), (2.6, 3.0, 1.6)), box((0, 0, 0), (0.02, 3, 1.1)))
    basin = [
        (0, 0),
        (0.1, 0.0),
        (0.2, 0.06),
        (0.25, 0.15),
        (0.26, 0.17),
        (0.235, 0.17),
        (0.19, 0.08),
        (0.06, 0.04),
        (0, 0.04),
    ]
    s.put("ceramic", lathe(basin, 48).scaled(1.15, 0.85, 1).moved(0.9, 2.7, 0.82))
    place(
        s, things.cabinet(1.1, 0.45, 0.82, 2), {"front": "oak", "carcass": "oak", "handle": "chrome"}, (0.35, 2.53, 0)
    )
    s.put(
        "chrome",
        ware.tap(0.28, 0.14).moved(0.9, 2.93, 0.84),
        tube([(0.9, 2.75, 0.8), (0.9, 2.75, 0.5), (0.9, 2.98, 0.45)], 0.02),
    )
    s.put("mirror", quad((0.4, 2.985, 1.2), (1.0, 0, 0), (0, 0, 0.8)))
    s.light(join([cylinder((x, 2.93, 1.3), (x, 2.93, 1.9), 0.02) for x in (0.3, 1.5)]), (50, 45, 36))
    # A tub: rounded box with a basin pressed into it.
    rim = 0.58
    s.put(
        "ceramic",
        box((1.7, 0.9, 0), (1.76, 3.0, rim)),
        box((1.76, 0.9, 0), (2.58, 0.96, rim)),
        box((2.5, 0.96, 0), (2.58, 3, rim)),
        box((1.76, 2.9, 0), (2.5, 3, rim)),
        box((1.76, 0.96, 0), (2.5, 2.9, 0.15)),
    )
    s.put("ceramic", *[tube([(1.72, 0.93, rim), (1.72, 3.0, rim)], 0.045, 12)])
    s.put(
        "chrome",
        tube([(2.55, 2.2, 0.7), (2.55, 2.2, 2.1), (2.25, 2.2, 2.15), (2.2, 2.2, 2.05)], 0.012, 10),
        cylinder((2.2, 2.2, 2.05), (2.19, 2.2, 2.02), 0.05, 0.1, 24),
    )
    s.put(
        "chrome",
        ware.tap(0.2, 0.15).turned(-90).moved(2.54, 1.8, 0.6),
        tube([(0.04, 1.3, 1.25), (0.1, 1.3, 1.25), (0.1, 2.0, 1.25), (0.04, 2.0, 1.25)], 0.01),
    )
    s.put("towel", things.curtain(0.5, 0.75, 3, 0.02).turned(90).moved(0.1, 1.4, 0.5))
    s.put("frosted", box((1.72, 1.9, rim), (1.735, 2.95, 2.0)))
    s.put(
        "glass",
        ware.turned(ware.TUMBLER).moved(1.32, 2.75, 0.82),
        ware.turned(ware.BOTTLE, 0.7).moved(0.5, 2.8, 0.82),
    )
    bowl = [(0, 0), (0.14, 0), (0.12, 0.2), (0.19, 0.36), (0.2, 0.4), (0.17, 0.41), (0.1, 0.3), (0, 0.26)]
    s.put(
        "ceramic",
        lathe(bowl, 40).scaled(0.95, 1.25, 1).moved(0.4, 1.95, 0),
        cushion((0.05, 1.75, 0.35), (0.2, 2.15, 0.8), 0.3),
    )
    place(s, things.plant(np.random.default_rng(8), 20, 0.5), {"pot": "towel", "leaf": "leaf"}, (2.3, 0.55, 0))
    s.light(ball((1.3, 1.4, 2.44), 0.06, 16), (120, 105, 85))
    return s


def dining_room() -> Scene:
    """Thin legs and spindles under one lamp."""
    s = Scene(
        "dining-room",
        "A dining room: many chairs with thin spindles under one pendant lamp with a glass bulb.",
        (320, 220),
    )
    s.camera((0.5, 0.4, 1.5), (2.7, 3.0, 0.75), 70)
    s.material("wall", matte((0.5, 0.58, 0.5)))
    s.material("white", matte((0.82, 0.8, 0.76)))
    s.material("floor", polished(image("planks", 0.6)))
    s.material("oak", glossy(image("oak", 2), 0.1))
    s.material("black", glossy((0.03, 0.03, 0.03), 0.15))
    s.material("brass", metal("Au", 0.2))
    s.material("glass", glass())
    s.material("bulb", glass(1.5))
    s.material("ceramic", polished((0.85, 0.83, 0.78)))
    s.material("silver", metal("Ag", 0.05))
    s.material("cloth", matte(image("stripes", 1.2)))
    s.material("art", matte(image("poster", (0.8, 1.2))))
    shell(s, 4.6, 4.4, 2.6, {"floor": "floor", "ceiling": "white", "walls": "wall"})
    place(s, things.table(1.9, 0.95, 0.75, leg=0.07), {"top": "oak", "legs": "oak"}, (2.5, 2.5, 0))
    spots = [
        (1.9, 1.85, 180),
        (2.55, 1.8, 172),
        (3.15, 1.9, 190),
        (1.9, 3.2, 0),
        (2.6, 3.25, 8),
        (3.2, 3.15, -6),
        (1.25, 2.5, 90),
        (3.8, 2.55, -95),
    ]
    for i, (x, y, turn) in enumerate(spots):
        place(
            s,
            things.spindle_chair(),
            {"frame": "black" if i % 3 else "oak", "seat": "black" if i % 3 else "oak"},
            (x, y, 0),
            turn,
        )
    place(s, things.pendant(0.9, 0.26), {"cord": "black", "bell": "brass"}, (2.5, 2.5, 2.6))
    s.light(ball((2.5, 2.5, 1.71), 0.05, 16), (700, 540, 360))
    # A lamp in its glass globe: its light comes through refraction only, and makes fireflies.
    s.put("bulb", ball((3.35, 4.2, 0.95), 0.1, 32))
    s.light(ball((3.35, 4.2, 0.95), 0.06, 16), (40, 30, 20))
    s.put("cloth", box((2.2, 2.03, 0.75), (2.8, 2.97, 0.753)))
    for x, y in ((1.9, 2.2), (3.1, 2.2), (1.9, 2.8), (3.1, 2.8)):
        s.put("ceramic", ware.turned(ware.PLATE, sides=32).moved(x, y, 0.75))
        s.put(
            "silver",
            box((x - 0.18, y - 0.1, 0.751), (x - 0.165, y + 0.1, 0.754)),
            box((x + 0.165, y - 0.1, 0.751), (x + 0.18, y + 0.1, 0.754)),
        )
        s.put("glass", ware.turned(ware.WINE, sides=28).moved(x + 0.16, y + 0.12 * (1 if y < 2.5 else -1), 0.751))
    s.put("silver", ware.turned(ware.VASE, 0.8).moved(2.5, 2.5, 0.753))
    place(s, things.cabinet(1.4, 0.4, 0.85, 3), {"front": "oak", "carcass": "oak", "handle": "brass"}, (2.2, 4.0, 0))
    place(s, things.picture(1.2, 0.8), {"print": "art", "frame": "black"}, (2.3, 4.39, 1.3))
    s.put(
        "ceramic",
        ware.turned(ware.VASE, 1.2).moved(2.5, 4.2, 0.85),
        ware.turned(ware.BOWL, 1.1).moved(2.9, 4.2, 0.85),
    )
    return s


def staircase() -> Scene:
    """Steps, thin railings."""
    s = Scene(
        "staircase",
        "A stairwell with wooden steps and thin railings, lit by a high window and a wall lamp.",
        (216, 288),
    )
    s.camera((0.5, 0.4, 1.6), (2.0, 3.6, 1.6), 74)
    s.material("wall", matte((0.76, 0.74, 0.68)))
    s.material("paper", matte(image("wallpaper", 1.0)))
    s.material("floor", glossy(image("planks", 0.8), 0.12))
    s.material("oak", glossy(image("oak", 1.5), 0.15))
    s.material("white", glossy((0.8, 0.79, 0.75), 0.2))
    s.material("iron", metal("Cr", 0.3))
    s.material("brass", metal("Au", 0.15))
    s.material("frosted", glass(1.5, 0.3))
    s.material("runner", matte(image("carpet", 1.3)))
    s.material("art", matte(image("poster", 2.2)))
    shell(
        s, 3.2, 4.6, 4.0, {"floor": "floor", "ceiling": "wall", "walls": "paper", "south": "wall"}, without=("north",)
    )
    s.put("wall", wall_with_hole((0, 4.6, 0), (3.2, 0, 0), 4.0, (0.5, 2.4, 1.5, 3.7)))
    s.put("white", things.window_bars(1.0, 1.3, 3, 4, 0.025).moved(0.5, 4.62, 2.4))
    steps = 13
    for i in range(steps):
        y, z = 1.3 + 0.24 * i, 0.19 * i
        s.put("oak", box((2.0, y - 0.03, z + 0.15), (3.2, y + 0.26, z + 0.19)))
        s.put("white", box((2.03, y, 0 if i < 3 else z - 0.3), (3.2, y + 0.24, z + 0.15)))
        s.put("runner", box((2.3, y - 0.032, z + 0.188), (2.95, y + 0.24, z + 0.196)))
        for k in (0.05, 0.17):
            s.put(
                "iron", cylinder((2.06, y + k, z + 0.19), (2.06, y + k, z + 1.02 + (k - 0.05) * 0.79), 0.009, sides=6)
            )
    s.put(
        "oak",
        tube([(2.06, 1.25, 1.02), (2.06, 1.25 + 0.24 * steps, 1.02 + 0.19 * steps)], 0.03, 12),
        cylinder((2.06, 1.25, 0), (2.06, 1.25, 1.12), 0.045, sides=16),
    )
    s.put("oak", ball((2.06, 1.25, 1.17), 0.065))
    s.put("white", box((0, 4.0, 2.2), (2.05, 4.6, 2.3)))
    s.put(
        "iron",
        *[cylinder((x, 4.02, 2.3), (x, 4.02, 3.2), 0.008, sides=6) for x in np.arange(0.1, 2.0, 0.12)],
        tube([(0, 4.02, 3.2), (2.06, 4.02, 3.2)], 0.02),
    )
    s.put("frosted", box((0.02, 2.45, 1.75), (0.03, 2.75, 2.0)))
    s.light(ball((0.14, 2.6, 1.9), 0.06, 16), (330, 270, 180))
    s.put("brass", cylinder((0.0, 2.6, 1.78), (0.14, 2.6, 1.78), 0.02))
    for y, z in ((1.9, 1.4), (2.4, 1.85), (2.9, 2.3)):
        place(s, things.picture(0.36, 0.44, 0.03), {"print": "art", "frame": "oak"}, (3.19, y + 0.3, z + 0.3), -90)
    place(
        s,
        things.cabinet(0.9, 0.35, 0.8, 2),
        {"front": "white", "carcass": "white", "handle": "brass"},
        (0.36, 3.0, 0),
        90,
    )
    s.put("brass", ware.turned(ware.VASE, 0.9).moved(0.2, 3.4, 0.8))
    s.put("runner", quad((-400, 5, -0.4), (800, 0, 0), (0, 400, 0)))
    s.rest.append(sun_and_sky((-0.25, 0.8, 0.45), 4.0, 4.0, 40.0))
    return s


SCENES = (
    kitchen,
    bathroom,
    dining_room,
    staircase,
)
