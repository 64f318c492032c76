"""What rooms are for, and what therefore stands in them."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from render.procedural.kit import clutter, fixtures, furnishing, lamps
from render.procedural.kit.building import column, railing, stairs
from render.procedural.kit.meshes import box
from render.procedural.kit.pieces import Piece, Stage, Top, standing
from render.procedural.kit.rooms import Room

RIGHT_ANGLES = (0.0, 90.0, 180.0, 270.0)


class Furnisher:
    """Fills a room; lamps that stand in it give `light` (irradiance at two metres, 0 for off)."""

    def __init__(self, rng: np.random.Generator, room: Room, stage: Stage, light: float, density: float) -> None:
        self.rng, self.room, self.stage, self.light, self.density = rng, room, stage, light, density

    def wall(self, piece: Piece, z: float = 0.0, weight: float = 1.0, gap: float = 0.01, load: float = 0.0) -> bool:
        """Put a piece against a wall, with about `load` things on each of its tops; whether there was room."""
        return self._loaded(
            self.room.put(self.stage, piece, self.room.against_wall(self.rng, piece, z, gap=gap), self._glow(), weight),
            load,
        )

    def floor(
        self, piece: Piece, weight: float = 1.0, load: float = 0.0, turns: tuple[float, ...] | None = RIGHT_ANGLES
    ) -> bool:
        """Put a piece free on the floor."""
        return self._loaded(
            self.room.put(self.stage, piece, self.room.on_floor(self.rng, piece, turns), self._glow(), weight), load
        )

    def _glow(self) -> float:
        return self.light * math.exp(self.rng.normal(0, 0.7))

    def _loaded(self, placed: Piece | None, load: float) -> bool:
        if placed is None:
            return False
        for top in placed.tops:
            self.load(top, load)
        return True

    def load(self, top: Top, load: float) -> None:
        """Put about `load` things on a top."""
        rng = self.rng
        count = int(rng.poisson(load * self.density))
        lamp = self.light > 0 and top.room > 0.5 and rng.random() < 0.25 * load / 3
        tv = top.room > 0.5 and rng.random() < 0.06 * load
        for piece, matrix in clutter.heaped(rng, top, count, lamp, tv):
            self.stage.put(piece, matrix, self._glow() * (1.0 if lamp else 0.4))
        if count:
            x0, y0, x1, y1 = top.rect
            self.room.aim(np.array([(x0 + x1) / 2, (y0 + y1) / 2, top.z + 0.08]), 1.2, near=True)

    def walls_hung(self, count: int) -> None:
        """Pictures on the walls, and now and then a mirror, a clock, a shelf or a lamp."""
        rng = self.rng
        for _ in range(count):
            draw = rng.random()
            if draw < 0.6:
                self.wall(furnishing.picture(rng, 1.2), rng.uniform(0.9, 1.6), 0.7)
            elif draw < 0.72:
                self.wall(
                    furnishing.mirror(rng, rng.uniform(0.3, 1.2), rng.uniform(0.4, 1.4)), rng.uniform(0.7, 1.3), 1.2
                )
            elif draw < 0.85:
                width, depth = rng.uniform(0.4, 1.2), rng.uniform(0.12, 0.25)
                board = Piece(
                    {"wood": box((-width / 2, -depth, 0), (width / 2, 0, 0.025))},
                    tops=(Top((-width / 2 + 0.02, -depth + 0.02, width / 2 - 0.02, -0.02), 0.025, 0.35),),
                )
                self.wall(board, rng.uniform(1.1, 1.7), 0.8, 0.0, 3.0)
            else:
                self.wall(lamps.wall_lamp(rng), rng.uniform(1.4, 1.9), 0.8, 0.0)

    def fill(self) -> None:
        """More of what any room may have, the more the larger it is."""
        rng = self.rng
        x, y = self.room.outline.T
        size = 0.5 * abs(float(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1))))
        for _ in range(int(rng.poisson(0.5 * size * self.density))):
            draw = int(rng.integers(10))
            if draw < 3:
                self.wall(
                    furnishing.cabinet(rng, rng.uniform(0.4, 1.6), rng.uniform(0.3, 0.5), rng.uniform(0.4, 1.3)),
                    load=4.0,
                )
            elif draw == 3:
                self.wall(furnishing.bookcase(rng, rng.uniform(0.5, 1.2), rng.uniform(0.7, 2.0)), load=3.0)
            elif draw == 4:
                self.wall(furnishing.rack(rng), load=3.0)
            elif draw == 5:
                self.floor(furnishing.chair(rng), turns=None)
            elif draw == 6:
                self.floor(clutter.potted(rng, rng.uniform(0.4, 1.6)), 0.7, turns=None)
            elif draw == 7:
                self.floor(
                    furnishing.table(rng, rng.uniform(0.5, 1.2), rng.uniform(0.4, 0.8), rng.uniform(0.4, 0.8)), load=5.0
                )
            elif draw == 8:
                self.floor(lamps.floor_lamp(rng), 0.7, turns=None)
            else:
                things = (clutter.carton, clutter.toys, clutter.vase, clutter.ornament, clutter.cable)
                self.floor(things[int(rng.integers(len(things)))](rng), 0.4, turns=None)

    def chairs_about(self, table: Piece, count: int, make: Callable[[np.random.Generator], Piece]) -> None:
        """Chairs about a table that stands already, pushed under it more or less."""
        rng = self.rng
        low, high = table.bounds
        middle = (low + high) / 2
        for i in range(count):
            side = RIGHT_ANGLES[i % 4]
            reach = ((high - low)[1] if i % 2 == 0 else (high - low)[0]) / 2 + rng.uniform(0.18, 0.4)
            wide = ((high - low)[0] if i % 2 == 0 else (high - low)[1]) / 2 - 0.3
            along = rng.uniform(-wide, wide) if wide > 0 else 0.0
            # A chair's front (-y) faces the table: on the table's far side (+y) it is not turned.
            turn = math.radians(side)
            x = middle[0] - reach * math.sin(turn) + along * math.cos(turn)
            y = middle[1] + reach * math.cos(turn) + along * math.sin(turn)
            piece = make(rng)
            matrix = standing(x, y, 0.0, side + rng.normal(0, 10))
            bounds = piece.under(matrix).bounds
            # Under the table's top is allowed, within another chair or outside the room is not.
            others = [taken for taken in self.room.taken if not np.allclose(taken, table.bounds)]
            kept, self.room.taken = self.room.taken, others
            free = self.room.fits(bounds, 0.0)
            self.room.taken = kept
            if free:
                self.room.put(self.stage, piece, matrix, weight=0.6)


def living(f: Furnisher) -> None:
    """Sofas, low tables, shelves, a screen, lamps, plants."""
    rng = f.rng
    f.floor(furnishing.rug(rng, rng.uniform(1.2, 2.8), rng.uniform(1.0, 2.0)), 0.0)
    f.room.taken.clear()  # things stand on a rug
    f.wall(furnishing.sofa(rng, rng.uniform(1.4, 2.4)), weight=1.5, gap=0.05)
    if rng.random() < 0.6:
        f.floor(furnishing.sofa(rng, rng.uniform(0.8, 1.6)), 1.2, turns=None)
    f.floor(furnishing.table(rng, rng.uniform(0.7, 1.3), rng.uniform(0.5, 0.8), rng.uniform(0.3, 0.5)), 2.0, 4.0)
    for _ in range(int(rng.integers(1, 4))):
        f.wall(furnishing.bookcase(rng, rng.uniform(0.6, 1.8), rng.uniform(0.8, 2.2)), weight=1.4, load=2.0)
    f.wall(furnishing.cabinet(rng, rng.uniform(0.8, 1.8), 0.42, rng.uniform(0.4, 0.95)), load=4.0)
    if rng.random() < 0.4:
        f.wall(furnishing.vitrine(rng), weight=1.4, load=2.5)
    f.floor(lamps.floor_lamp(rng), 0.8, turns=None)
    f.floor(clutter.potted(rng, rng.uniform(0.5, 1.4)), 0.8, turns=None)


def bedroom(f: Furnisher) -> None:
    """A bed, bedside tables, a wardrobe, a mirror."""
    rng = f.rng
    f.wall(furnishing.bed(rng), weight=2.0)
    for _ in range(2):
        f.wall(furnishing.cabinet(rng, rng.uniform(0.35, 0.5), 0.38, rng.uniform(0.4, 0.6)), load=3.0, weight=1.3)
    f.wall(furnishing.cabinet(rng, rng.uniform(0.8, 2.0), 0.58, rng.uniform(1.8, 2.3)), weight=0.8)
    f.wall(furnishing.mirror(rng, rng.uniform(0.4, 0.8), rng.uniform(1.2, 1.7)), 0.2, 1.3)
    f.floor(furnishing.chair(rng), 0.8, turns=None)
    f.floor(lamps.floor_lamp(rng), 0.6, turns=None)


def kitchen(f: Furnisher) -> None:
    """Rows of units with glossy fronts, an island, a table."""
    rng = f.rng
    longest = max(wall.length for wall in f.room.walls)
    for i in range(int(rng.integers(1, 3))):
        length = rng.uniform(1.2, max(1.3, longest - 0.5))
        f.wall(fixtures.kitchen_row(rng, length, bool(rng.random() < 0.75)), weight=2.5, load=9.0 if i == 0 else 5.0)
    f.wall(fixtures.fridge(rng), weight=0.8)
    if rng.random() < 0.45:
        f.floor(fixtures.counter_front(rng, rng.uniform(1.2, 2.2)), 1.8, 6.0)
    else:
        dining_table(f)
    if rng.random() < 0.5:
        f.wall(furnishing.rack(rng), load=3.0)


def dining_table(f: Furnisher) -> None:
    """A table with chairs about it and things on it."""
    rng = f.rng
    piece = furnishing.table(rng, rng.uniform(0.8, 2.0), rng.uniform(0.7, 1.0), rng.uniform(0.7, 0.78))
    placed = f.room.put(f.stage, piece, f.room.on_floor(rng, piece, RIGHT_ANGLES, tries=40), weight=2.5)
    if placed is None:
        return
    for top in placed.tops:
        f.load(top, 7.0)
    style = furnishing.chair(np.random.default_rng(int(rng.integers(1 << 30))))
    f.chairs_about(placed, int(rng.integers(2, 7)), lambda _: style)
    if rng.random() < 0.5:
        x, y = placed.bounds.mean(0)[:2]
        drop = f.room.height - rng.uniform(1.3, 1.8)
        if drop > 0.25:
            f.stage.put(lamps.pendant(rng, drop), standing(x, y, f.room.height), f.light * rng.uniform(0.5, 1.5), 1.2)
            f.room.aim(np.array([x, y, f.room.height - drop]), 1.0)


def dining(f: Furnisher) -> None:
    """A table with chairs, a sideboard, a vitrine."""
    dining_table(f)
    f.wall(furnishing.vitrine(f.rng), weight=1.4, load=3.0)
    f.wall(furnishing.cabinet(f.rng, f.rng.uniform(1.0, 2.0), 0.45, f.rng.uniform(0.8, 1.0)), load=5.0)
    f.floor(clutter.potted(f.rng, f.rng.uniform(0.5, 1.4)), 0.6, turns=None)


def bathroom(f: Furnisher) -> None:
    """Tub, shower, washstand under a mirror, chrome."""
    rng = f.rng
    stand = fixtures.washstand(rng, rng.uniform(0.6, 1.4))
    matrix = f.room.against_wall(rng, stand, tries=30)
    placed = f.room.put(f.stage, stand, matrix, weight=2.5)
    if placed is not None and matrix is not None:
        for top in placed.tops:
            f.load(top, 3.0)
        width = rng.uniform(0.4, 1.3)
        height = rng.uniform(0.5, 1.0)
        glass = furnishing.mirror(rng, width, height)
        bounds = stand.bounds
        above = matrix @ standing(
            float(bounds.mean(0)[0]) - width / 2, float(bounds[1, 1]) + 0.0, rng.uniform(1.15, 1.3)
        )
        f.room.put(f.stage, glass, above, weight=2.0)
        if rng.random() < 0.6:
            lamp = above @ standing(width / 2, 0.0, height + 0.15)
            f.stage.put(lamps.wall_lamp(rng), lamp, f.light * rng.uniform(0.5, 2), 1.0)
    if rng.random() < 0.7:
        tub = fixtures.tub(rng)
        f.wall(tub, weight=1.8, gap=0.0)
    if rng.random() < 0.5:
        f.wall(fixtures.shower(rng), weight=1.8, gap=0.0)
    f.wall(fixtures.toilet(rng), weight=1.0)
    f.wall(fixtures.towel_rail(rng), rng.uniform(0.3, 0.8), 1.3)
    if rng.random() < 0.4:
        f.wall(furnishing.rack(rng), load=3.0)
    if rng.random() < 0.4:
        f.wall(fixtures.pipes(rng, rng.uniform(0.5, 1.5), 2.0), weight=0.8)


def office(f: Furnisher) -> None:
    """Desks with screens, swivel chairs, shelves of files."""
    rng = f.rng
    for _ in range(int(rng.integers(1, 4))):
        desk = furnishing.table(rng, rng.uniform(1.1, 1.8), rng.uniform(0.6, 0.8), rng.uniform(0.7, 0.76))
        placed = f.room.put(f.stage, desk, f.room.against_wall(rng, desk), weight=2.0)
        if placed is None:
            continue
        for top in placed.tops:
            f.load(top, 3.0)
            for piece, matrix in clutter.heaped(rng, top, 0, tv=True):
                f.stage.put(piece, matrix, max(f.light, 0.3) * rng.uniform(0.2, 1.0))
        f.chairs_about(placed, 1, furnishing.office_chair)
    for _ in range(int(rng.integers(1, 4))):
        f.wall(furnishing.bookcase(rng, rng.uniform(0.6, 1.6), rng.uniform(1.0, 2.2)), load=2.0)
    f.floor(clutter.potted(rng, rng.uniform(0.5, 1.3)), 0.6, turns=None)


def hall(f: Furnisher) -> None:
    """Stairs and railings, a console, coats of paint."""
    rng = f.rng
    rise = rng.uniform(0.16, 0.19)
    steps = max(4, min(int((f.room.height - 0.05) / rise) - 3, int(rng.integers(6, 16))))
    flight = Piece(stairs(rng, steps, rng.uniform(0.8, 1.2), rise, rng.uniform(0.23, 0.29)))
    f.wall(flight, weight=2.5)
    f.wall(furnishing.cabinet(rng, rng.uniform(0.7, 1.3), 0.35, rng.uniform(0.75, 0.95)), load=4.0)
    span = rng.uniform(1.0, 2.5)
    rails = railing(
        (-span / 2, 0, 0), (span / 2, 0, 0), rng.uniform(0.85, 1.0), rng.uniform(0.06, 0.15), rng.uniform(0.004, 0.012)
    )
    f.floor(Piece(rails), 1.5)
    f.wall(furnishing.ladder(rng), weight=1.0)
    f.wall(furnishing.mirror(rng, rng.uniform(0.4, 0.9), rng.uniform(0.8, 1.6)), rng.uniform(0.5, 0.9), 1.2)


def workshop(f: Furnisher) -> None:
    """Benches, racks, pipes, ladders, boxes."""
    rng = f.rng
    f.wall(furnishing.table(rng, rng.uniform(1.2, 2.2), 0.7, rng.uniform(0.8, 0.95)), weight=1.5, load=7.0)
    for _ in range(int(rng.integers(1, 4))):
        f.wall(furnishing.rack(rng), load=3.0, weight=1.3)
    f.wall(fixtures.pipes(rng, rng.uniform(1.0, 3.0), f.room.height), weight=1.2)
    f.wall(furnishing.ladder(rng), weight=1.0)
    for _ in range(int(rng.integers(2, 8))):
        f.floor(clutter.carton(rng), 0.4, turns=None)
        f.floor(clutter.toys(rng), 0.3, turns=None)
        f.floor(clutter.cable(rng), 0.0, turns=None)
    f.floor(furnishing.chair(rng), 0.8, turns=None)


def gallery(f: Furnisher) -> None:
    """Columns, plinths with sculptures, pictures: much floor."""
    rng = f.rng
    for _ in range(int(rng.integers(0, 5))):
        f.floor(Piece({"stone": column(f.room.height, rng.uniform(0.1, 0.25), int(rng.choice([4, 8, 32])))}), 0.5)
    for _ in range(int(rng.integers(2, 6))):
        side, height = rng.uniform(0.25, 0.5), rng.uniform(0.4, 1.1)
        plinth = Piece({"paint": box((-side / 2, -side / 2, 0), (side / 2, side / 2, height))})
        placed = f.room.put(f.stage, plinth, f.room.on_floor(rng, plinth), weight=0.3)
        if placed is not None:
            shape = clutter.ornament(rng)
            low, high = shape.bounds
            scale = rng.uniform(0.6, 1.3) * side / float((high - low)[:2].max())
            x, y = placed.bounds.mean(0)[:2]
            grown = Piece({slot: mesh.scaled(scale) for slot, mesh in shape.parts.items()})
            f.room.take(f.stage.put(grown, standing(x, y, height + 0.001, rng.uniform(0, 360))), 2.0)
    f.walls_hung(6)
    f.floor(furnishing.table(rng, 1.4, 0.45, 0.45), 0.8)


#: What a room may be: how it is furnished, the ranges of its sides and height in metres, and how often it comes.
PROGRAMMES: tuple[tuple[Callable[[Furnisher], None], tuple[float, float], tuple[float, float], float], ...] = (
    (living, (3.2, 7.0), (2.3, 3.4), 4),
    (kitchen, (2.4, 5.5), (2.3, 3.0), 4),
    (bathroom, (2.0, 4.0), (2.2, 2.9), 4),
    (dining, (3.0, 6.0), (2.4, 3.4), 2),
    (bedroom, (2.8, 5.5), (2.2, 3.0), 2),
    (office, (2.8, 7.0), (2.4, 3.2), 2),
    (hall, (2.8, 6.0), (2.6, 4.5), 3),
    (workshop, (2.8, 7.0), (2.4, 4.0), 2),
    (gallery, (3.5, 9.0), (2.6, 4.5), 2),
)
