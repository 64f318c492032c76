"""Places outdoors: a street, a garden, a wood, a terrace over a town, a court."""

from __future__ import annotations

import math

import numpy as np

from render.procedural.kit import building, clutter, facades, fixtures, organic
from render.procedural.kit.draws import log_uniform
from render.procedural.kit.meshes import Mesh, box, join, quad
from render.procedural.kit.pieces import Piece, standing
from render.procedural.kit.shapes import copies, placements
from render.procedural.kit.sites import Site, furnished, ground, trees


def street(site: Site) -> None:
    """Houses along both sides of a road, with pavements, lamps, cars, trees, strings of light."""
    rng = site.rng
    ground(site, "road")
    wide = rng.uniform(5, 12)
    for side in (-1, 1):
        kerb = (
            box((-60, side * wide / 2, 0), (60, side * (wide / 2 + 2.5), 0.12))
            if side > 0
            else box((-60, -wide / 2 - 2.5, 0), (60, -wide / 2, 0.12))
        )
        site.stage.put(Piece({"stone": kerb}))
        x = -30.0 - rng.uniform(0, 6)
        while x < 30:
            width, depth = rng.uniform(6, 14), rng.uniform(6, 10)
            made = facades.house(
                rng, width, depth, int(rng.integers(1, 6)), int(rng.integers(2)), 0.45 if site.night else 0.03
            )
            y = side * (wide / 2 + 2.5 + depth / 2)
            placed = site.put(made, x + width / 2, y, 0 if side > 0 else 180, aim=False)
            low, high = placed.bounds
            site.targets.append(np.array([x + width / 2, side * (wide / 2 + 2.5), rng.uniform(1.0, min(6.0, high[2]))]))
            x += width + float(rng.choice([0.0, rng.uniform(0.5, 5)]))
        for x in np.arange(-25, 26, rng.uniform(8, 16)):
            if rng.random() < 0.8:
                site.put(facades.street_lamp(rng), float(x), side * (wide / 2 + 0.5), 0 if side > 0 else 180)
    count = int(rng.integers(0, 8))
    if count:
        spots = np.column_stack([rng.uniform(-22, 22, count), rng.choice([-1, 1], count) * (wide / 2 + 1.0)])
        trees(site, spots, 3.0, 7.0, 700)
    for _ in range(int(rng.integers(0, 5))):
        site.put(
            facades.car(rng), rng.uniform(-20, 20), float(rng.choice([-1, 1])) * (wide / 2 - 1.2), rng.normal(0, 3)
        )
    if rng.random() < 0.5 and site.night:
        for x in np.arange(-12, 13, rng.uniform(3, 7)):
            a, b = (
                np.array([x, -wide / 2 - 2.4, rng.uniform(3.5, 5)]),
                np.array([x + rng.normal(0, 2), wide / 2 + 2.4, rng.uniform(3.5, 5)]),
            )
            site.add(facades.string_of_lights(rng, a, b, int(rng.integers(10, 40))), np.eye(4))
    site.eyes.append(np.array([[-22, -wide / 2 - 1.8, 1.3], [22, wide / 2 + 1.8, 2.2]]))
    site.reach = (4.0, 25.0)


