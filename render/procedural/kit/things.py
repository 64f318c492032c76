"""Small solid things: fruit, toys, jewellery, tools, blocks, and shapes that are nothing in particular.

Each maker takes a generator and gives one closed mesh (or several that touch) that rests on z = 0 around the z axis,
about a decimetre in size; `resting` turns anything into one that does.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from render.procedural.kit.meshes import Mesh, ball, cushion, cylinder, join, lathe, sheet
from render.procedural.kit.shapes import (
    bevelled_box,
    copies,
    curve,
    extrusion,
    flat_shaded,
    placements,
    random_rotations,
    sweep,
    transformed,
)

Maker = Callable[[np.random.Generator], Mesh]


def resting(mesh: Mesh) -> Mesh:
    """The mesh moved onto z = 0, its box centred about the z axis."""
    low, high = mesh.points.min(0), mesh.points.max(0)
    middle = (low + high) / 2
    return mesh.moved(-middle[0], -middle[1], -low[2])


def tumbled(rng: np.random.Generator, mesh: Mesh) -> Mesh:
    """The mesh turned any way up."""
    matrix = np.eye(4)
    matrix[:3, :3] = random_rotations(rng, 1)[0]
    return resting(transformed(mesh, matrix))


def sphere(rng: np.random.Generator) -> Mesh:
    """A ball or an egg."""
    egg = rng.uniform(0.8, 1.3) if rng.random() < 0.4 else 1.0
    return resting(ball((0, 0, 0), rng.uniform(0.015, 0.08), 48).scaled(1, 1, egg))


def fruit(rng: np.random.Generator) -> Mesh:
    """A round body with lobes, dimples at its ends, and a stalk."""
    lobes, depth = int(rng.integers(2, 8)), rng.uniform(0, 0.06)
    dent, tall, pear = rng.uniform(0, 0.35), rng.uniform(0.75, 1.3), rng.uniform(-0.2, 0.25)
    radius = rng.uniform(0.025, 0.06)

    def surface(u: np.ndarray, v: np.ndarray) -> np.ndarray:
        a, b = 2 * np.pi * u, np.pi * (v - 0.5)
        r = radius * (1 + depth * np.cos(lobes * a) * np.cos(b) ** 2) * (1 - pear * np.sin(b))
        z = np.sin(b) * (1 - dent * np.exp(-((np.cos(b) / 0.4) ** 2)))
        return np.stack([r * np.cos(b) * np.cos(a), r * np.cos(b) * np.sin(a), radius * tall * z], -1)

    body = sheet(surface, 48, 32, (2 * math.pi * radius, math.pi * radius))
    top = radius * tall * (1 - dent)
    lean = rng.normal(0, 0.3, 2) * radius
    stalk = sweep(
        curve([(0, 0, 0.85 * top), (0, 0, top), (lean[0], lean[1], top + rng.uniform(0.2, 0.5) * radius)], 4), 0.0018, 6
    )
    return resting(join([body, stalk]) if rng.random() < 0.6 else body)


def ring(rng: np.random.Generator) -> Mesh:
    """A torus, flat or thick: a ring, a bangle, a tyre."""
    big = rng.uniform(0.01, 0.07)
    small = big * rng.uniform(0.06, 0.45)
    tall = rng.uniform(0.5, 3.0) if rng.random() < 0.4 else 1.0

    def surface(u: np.ndarray, v: np.ndarray) -> np.ndarray:
        a, b = 2 * np.pi * u, 2 * np.pi * v
        r = big + small * np.cos(b)
        return np.stack([r * np.cos(a), r * np.sin(a), tall * small * np.sin(b)], -1)

    torus = sheet(surface, 64, 20, (2 * math.pi * big, 2 * math.pi * small))
    return tumbled(rng, torus) if rng.random() < 0.4 else resting(torus)


def knot(rng: np.random.Generator) -> Mesh:
    """A torus knot."""
    p, q = [(2, 3), (3, 2), (2, 5), (3, 4), (1, 4)][int(rng.integers(5))]
    size, fat, flat = rng.uniform(0.025, 0.06), rng.uniform(0.08, 0.25), rng.uniform(0.3, 0.6)
    t = np.linspace(0, 2 * np.pi, 160, endpoint=False)
    r = 1 + flat * np.cos(q * t)
    path = size * np.stack([r * np.cos(p * t), r * np.sin(p * t), flat * np.sin(q * t)], -1)
    return tumbled(rng, sweep(path, fat * size, 12, closed=True))


def spring(rng: np.random.Generator) -> Mesh:
    """A helix of wire."""
    turns, radius, height = rng.integers(3, 12), rng.uniform(0.01, 0.04), rng.uniform(0.03, 0.12)
    t = np.linspace(0, 2 * np.pi * turns, int(turns) * 20)
    path = np.stack([radius * np.cos(t), radius * np.sin(t), height * t / t[-1]], -1)
    mesh = sweep(path, rng.uniform(0.001, 0.35 * height / turns), 8)
    return tumbled(rng, mesh) if rng.random() < 0.3 else resting(mesh)


def beads(rng: np.random.Generator) -> Mesh:
    """A string of beads on the table."""
    count, size = int(rng.integers(12, 40)), rng.uniform(0.003, 0.009)
    angle = np.linspace(0, 2 * np.pi, count, endpoint=False)
    wobble = 1 + sum(rng.normal(0, 0.12) * np.cos(k * angle + rng.uniform(0, 6.3)) for k in (1, 2, 3))
    radius = count * size * 2.15 / (2 * np.pi)
    places = np.stack([radius * wobble * np.cos(angle), radius * wobble * np.sin(angle), np.full(count, size)], -1)
    return resting(copies(ball((0, 0, 0), size, 16), placements(places)))


def gem(rng: np.random.Generator) -> Mesh:
    """A cut stone: facets in rings between a table and a point."""
    sides, size = int(rng.integers(5, 13)), rng.uniform(0.008, 0.05)
    rings = [(0.55, 0.62), (0.9, 0.5), (1.0, 0.4), (0.6, rng.uniform(0.1, 0.3)), (0.02, -0.3)]
    points: list[np.ndarray] = []
    faces: list[list[int]] = []
    for number, (r, z) in enumerate(rings):
        turn = 2 * np.pi * (np.arange(sides) + 0.5 * (number % 2)) / sides
        points.append(np.stack([r * np.cos(turn), r * np.sin(turn), np.full(sides, z)], -1))
    for number in range(len(rings) - 1):
        for i in range(sides):
            a, b = number * sides + i, number * sides + (i + 1) % sides
            c, d = a + sides, b + sides
            faces += [[a, c, b], [b, c, d]] if number % 2 == 0 else [[a, c, d], [a, d, b]]
    lid = [[0, i, i + 1] for i in range(1, sides - 1)]
    tip = (len(rings) - 1) * sides
    faces += lid + [[tip, tip + i + 1, tip + i] for i in range(1, sides - 1)]
    return tumbled(rng, flat_shaded(size * np.concatenate(points), np.array(faces)))


def block(rng: np.random.Generator) -> Mesh:
    """A box with flattened edges: dice, bricks of toys, tins."""
    size = (
        np.exp(rng.uniform(math.log(0.012), math.log(0.09), 3)) if rng.random() < 0.6 else [rng.uniform(0.02, 0.07)] * 3
    )
    mesh = bevelled_box((0, 0, 0), tuple(size), rng.uniform(0.0005, 0.004))
    return tumbled(rng, mesh) if rng.random() < 0.2 else resting(mesh)


def pillow(rng: np.random.Generator) -> Mesh:
    """A superellipsoid: soap, pebbles, cushions."""
    half = rng.uniform(0.01, 0.06, 3)
    return resting(cushion(tuple(-half), tuple(half), rng.uniform(0.15, 1.6), 20))


def blob(rng: np.random.Generator) -> Mesh:
    """A stone or lump of clay: a ball displaced by waves."""
    waves = rng.normal(0, 1, (8, 3)) * np.exp(rng.uniform(0, 1.8, (8, 1)))
    phase, depth, size = rng.uniform(0, 6.3, 8), rng.uniform(0.02, 0.14), rng.uniform(0.02, 0.07)
    stretch = rng.uniform(0.6, 1.2, 3)

    def surface(u: np.ndarray, v: np.ndarray) -> np.ndarray:
        a, b = 2 * np.pi * u, np.pi * (v - 0.5)
        way = np.stack([np.cos(b) * np.cos(a), np.cos(b) * np.sin(a), np.sin(b)], -1)
        bumps = np.sin(way @ waves.T + phase) / np.maximum(np.linalg.norm(waves, axis=1), 1)
        return size * stretch * way * (1 + depth * bumps.sum(-1, keepdims=True))

    return resting(sheet(surface, 56, 36, (2 * math.pi * size, math.pi * size)))


def turned(rng: np.random.Generator) -> Mesh:
    """A chessman, a candlestick, a spindle: an outline turned on a lathe."""
    count = int(rng.integers(4, 9))
    heights = np.concatenate([[0.0], np.sort(rng.uniform(0.05, 0.95, count)), [1.0]]) * rng.uniform(0.05, 0.2)
    radii = rng.uniform(0.25, 1.0, count + 2) * rng.uniform(0.015, 0.04)
    radii[0] = radii.max()
    if rng.random() < 0.5:
        heights, radii = curve(np.stack([heights, radii, 0 * radii], -1), 6)[:, :2].T
        radii = np.maximum(radii, 0.003)
        # Ever upward: where the outline folded back on itself, the normals of both sides would cancel.
        heights = np.maximum.accumulate(np.clip(heights, 0, None)) + 2e-4 * np.arange(len(heights))
    outline = [
        (0.0, 0.0),
        *((float(r), float(z)) for r, z in zip(radii, heights, strict=True)),
        (0.0, float(heights[-1])),
    ]
    return lathe(outline, 40, smooth=bool(rng.random() < 0.7))


def gear(rng: np.random.Generator) -> Mesh:
    """A gear, a star, a flower: a flat outline with a thickness."""
    teeth, deep, size = int(rng.integers(3, 18)), rng.uniform(0.08, 0.5), rng.uniform(0.015, 0.05)
    angle = np.linspace(0, 2 * np.pi, teeth * 8, endpoint=False)
    wave = np.cos(teeth * angle)
    radius = size * (1 + deep * (np.sign(wave) * np.abs(wave) ** rng.uniform(0.1, 1.5)))
    outline = np.stack([radius * np.cos(angle), radius * np.sin(angle)], -1)
    mesh = extrusion(outline, rng.uniform(0.004, 0.03))
    return tumbled(rng, mesh) if rng.random() < 0.3 else mesh


def coins(rng: np.random.Generator) -> Mesh:
    """A stack of discs, a little out of line: coins, pucks, plates of a dumb-bell."""
    radius, thick, count = rng.uniform(0.008, 0.04), rng.uniform(0.0015, 0.008), int(rng.integers(1, 12))
    bevel = 0.2 * thick
    outline = [
        (0, 0),
        (radius - bevel, 0),
        (radius, bevel),
        (radius, thick - bevel),
        (radius - bevel, thick),
        (0, thick),
    ]
    offsets = rng.normal(0, 0.06 * radius, (count, 2))
    places = np.concatenate([offsets, thick * np.arange(count)[:, None]], -1)
    return resting(copies(lathe(outline, 36, smooth=False), placements(places)))


def cutlery(rng: np.random.Generator) -> Mesh:
    """A spoon, a fork or a rod, lying."""
    length, radius = rng.uniform(0.12, 0.2), rng.uniform(0.002, 0.004)
    arch = rng.uniform(0.0, 0.012)
    x = np.linspace(0, length, 14)
    stem = sweep(
        np.stack([x, 0 * x, radius + arch * np.sin(np.pi * x / length)], -1), radius * np.linspace(1.6, 0.8, 14), 8
    )
    end = ball((0, 0, 0), radius * 1.6, 10).moved(0, 0, radius)
    draw = rng.random()
    if draw < 0.5:
        bowl = ball((0, 0, 0), 1.0, 28).scaled(0.028, 0.018, 0.005).moved(length + 0.024, 0, 0.006)
        return resting(join([stem, end, bowl]))
    if draw < 0.8:
        tines = [
            sweep(curve([(length, 0, radius), (length + 0.012, y, 0.004), (length + 0.05, y, 0.006)], 4), 0.0012, 6)
            for y in (-0.009, -0.003, 0.003, 0.009)
        ]
        return resting(join([stem, end, *tines]))
    return resting(join([stem, end, ball((length, 0, radius), radius, 10)]))


def basket(rng: np.random.Generator) -> Mesh:
    """A sphere, dome or drum of thin wires."""
    size, wire = rng.uniform(0.04, 0.1), rng.uniform(0.0008, 0.003)
    low, wires, hoops = rng.uniform(-0.9, 0.0), int(rng.integers(6, 26)), int(rng.integers(2, 8))
    drum = rng.random() < 0.4
    angle = np.linspace(math.asin(low), 0.0 if rng.random() < 0.5 else 1.3, 12)

    def radius(b: np.ndarray | float) -> np.ndarray:
        return np.asarray(size * (1.0 + 0 * np.asarray(b) if drum else np.cos(b)))

    meridian = sweep(np.stack([radius(angle), 0 * angle, size * np.sin(angle)], -1), wire, 6)
    turns = 2 * np.pi * np.arange(wires) / wires
    parts = [copies(meridian, placements(np.zeros((wires, 3)), turns))]
    around = np.linspace(0, 2 * np.pi, 48, endpoint=False)
    for b in np.linspace(angle[0], angle[-1], hoops):
        r = float(radius(float(b)))
        circle = np.stack([r * np.cos(around), r * np.sin(around), np.full(48, size * math.sin(b))], -1)
        parts.append(sweep(circle, wire, 6, closed=True))
    return resting(join(parts))


def chain(rng: np.random.Generator) -> Mesh:
    """Links, each turned against the one before, lying in a curve."""
    count, size = int(rng.integers(8, 24)), rng.uniform(0.004, 0.014)
    around = np.linspace(0, 2 * np.pi, 20, endpoint=False)
    link = sweep(
        np.stack([1.4 * size * np.cos(around), size * np.sin(around), 0 * around], -1), 0.22 * size, 8, closed=True
    )
    heading = np.cumsum(rng.normal(0, 0.25, count))
    steps = 2.0 * size * np.stack([np.cos(heading), np.sin(heading), 0 * heading], -1)
    matrices = placements(np.cumsum(steps, axis=0), heading)
    c, s = math.cos(math.pi / 4), math.sin(math.pi / 4)
    for number, sign in enumerate(np.where(np.arange(count) % 2, 1, -1)):
        tilt = np.array([[1, 0, 0], [0, c, -sign * s], [0, sign * s, c]])
        matrices[number, :3, :3] = matrices[number, :3, :3] @ tilt
    return resting(copies(link, matrices))


def rods(rng: np.random.Generator) -> Mesh:
    """A handful of thin sticks: pencils, straws, spaghetti, standing askew or lying in a heap."""
    count, length, radius = int(rng.integers(3, 18)), rng.uniform(0.08, 0.2), rng.uniform(0.0008, 0.004)
    lying = rng.random() < 0.5
    parts = []
    for _ in range(count):
        foot = np.append(rng.normal(0, 0.015, 2), radius)
        lean = rng.normal(0, 0.25, 2)
        if lying:
            turn = rng.normal(0, 0.5)
            way = np.array([math.cos(turn), math.sin(turn), 0.0])
            foot = foot - way * length / 2 + (0, 0, rng.uniform(0, 4 * radius))
        else:
            way = np.append(lean, 1.0) / math.sqrt(1 + float(lean @ lean))
        parts.append(cylinder(tuple(foot), tuple(foot + way * length), radius, sides=8))
    return resting(join(parts))


#: Every maker by name; those of thin parts, and those that suit a clear body, by their names.
THINGS: dict[str, Maker] = {
    "sphere": sphere,
    "fruit": fruit,
    "ring": ring,
    "knot": knot,
    "spring": spring,
    "beads": beads,
    "gem": gem,
    "block": block,
    "pillow": pillow,
    "blob": blob,
    "turned": turned,
    "gear": gear,
    "coins": coins,
    "cutlery": cutlery,
    "basket": basket,
    "chain": chain,
    "rods": rods,
}
THIN: tuple[str, ...] = ("spring", "cutlery", "basket", "chain", "rods", "ring")
CLEAR: tuple[str, ...] = (
    "sphere",
    "sphere",
    "ring",
    "knot",
    "beads",
    "gem",
    "gem",
    "block",
    "pillow",
    "blob",
    "turned",
    "gear",
)
