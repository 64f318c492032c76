"""Rooms: plans of several shapes, what stands where, and what a camera would see of it."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

from render.procedural.kit.building import Hole, Wall
from render.procedural.kit.pieces import Piece, Stage, standing

#: Metres by which a door needs room before it.
_DOOR_ROOM = 0.9


def plan(rng: np.random.Generator, width: float, depth: float) -> np.ndarray:
    """An outline (N, 2), counter-clockwise: a rectangle, an L, one with an alcove, or with a corner cut off."""
    w, d, draw = width, depth, rng.random()
    if draw < 0.45 or min(w, d) < 2.6:
        outline = np.array([(0, 0), (w, 0), (w, d), (0, d)])
    elif draw < 0.7:
        a, b = rng.uniform(0.25, 0.5) * w, rng.uniform(0.25, 0.5) * d
        outline = np.array([(0, 0), (w, 0), (w, d - b), (w - a, d - b), (w - a, d), (0, d)])
    elif draw < 0.87:
        y0 = rng.uniform(0.1, 0.4) * d
        y1, a = y0 + rng.uniform(0.3, 0.5) * d, rng.uniform(0.3, 1.2)
        outline = np.array([(0, 0), (w, 0), (w, y0), (w + a, y0), (w + a, y1), (w, y1), (w, d), (0, d)])
    else:
        c = rng.uniform(0.5, 0.4 * min(w, d))
        outline = np.array([(0, 0), (w, 0), (w, d - c), (w - c, d), (0, d)])
    if rng.random() < 0.5:
        outline = (outline * [-1, 1])[::-1]
    return outline


@dataclass
class Room:
    """A room being filled.

    Attributes:
        outline: (N, 2), counter-clockwise.
        height: metres.
        walls: one for each edge of the outline.
        holes: of each wall, in its own frame (see `building.Wall`).
        taken: boxes (K, 2, 3) in which things stand.
        targets: points that a camera may look at, their weights, and whether they are worth a look from near.
    """

    outline: np.ndarray
    height: float
    walls: list[Wall] = field(init=False)
    holes: list[list[Hole]] = field(init=False)
    taken: list[np.ndarray] = field(default_factory=list)
    targets: list[tuple[np.ndarray, float, bool]] = field(default_factory=list)

    def __post_init__(self) -> None:
        corners = [tuple(p) for p in self.outline.tolist()]
        self.walls = [Wall(a, b, self.height) for a, b in zip(corners, corners[1:] + corners[:1], strict=True)]
        self.holes = [[] for _ in self.walls]

    @property
    def outer_walls(self) -> list[int]:
        """Walls with nothing of the room behind them."""
        return [i for i, wall in enumerate(self.walls) if (((self.outline - wall.start) @ wall.inward) > -1e-6).all()]

    def inside(self, points: np.ndarray, margin: float = 0.0) -> np.ndarray:
        """Which of the points (K, 2) are in the room and at least `margin` from its walls."""
        crossings = np.zeros(len(points), int)
        clear = np.ones(len(points), bool)
        for wall in self.walls:
            (x0, y0), (x1, y1) = wall.start, wall.end
            span = (y0 > points[:, 1]) != (y1 > points[:, 1])
            at = x0 + (points[:, 1] - y0) * (x1 - x0) / (y1 - y0 if y1 != y0 else 1.0)
            crossings += span & (points[:, 0] < at)
            along = np.clip((points - wall.start) @ wall.direction, 0, wall.length)
            away = points - (np.array(wall.start) + along[:, None] * wall.direction)
            clear &= np.linalg.norm(away, axis=1) >= margin - 1e-9
        return (crossings % 2 == 1) & clear

    def fits(self, bounds: np.ndarray, gap: float = 0.02) -> bool:
        """Whether a box (2, 3) lies in the room and meets nothing that stands there."""
        (x0, y0, z0), (x1, y1, z1) = bounds
        e = 0.004
        corners = np.array([(x0 + e, y0 + e), (x1 - e, y0 + e), (x1 - e, y1 - e), (x0 + e, y1 - e)])
        if z0 < -0.05 or z1 > self.height + 0.05 or not self.inside(corners).all():
            return False
        within = (self.outline > [x0 + e, y0 + e]) & (self.outline < [x1 - e, y1 - e])
        if within.all(axis=1).any():
            return False
        for low, high in self.taken:
            if (np.array([x1, y1, z1]) > low - gap).all() and (np.array([x0, y0, z0]) < high + gap).all():
                return False
        return True

    def take(self, piece: Piece, weight: float = 1.0) -> None:
        """Note that a piece stands where it is, and how much a camera wants to see it."""
        bounds = piece.bounds
        self.taken.append(bounds)
        if weight > 0:
            middle = bounds.mean(0)
            middle[2] = bounds[0, 2] + 0.6 * (bounds[1, 2] - bounds[0, 2])
            self.aim(middle, weight)

    def aim(self, point: np.ndarray, weight: float, near: bool = False) -> None:
        """Note a point (3,) that a camera may look at; `near`: from near, too."""
        self.targets.append((np.asarray(point, float), weight, near))

    def against_wall(
        self,
        rng: np.random.Generator,
        piece: Piece,
        z: float = 0.0,
        wall: int | None = None,
        tries: int = 12,
        gap: float = 0.01,
    ) -> np.ndarray | None:
        """Where a piece stands or hangs against a wall, (4, 4), or None where it finds no place.

        Args:
            rng: source of the wall and the place along it.
            piece: with its back to +y.
            z: height of its origin.
            wall: number of the wall; None tries any.
            tries: places that are tried.
            gap: metres behind it.
        """
        low, high = piece.bounds
        lengths = np.array([max(0.0, w.length - (high[0] - low[0])) for w in self.walls])
        if wall is not None:
            lengths = lengths * (np.arange(len(lengths)) == wall)
        if lengths.sum() <= 0:
            return None
        for _ in range(tries):
            number = int(rng.choice(len(lengths), p=lengths / lengths.sum()))
            left = rng.uniform(0, lengths[number])
            if rng.random() < 0.3:  # corners are where furniture is
                left = float(rng.choice([0.01, max(0.01, lengths[number] - 0.01)]))
            if not self._free_of_holes(number, left, left + high[0] - low[0], z + low[2], z + high[2]):
                continue
            matrix = self.walls[number].frame @ standing(left - low[0], -high[1] - gap, z)
            if self.fits(_turned_bounds(np.stack([low, high]), matrix)):
                return matrix
        return None

    def _free_of_holes(self, wall: int, left: float, right: float, low: float, high: float) -> bool:
        for x0, z0, x1, z1 in self.holes[wall]:
            door = z0 < 0.05
            margin = 0.1 if door else -0.1
            if right > x0 - margin and left < x1 + margin and high > z0 + 0.02 and low < z1:
                return False
        return True

    def on_floor(
        self,
        rng: np.random.Generator,
        piece: Piece,
        turns: tuple[float, ...] | None = None,
        z: float = 0.0,
        tries: int = 15,
    ) -> np.ndarray | None:
        """Where a piece stands free (or hangs, with z), (4, 4), or None; `turns` are degrees to choose of."""
        low, high = piece.bounds
        x0, y0 = self.outline.min(0)
        x1, y1 = self.outline.max(0)
        for _ in range(tries):
            turn = rng.uniform(0, 360) if turns is None else float(rng.choice(turns))
            matrix = standing(rng.uniform(x0, x1), rng.uniform(y0, y1), z, turn)
            bounds = _turned_bounds(np.stack([low, high]), matrix)
            if self.fits(bounds, 0.05) and not self._before_door(bounds):
                return matrix
        return None

    def _before_door(self, bounds: np.ndarray) -> bool:
        middle = bounds.mean(0)[:2]
        for wall, holes in zip(self.walls, self.holes, strict=True):
            for x0, z0, x1, _ in holes:
                if z0 < 0.05 and x1 - x0 < 1.3:
                    place = np.array(wall.end) - wall.direction * (x0 + x1) / 2 + wall.inward * 0.3
                    if np.linalg.norm(place - middle) < _DOOR_ROOM:
                        return True
        return False

    def put(
        self, stage: Stage, piece: Piece, matrix: np.ndarray | None, light: float = 0.0, weight: float = 1.0
    ) -> Piece | None:
        """Put a piece where `against_wall` or `on_floor` found a place for it, if they did."""
        if matrix is None:
            return None
        placed = stage.put(piece, matrix, light)
        self.take(placed, weight)
        return placed

    def look(self, eye: np.ndarray, directions: np.ndarray) -> np.ndarray:
        """Distances (K,) from `eye` (3,) along unit `directions` (K, 3) to the room's sides and what stands in it."""
        with np.errstate(divide="ignore", invalid="ignore"):
            distance = np.where(
                directions[:, 2] > 0, (self.height - eye[2]) / directions[:, 2], -eye[2] / directions[:, 2]
            )
            distance = np.where(np.isfinite(distance), distance, np.inf)
            for wall in self.walls:
                toward = -(directions[:, :2] @ wall.inward)
                reach = ((eye[:2] - wall.start) @ wall.inward) / toward
                along = (eye[:2] - wall.start + reach[:, None] * directions[:, :2]) @ wall.direction
                hit = (toward > 0) & (reach > 0) & (along >= 0) & (along <= wall.length)
                distance = np.where(hit & (reach < distance), reach, distance)
            for low, high in self.taken:
                a, b = (low - eye) / directions, (high - eye) / directions
                enter, leave = np.minimum(a, b).max(1), np.maximum(a, b).min(1)
                hit = (leave > np.maximum(enter, 0)) & (enter < distance)
                distance = np.where(hit, np.maximum(enter, 0.0), distance)
        return distance


