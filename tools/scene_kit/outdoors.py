"""Sun, sky, leaves and grass."""

import xml.etree.ElementTree as ET

import numpy as np

from render.procedural.kit import furniture as things
from render.procedural.kit import tableware as ware
from render.procedural.kit.meshes import Mesh, box, cylinder, join, quad, sheet, tube, wall_with_hole
from tools.scene_kit.document import Scene, plugin, transform
from tools.scene_kit.materials import disney, glass, glossy, image, matte, metal, sun_and_sky
from tools.scene_kit.placing import place


def _blades(rng: np.random.Generator, count: int, area: float, height: float) -> Mesh:
    """A tuft of bent grass blades on a square of that side."""
    blades = []
    for _ in range(count):
        tall, bend, wide = height * rng.uniform(0.5, 1.0), rng.uniform(0.1, 0.7), rng.uniform(0.002, 0.0045)

        def blade(
            u: np.ndarray, v: np.ndarray, tall: float = tall, bend: float = bend, wide: float = wide
        ) -> np.ndarray:
            return np.stack([(u - 0.5) * 2 * wide * (1 - 0.9 * v), bend * tall * v**2, tall * v], -1)

        x, y = rng.uniform(-area / 2, area / 2, 2)
        blades.append(sheet(blade, 1, 3).turned(rng.uniform(0, 360)).moved(x, y, 0))
    return join(blades)


def _spray(rng: np.random.Generator, count: int, size: float) -> Mesh:
    """A twig's worth of small leaves around the origin."""
    leaves = []
    for _ in range(count):
        length = rng.uniform(0.04, 0.075)

        def leaf(u: np.ndarray, v: np.ndarray, length: float = length) -> np.ndarray:
            half = 0.32 * length * np.sin(np.pi * np.clip(v, 0, 1)) ** 0.8
            return np.stack(
                [(u - 0.5) * 2 * half, v * length, 0.25 * length * np.abs(u - 0.5) - 0.15 * length * v**2], -1
            )

        turned = sheet(leaf, 2, 3).turned(rng.uniform(-70, 70), "x").turned(rng.uniform(0, 360))
        leaves.append(turned.moved(*(rng.normal(0, size / 2.5, 3))))
    return join(leaves)


def _scatter(
    scene: Scene, name: str, mesh: Mesh, material: str, places: list[tuple[tuple[float, float, float], float, float]]
) -> None:
    """Instances of a mesh: each (position, turn about z in degrees, scale)."""
    scene.meshes[name] = [mesh]
    group = plugin(
        "shape",
        "shapegroup",
        {},
        [plugin("shape", "ply", {"filename": scene.mesh_file(name)}, [ET.Element("ref", {"id": material})])],
    )
    group.set("id", f"{name}-group")
    scene.rest.append(group)
    for (x, y, z), turn, size in places:
        where = transform(
            [
                ("scale", {"value": round(size, 3)}),
                ("rotate", {"z": 1.0, "angle": round(turn, 1)}),
                ("translate", {"x": round(x, 3), "y": round(y, 3), "z": round(z, 3)}),
            ]
        )
        scene.rest.append(plugin("shape", "instance", {}, [ET.Element("ref", {"id": f"{name}-group"}), where]))


def tree(
    scene: Scene, rng: np.random.Generator, name: str, at: tuple[float, float], height: float, sprays: int
) -> None:
    """A trunk with branches in the material bark, and instanced sprays of leaves."""
    x, y = at
    top = height * 0.45
    scene.put("bark", cylinder((x, y, 0), (x, y, top), 0.09, 0.06, 10))
    places = []
    for _ in range(sprays):
        direction = rng.normal(0, 1, 3)
        direction /= np.linalg.norm(direction)
        p = np.array([x, y, height * 0.7]) + direction * np.array([0.32, 0.32, 0.3]) * height * rng.uniform(0.4, 1.0)
        if rng.random() < 0.6:
            scene.put("bark", cylinder((x, y, top - 0.05), p, 0.025, 0.006, 5))
        places.append(
            ((float(p[0]), float(p[1]), float(p[2])), float(rng.uniform(0, 360)), float(rng.uniform(0.8, 1.4)))
        )
    _scatter(scene, name, _spray(rng, 200, 0.5), "leaf", places)


