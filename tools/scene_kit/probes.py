"""Small scenes of what a denoiser tends to get wrong, for the model card's pictures; never trained on."""

import xml.etree.ElementTree as ET

import numpy as np

from render.procedural.kit import furniture as things
from render.procedural.kit import tableware as ware
from render.procedural.kit.meshes import Mesh, Point, ball, box, boxes, cylinder, quad, room, sheet, wall_with_hole
from render.procedural.kit.shapes import curve, sweep
from tools.scene_kit.document import Scene, plugin, transform
from tools.scene_kit.materials import constant, glass, glossy, image, matte
from tools.scene_kit.placing import place, shell

_SIZE = (240, 160)


def _probe(name: str, purpose: str, integrator: str = "path") -> Scene:
    return Scene(name, f"{purpose} A probe of what denoisers get wrong.", _SIZE, "probe", integrator)


def _panel(centre: Point, target: Point, width: float, height: float) -> Mesh:
    """A rectangle that faces a point, for a lamp; not for one straight above its target."""
    middle = np.array(centre, float)
    toward = np.array(target, float) - middle
    side = np.cross(toward, (0, 0, 1.0))
    side *= width / np.linalg.norm(side)
    up = np.cross(toward, side)
    up *= height / np.linalg.norm(up)
    return quad(middle - (side + up) / 2, side, up)


def hair() -> Scene:
    """Strands of a third of a pixel."""
    s = _probe("hair", "Locks and single strands of hair, each a third of a pixel wide, before a lit wall.")
    rng = np.random.default_rng(101)
    s.camera((0, -4.0, 1.0), (0, 0, 1.0), 34)  # a pixel is a centimetre on the strands
    s.material("wall", matte((0.72, 0.68, 0.6)))
    s.put("wall", quad((-4, 0.5, -2), (8, 0, 0), (0, 0, 6)))
    colours = {"dark": (0.03, 0.02, 0.015), "red": (0.3, 0.09, 0.03), "fair": (0.62, 0.45, 0.22)}
    for number, (name, colour) in enumerate(colours.items()):
        s.material(name, glossy(colour, 0.25))
        # A lock that hangs down and widens, and single strands that have come loose of it.
        for middle, strands, spread in ((-0.72 + 0.66 * number, 75, 0.05), (-0.6 + 0.6 * number, 25, 0.3)):
            sway = rng.normal(0, 0.12)
            for _ in range(strands):
                root, tip, bow = rng.normal(0, spread), rng.normal(sway, 2 * spread + 0.03), rng.normal(sway, spread)
                share = np.linspace(0, 1, 4)
                x = middle + root + (tip - root) * share + bow * np.sin(np.pi * share)
                y = rng.normal(0, 0.08) + rng.normal(0, 0.08) * share**2
                z = 1.9 - rng.uniform(1.0, 1.6) * share
                path = curve(np.stack([x, y, z], -1), 2)
                s.put(name, sweep(path, np.linspace(0.002, 0.001, len(path)), 3))
    s.light(_panel((-2.4, -2.6, 2.8), (0, 0.5, 1.0), 0.7, 0.7), (60, 55, 48))
    s.rest.append(constant((0.16, 0.18, 0.22)))
    return s


def print_() -> Scene:
    """Text on a table and behind glass."""
    s = _probe("print", "A page of small print on a table, and the same page upright behind clear glass.")
    s.camera((0.0, -0.75, 0.85), (0.0, 0.15, 0.08), 42.5)
    width, height = 0.26, 0.26 * 89 / 83  # of the page, by its dots
    s.material("table", glossy(image("walnut", (3, 0.6)), 0.2))
    s.material("paper", matte(image("print", (1 / width, 1 / height))))
    s.material("wall", matte((0.5, 0.53, 0.5)))
    s.material("glass", glass())
    s.put("table", box((-2, -1, -0.05), (2, 0.9, 0)))
    s.put("wall", quad((-3, 0.9, -1), (6, 0, 0), (0, 0, 3)))
    paper = quad((-width / 2, 0, 0), (width, 0, 0), (0, height, 0))
    s.put("paper", paper.turned(5).moved(-0.138, 0.03, 0.001))
    # Leant back so that the lamps, which stand behind the glass, reach it without passing through.
    s.put("paper", paper.turned(55, "x").moved(0.138, 0.16, 0.004))
    s.put("glass", box((-0.01, 0.1, 0.001), (0.31, 0.106, 0.4)))
    s.light(_panel((-0.5, 0.55, 1.3), (0, 0.1, 0), 0.35, 0.35), (13, 12, 10))
    s.light(_panel((0.7, 0.5, 1.2), (0, 0.1, 0), 0.25, 0.25), (11, 12, 14))
    s.rest.append(constant((0.3, 0.32, 0.36)))
    return s


