"""Houses to stand before: fronts with windows in reveals, doors, balconies with thin rails, roofs, pipes."""

from __future__ import annotations

import numpy as np

from render.procedural.kit import building
from render.procedural.kit.draws import log_uniform
from render.procedural.kit.meshes import Mesh, ball, box, boxes, cushion, cylinder, join, quad
from render.procedural.kit.pieces import Lamp, Piece, parts_of
from render.procedural.kit.shapes import extrusion, sweep


def house(rng: np.random.Generator, width: float, depth: float, storeys: int, number: int, lit: float) -> Piece:
    """A house about the origin, its front to -y.

    Args:
        rng: source of every choice.
        width: of the front, metres.
        depth: metres.
        storeys: how many.
        number: which of the scene's facade materials it has.
        lit: share of windows behind which a lamp burns.
    """
    storey = rng.uniform(2.7, 3.6)
    height = storeys * storey + rng.uniform(0.2, 1.0)
    across = max(2, int(width / rng.uniform(1.6, 3.2)))
    pitch = width / across
    w, h, sill = pitch * rng.uniform(0.4, 0.8), storey * rng.uniform(0.4, 0.65), rng.uniform(0.3, 0.9)
    holes = [
        (i * pitch + (pitch - w) / 2, k * storey + sill, i * pitch + (pitch + w) / 2, k * storey + sill + h)
        for i in range(across)
        for k in range(storeys)
    ]
    door = int(rng.integers(across))
    holes[door * storeys] = (
        door * pitch + pitch / 2 - 0.5,
        0.0,
        door * pitch + pitch / 2 + 0.5,
        min(2.2, storey - 0.3),
    )
    depth_in = rng.uniform(0.1, 0.3)
    front = [building.panel(width, height, holes)] + [building.reveal(hole, depth_in) for hole in holes]
    parts: dict[str, list[Mesh]] = {"wall": [join(front).moved(-width / 2, -depth / 2, 0)]}
    parts["wall"].append(box((-width / 2, -depth / 2 + depth_in + 0.02, 0), (width / 2, depth / 2, height)))
    for s in (-1, 1):  # the ends of the front sheet
        parts["wall"].append(
            box((s * width / 2 - 0.01, -depth / 2, 0), (s * width / 2 + 0.01, -depth / 2 + 0.4, height))
        )
    frames: list[Mesh] = []
    dark: list[Mesh] = []
    glowing: list[Mesh] = []
    slabs: list[Mesh] = []
    rails: list[tuple[float, float, float, float]] = []
    bars = int(rng.integers(1, 4)), int(rng.integers(1, 4)), log_uniform(rng, 0.02, 0.08)
    balconies, shutters = rng.random() < 0.5, rng.random() < 0.3
    for hole in holes:
        x0, z0, x1, z1 = hole[0] - width / 2, hole[1], hole[2] - width / 2, hole[3]
        y = -depth / 2 + depth_in * 0.8
        frames.append(building.window_frame(x1 - x0, z1 - z0, *bars).moved(x0, y - 0.03, z0))
        window = quad((x0, y + 0.015, z0), (x1 - x0, 0, 0), (0, 0, z1 - z0))
        if rng.random() < lit:
            glowing.append(window)
        else:
            dark.append(window)
        if shutters and z0 > 0:
            for a in (x0 - 0.45 * (x1 - x0), x1 + 0.02):
                slats = building.blinds(0.43 * (x1 - x0), z1 - z0, z1 - z0, 0.06, 35.0)
                frames.append(slats.moved(a, -depth / 2 - 0.04, z0))
        if balconies and z0 > storey * 0.9 and rng.random() < 0.6:
            out = rng.uniform(0.5, 1.3)
            a, b, z = x0 - 0.2, x1 + 0.2, z0 - min(sill, 0.35)
            slabs.append(box((a, -depth / 2 - out, z - 0.12), (b, -depth / 2, z)))
            rails.append((a, b, -depth / 2 - out, z))
    parts["trim"] = [*frames, *slabs]
    tall, gap, thick = rng.uniform(0.8, 1.1), rng.uniform(0.06, 0.16), rng.uniform(0.005, 0.015)
    for a, b, y, z in rails:
        for start, end in (((a, y, z), (b, y, z)), ((a, y, z), (a, -depth / 2, z)), ((b, y, z), (b, -depth / 2, z))):
            parts.setdefault("metal", []).extend(building.railing(start, end, tall, gap, thick).values())
    parts.setdefault("metal", []).append(
        sweep(
            [(s * (width / 2 - 0.1), -depth / 2 - 0.06, z) for s, z in ((1, 0.0), (1, height / 2), (1, height))], 0.05
        )
    )
    if rng.random() < 0.6:
        rise = rng.uniform(0.25, 0.6) * depth
        gable = extrusion([(-depth / 2 - 0.3, 0), (depth / 2 + 0.3, 0), (0, rise)], width + 0.4)
        # The prism's outline lies in y and z, its height along x.
        parts["roof"] = [gable.turned(90, "x").turned(90).moved(-width / 2 - 0.2, 0, height)]
        parts["trim"].append(box((-0.2 * width - 0.3, -0.2, height), (-0.2 * width + 0.3, 0.4, height + rise + 0.8)))
    else:
        parts["trim"].append(
            box((-width / 2 - 0.15, -depth / 2 - 0.15, height), (width / 2 + 0.15, depth / 2 + 0.15, height + 0.2))
        )
    lamps = (Lamp(join(glowing), 4.0 * len(glowing)),) if glowing else ()
    slots = {"wall": f"facade:{number}", "trim": "paint:0", "metal": "metal:0", "roof": "roof"}
    made = parts_of(**{slots[name]: meshes for name, meshes in parts.items()}, black=dark)
    return Piece(made, lamps)