def garden(site: Site) -> None:
    """A lawn before a house: trees, bushes, flowers, a pool, a fence, a table laid."""
    rng = site.rng
    ground(site, "lawn")
    width, depth = rng.uniform(8, 16), rng.uniform(6, 10)
    made = facades.house(rng, width, depth, int(rng.integers(1, 4)), 0, 0.6 if site.night else 0.05)
    site.put(made, 0.0, 6 + depth / 2, 0)
    site.stage.put(Piece({"stone": box((-width / 2, 3.0, 0), (width / 2, 6.0, 0.06))}))
    count = int(rng.integers(3, 9))
    spots = np.column_stack([rng.uniform(-16, 16, count), rng.uniform(-12, 2, count)])
    trees(site, spots, 2.5, 7.0, 900)
    for _ in range(int(rng.integers(8, 26))):
        x, y, size = rng.uniform(-9, 9), rng.uniform(-8, 5), rng.uniform(0.3, 1.0)
        bush = organic.foliage(
            rng, size * rng.uniform(0.6, 1.2, 3), int(rng.integers(100, 350)), size * rng.uniform(0.1, 0.25)
        )
        site.put(Piece({f"leaf:{rng.integers(2)}": bush.moved(0, 0, 0.6 * size)}), x, y)
    if rng.random() < 0.5:
        x, y, w, d = rng.uniform(-4, 4), rng.uniform(-5, 0), rng.uniform(1.5, 4), rng.uniform(1.5, 3)
        rim = building.panel(2 * w + 0.6, 2 * d + 0.6, [(0.3, 0.3, 2 * w + 0.3, 2 * d + 0.3)]).turned(-90, "x")
        site.stage.put(
            Piece(
                {
                    "stone": rim.moved(x - w - 0.3, y - d - 0.3, 0.05),
                    "water": quad((x - w, y - d, 0.02), (2 * w, 0, 0), (0, 2 * d, 0)),
                }
            )
        )
        site.targets.append(np.array([x, y, 0.2]))
        site.blocked.append((x, y, max(w, d)))
    furnished(site, np.array([rng.uniform(-3, 3), rng.uniform(1.0, 4.2)]), 0.06)
    for _ in range(int(rng.integers(0, 4))):
        site.put(
            facades.fence(rng, rng.uniform(3, 10)), rng.uniform(-12, 6), rng.uniform(-10, 3), float(rng.choice([0, 90]))
        )
    for _ in range(int(rng.integers(0, 4))):
        site.put(facades.street_lamp(rng), rng.uniform(-8, 8), rng.uniform(-6, 3), aim=False)
    site.grass = True
    site.eyes.append(np.array([[-9, -10, 0.6], [9, 4, 2.2]]))
    site.reach = (1.5, 16.0)


def wood(site: Site) -> None:
    """Trees, ferns, stones, grass on rough ground."""
    rng = site.rng
    mesh, _ = organic.terrain(rng, 80.0, rng.uniform(2, 12))
    site.stage.put(Piece({"lawn": mesh}))
    count = int(rng.integers(25, 55))
    spots = rng.uniform(-12, 12, (count, 2))
    trees(site, spots[np.hypot(*spots.T) > 1.5], 4.0, 10.0, int(rng.integers(150, 450)))
    for _ in range(int(rng.integers(2, 9))):
        x, y = rng.uniform(-6, 6, 2)
        stone = organic.boulder(rng, log_uniform(rng, 0.15, 1.0))
        site.put(Piece({"stone": stone}), float(x), float(y), z=-0.05)
    for _ in range(int(rng.integers(5, 20))):
        x, y = rng.uniform(-6, 6, 2)
        fern = clutter.potted(rng, rng.uniform(0.3, 0.9))
        parts = {slot: part for slot, part in fern.parts.items() if slot in ("leaf", "bark")}
        site.put(Piece(parts), float(x), float(y), rng.uniform(0, 360), -0.1)
    site.grass = True
    if site.night:
        for _ in range(int(rng.integers(2, 6))):
            site.put(facades.street_lamp(rng), float(rng.uniform(-8, 8)), float(rng.uniform(-8, 8)), aim=False)
    site.eyes.append(np.array([[-6, -6, 0.3], [6, 6, 2.2]]))
    site.reach = (1.2, 12.0)


def terrace(site: Site) -> None:
    """A terrace high up: thin rails before a town, a table, chairs, pots."""
    rng = site.rng
    w, d, high = rng.uniform(3, 8), rng.uniform(2.5, 5), rng.uniform(3, 25)
    site.stage.put(
        Piece(
            {
                "ground": quad((-400, -400, -high), (800, 0, 0), (0, 800, 0)),
                "floor": box((-w / 2, -d, -0.3), (w / 2, 0, 0)),
            }
        )
    )
    rail = rng.uniform(0.9, 1.1), rng.uniform(0.06, 0.16), rng.uniform(0.004, 0.012)
    corners = [(-w / 2, 0, 0), (-w / 2, -d, 0), (w / 2, -d, 0), (w / 2, 0, 0)]
    for start, end in zip(corners[:-1], corners[1:], strict=True):
        site.stage.put(Piece(building.railing(start, end, *rail)))
        site.targets.append(np.add(start, end) / 2 + [0, 0, 0.8])
    wall = building.panel(w + 6, 3.5, [(w / 2 + 2.2, 0.0, w / 2 + 3.8, 2.3)]).turned(0).moved(-w / 2 - 3, 0, 0)
    site.stage.put(Piece({"wall": wall, "door": box((-0.8, 0.1, 0), (0.8, 0.14, 2.3))}))
    furnished(site, np.array([rng.uniform(-0.3, 0.3) * w, -d / 2]), 0.0)
    for _ in range(int(rng.integers(2, 7))):
        site.put(
            clutter.potted(rng, rng.uniform(0.4, 1.6)),
            rng.uniform(-0.45, 0.45) * w,
            -rng.uniform(0.1, 0.9) * d,
            rng.uniform(0, 360),
        )
    for _ in range(int(rng.integers(5, 14))):
        angle, far = rng.uniform(-math.pi, 0), rng.uniform(18, 70)
        made = facades.house(
            rng,
            rng.uniform(8, 16),
            rng.uniform(7, 12),
            int(rng.integers(1, 7)),
            int(rng.integers(2)),
            0.45 if site.night else 0.02,
        )
        place = standing(far * math.cos(angle), far * math.sin(angle), -high, rng.uniform(0, 360))
        site.add(made, place)
    if rng.random() < (0.7 if site.night else 0.2):
        a, b = np.array([-w / 2, -d, 2.2]), np.array([w / 2, -0.1, 2.6])
        site.add(facades.string_of_lights(rng, a, b, int(rng.integers(8, 30))), np.eye(4))
    site.eyes.append(np.array([[-w / 2 + 0.3, -d + 0.3, 1.0], [w / 2 - 0.3, -0.3, 1.8]]))
    site.reach = (0.8, 8.0)


