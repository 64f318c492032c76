"""Rooms where the light takes a hard way: through a window, around a corner, by mirrors, through smoke."""

import xml.etree.ElementTree as ET

import numpy as np

from render.procedural.kit import furniture as things
from render.procedural.kit import tableware as ware
from render.procedural.kit.meshes import ball, box, cushion, cylinder, lathe, quad, room, wall_with_hole
from tools.scene_kit.document import Scene, plugin, transform
from tools.scene_kit.materials import disney, glass, glossy, image, matte, metal, mirror, polished, sheer, sun_and_sky
from tools.scene_kit.placing import place, shell


def window_room() -> Scene:
    """Living room: sun and sky through one window."""
    s = Scene("window-room", "A living room lit by sun and sky through one window.", (320, 208))
    s.camera((0.35, 0.4, 1.45), (3.6, 3.6, 0.85), 74)
    s.material("wall", matte(image("plaster", 0.6)))
    s.material("white", matte((0.8, 0.8, 0.78)))
    s.material("floor", glossy(image("planks", 0.8), 0.18))
    s.material("oak", glossy(image("oak", 2), 0.2))
    s.material("sofa", matte(image("fabric-grey", 3)))
    s.material("rug", matte(image("carpet", 0.8)))
    s.material("brass", metal("Cu", 0.2))
    s.material("shade", matte((0.85, 0.78, 0.6)))
    s.material("cloth", sheer((0.9, 0.88, 0.8), 0.75))
    s.material("leaf", matte((0.12, 0.32, 0.09)))
    s.material("clay", matte((0.55, 0.25, 0.15)))
    s.material("poster", matte(image("poster", (1.1, 1.6))))
    s.material("glass", glass())
    s.material("ceramic", polished((0.15, 0.3, 0.42)))
    shell(s, 5, 4.6, 2.7, {"floor": "floor", "ceiling": "white", "walls": "wall"}, without=("east",))
    s.put("wall", wall_with_hole((5, 4.6, 0), (0, -4.6, 0), 2.7, (1.0, 0.8, 3.0, 2.35)))
    # The wall has a thickness, so that the sun falls past a reveal.
    s.put(
        "white",
        box((5, 1.5, 0.7), (5.25, 3.7, 0.8)),
        box((5, 1.5, 2.35), (5.25, 3.7, 2.45)),
        box((5, 1.5, 0.8), (5.25, 1.6, 2.35)),
        box((5, 3.6, 0.8), (5.25, 3.7, 2.35)),
    )
    s.put("white", things.window_bars(2.0, 1.55).turned(90).moved(5.1, 1.6, 0.8))
    s.put(
        "cloth",
        things.curtain(0.7, 2.4, 6).turned(90).moved(4.85, 3.5, 0.1),
        things.curtain(0.6, 2.4, 5).turned(90).moved(4.85, 1.0, 0.1),
    )
    place(s, things.sofa(2.0), {"cover": "sofa", "legs": "oak"}, (2.1, 4.05, 0))
    place(s, things.table(1.0, 0.6, 0.4), {"top": "oak", "legs": "oak"}, (2.5, 2.6, 0))
    s.put("rug", box((1.2, 1.7, 0), (3.7, 3.4, 0.012)))
    place(s, things.floor_lamp(), {"metal": "brass", "shade": "shade"}, (0.6, 4.1, 0))
    place(s, things.plant(np.random.default_rng(11), 34, 0.9), {"pot": "clay", "leaf": "leaf"}, (4.4, 4.1, 0))
    place(s, things.picture(0.9, 0.62), {"print": "poster", "frame": "oak"}, (1.6, 4.59, 1.45))
    place(s, things.spindle_chair(), {"frame": "oak", "seat": "oak"}, (3.9, 1.6, 0), 150)
    s.put(
        "ceramic",
        ware.turned(ware.VASE, 0.8).moved(2.3, 2.65, 0.4),
        ware.turned(ware.BOWL, 0.9).moved(2.75, 2.5, 0.4),
    )
    s.put("glass", ware.turned(ware.TUMBLER).moved(2.55, 2.75, 0.402))
    s.put("leaf", quad((5.3, -400, -0.4), (400, 0, 0), (0, 800, 0)))
    s.rest.append(sun_and_sky((0.75, 0.25, 0.5), 3.5, 2.0, 30.0))
    return s


