"""Things on tables and in cabinets: metals, caustics, plates, a wide-open lens, fine textures."""

import numpy as np

from render.procedural.kit import tableware as ware
from render.procedural.kit.meshes import ball, box, cylinder, join, lathe, quad, sheet, tube
from tools.scene_kit.document import Scene
from tools.scene_kit.materials import (
    brushed,
    bumped,
    constant,
    disney,
    environment,
    glass,
    glossy,
    image,
    matte,
    metal,
    mirror,
    mixed,
    pane,
    polished,
)
from tools.scene_kit.placing import shell


def backdrop(scene: Scene, material: str, width: float = 3.0, depth: float = 1.5, height: float = 2.0) -> None:
    """A photographer's sweep: floor that bends up into a wall at y = depth."""

    def sweep(u: np.ndarray, v: np.ndarray) -> np.ndarray:
        length, radius = depth * 2, 0.5
        bend = np.pi / 2 * radius
        along = v * (length + bend + height)
        angle = np.clip((along - length) / radius, 0, np.pi / 2)
        y = -depth + np.minimum(along, length) + radius * np.sin(angle)
        z = radius * (1 - np.cos(angle)) + np.maximum(along - length - bend, 0)
        return np.stack([(u - 0.5) * width, y, z], -1)

    scene.put(material, sheet(sweep, 1, 60, (width, 2 * depth + height)))


def metal_and_glass() -> Scene:
    """Many metals, many glasses."""
    s = Scene(
        "metal-and-glass",
        "A table of metal and glass objects of many roughnesses under a studio's soft boxes.",
        (320, 200),
    )
    s.camera((0.1, -1.3, 0.6), (0.0, 0.05, 0.1), 45)
    s.material("table", polished(image("walnut", (3, 0.6))))
    s.material("glass", glass())
    s.material("green", glass(1.52, 0.0, (0.75, 0.95, 0.8)))
    s.material("frosted", glass(1.5, 0.12))
    s.material("gold", metal("Au", 0.05))
    s.material("copper", metal("Cu", 0.18))
    s.material("brushed", brushed("Al", 0.03, 0.3))
    s.material("worn", metal("Ag", image("scratches", 3, raw=True)))
    s.material("chrome", mirror((0.85, 0.85, 0.86)))
    backdrop(s, "table")
    s.put(
        "glass",
        ware.turned(ware.WINE, 1.2).moved(-0.3, 0.1, 0.001),
        ware.turned(ware.TUMBLER, 1.1).moved(0.12, -0.28, 0.001),
    )
    s.put("green", ware.turned(ware.BOTTLE, 1.1).moved(0.35, 0.2, 0.001))
    s.put("frosted", ware.turned(ware.VASE, 0.9).moved(-0.08, 0.3, 0.001))
    s.put("gold", ware.turned(ware.BOWL).moved(-0.36, -0.2, 0.0))
    s.put("copper", ware.teapot().turned(-30).moved(0.02, 0.0, 0))
    s.put("brushed", cylinder((0.32, -0.12, 0), (0.32, -0.12, 0.16), 0.06, sides=40))
    s.put("worn", ball((0.5, -0.02, 0.08), 0.08, 40))
    s.put("chrome", ball((-0.16, -0.32, 0.045), 0.045, 32), ball((-0.56, 0.16, 0.09), 0.09, 40))
    s.put("glass", ball((0.24, -0.38, 0.035), 0.035, 32))
    s.rest.append(environment("studio", 0.8, 200))
    return s


def caustics() -> Scene:
    """Caustics under glass."""
    s = Scene("caustics", "Caustics of glasses, a bottle and a lens on a cloth under one small hot lamp.", (256, 256))
    s.camera((0.25, -0.95, 0.62), (0.0, 0.02, 0.06), 38)
    s.material("cloth", matte(image("fabric-grey", 5)))
    s.material("wall", matte((0.5, 0.45, 0.4)))
    s.material("glass", glass())
    s.material("amber", glass(1.5, 0.0, (0.95, 0.75, 0.4)))
    s.material("ring", metal("Au", 0.03))
    s.material("paper", matte(image("text", 5)))
    backdrop(s, "cloth", 4, 1.6)
    s.put("paper", box((-0.3, -0.3, 0.0), (-0.02, -0.02, 0.002)).turned(12))
    s.put(
        "glass",
        ware.turned(ware.WINE, 1.2, 56).moved(0.16, 0.1, 0.002),
        ware.turned(ware.TUMBLER, 1.1, 40).moved(-0.2, 0.14, 0.002),
    )
    s.put("amber", ware.turned(ware.BOTTLE, 1.0, 48).moved(0.0, 0.26, 0.002))
    s.put(
        "glass",
        lathe([(0, 0), (0.05, 0.006), (0.075, 0.018), (0.05, 0.03), (0, 0.036)], 48).moved(-0.13, -0.14, 0.004),
        ball((0.2, -0.16, 0.055), 0.055, 48),
    )
    s.put(
        "ring",
        lathe([(0.055, 0), (0.06, 0), (0.06, 0.03), (0.055, 0.03), (0.055, 0)], 64, smooth=False).moved(
            0.02, -0.26, 0.001
        ),
    )
    s.light(ball((-0.7, 0.75, 1.1), 0.11, 24), (110, 100, 85))
    s.rest.append(constant((0.03, 0.035, 0.05)))
    return s