def _turned_bounds(bounds: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """Bounds (2, 3) of a box under a matrix."""
    grid = np.stack(np.meshgrid(*bounds.T, indexing="ij"), -1).reshape(-1, 3)
    moved = grid @ matrix[:3, :3].T + matrix[:3, 3]
    return np.stack([moved.min(0), moved.max(0)])


def view(
    rng: np.random.Generator,
    room: Room,
    fov: float,
    eye_heights: tuple[float, float],
    reach: tuple[float, float],
    near: bool = False,
    tries: int = 60,
) -> tuple[np.ndarray, np.ndarray] | None:
    """Where a camera stands and what it looks at, (3,) each: something of `room.targets`, seen past what is before it.

    Args:
        rng: source of the proposals.
        room: filled.
        fov: degrees, of the longer side.
        eye_heights: metres, from and to.
        reach: distances to the target, from and to.
        near: only at what is worth a look from near.
        tries: proposals, of which the one that shows most is taken.
    """
    points = np.array([point for point, _, _ in room.targets])
    weights = np.array([weight for _, weight, _ in room.targets], float)
    wanted = weights * np.array([close for *_, close in room.targets]) if near else weights
    if not wanted.sum():
        return None
    best, best_score = None, -math.inf
    low, high = room.outline.min(0), room.outline.max(0)
    for _ in range(tries):
        target = points[int(rng.choice(len(points), p=wanted / wanted.sum()))] + rng.normal(0, 0.08, 3)
        z = target[2] + rng.uniform(0.1, 0.7) if near else rng.uniform(*eye_heights)
        eye = np.array([*rng.uniform(low, high), min(z, room.height - 0.2)])
        distance = float(np.linalg.norm(target - eye))
        if not reach[0] <= distance <= reach[1] or not room.inside(eye[None, :2], 0.2)[0]:
            continue
        if abs(target[2] - eye[2]) > 0.75 * distance:
            continue
        if any((eye > a - 0.12).all() and (eye < b + 0.12).all() for a, b in room.taken):
            continue
        ahead = (target - eye) / distance
        if room.look(eye, ahead[None])[0] < 0.6 * distance:
            continue
        fan = _fan(ahead, fov)
        seen = room.look(eye, fan)
        if np.quantile(seen, 0.1) < 0.3 * reach[0] + 0.15:
            continue
        away = points - eye
        length = np.linalg.norm(away, axis=1)
        inside = (away @ ahead) / np.maximum(length, 1e-6) > math.cos(math.radians(fov) * 0.42)
        score = (
            0.35 * float(np.minimum(weights[inside], 2).sum())
            + 1.2 * float(np.std(np.log(seen)))
            + 0.6 * math.log(float(np.median(seen)))
            + rng.uniform(0, 1.0)
        )
        if score > best_score:
            best, best_score = (eye, target), score
    return best


def _fan(ahead: np.ndarray, fov: float) -> np.ndarray:
    """Unit directions (35, 3) over a picture of 3:2."""
    left = np.cross([0, 0, 1.0], ahead)
    left /= np.linalg.norm(left)
    up = np.cross(ahead, left)
    slope = math.tan(math.radians(fov) / 2)
    x, y = (g.ravel() * slope for g in np.meshgrid(np.linspace(-0.95, 0.95, 7), np.linspace(-0.6, 0.6, 5)))
    directions = ahead + x[:, None] * left + y[:, None] * up
    return directions / np.linalg.norm(directions, axis=1, keepdims=True)
