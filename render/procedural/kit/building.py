"""What rooms and houses are built of: walls with openings, floors, windows, doors, stairs, railings, blinds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from render.procedural.kit.meshes import Mesh, box, boxes, cylinder, join, lathe, quad
from render.procedural.kit.shapes import copies, placements, sweep, triangulated

Hole = tuple[float, float, float, float]


@dataclass(frozen=True)
class Wall:
    """An upright wall seen from inside the room.

    Attributes:
        start: (2,) where it begins, on the floor; the room lies to the left of its direction.
        end: (2,) where it ends.
        height: metres.
    """

    start: tuple[float, float]
    end: tuple[float, float]
    height: float

    @property
    def length(self) -> float:
        """Metres along the floor."""
        return float(np.hypot(self.end[0] - self.start[0], self.end[1] - self.start[1]))

    @property
    def direction(self) -> np.ndarray:
        """(2,) unit vector from start to end."""
        return np.subtract(self.end, self.start) / self.length

    @property
    def inward(self) -> np.ndarray:
        """(2,) unit vector into the room."""
        along = self.direction
        return np.array([-along[1], along[0]])

    @property
    def frame(self) -> np.ndarray:
        """(4, 4): x to the right as seen from inside, y outward, z up, from the wall's left end."""
        matrix = np.eye(4)
        matrix[:2, 0], matrix[:2, 1] = -self.direction, -self.inward
        matrix[:2, 3] = self.end
        return matrix

    def at(self, mesh: Mesh) -> Mesh:
        """A mesh made for the wall's own frame, in the room."""
        return copies(mesh, self.frame[None])


def panel(width: float, height: float, holes: Sequence[Hole] = (), offset: float = 0.0) -> Mesh:
    """A sheet in the plane y = offset that faces -y, with rectangular holes (left, bottom, right, top)."""
    xs = np.unique([0.0, width, *[np.clip(h[i], 0, width) for h in holes for i in (0, 2)]])
    zs = np.unique([0.0, height, *[np.clip(h[i], 0, height) for h in holes for i in (1, 3)]])
    x0, z0 = (grid.ravel() for grid in np.meshgrid(xs[:-1], zs[:-1]))
    x1, z1 = (grid.ravel() for grid in np.meshgrid(xs[1:], zs[1:]))
    x, z = (x0 + x1) / 2, (z0 + z1) / 2
    solid = np.ones(len(x), bool)
    for left, bottom, right, top in holes:
        solid &= ~((left < x) & (x < right) & (bottom < z) & (z < top))
    x0, x1, z0, z1 = x0[solid], x1[solid], z0[solid], z1[solid]
    uv = np.stack([np.stack([x0, z0], -1), np.stack([x1, z0], -1), np.stack([x1, z1], -1), np.stack([x0, z1], -1)], 1)
    uv = uv.reshape(-1, 2)
    points = np.stack([uv[:, 0], np.full(len(uv), offset), uv[:, 1]], -1)
    corner = 4 * np.arange(len(x0))
    faces = np.concatenate([corner[:, None] + [0, 1, 2], corner[:, None] + [0, 2, 3]])
    return Mesh(points, np.tile([0.0, -1.0, 0.0], (len(points), 1)), uv, faces.astype(np.int32))


def reveal(hole: Hole, depth: float) -> Mesh:
    """The four inner sides of a hole through a wall of that thickness, from y = 0 to `depth`."""
    left, bottom, right, top = hole
    width, height = right - left, top - bottom
    return join(
        [
            quad((left, 0, bottom), (width, 0, 0), (0, depth, 0)),
            quad((left, depth, top), (width, 0, 0), (0, -depth, 0)),
            quad((left, 0, top), (0, 0, -height), (0, depth, 0)),
            quad((right, 0, bottom), (0, 0, height), (0, depth, 0)),
        ]
    )


