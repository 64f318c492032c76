"""Shapes that grow or hang: leaves, plants, trees, grass, ground, cloth; and rings."""

from __future__ import annotations

import numpy as np

from render.procedural.kit.meshes import Mesh, join, lathe, sheet
from render.procedural.kit.shapes import copies, curve, placements, smooth_shaded, sweep


def waves(rng: np.random.Generator, count: int = 6, scale: float = 2.0) -> np.ndarray:
    """Directions, phases and heights (count, 5) of a few waves in space: a cheap smooth noise for `displaced`."""
    lengths = scale * np.exp(rng.uniform(0, 1.5, count))
    directions = rng.normal(size=(count, 3))
    directions *= (lengths / np.linalg.norm(directions, axis=1))[:, None]
    return np.concatenate([directions, rng.uniform(0, 6.3, (count, 1)), (scale / lengths)[:, None]], axis=1)


def noise_at(points: np.ndarray, field: np.ndarray) -> np.ndarray:
    """The noise (...,) of `waves` at points (..., 3), about in [-1, 1]."""
    total = np.zeros(points.shape[:-1])
    for x, y, z, phase, height in field:
        total += height * np.sin(points @ np.array([x, y, z]) + phase)
    return total / field[:, 4].sum()


def boulder(rng: np.random.Generator, radius: float) -> Mesh:
    """A stone half in the ground: a ball pushed in and out by smooth noise."""
    field, stretch = waves(rng, 7, rng.uniform(1.0, 3.0)), rng.uniform(0.6, 1.3, 3)

    def surface(u: np.ndarray, v: np.ndarray) -> np.ndarray:
        a, b = 2 * np.pi * u, np.pi * (np.clip(v, 0, 1) - 0.5)
        unit = np.stack([np.cos(b) * np.cos(a), np.cos(b) * np.sin(a), np.sin(b)], -1)
        return unit * stretch * (radius * (1 + 0.3 * noise_at(unit, field)))[..., None]

    return sheet(surface, 48, 24, (2 * np.pi * radius, np.pi * radius))