def hidden_lamp() -> Scene:
    """All light comes around a corner."""
    s = Scene("hidden-lamp", "A room lit only indirectly: the lamp stands behind a partition.", (288, 216))
    s.camera((0.7, 0.35, 1.4), (1.75, 4.0, 0.95), 68)
    s.material("wall", matte((0.72, 0.68, 0.6)))
    s.material("blue", matte((0.2, 0.33, 0.5)))
    s.material("floor", matte(image("planks-grey", 0.7)))
    s.material("walnut", glossy(image("walnut", 2), 0.12))
    s.material("red", matte(image("fabric-red", 4)))
    s.material("chrome", metal("Cr", 0.08))
    s.material("glass", glass())
    s.material("ceramic", polished((0.75, 0.72, 0.65)))
    s.material("text", matte(image("text", (2.2, 1.6))))
    shell(s, 4.2, 4.4, 2.6, {"floor": "floor", "ceiling": "wall", "walls": "wall", "north": "blue"})
    s.put("wall", box((2.75, 1.5, 0), (2.85, 4.4, 2.15)))
    s.light(ball((3.6, 3.4, 1.5), 0.07), (1400, 1100, 760))
    place(s, things.table(1.3, 0.7), {"top": "walnut", "legs": "walnut"}, (1.5, 3.0, 0))
    place(s, things.ladder_chair(), {"frame": "walnut", "seat": "red"}, (1.2, 2.4, 0), 175)
    place(s, things.ladder_chair(), {"frame": "walnut", "seat": "red"}, (2.35, 3.0, 0), -80)
    s.put(
        "ceramic",
        ware.teapot().turned(30).moved(1.4, 3.0, 0.74),
        ware.turned(ware.CUP).moved(1.65, 2.85, 0.74),
        ware.turned(ware.PLATE).moved(1.15, 2.85, 0.74),
    )
    s.put("chrome", ball((1.8, 3.1, 0.82), 0.08))
    s.put("glass", ware.turned(ware.WINE).moved(1.9, 2.85, 0.74), ware.turned(ware.BOTTLE).moved(1.1, 3.15, 0.74))
    place(s, things.picture(0.7, 0.95), {"print": "text", "frame": "walnut"}, (1.1, 4.39, 1.1))
    place(
        s,
        things.cabinet(0.9, 0.4, 0.85, 2),
        {"front": "walnut", "carcass": "walnut", "handle": "chrome"},
        (0.4, 3.6, 0),
        90,
    )
    return s


def door_ajar() -> Scene:
    """A bright room behind a door that stands a hand wide open."""
    s = Scene("door-ajar", "A dark hall lit by a slit of light from the bright room behind a door ajar.", (300, 200))
    s.camera((2.9, 0.4, 1.4), (1.5, 3.6, 0.95), 60)
    s.material("wall", matte((0.7, 0.66, 0.58)))
    s.material("floor", glossy(image("tiles-blue", 0.35), 0.12))
    s.material("door", glossy((0.65, 0.63, 0.58), 0.25))
    s.material("brass", metal("Cu", 0.1))
    s.material("walnut", glossy(image("walnut", 2), 0.15))
    s.material("vase", polished((0.5, 0.1, 0.08)))
    s.material("glass", glass())
    s.material("pewter", metal("Ag", 0.3))
    s.material("rug", matte(image("carpet", 1.0)))
    shell(s, 4, 4, 2.6, {"floor": "floor", "ceiling": "wall", "walls": "wall"}, without=("west",))
    s.put("wall", wall_with_hole((0, 0, 0), (0, 4, 0), 2.6, (1.9, 0, 2.8, 2.1)))
    s.put("wall", *[m.moved(-2.6, 0.6, 0) for k, m in room(2.5, 3, 2.6).items() if k not in ("east", "floor")])
    s.put("floor", quad((-2.6, 0.6, 0), (2.6, 0, 0), (0, 3, 0)))
    s.put("door", box((0, -0.04, 0.01), (0.88, 0, 2.09)).turned(-90 + 52).moved(0.03, 2.78, 0))
    s.put("brass", ball((0.8, -0.08, 1.0), 0.035, 16).turned(-38).moved(0.03, 2.78, 0))
    s.light(quad((-1.9, 2.6, 2.55), (0.9, 0, 0), (0, -0.9, 0)), (160, 145, 115))
    place(s, things.table(1.1, 0.4, 0.85), {"top": "walnut", "legs": "walnut"}, (1.8, 3.7, 0))
    s.put("vase", ware.turned(ware.VASE, 1.1).moved(1.5, 3.7, 0.85))
    s.put(
        "glass",
        ware.turned(ware.BOTTLE).moved(2.0, 3.75, 0.851),
        ware.turned(ware.WINE).moved(1.8, 3.62, 0.851),
    )
    s.put(
        "pewter",
        ware.teapot().turned(200).moved(2.2, 3.65, 0.85),
        ware.turned(ware.BOWL).moved(1.1 + 0.25, 3.58, 0.85),
    )
    s.put("rug", box((0.7, 1.2, 0), (2.6, 2.9, 0.012)))
    place(s, things.ladder_chair(), {"frame": "walnut", "seat": "rug"}, (0.55, 3.4, 0), 30)
    return s


