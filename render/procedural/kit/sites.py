"""Sites outdoors being filled: what stands there, what a camera looks at, and where it may stand."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

from render.procedural.kit import clutter, furnishing, organic
from render.procedural.kit.meshes import Mesh, quad
from render.procedural.kit.pieces import Piece, Stage, standing
from render.procedural.kit.shapes import copies, placements


@dataclass
class Site:
    """A place outdoors being filled.

    Attributes:
        rng: source of every choice.
        stage: gets the pieces.
        night: lamps burn.
        targets: points to look at.
        blocked: circles (x, y, radius) where no camera may stand.
        eyes: boxes (2, 3) in which one may.
        reach: distances from which targets are looked at.
        grass: blades grow before the camera.
        lamps: windows, street lamps, bulbs: few lights of many parts each.
    """

    rng: np.random.Generator
    stage: Stage
    night: bool
    targets: list[np.ndarray] = field(default_factory=list)
    blocked: list[tuple[float, float, float]] = field(default_factory=list)
    eyes: list[np.ndarray] = field(default_factory=list)
    reach: tuple[float, float] = (3.0, 25.0)
    grass: bool = False
    lamps: list[Mesh] = field(default_factory=list)

    def add(self, piece: Piece, matrix: np.ndarray) -> Piece:
        """Put a piece where no camera comes, and keep its lamps for later."""
        placed = piece.under(matrix)
        self.lamps += [lamp.mesh for lamp in placed.lamps]
        return self.stage.put(Piece(placed.parts, tops=placed.tops))

    def put(self, piece: Piece, x: float, y: float, turn: float = 0.0, z: float = 0.0, aim: bool = True) -> Piece:
        """Put a piece on the ground, and note it."""
        placed = self.add(piece, standing(x, y, z, turn))
        low, high = placed.bounds
        self.blocked.append((x, y, 0.6 * float(np.hypot(*(high - low)[:2])) + 0.2))
        if aim:
            middle = (low + high) / 2
            middle[2] = min(middle[2], low[2] + 2.5)
            self.targets.append(middle)
        return placed


def trees(site: Site, places: np.ndarray, low: float, high: float, leaves: int) -> None:
    """Trees at (K, 2): a few kinds, copied."""
    rng = site.rng
    kinds = [organic.tree(rng, 1.0, leaves) for _ in range(min(3, len(places)))]
    for number, kind in enumerate(kinds):
        mine = places[number :: len(kinds)]
        size = rng.uniform(low, high, len(mine))
        matrices = placements(np.column_stack([mine, np.zeros(len(mine))]), rng.uniform(0, 6.3, len(mine)), size)
        parts = {f"{slot}:{number}" if slot == "leaf" else slot: copies(mesh, matrices) for slot, mesh in kind.items()}
        site.stage.put(Piece(parts))
        for (x, y), h in zip(mine, size, strict=True):
            site.blocked.append((float(x), float(y), 0.12 * float(h) + 0.3))
            site.targets.append(np.array([x, y, 0.45 * h]))


def grass(site: Site, middle: np.ndarray, radius: float, count: int) -> None:
    """Blades over a disc, denser toward its middle."""
    rng = site.rng
    r, a = radius * rng.random(count) ** 0.75, rng.uniform(0, 6.3, count)
    places = np.column_stack([middle[0] + r * np.cos(a), middle[1] + r * np.sin(a), np.zeros(count)])
    site.stage.put(Piece({"leaf:1": organic.grass(rng, places, rng.uniform(0.08, 0.4))}))


def ground(site: Site, slot: str, size: float = 400.0) -> None:
    """Level ground of a slot's material, over [-size, size]^2."""
    site.stage.put(Piece({slot: quad((-size, -size, 0), (2 * size, 0, 0), (0, 2 * size, 0))}))


def furnished(site: Site, middle: np.ndarray, z: float) -> None:
    """A table with chairs about it, and things on it."""
    rng = site.rng
    table = furnishing.table(rng, rng.uniform(0.7, 1.6), rng.uniform(0.6, 0.9), rng.uniform(0.6, 0.76))
    placed = site.put(table, float(middle[0]), float(middle[1]), float(rng.choice([0, 90])), z)
    for top in placed.tops:
        for piece, matrix in clutter.heaped(rng, top, int(rng.integers(2, 9))):
            site.add(piece, matrix)
    chair = furnishing.chair(rng)
    count = int(rng.integers(1, 5))
    for i in range(count):
        a = i * 2 * math.pi / count + rng.normal(0, 0.2)
        x, y = middle + rng.uniform(0.75, 1.05) * np.array([math.sin(a), math.cos(a)])
        site.put(chair, float(x), float(y), -math.degrees(a), z, aim=False)
    site.targets += [np.array([*middle, z + 0.7])] * 2
