"""Thin geometry: tufts of hair, ribbons, lattices of wires, fences, louvres; each about 1 in size around the origin."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from render.procedural.kit.meshes import Mesh, boxes, join, sheet
from render.procedural.kit.shapes import copies, curve, placements, sweep


def tuft(rng: np.random.Generator) -> Mesh:
    """Hair or grass: tapering strands that bend over, from a patch of ground."""
    count, thick = int(rng.integers(40, 260)), math.exp(rng.uniform(math.log(0.0015), math.log(0.012)))
    spread, lean = rng.uniform(0.05, 0.5), rng.uniform(0.05, 0.7)
    parts = []
    for _ in range(6):  # a few strands, copied: what differs between neighbours is their turn and length
        bend = np.cumsum(rng.normal(0, lean, (4, 3)) * (1, 1, 0.3), axis=0) * 0.25
        points = np.concatenate([np.zeros((1, 3)), np.linspace(0.25, 1, 4)[:, None] * (0, 0, 1) + bend])
        path = curve(points, 4)
        strand = sweep(path, thick * np.linspace(1, 0.15, len(path)), 3)
        number = count // 6 + 1
        roots = np.pad(rng.normal(0, spread, (number, 2)), ((0, 0), (0, 1)))
        parts.append(copies(strand, placements(roots, rng.uniform(0, 6.3, number), rng.uniform(0.5, 1.0, number))))
    return join(parts).moved(0, 0, -0.5)


def ribbon(rng: np.random.Generator) -> Mesh:
    """A twisted strip without thickness."""
    width, turns, wave = rng.uniform(0.02, 0.3), rng.uniform(-3, 3), rng.normal(0, 0.25, 4)

    def surface(u: np.ndarray, v: np.ndarray) -> np.ndarray:
        t, across = v - 0.5, (u - 0.5) * width
        angle = 2 * np.pi * turns * t
        middle = np.stack([wave[0] * np.sin(7 * t + wave[1]), wave[2] * np.cos(5 * t + wave[3]), 1.2 * t], -1)
        return middle + np.stack([across * np.cos(angle), across * np.sin(angle), 0 * t], -1)

    return sheet(surface, 4, 80, (width, 1.2))


def lattice(rng: np.random.Generator) -> Mesh:
    """A grid of wires in two or three directions."""
    count, thick = int(rng.integers(3, 14)), math.exp(rng.uniform(math.log(0.002), math.log(0.03)))
    flat = rng.random() < 0.7
    at = np.linspace(-0.5, 0.5, count)
    low, high = [], []
    for axis in range(2 if flat else 3):
        others = [i for i in range(3) if i != axis]
        steps = [at if i < (2 if flat else 3) else np.zeros(1) for i in others]
        a, b = (grid.ravel() for grid in np.meshgrid(*(s[:6] if not flat else s for s in steps)))
        centre = np.zeros((len(a), 3))
        centre[:, others[0]], centre[:, others[1]] = a, b
        half = np.full(3, thick / 2)
        half[axis] = 0.5 + thick / 2
        low.append(centre - half)
        high.append(centre + half)
    return boxes(np.concatenate(low), np.concatenate(high))


def louvre(rng: np.random.Generator) -> Mesh:
    """Slats side by side: a blind, a fence, a rack."""
    count, thick, deep = int(rng.integers(5, 40)), rng.uniform(0.002, 0.02), rng.uniform(0.005, 0.12)
    z = np.linspace(-0.5, 0.5, count)
    centre = np.stack([0 * z, 0 * z, z], -1)
    half = np.array([0.5, deep / 2, thick / 2])
    slats = boxes(centre - half, centre + half)
    tilt = rng.uniform(-1, 1)
    c, s = math.cos(tilt), math.sin(tilt)
    turned = np.tile(np.eye(4), (count, 1, 1))
    turned[:, 1:3, 1:3] = [[c, -s], [s, c]]
    turned[:, :3, 3] = centre
    one = boxes(-half[None], half[None])
    return copies(one, turned) if rng.random() < 0.7 else slats


def scribble(rng: np.random.Generator) -> Mesh:
    """A wire that wanders: a cable, a scrawl, a coil."""
    # Steps that remember where they were going: a wire that turned on the spot would fold over itself.
    steps = rng.normal(0, 0.2, (int(rng.integers(10, 30)), 3))
    for i in range(1, len(steps)):
        steps[i] += 0.75 * steps[i - 1]
    points = np.cumsum(steps, axis=0)
    points -= points.mean(0)
    points /= max(1.0, float(np.abs(points).max()) * 1.6)
    return sweep(curve(points, 8), math.exp(rng.uniform(math.log(0.002), math.log(0.03))), 6)


#: Every maker by name.
STRANDS: dict[str, Callable[[np.random.Generator], Mesh]] = {
    "tuft": tuft,
    "ribbon": ribbon,
    "lattice": lattice,
    "louvre": louvre,
    "scribble": scribble,
}