def attic() -> Scene:
    """Skylight, white walls, principled things."""
    s = Scene("attic", "A white attic under one small skylight: soft light bouncing between bright walls.", (256, 256))
    s.camera((0.4, 0.4, 1.4), (2.6, 3.2, 0.8), 70)
    s.material("white", matte((0.86, 0.86, 0.85)))
    s.material("floor", disney(image("planks-grey", 0.8), 0.35))
    s.material("oak", disney(image("oak", 1.5), 0.4, clearcoat=0.6))
    s.material("sofa", disney((0.7, 0.45, 0.15), 0.9, sheen=0.8))
    s.material("car", disney((0.1, 0.25, 0.5), 0.3, metallic=0.6, clearcoat=1.0))
    s.material("gold", disney((0.9, 0.65, 0.25), 0.25, metallic=1.0))
    s.material("leaf", matte((0.14, 0.3, 0.1)))
    s.material("art", matte(image("poster", 1.25)))
    shell(s, 4, 4, 1.9, {"floor": "floor", "walls": "white"}, without=("ceiling",))
    # A sloped roof, split around the skylight.
    for x0, x1, t0, t1 in ((0, 1.4, 0, 1), (2.4, 4, 0, 1), (1.4, 2.4, 0, 0.35), (1.4, 2.4, 0.65, 1)):
        y0, y1, z0, z1 = 4 * t0, 4 * t1, 3.0 - 1.1 * t0, 3.0 - 1.1 * t1
        s.put("white", quad((x0, y1, z1), (x1 - x0, 0, 0), (0, y0 - y1, z0 - z1)))
    s.put(
        "white",
        quad((4, 0, 1.9), (-4, 0, 0), (0, 0, 1.1)),
        quad((0, 0, 1.9), (0, 4, 0), (0, -4, 1.1)),
        quad((4, 4, 1.9), (0, -4, 0), (0, 0, 1.1)),
    )
    place(s, things.sofa(1.6), {"cover": "sofa", "legs": "gold"}, (2.6, 3.5, 0))
    place(s, things.table(0.8, 0.5, 0.42), {"top": "oak", "legs": "oak"}, (2.5, 2.4, 0))
    s.put("car", ware.teapot().moved(2.4, 2.4, 0.42), ball((1.2, 2.7, 0.18), 0.18))
    s.put("gold", ware.turned(ware.BOWL).moved(2.7, 2.35, 0.42), ware.turned(ware.VASE, 1.4).moved(1.2, 3.4, 0))
    place(s, things.plant(np.random.default_rng(5), 30, 0.9), {"pot": "oak", "leaf": "leaf"}, (3.6, 2.3, 0))
    place(s, things.picture(0.8, 0.8), {"print": "art", "frame": "oak"}, (3.99, 2.2, 0.8), -90)
    s.put("white", lathe([(0.3, 0.7), (0.02, 0.8)], 24).moved(0.6, 3.3, 0.6))
    s.rest.append(sun_and_sky((0.3, -0.15, 0.9), 4.0, 3.0, 40.0))
    return s