def faint_shadow() -> Scene:
    """Shadows of a few per cent."""
    s = _probe("faint-shadow", "Rods, balls and discs over a plain floor under a wide lamp: shadows of a few per cent.")
    s.camera((0.1, -1.9, 1.35), (0.0, 0.0, 0.1), 42)
    s.material("floor", matte((0.7, 0.69, 0.67)))
    s.material("thing", matte((0.62, 0.6, 0.57)))
    s.put("floor", quad((-8, -8, 0), (16, 0, 0), (0, 16, 0)))
    for x, y, z, radius in ((-0.55, -0.25, 0.2, 0.05), (-0.25, 0.3, 0.25, 0.05), (0.55, 0.3, 0.3, 0.06)):
        s.put("thing", ball((x, y, z), radius, 32))
    for x, z, radius in ((-0.32, 0.14, 0.007), (0.05, 0.13, 0.01), (0.36, 0.2, 0.014)):
        s.put("thing", cylinder((x, -0.75, z), (x + 0.15, 0.75, z), radius, sides=16))
    for x, y, radius in ((-0.1, -0.3, 0.09), (0.3, -0.28, 0.07), (0.2, 0.12, 0.1), (-0.5, 0.1, 0.08)):
        s.put("thing", cylinder((x, y, 0), (x, y, 0.008), radius, sides=48))
    s.light(quad((-1.6, 1.6, 2.4), (3.2, 0, 0), (0, -3.2, 0)), (2.0, 1.95, 1.85))
    s.rest.append(constant((0.3, 0.32, 0.35)))
    return s


def shafts() -> Scene:
    """Light through slits, in haze."""
    s = _probe("shafts", "A closed room full of thin haze, a lamp outside its shutter: sheets of light.", "volpath")
    haze = plugin(
        "medium", "homogeneous", {"albedo": (0.92, 0.92, 0.92), "sigma_t": 0.16}, [plugin("phase", "hg", {"g": 0.3})]
    )
    haze.set("id", "haze")
    s.rest.append(haze)
    s.camera((2.2, 0.2, 1.3), (1.42, 3.0, 1.1), 56, medium=_haze("exterior"))
    s.material("wall", matte((0.26, 0.25, 0.24)))
    s.material("dark", matte((0.02, 0.02, 0.02)))
    s.material("planks", matte(image("planks", 0.9)))
    s.material("oak", glossy(image("oak", 2), 0.2))
    s.material("clay", matte((0.5, 0.2, 0.12)))
    slots = {"floor": "planks", "ceiling": "wall", "walls": "wall"}
    shell(s, 4, 4.2, 2.6, slots, without=("west",))
    s.put("wall", wall_with_hole((0, 0, 0), (0, 4.2, 0), 4, (2.35, 0.8, 2.75, 2.42)))
    bottom = np.stack(np.broadcast_arrays(-0.02, 2.35, 0.8 + 0.44 * np.arange(4)), -1)
    s.put("oak", boxes(bottom, bottom + (0.02, 0.4, 0.3)))
    # The lamp stands in a dark, higher room of its own.
    s.put("dark", *[face.moved(-2.5, 0, 0) for name, face in room(2.5, 4.2, 4).items() if name != "east"])
    s.light(_panel((-2.2, 2.5, 3.6), (0, 2.55, 1.6), 0.13, 0.13), (5000, 4500, 3700))
    s.light(quad((2.2, 2.0, 2.59), (0.6, 0, 0), (0, -0.6, 0)), (2.6, 3.0, 3.6))
    # The haze ends behind the walls, so that albedo and normal are theirs, and before the lamp: light that is scattered
    # close to one makes fireflies.
    bounds = [("scale", {"x": 2.03, "y": 2.13, "z": 1.33}), ("translate", {"x": 2.0, "y": 2.1, "z": 1.3})]
    s.rest.append(plugin("shape", "cube", {}, [transform(bounds), plugin("bsdf", "null"), _haze("interior")]))
    place(s, things.table(1.3, 0.7, 0.75), {"top": "oak", "legs": "oak"}, (1.7, 2.9, 0))
    s.put("clay", ware.turned(ware.VASE, 1.3).moved(1.5, 2.8, 0.75), ware.turned(ware.POT, 1.2).moved(2.0, 2.9, 0.75))
    s.put("clay", cylinder((2.6, 3.8, 0), (2.6, 3.8, 2.6), 0.14, sides=32))
    return s