def court(site: Site) -> None:
    """A paved court within colonnades or walls: light from above, shade at the sides."""
    rng = site.rng
    ground(site, "road", 60.0)
    side, height = rng.uniform(5, 12), rng.uniform(3.0, 7.0)
    deep = rng.uniform(1.5, 3.0)
    sheets: list[Mesh] = []
    for turn in (0, 90, 180, 270):
        sheets.append(
            building.panel(2 * side, height, _arches(rng, 2 * side, height)).moved(-side, side, 0).turned(turn)
        )
        sheets.append(building.panel(2 * (side + deep), height).moved(-side - deep, side + deep, 0).turned(turn))
        sheets.append(box((-side - deep, side, height - 0.2), (side + deep, side + deep, height)).turned(turn))
    site.stage.put(Piece({"facade:0": join(sheets)}))
    pillar = building.column(height * 0.9, rng.uniform(0.12, 0.3), int(rng.choice([4, 8, 24])))
    count = int(rng.integers(3, 8))
    along = np.linspace(-side, side, count)
    for turn in (0, 90, 180, 270):
        places = np.stack([along, np.full(count, side - 0.1), np.zeros(count)], -1)
        site.stage.put(Piece({"stone": copies(pillar, placements(places)).turned(turn)}))
        site.targets.append(
            np.array(
                [
                    *(
                        np.array(
                            [
                                [math.cos(math.radians(turn)), -math.sin(math.radians(turn))],
                                [math.sin(math.radians(turn)), math.cos(math.radians(turn))],
                            ]
                        )
                        @ [rng.uniform(-0.5, 0.5) * side, side]
                    ),
                    1.6,
                ]
            )
        )
    for _ in range(int(rng.integers(2, 8))):
        x, y = rng.uniform(-0.8, 0.8, 2) * side
        site.put(clutter.potted(rng, rng.uniform(0.6, 2.2)), float(x), float(y))
    furnished(site, rng.uniform(-0.4, 0.4, 2) * side, 0.0)
    if rng.random() < 0.5:
        r = rng.uniform(0.8, 1.8)
        site.put(
            Piece(
                {
                    "stone": building.column(0.5, r, 32),
                    "water": fixtures.basin(1.9 * r, 1.9 * r, 0.02, 0.02, 1.0).moved(0, 0, 0.52),
                }
            ),
            0.0,
            0.0,
        )
    for turn in (0, 90, 180, 270):
        if rng.random() < 0.7:
            x, y = rng.uniform(-0.9, 0.9, 2) * side
            site.put(facades.street_lamp(rng), float(x), float(y), turn, aim=False)
    site.eyes.append(
        np.array([[-side - deep + 0.4, -side - deep + 0.4, 1.2], [side + deep - 0.4, side + deep - 0.4, 2.0]])
    )
    site.reach = (2.0, 14.0)


def _arches(rng: np.random.Generator, width: float, height: float) -> list[building.Hole]:
    """Openings side by side, all the same."""
    count = int(rng.integers(2, 6))
    pitch = width / count
    wide, top, low = (
        pitch * rng.uniform(0.6, 0.85),
        height * rng.uniform(0.65, 0.85),
        float(rng.choice([0.0, 0.0, 0.8])),
    )
    return [((i + 0.5) * pitch - wide / 2, low, (i + 0.5) * pitch + wide / 2, top) for i in range(count)]