def mirror_room() -> Scene:
    """Two large mirrors face each other."""
    s = Scene("mirror-room", "A dressing room with mirrors facing each other, and a mirror ball.", (256, 256))
    s.camera((0.5, 0.5, 1.5), (2.7, 2.9, 1.05), 74)
    s.material("wall", matte(image("wallpaper", 1.2)))
    s.material("white", matte((0.78, 0.77, 0.74)))
    s.material("floor", polished(image("checker", 0.4)))
    s.material("mirror", mirror())
    s.material("gold", metal("Au", 0.15))
    s.material("velvet", disney((0.4, 0.05, 0.12), 0.7, sheen=1.0))
    s.material("walnut", glossy(image("walnut", 2), 0.1))
    s.material("smoke", mirror((0.5, 0.55, 0.6)))
    shell(s, 3.4, 4.2, 2.7, {"floor": "floor", "ceiling": "white", "walls": "wall"})
    for x, turn in ((3.39, -90.0), (0.01, 90.0)):
        parts = things.picture(1.6, 1.9, 0.06)
        start = (x, 2.9, 0.4) if turn < 0 else (x, 1.3, 0.4)
        place(s, parts, {"print": "mirror", "frame": "gold"}, start, turn)
    s.put("smoke", ball((2.55, 3.4, 0.35), 0.35, 48), ball((1.0, 3.6, 0.2), 0.2, 32))
    s.put("velvet", cushion((1.3, 2.2, 0.25), (2.2, 2.9, 0.48), 0.3))
    s.put("walnut", *[cylinder((x, y, 0), (x, y, 0.27), 0.02) for x in (1.4, 2.1) for y in (2.3, 2.8)])
    for x in (0.9, 2.5):
        place(s, things.pendant(0.6, 0.16), {"cord": "gold", "bell": "gold"}, (x, 3.0, 2.7))
        s.light(ball((x, 3.0, 2.08), 0.05, 16), (220, 190, 140))
    return s


def foggy_room() -> Scene:
    """A light in smoke."""
    s = Scene(
        "foggy-room",
        "A workshop full of thin smoke, a bare bulb and a slit of daylight in it.",
        (256, 192),
        integrator="volpath",
    )
    inside = plugin(
        "medium", "homogeneous", {"albedo": (0.9, 0.9, 0.92), "sigma_t": 0.13}, [plugin("phase", "hg", {"g": 0.35})]
    )
    inside.set("id", "smoke")
    s.rest.append(inside)
    s.camera((0.5, 0.4, 1.5), (2.6, 3.4, 1.1), 66, medium=_medium_ref("exterior"))
    s.material("brick", matte(image("brick", 1.0)))
    s.material("grey", matte((0.45, 0.44, 0.42)))
    s.material("oak", matte(image("oak", 2)))
    s.material("steel", metal("Cr", 0.25))
    s.material("blue", glossy((0.1, 0.2, 0.4), 0.2))
    shell(s, 4, 4, 2.6, {"floor": "grey", "ceiling": "grey", "walls": "brick"})
    place(s, things.table(1.6, 0.7, 0.85), {"top": "oak", "legs": "steel"}, (2.6, 3.4, 0))
    place(s, things.pendant(0.75, 0.22), {"cord": "steel", "bell": "steel"}, (2.1, 2.5, 2.6))
    s.light(ball((2.1, 2.5, 1.84), 0.06, 16), (300, 240, 160))
    s.light(quad((3.99, 1.6, 1.9), (0, -0.5, 0), (0, 0, 0.35)), (30, 38, 50))
    place(s, things.spindle_chair(), {"frame": "oak", "seat": "oak"}, (1.3, 2.7, 0), 40)
    s.put("blue", box((3.1, 3.2, 0.85), (3.3, 3.6, 1.1)), cylinder((2.2, 3.4, 0.85), (2.2, 3.4, 1.12), 0.1, sides=24))
    s.put(
        "steel",
        *[cylinder((0.3 + 0.25 * i, 3.8, 0), (0.35 + 0.25 * i, 3.97, 1.7 + 0.1 * (i % 3)), 0.015) for i in range(5)],
    )
    box_shape = plugin(
        "shape",
        "cube",
        {},
        [
            transform(
                [("translate", {"x": 1.0, "y": 1.0, "z": 1.0}), ("scale", {"x": 1.999, "y": 1.999, "z": 1.2999})]
            ),
            plugin("bsdf", "null"),
            _medium_ref("interior"),
        ],
    )
    s.rest.append(box_shape)
    return s


def _medium_ref(name: str) -> ET.Element:
    return ET.Element("ref", {"id": "smoke", "name": name})


SCENES = (
    window_room,
    hidden_lamp,
    door_ajar,
    attic,
    mirror_room,
    foggy_room,
)