def sphere_box() -> Scene:
    """Spheres in a box."""
    s = Scene(
        "sphere-box",
        "A box room with a glass, a mirror, a frosted and a rough metal sphere under a ceiling panel.",
        (256, 256),
    )
    s.camera((1.0, -1.55, 1.05), (1.0, 1.0, 0.92), 52)
    s.material("white", matte((0.75, 0.74, 0.72)))
    s.material("red", matte((0.6, 0.06, 0.05)))
    s.material("green", matte((0.1, 0.42, 0.12)))
    s.material("checker", matte(image("checker", 0.5)))
    s.material("glass", glass())
    s.material("mirror", mirror())
    s.material("frosted", glass(1.5, 0.15))
    s.material("gold", metal("Au", 0.25))
    s.put("white", quad((0, 2, 2), (2, 0, 0), (0, -2, 0)), quad((0, 2, 0), (2, 0, 0), (0, 0, 2)))
    s.put("checker", quad((0, 0, 0), (2, 0, 0), (0, 2, 0)))
    s.put("red", quad((0, 0, 0), (0, 2, 0), (0, 0, 2)))
    s.put("green", quad((2, 2, 0), (0, -2, 0), (0, 0, 2)))
    s.put("glass", ball((1.4, 0.6, 0.36), 0.36, 64))
    s.put("mirror", ball((0.55, 1.35, 0.42), 0.42, 64))
    s.put("frosted", ball((0.6, 0.5, 0.22), 0.22, 48))
    s.put("gold", ball((1.5, 1.55, 0.3), 0.3, 48))
    s.light(quad((0.8, 1.2, 1.99), (0.4, 0, 0), (0, -0.4, 0)), (38, 33, 25))
    return s


def roughness_plates() -> Scene:
    """Plates and lamps."""
    s = Scene(
        "roughness-plates",
        "Metal plates and balls from mirror-like to rough, reflecting lamps from tiny to large.",
        (320, 180),
    )
    s.camera((0, -2.6, 0.95), (0, 0.25, 0.55), 44)
    s.material("wall", matte((0.35, 0.35, 0.36)))
    s.put("wall", quad((-4, -4, 0), (8, 0, 0), (0, 5, 0)), quad((-4, 1, 0), (8, 0, 0), (0, 0, 4)))
    kinds = ("Cr", "Au", "Cu", "Ag", "Al")
    for i, rough in enumerate((0.01, 0.04, 0.1, 0.2, 0.4)):
        s.material(f"plate-{i}", metal(kinds[i], rough))
        s.material(
            f"ball-{i}",
            glossy((0.1 + 0.15 * i, 0.25, 0.6 - 0.12 * i), rough)
            if i % 2
            else disney((0.6, 0.2 + 0.1 * i, 0.1), rough + 0.05, clearcoat=1.0),
        )
        y, z = 0.55 - 0.25 * i, 0.78 - 0.17 * i
        # Tilted so that the camera sees the lamps in it.
        seen, lit = np.array([-2.6 - y, 0.95 - z]), np.array([0.75 - y, 1.3 - z])
        half = seen / np.linalg.norm(seen) + lit / np.linalg.norm(lit)
        tilt = float(np.degrees(np.arctan2(-half[0], half[1])))
        s.put(f"plate-{i}", box((-1.0, -0.1, 0), (1.0, 0.1, 0.02)).turned(tilt, "x").moved(0, y, z))
        s.put(f"ball-{i}", ball((-0.9 + 0.45 * i, -0.75, 0.1), 0.1, 32))
    for i, (radius, colour) in enumerate(
        ((0.012, (1, 0.3, 0.2)), (0.04, (1, 0.8, 0.3)), (0.1, (0.4, 1, 0.5)), (0.2, (0.5, 0.6, 1)))
    ):
        power = 0.25 / radius**2 * 0.1
        s.light(ball((-0.95 + 0.62 * i, 0.75, 1.3), radius, 32), tuple(power * c for c in colour))
    s.light(ball((2.2, -2.5, 3.0), 0.1, 16), (120, 120, 140))
    return s