def _haze(side: str) -> ET.Element:
    return ET.Element("ref", {"id": "haze", "name": side})


def caustic_pool() -> Scene:
    """Water that gathers a lamp's light."""
    s = _probe("caustic-pool", "A tiled basin of rippled water under a small lamp: caustics on a texture.")
    rng = np.random.default_rng(105)
    s.camera((0.3, -1.5, 1.45), (0.05, -0.12, -0.1), 44)
    s.material("deck", matte(image("terrazzo", 1.5)))
    s.material("tiles", matte(image("tiles-white", 0.9)))
    s.material("water", glass(1.33))
    x, y, deep = 0.8, 0.6, 0.33
    s.put(
        "deck",
        quad((-3, -3, 0), (6, 0, 0), (0, 3 - y, 0)),
        quad((-3, y, 0), (6, 0, 0), (0, 3 - y, 0)),
        quad((-3, -y, 0), (3 - x, 0, 0), (0, 2 * y, 0)),
        quad((x, -y, 0), (3 - x, 0, 0), (0, 2 * y, 0)),
    )
    s.put(
        "tiles",
        quad((-x, -y, -deep), (2 * x, 0, 0), (0, 2 * y, 0)),
        quad((-x, y, -deep), (2 * x, 0, 0), (0, 0, deep)),
        quad((x, -y, -deep), (-2 * x, 0, 0), (0, 0, deep)),
        quad((-x, -y, -deep), (0, 2 * y, 0), (0, 0, deep)),
        quad((x, y, -deep), (0, -2 * y, 0), (0, 0, deep)),
    )
    heading, length, phase = rng.uniform(0, np.pi, 6), rng.uniform(0.18, 0.35, 6), rng.uniform(0, 2 * np.pi, 6)
    waves = np.stack([np.cos(heading), np.sin(heading)], -1) * (2 * np.pi / length)[:, None]

    def surface(u: np.ndarray, v: np.ndarray) -> np.ndarray:
        # A hair wider than the basin: no light may pass between the water and the tiles.
        at = np.stack([(2 * u - 1) * (x + 0.002), (2 * v - 1) * (y + 0.002)], -1)
        # Heights by the square of the length give all waves one curvature; together they focus at the bottom.
        ripples = np.cos(at @ waves.T + phase) @ (0.1 * length**2)
        return np.concatenate([at, (ripples - 0.06)[..., None]], -1)

    s.put("water", sheet(surface, 96, 72))
    # On the camera's side: beyond the basin, its mirror images on the ripples would outshine all else.
    s.light(_panel((-0.5, -1.3, 2.5), (0, 0, -0.3), 0.4, 0.4), (75, 70, 60))
    s.rest.append(constant((0.3, 0.34, 0.4)))
    return s


SCENES = (
    hair,
    print_,
    faint_shadow,
    shafts,
    caustic_pool,
)