def fence(rng: np.random.Generator, length: float) -> Piece:
    """A fence or a railing along x from 0."""
    height = rng.uniform(0.6, 1.3)
    if rng.random() < 0.5:
        return Piece(
            building.railing((0, 0, 0), (length, 0, 0), height, rng.uniform(0.07, 0.2), rng.uniform(0.004, 0.02))
        )
    pitch = rng.uniform(0.09, 0.2)
    x = np.arange(0, length, pitch)
    low = np.stack([x, 0 * x, 0 * x + 0.05], -1)
    slats = boxes(low, low + [pitch * rng.uniform(0.4, 0.85), 0.02, height])
    beams = [box((0, 0.02, z), (length, 0.06, z + 0.06)) for z in (0.25, height - 0.2)]
    return Piece({"wood": join([slats, *beams])})


def street_lamp(rng: np.random.Generator) -> Piece:
    """A lamp on a mast, with an arm or a lantern."""
    height = rng.uniform(2.5, 6.0)
    mast = cylinder((0, 0, 0), (0, 0, height), 0.07, 0.04, sides=12, caps=False)
    r = rng.uniform(0.06, 0.2)
    if rng.random() < 0.5:
        reach = rng.uniform(0.4, 1.5)
        arm = cylinder((0, 0, height - 0.02), (0, -reach, height + 0.1), 0.03, caps=False)
        head = box((-0.12, -reach - 0.3, height + 0.06), (0.12, -reach + 0.1, height + 0.14))
        glow = quad((-0.1, -reach + 0.08, height + 0.055), (0.2, 0, 0), (0, -0.36, 0))
        return Piece(parts_of(metal=[mast, arm, head]), (Lamp(glow, 0.07),))
    globe = building.column(0.1, 0.05, 12).moved(0, 0, height - 0.05)
    return Piece(parts_of(metal=[mast, globe]), (Lamp(ball((0, 0, height + r), r, 14), 3.14 * r * r),))


def string_of_lights(rng: np.random.Generator, start: np.ndarray, end: np.ndarray, count: int) -> Piece:
    """Little bulbs on a sagging wire."""
    t = np.linspace(0, 1, count)
    way = start + t[:, None] * (end - start)
    way[:, 2] -= rng.uniform(0.05, 0.15) * float(np.linalg.norm(end - start)) * 4 * t * (1 - t)
    r = rng.uniform(0.012, 0.05)
    bulbs = join([ball((p[0], p[1], p[2] - r), r, 6) for p in way])
    return Piece({"black": sweep(way, 0.006, 5)}, (Lamp(bulbs, 3.14 * r * r * count, rng.uniform(0.3, 1.0)),))


def car(rng: np.random.Generator) -> Piece:
    """A car, near enough: a rounded body with windows, on wheels; along x."""
    length = rng.uniform(3.6, 4.8)
    body = cushion((-length / 2, -0.85, 0.25), (length / 2, 0.85, 0.95), 0.3, 18)
    cabin = cushion((-0.28 * length, -0.75, 0.6), (0.3 * length, 0.75, 1.45), 0.5, 18)
    wheels = [
        cylinder((x, s * 0.7, 0.32), (x, s * 0.88, 0.32), 0.32, sides=28)
        for x in (-0.32 * length, 0.32 * length)
        for s in (-1, 1)
    ]
    hubs = [
        cylinder((x, s * 0.88, 0.32), (x, s * 0.9, 0.32), 0.2, sides=20)
        for x in (-0.32 * length, 0.32 * length)
        for s in (-1, 1)
    ]
    return Piece({"car": body, "front": cabin, "black": join(wheels), "chrome": join(hubs)})