def garden() -> Scene:
    """Grass and trees in the sun."""
    s = Scene("garden", "A garden in sun and sky: grass blades, instanced leaves, a thin fence, a chair.", (320, 200))
    rng = np.random.default_rng(61)
    s.camera((0.2, -3.0, 1.15), (0.3, 1.5, 0.85), 62)
    s.material("soil", matte((0.16, 0.11, 0.07)))
    s.material("grass", matte((0.16, 0.3, 0.06)))
    s.material("leaf", disney((0.2, 0.36, 0.08), 0.5))
    s.material("bark", matte((0.2, 0.14, 0.1)))
    s.material("white", glossy((0.8, 0.8, 0.77), 0.3))
    s.material("stone", matte(image("terrazzo", 1.5)))
    s.material("brick", matte(image("brick", 1.0)))
    s.material("iron", metal("Cr", 0.3))
    s.put("soil", quad((-300, -300, 0), (600, 0, 0), (0, 600, 0)))
    s.put(
        "stone",
        *[
            box((-0.3 + 0.25 * np.sin(i), -2.2 + 0.7 * i, 0), (0.35 + 0.25 * np.sin(i), -1.65 + 0.7 * i, 0.03))
            for i in range(6)
        ],
    )
    # Few large patches that hardly overlap: a ray pays for each instance whose box it crosses.
    patches = [
        ((side * (1.05 + 1.1 * i), -2.2 + 1.1 * j, 0.0), 90.0 * ((i + j) % 4), 1.0)
        for side in (-1, 1)
        for i in range(3)
        for j in range(5)
    ]
    _scatter(s, "patch", _blades(rng, 700, 1.1, 0.14), "grass", patches)
    tree(s, rng, "spray-near", (1.7, 1.4), 2.6, 26)
    tree(s, rng, "spray-far", (-2.2, 2.6), 3.0, 26)
    s.put(
        "white",
        *[box((-3.6 + 0.16 * i, 3.4, 0), (-3.52 + 0.16 * i, 3.42, 0.9)) for i in range(45)],
        box((-3.6, 3.42, 0.3), (3.6, 3.45, 0.36)),
        box((-3.6, 3.42, 0.7), (3.6, 3.45, 0.76)),
    )
    s.put("brick", wall_with_hole((-5, 6.5, 0), (10, 0, 0), 3.0, (5.5, 1.0, 6.7, 2.2)))
    place(s, things.spindle_chair(9), {"frame": "white", "seat": "white"}, (-0.9, 0.6, 0), 25)
    s.put(
        "iron",
        tube([(-1.6, 0.3, 0), (-1.6, 0.3, 0.6)], 0.012),
        cylinder((-1.6, 0.3, 0.6), (-1.6, 0.3, 0.61), 0.25, sides=32),
    )
    s.put("white", ware.teapot().moved(-1.6, 0.3, 0.61))
    s.rest.append(sun_and_sky((-0.5, -0.35, 0.6), 3.0, 1.0, 3.0))
    return s


def balcony() -> Scene:
    """Railings and blinds against the light."""
    s = Scene(
        "balcony", "A balcony in the evening sun: thin railings, slats, a glass table, potted leaves.", (256, 208)
    )
    rng = np.random.default_rng(62)
    s.camera((0.2, -1.8, 1.5), (0.5, 2.0, 0.95), 66)
    s.material("floor", glossy(image("tiles-white", 0.8), 0.12))
    s.material("wall", matte(image("plaster", 0.7)))
    s.material("iron", glossy((0.55, 0.57, 0.55), 0.2))
    s.material("oak", matte(image("oak", 2)))
    s.material("glass", glass())
    s.material("leaf", matte((0.15, 0.33, 0.08)))
    s.material("clay", matte((0.6, 0.3, 0.18)))
    s.material("far", matte(image("brick", 0.5)))
    s.material("steel", metal("Al", 0.15))
    s.put("floor", box((-1.6, -2.4, -0.1), (2.2, 1.4, 0)))
    s.put(
        "wall",
        box((-1.8, -2.4, 0), (-1.6, 1.4, 2.7)),
        box((-1.8, -2.4, 2.6), (2.2, 0.3, 2.7)),
        quad((2.2, -2.4, 0), (-4, 0, 0), (0, 0, 2.7)),
    )
    s.put(
        "iron",
        *[cylinder((x, 1.35, 0.05), (x, 1.35, 1.0), 0.007, sides=6) for x in np.arange(-1.55, 2.2, 0.1)],
        box((-1.6, 1.32, 1.0), (2.2, 1.38, 1.03)),
        box((-1.6, 1.33, 0.04), (2.2, 1.37, 0.06)),
    )
    s.put(
        "oak",
        *[box((1.0, -0.05, 0), (2.2, 0.0, 0.012)).turned(35, "x").moved(0, 0.3, 1.2 + 0.07 * i) for i in range(20)],
    )
    s.put(
        "glass",
        cylinder((0.3, 0.5, 0.6), (0.3, 0.5, 0.612), 0.35, sides=48),
        ware.turned(ware.TUMBLER, sides=28).moved(0.4, 0.4, 0.613),
    )
    s.put(
        "steel",
        *[
            cylinder((0.3, 0.5, 0.6), (0.3 + 0.28 * np.cos(a), 0.5 + 0.28 * np.sin(a), 0), 0.012)
            for a in (0.4, 2.5, 4.6)
        ],
    )
    for x, y in ((-1.2, 1.0), (-1.25, 0.3), (1.8, 1.0)):
        place(s, things.plant(rng, 26, 0.8), {"pot": "clay", "leaf": "leaf"}, (x, y, 0))
    place(s, things.ladder_chair(7), {"frame": "iron", "seat": "oak"}, (1.1, 0.4, 0), 120)
    s.put("far", quad((-450, 1.4, -4), (900, 0, 0), (0, 450, 0)))
    s.put("far", box((-9, 11, -9), (-2, 14, 3.0)), box((-1, 14, -9), (5, 17, 1.2)), box((6, 10, -9), (12, 14, 4)))
    s.rest.append(sun_and_sky((0.75, 0.5, 0.45), 4.0, 1.5, 3.0))
    return s


SCENES = (
    garden,
    balcony,
)