def depth_of_field() -> Scene:
    """A wide-open lens."""
    s = Scene(
        "depth-of-field",
        "A close-up through a wide-open lens: sharp cups, blurred lights and glasses behind.",
        (300, 200),
    )
    rng = np.random.default_rng(41)
    s.camera((0.25, -0.75, 0.3), (0.0, 0.1, 0.09), 36, aperture=0.022, focus=0.78)
    s.material("table", glossy(image("oak", 2.5), 0.12))
    s.material("wall", matte((0.15, 0.17, 0.22)))
    s.material("ceramic", polished(image("stripes", 6)))
    s.material("white", polished((0.85, 0.82, 0.76)))
    s.material("glass", glass())
    s.material("steel", metal("Cr", 0.12))
    s.material("fruit", glossy((0.75, 0.12, 0.05), 0.15))
    s.put("table", box((-1.5, -0.9, -0.05), (1.5, 1.4, 0)))
    s.put("wall", quad((-4, 3.0, -1), (8, 0, 0), (0, 0, 4)))
    for i, (x, y) in enumerate(((0.02, 0.0), (-0.14, 0.16), (0.2, 0.3), (-0.3, 0.45), (0.08, 0.6), (0.42, 0.75))):
        s.put(
            "ceramic" if i % 2 == 0 else "white",
            ware.turned(ware.CUP).moved(x, y, 0.008),
            ware.turned(ware.PLATE, 0.65).moved(x, y, 0),
        )
        s.put(
            "steel",
            tube([(x + 0.05, y - 0.06, 0.02), (x + 0.11, y + 0.04, 0.02)], 0.004),
            ball((x + 0.05, y - 0.07, 0.021), 0.012, 12),
        )
    s.put(
        "glass",
        ware.turned(ware.WINE).moved(-0.35, 0.25, 0.001),
        ware.turned(ware.BOTTLE).moved(-0.1, 0.85, 0.001),
        ware.turned(ware.TUMBLER).moved(0.3, 0.05, 0.001),
    )
    s.put(
        "fruit", *[ball((0.18 + 0.06 * np.cos(a), -0.22 + 0.06 * np.sin(a), 0.03), 0.03, 20) for a in (0.3, 2.4, 4.5)]
    )
    for colour in ((40, 26, 12), (12, 20, 40), (36, 8, 6)):
        s.light(
            join(
                [
                    ball((rng.uniform(-1.6, 1.3), rng.uniform(1.6, 2.9), rng.uniform(-0.1, 1.1)), 0.018, 8)
                    for _ in range(14)
                ]
            ),
            colour,
        )
    s.light(quad((-1.2, -0.6, 1.6), (0, 0.8, 0), (0.8, 0, 0)), (7, 6.6, 6))
    return s


def slanted_textures() -> Scene:
    """Fine patterns in perspective."""
    s = Scene(
        "slanted-textures", "Tiles, boards, prints and carpets seen at a slant, down to below a pixel.", (320, 200)
    )
    s.camera((0.4, 0.3, 1.25), (2.4, 4.2, 0.55), 72)
    s.material("tiles", glossy(image("tiles-blue", 1.2), 0.1))
    s.material("checker", matte(image("checker", 2.0)))
    s.material("brick", bumped(matte(image("brick", 1.2)), image("brick", 1.2, raw=True), 0.01))
    s.material("text", matte(image("text", 0.9)))
    s.material("stripes", matte(image("stripes", 2.5)))
    s.material("carpet", matte(image("carpet", 2.2)))
    s.material("planks", glossy(image("planks", 1.6), 0.2))
    s.material("white", matte((0.8, 0.79, 0.76)))
    s.material("rust", mixed(metal("Cu", 0.2), matte((0.25, 0.4, 0.33)), image("grain", 1.5, raw=True)))
    shell(s, 5, 7, 2.6, {"ceiling": "white", "walls": "text", "south": "white", "east": "brick"}, without=("floor",))
    for i, name in enumerate(("tiles", "checker", "carpet", "planks", "stripes")):
        s.put(name, quad((i, 0, 0), (1, 0, 0), (0, 7, 0)))
    s.put(
        "stripes",
        box((2.6, 3.4, 0), (3.4, 4.2, 0.5)).turned(0),
        cylinder((1.3, 4.2, 0), (1.3, 4.2, 0.9), 0.3, sides=40),
    )
    s.put("text", box((3.6, 2.4, 0), (4.3, 3.0, 0.9)), box((2.0, 5.2, 0), (2.7, 5.8, 1.3)))
    s.put("checker", ball((2.0, 3.0, 0.35), 0.35, 48))
    s.put("rust", ball((3.4, 5.0, 0.5), 0.5, 48))
    s.light(quad((1.5, 4.5, 2.59), (1.2, 0, 0), (0, -1.2, 0)), (14, 13, 12))
    s.light(ball((4.3, 1.2, 1.9), 0.06, 16), (160, 150, 130))
    return s