def torus(radius: float, thickness: float, sides: int = 40) -> Mesh:
    """A ring about the z axis."""
    angle = np.linspace(0, 2 * np.pi, sides, endpoint=False)
    path = np.stack([radius * np.cos(angle), radius * np.sin(angle), 0 * angle], -1)
    return sweep(path, thickness, max(8, sides // 3), closed=True)


def leaf(length: float, width: float, bend: float, columns: int = 2, rows: int = 5) -> Mesh:
    """A leaf from the origin along +x, bent down by `bend` (radians at its tip), folded a little along its middle."""

    def surface(u: np.ndarray, v: np.ndarray) -> np.ndarray:
        t = np.clip(v, 0, 1)
        half = width * np.sin(np.pi * (0.06 + 0.94 * t)) ** 0.8 * (1.15 - 0.5 * t)
        angle = bend * t
        x, z = length * t * np.cos(angle / 2), -length * t * np.sin(angle / 2)
        return np.stack([x, (u - 0.5) * half, z + 0.35 * half * np.abs(u - 0.5)], -1)

    return sheet(surface, columns, rows, (width, length))


def foliage(rng: np.random.Generator, size: np.ndarray, count: int, length: float) -> Mesh:
    """Leaves in and on an ellipsoid of half axes `size` (3,) about the origin, turned outward more or less."""
    outward = rng.normal(size=(count, 3))
    outward /= np.linalg.norm(outward, axis=1, keepdims=True)
    positions = outward * size * rng.random((count, 1)) ** 0.25
    one = leaf(length, length * rng.uniform(0.25, 0.7), rng.uniform(0.2, 1.5), 2, 3)
    up = outward + rng.normal(0, 0.6, (count, 3)) + [0, 0, 0.6]
    return copies(one, placements(positions, rng.uniform(0, 6.3, count), rng.uniform(0.6, 1.3, count), up))


def branches(rng: np.random.Generator, height: float, radius: float, count: int) -> tuple[Mesh, np.ndarray]:
    """A bent trunk from the origin with branches; the mesh, and the branches' ends (count, 3)."""
    sway = np.cumsum(rng.normal(0, 0.06 * height, (4, 2)), axis=0)
    way = np.concatenate([[[0, 0, 0]], np.column_stack([sway, np.linspace(0.25, 0.8, 4) * height])])
    trunk = curve(way, 6)
    parts = [sweep(trunk, np.linspace(radius, 0.45 * radius, len(trunk)), 9)]
    ends = []
    for _ in range(count):
        start = trunk[int(rng.integers(len(trunk) // 2, len(trunk)))]
        away = rng.normal(size=3) * [1, 1, 0.3] + [0, 0, 0.5]
        reach = height * rng.uniform(0.2, 0.42) * away / np.linalg.norm(away)
        path = curve([start, start + 0.5 * reach - [0, 0, 0.03 * height], start + reach], 5)
        parts.append(sweep(path, np.linspace(0.4, 0.12, len(path)) * radius, 6))
        ends.append(start + reach)
    return join(parts), np.array(ends)


def tree(rng: np.random.Generator, height: float, leaves: int) -> dict[str, Mesh]:
    """A tree: bark, and leaves in clumps about the ends of its branches, or needles on a cone."""
    if rng.random() < 0.25:
        t = rng.random(leaves) ** 0.6
        angle = rng.uniform(0, 2 * np.pi, leaves)
        r = 0.22 * height * t * rng.random(leaves) ** 0.4
        z = height * (1.02 - 0.85 * t)
        positions = np.stack([r * np.cos(angle), r * np.sin(angle), z], -1)
        out = np.stack([np.cos(angle), np.sin(angle), rng.uniform(0.2, 1.4, leaves)], -1)
        needle = leaf(0.1 * height, 0.012 * height, 0.5, 2, 2)
        trunk = lathe([(0.018 * height, 0), (0.004 * height, height)], 8)
        return {"bark": trunk, "leaf": copies(needle, placements(positions, angle, rng.uniform(0.5, 1.2, leaves), out))}
    count = int(rng.integers(6, 14))
    bark, ends = branches(rng, height, 0.035 * height, count)
    size = height * rng.uniform(0.1, 0.2)
    clumps = [
        foliage(rng, size * rng.uniform(0.7, 1.3, 3), max(8, leaves // count), height * rng.uniform(0.02, 0.05)).moved(
            *e
        )
        for e in ends
    ]
    return {"bark": bark, "leaf": join(clumps)}


def grass(rng: np.random.Generator, positions: np.ndarray, height: float) -> Mesh:
    """A tuft's blade at each of the positions (K, 3): thin, bent triangles."""
    blade = np.array([[-0.5, 0, 0], [0.5, 0, 0], [0.32, 0.16, 0.6], [-0.32, 0.16, 0.6], [0, 0.55, 1.0]])
    blade = blade * [0.05, 0.8, 1.0]
    faces = np.array([[0, 1, 2], [0, 2, 3], [3, 2, 4]])
    one = smooth_shaded(blade, faces, blade[:, [0, 2]])
    count = len(positions)
    scales = height * np.exp(rng.normal(0, 0.3, (count, 1))) * np.ones(3)
    up = np.array([0, 0, 1.0]) + rng.normal(0, 0.25, (count, 3))
    return copies(one, placements(positions, rng.uniform(0, 6.3, count), scales, up))


def terrain(rng: np.random.Generator, size: float, roughness: float, cells: int = 96) -> tuple[Mesh, np.ndarray]:
    """Ground over [-size, size]^2: the mesh, and the `waves` that it is made of (see `ground_height`)."""
    field = waves(rng, 9, 6.0 / size)
    field[:, 2] = 0

    def surface(u: np.ndarray, v: np.ndarray) -> np.ndarray:
        x, y = (2 * u - 1) * size, (2 * v - 1) * size
        return np.stack([x, y, ground_height(x, y, field, roughness)], -1)

    return sheet(surface, cells, cells, (2 * size, 2 * size)), field


def ground_height(x: np.ndarray, y: np.ndarray, field: np.ndarray, roughness: float) -> np.ndarray:
    """Heights of a `terrain`, level near its middle where things stand."""
    away = np.clip((np.hypot(x, y) - 6.0) / 20.0, 0, 1)
    return roughness * away * noise_at(np.stack([x, y, np.zeros_like(x)], -1), field)


def drape(rng: np.random.Generator, width: float, depth: float, drop: float, cells: int = 40) -> Mesh:
    """A cloth over a table's top (about the origin, at z = 0), hanging down its sides in folds."""
    phase, folds = rng.uniform(0, 6.3, 4), rng.uniform(18, 40)

    def surface(u: np.ndarray, v: np.ndarray) -> np.ndarray:
        x, y = (u - 0.5) * (width + 2 * drop), (v - 0.5) * (depth + 2 * drop)
        over = np.maximum(np.abs(x) - width / 2, 0), np.maximum(np.abs(y) - depth / 2, 0)
        down = np.minimum(np.hypot(*over), drop * 1.05)
        ripple = (
            0.18 * down * (np.sin(folds * y + phase[0]) * (over[0] > 0) + np.sin(folds * x + phase[1]) * (over[1] > 0))
        )
        px = np.clip(x, -width / 2, width / 2) + np.sign(x) * (0.004 + 0.12 * over[0] + ripple * (over[0] > 0))
        py = np.clip(y, -depth / 2, depth / 2) + np.sign(y) * (0.004 + 0.12 * over[1] + ripple * (over[1] > 0))
        wrinkle = 0.0015 * np.sin(13 * x + phase[2]) * np.sin(17 * y + phase[3])
        return np.stack([px, py, 0.004 + wrinkle - 0.97 * down], -1)

    return sheet(surface, cells, cells, (width + 2 * drop, depth + 2 * drop))