def polygon(outline: np.ndarray, z: float, up: bool) -> Mesh:
    """A flat polygon (N, 2), counter-clockwise, at height z: a floor (`up`) or a ceiling."""
    faces = triangulated(outline)
    points = np.concatenate([outline, np.full((len(outline), 1), z)], axis=1)
    normals = np.tile([0.0, 0.0, 1.0 if up else -1.0], (len(outline), 1))
    return Mesh(points, normals, outline.copy(), faces if up else faces[:, ::-1])


def window_frame(width: float, height: float, columns: int, rows: int, bar: float, deep: float = 0.05) -> Mesh:
    """Outer frame and glazing bars in the x-z plane from the origin, `deep` thick along y."""
    xs, zs = np.linspace(0, width, columns + 1), np.linspace(0, height, rows + 1)
    half = np.where((xs == 0) | (xs == width), 1.6 * bar, bar) / 2
    upright = boxes(
        np.stack([np.clip(xs - half, 0, width), np.zeros_like(xs), np.zeros_like(xs)], -1),
        np.stack([np.clip(xs + half, 0, width), np.full_like(xs, deep), np.full_like(xs, height)], -1),
    )
    half = np.where((zs == 0) | (zs == height), 1.6 * bar, bar) / 2
    across = boxes(
        np.stack([np.zeros_like(zs), np.full_like(zs, 0.1 * deep), np.clip(zs - half, 0, height)], -1),
        np.stack([np.full_like(zs, width), np.full_like(zs, 0.9 * deep), np.clip(zs + half, 0, height)], -1),
    )
    return join([upright, across])


def blinds(width: float, height: float, drop: float, pitch: float, tilt: float) -> Mesh:
    """Slats in the x-z plane, hung from `height` down over `drop`; `tilt` in degrees, 0 is open."""
    count = max(2, int(drop / pitch))
    slat = box((0, -0.45 * pitch, -0.0006), (width, 0.45 * pitch, 0.0006)).turned(tilt, "x")
    positions = np.zeros((count, 3))
    positions[:, 2] = height - pitch * (0.5 + np.arange(count))
    ends = [0.12 * width, 0.88 * width]
    cords = [cylinder((x, 0, height - drop), (x, 0, height), 0.0015, sides=4, caps=False) for x in ends]
    return join([copies(slat, placements(positions)), *cords, box((0, -0.02, height - 0.03), (width, 0.02, height))])


def door_leaf(rng: np.random.Generator, width: float, height: float) -> dict[str, Mesh]:
    """A door from the hinge at the origin along x, 4 cm thick toward -y, with panels or a pane, and handles."""
    leaf = [box((0, -0.04, 0.005), (width, 0, height))]
    parts: dict[str, list[Mesh]] = {"door": leaf}
    columns, rows = int(rng.integers(1, 3)), int(rng.integers(1, 5))
    if rng.random() < 0.65:
        xs, zs = np.linspace(0.1, width - 0.1, columns + 1), np.linspace(0.15, height - 0.12, rows + 1)
        low = np.array([[x + 0.03, -0.048, z + 0.03] for x in xs[:-1] for z in zs[:-1]])
        size = np.array([xs[1] - xs[0] - 0.06, 0.056, zs[1] - zs[0] - 0.06])
        leaf.append(boxes(low, low + size))
    handles = []
    for side in (-1, 1):
        y = -0.02 + 0.02 * side
        at = (width - 0.06, y, 1.02)
        handles.append(cylinder(at, (at[0], y + 0.05 * side, 1.02), 0.009))
        handles.append(cylinder((at[0] + 0.01, y + 0.05 * side, 1.02), (at[0] - 0.11, y + 0.05 * side, 1.02), 0.008))
    parts["metal"] = handles
    return {slot: join(meshes) for slot, meshes in parts.items()}


def skirting(length: float, height: float, gaps: Sequence[tuple[float, float]]) -> list[Mesh]:
    """Boards along a wall's foot, from x = 0, y < 0, with gaps (left, right) where doors are."""
    edges = sorted({0.0, length, *[float(np.clip(e, 0, length)) for gap in gaps for e in gap]})
    return [
        box((a, -0.015, 0), (b, 0, height))
        for a, b in zip(edges[:-1], edges[1:], strict=True)
        if b - a > 0.02 and not any(left < (a + b) / 2 < right for left, right in gaps)
    ]