def cabinet_of_glass() -> Scene:
    """Glass, water, panes."""
    s = Scene("cabinet-of-glass", "A lit vitrine of cut glass behind thin panes, in a dim red room.", (240, 300))
    s.camera((0.45, -1.7, 1.35), (0.0, 0.3, 1.15), 50)
    s.material("wall", matte((0.4, 0.12, 0.1)))
    s.material("walnut", polished(image("walnut", 2)))
    s.material("pane", pane())
    s.material("glass", glass(1.55))
    s.material("smoke", glass(1.5, 0.0, (0.6, 0.62, 0.7)))
    s.material("frosted", glass(1.5, 0.2))
    s.material("silver", metal("Ag", 0.06))
    s.material("marble", polished(image("marble-green", 1.0)))
    s.put(
        "wall",
        quad((-2.5, 0.8, 0), (5, 0, 0), (0, 0, 3)),
        quad((-2.5, -3, 0), (0, 3.8, 0), (0, 0, 3)),
        quad((2.5, 0.8, 0), (0, -3.8, 0), (0, 0, 3)),
        quad((2.5, -3, 0), (-5, 0, 0), (0, 0, 3)),
        quad((-2.5, 0.8, 3), (5, 0, 0), (0, -3.8, 0)),
    )
    s.put("marble", quad((-2.5, -3, 0), (5, 0, 0), (0, 3.8, 0)))
    s.put(
        "walnut",
        box((-0.62, 0.28, 0), (-0.58, 0.75, 2.0)),
        box((0.58, 0.28, 0), (0.62, 0.75, 2.0)),
        box((-0.6, 0.7, 0), (0.6, 0.75, 2)),
        box((-0.62, 0.28, 2.0), (0.62, 0.75, 2.05)),
        box((-0.6, 0.3, 0.0), (0.6, 0.75, 0.45)),
    )
    s.put(
        "pane",
        quad((-0.58, 0.29, 0.45), (0.55, 0, 0), (0, 0, 1.55)),
        quad((0.58, 0.29, 0.45), (0.3, -0.48, 0), (0, 0, 1.55)),
    )
    s.put("glass", box((-0.58, 0.32, 0.95), (0.58, 0.7, 0.965)), box((-0.58, 0.32, 1.45), (0.58, 0.7, 1.465)))
    rng = np.random.default_rng(51)
    profiles = (ware.WINE, ware.TUMBLER, ware.VASE, ware.BOTTLE, ware.BOWL, ware.CUP)
    for level in (0.451, 0.966, 1.466):
        for i in range(6):
            name = ("glass", "silver", "smoke", "glass", "frosted", "glass")[int(rng.integers(6))]
            profile = profiles[int(rng.integers(6))]
            s.put(
                name,
                ware.turned(profile, float(rng.uniform(0.8, 1.1)), 20).moved(
                    -0.46 + 0.184 * i, 0.42 + 0.16 * (i % 2), level
                ),
            )
    s.light(join([box((-0.5, 0.33, z), (0.5, 0.355, z + 0.008)) for z in (0.94, 1.44, 1.985)]), (60, 53, 41))
    s.light(ball((-1.6, -1.4, 2.2), 0.08, 16), (120, 107, 96))
    return s


SCENES = (
    metal_and_glass,
    caustics,
    sphere_box,
    roughness_plates,
    depth_of_field,
    slanted_textures,
    cabinet_of_glass,
)