def railing(start: Sequence[float], end: Sequence[float], height: float, pitch: float, thick: float) -> dict[str, Mesh]:
    """Thin balusters under a rail between two points of a floor or of a stair's noses."""
    a, b = np.array(start, float), np.array(end, float)
    count = max(2, int(np.linalg.norm((b - a)[:2]) / pitch) + 1)
    feet = a + np.linspace(0, 1, count)[:, None] * (b - a)
    baluster = cylinder((0, 0, 0), (0, 0, height), thick, sides=6, caps=False)
    rail = sweep(np.stack([a, (a + b) / 2, b]) + [0, 0, height], 0.022, 10)
    posts = [cylinder(p, (p[0], p[1], p[2] + height + 0.06), 0.03, sides=10) for p in (a.tolist(), b.tolist())]
    return {"metal": copies(baluster, placements(feet)), "wood": join([rail, *posts])}


def stairs(
    rng: np.random.Generator, steps: int, width: float, rise: float = 0.18, going: float = 0.26
) -> dict[str, Mesh]:
    """A straight flight that climbs along +y from the origin, x from 0 to `width`, open or closed below, with rails."""
    i = np.arange(steps)
    zero = np.zeros(steps)
    tread_low = np.stack([zero, i * going - 0.02, (i + 1) * rise - 0.04], -1)
    tread_high = np.stack([zero + width, (i + 1) * going + 0.0, (i + 1) * rise], -1)
    parts = {"wood": [boxes(tread_low, tread_high)], "paint": [], "metal": []}
    if rng.random() < 0.6:
        low = np.stack([zero + 0.01, i * going, zero if rng.random() < 0.5 else i * rise], -1)
        high = np.stack([zero + width - 0.01, (i + 1) * going, (i + 1) * rise - 0.04], -1)
        parts["paint"].append(boxes(low, high))
    else:
        for x in (0.06, width - 0.06):
            parts["metal"].append(sweep([(x, 0, 0.05), (x, steps * going, steps * rise - 0.05)], 0.035, 8))
    pitch, thick = rng.uniform(0.08, 0.2), rng.uniform(0.004, 0.014)
    for x in (0.04, width - 0.04) if rng.random() < 0.4 else (0.04,):
        rails = railing((x, 0.1, rise), (x, steps * going, steps * rise), rng.uniform(0.8, 1.0), pitch, thick)
        for slot, mesh in rails.items():
            parts[slot].append(mesh)
    return {slot: join(meshes) for slot, meshes in parts.items() if meshes}


def radiator(width: float, height: float) -> Mesh:
    """A ribbed radiator from the origin along x, its back at y = 0."""
    count = max(3, int(width / 0.06))
    rib = box((-0.02, -0.09, 0.12), (0.02, -0.03, height))
    positions = np.zeros((count, 3))
    positions[:, 0] = np.linspace(0.03, width - 0.03, count)
    pipes = [cylinder((0, -0.06, z), (width, -0.06, z), 0.014, sides=8) for z in (0.16, height - 0.05)]
    return join([copies(rib, placements(positions)), *pipes, cylinder((0.02, -0.06, 0), (0.02, -0.06, 0.15), 0.01)])


def column(height: float, radius: float, sides: int) -> Mesh:
    """A column with base and capital; few sides make a pillar."""
    r = radius
    profile = [(0, 0), (1.35 * r, 0), (1.35 * r, 0.12), (1.1 * r, 0.18), (r, 0.3), (0.88 * r, height - 0.35)]
    profile += [(1.1 * r, height - 0.2), (1.4 * r, height - 0.1), (1.4 * r, height), (0, height)]
    return lathe(profile, sides, smooth=sides > 8)
