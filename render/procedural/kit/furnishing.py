"""Furniture of random makes, as pieces: tables, seats, storage, beds, pictures and mirrors."""

from __future__ import annotations

import math

import numpy as np

from render.procedural.kit import furniture
from render.procedural.kit.building import window_frame
from render.procedural.kit.meshes import Mesh, box, boxes, cushion, cylinder, join, lathe, quad, sheet
from render.procedural.kit.organic import drape
from render.procedural.kit.pieces import Piece, Top, parts_of
from render.procedural.kit.shapes import bevelled_box, curve, sweep


def table(rng: np.random.Generator, width: float, depth: float, height: float) -> Piece:
    """A table: on square legs, round on a column, of glass on metal, on trestles, under a cloth."""
    w, d, draw = width / 2, depth / 2, rng.random()
    thick = rng.uniform(0.015, 0.05)
    top = Top((-w, -d, w, d), height)
    legs: list[Mesh] = []
    if draw < 0.35:
        made = furniture.table(width, depth, height, thick, rng.uniform(0.03, 0.09))
        return Piece(parts_of(wood=made["top"], case=made["legs"]), tops=(top,))
    if draw < 0.55:
        r = max(w, d) * rng.uniform(0.7, 1.0)
        plate = lathe(
            [(0, height - thick), (r - 0.01, height - thick), (r, height - thick / 2), (r - 0.01, height), (0, height)],
            64,
        )
        profile = [
            (0, 0),
            (0.6 * r, 0),
            (0.55 * r, 0.03),
            (0.06, 0.08),
            (0.05, height * 0.5),
            (0.09, height - thick),
            (0, height - thick),
        ]
        return Piece(
            {"counter": plate, "metal": lathe(profile, 32)}, tops=(Top((-0.7 * r, -0.7 * r, 0.7 * r, 0.7 * r), height),)
        )
    if draw < 0.72:
        pane = bevelled_box((-w, -d, height - 0.01), (w, d, height), 0.002)
        for sx in (-1, 1):
            for sy in (-1, 1):
                x, y = sx * (w - 0.05), sy * (d - 0.05)
                legs.append(cylinder((x * rng.uniform(0.8, 1.0), y, 0), (x, y, height - 0.01), 0.012))
        legs += [cylinder((-w + 0.05, s * (d - 0.05), 0.2), (w - 0.05, s * (d - 0.05), 0.2), 0.008) for s in (-1, 1)]
        return Piece({"glass": pane, "chrome": join(legs)}, tops=(top,))
    plate = bevelled_box((-w, -d, height - thick), (w, d, height), 0.004)
    for s in (-1, 1):
        x = s * w * 0.8
        legs += [cylinder((x - 0.1, t * (d - 0.04), 0), (x, t * (d - 0.1), height - thick), 0.018) for t in (-1, 1)]
        legs += [cylinder((x + 0.1, t * (d - 0.04), 0), (x, t * (d - 0.1), height - thick), 0.018) for t in (-1, 1)]
    parts = {"wood": plate, "metal": join(legs)}
    if draw > 0.85:
        parts["linen"] = drape(rng, width, depth, rng.uniform(0.1, min(0.5, height - 0.05))).moved(0, 0, height)
        return Piece(parts, tops=(Top(top.rect, height + 0.007),))
    return Piece(parts, tops=(top,))


def chair(rng: np.random.Generator) -> Piece:
    """A chair: spindles, slats, a bent shell on wires, a stool."""
    draw = rng.random()
    if draw < 0.3:
        made = furniture.spindle_chair(int(rng.integers(4, 10)), rng.uniform(0.42, 0.5))
        return Piece(
            {"wood": made["frame"], str(rng.choice(["wood", "cloth", "plastic"])): made["seat"]}
            if rng.random() < 0.7
            else parts_of(metal=made["frame"], wood=made["seat"])
        )
    if draw < 0.55:
        made = furniture.ladder_chair(int(rng.integers(2, 7)))
        return Piece({"case": made["frame"], "cloth": made["seat"]})
    if draw < 0.85:
        h = rng.uniform(0.42, 0.48)

        def shell(u: np.ndarray, v: np.ndarray) -> np.ndarray:
            t = np.clip(v, 0, 1)
            angle = 1.75 * np.clip((t - 0.45) * 3, 0, 1)
            x = (u - 0.5) * 0.46 * (1 - 0.25 * np.clip(t - 0.6, 0, 1))
            along = np.where(t < 0.5, t * 0.85, 0.425)
            up = np.where(t < 0.5, 0, (t - 0.5) * 0.9)
            return np.stack(
                [x, -0.22 + along + 0.06 * np.sin(angle), h + up + 0.12 * (2 * (u - 0.5)) ** 2 * (1 - 0.5 * t)], -1
            )

        legs = [
            cylinder((0.12 * a, 0.1 * b, h), (0.22 * a, 0.22 * b, 0), rng.uniform(0.006, 0.014), sides=8)
            for a in (-1, 1)
            for b in (-1, 1)
        ]
        return Piece({"plastic": sheet(shell, 14, 22, (0.46, 0.85)), "chrome": join(legs)})
    h = rng.uniform(0.4, 0.78)
    legs = [cylinder((0.1 * a, 0.1 * b, h), (0.18 * a, 0.18 * b, 0), 0.013, sides=8) for a in (-1, 1) for b in (-1, 1)]
    legs += [
        cylinder((0.16 * a, 0.16 * b, 0.2), (0.16 * b, -0.16 * a, 0.2), 0.008, sides=6)
        for a, b in ((1, 1), (1, -1), (-1, -1), (-1, 1))
    ]
    seat = lathe([(0, h), (0.17, h), (0.18, h + 0.015), (0.16, h + 0.03), (0, h + 0.03)], 32)
    return Piece(
        {str(rng.choice(["wood", "chrome", "metal"])): join(legs), str(rng.choice(["plastic", "cloth", "case"])): seat}
    )


def office_chair(rng: np.random.Generator) -> Piece:
    """A swivel chair on castors."""
    star = [cylinder((0, 0, 0.09), (0.3 * math.cos(a), 0.3 * math.sin(a), 0.06), 0.018) for a in np.arange(5) * 1.2566]
    wheels = [
        cylinder(
            (0.3 * math.cos(a) - 0.02, 0.3 * math.sin(a), 0.03),
            (0.3 * math.cos(a) + 0.02, 0.3 * math.sin(a), 0.03),
            0.03,
        )
        for a in np.arange(5) * 1.2566
    ]
    seat = [cushion((-0.24, -0.24, 0.44), (0.24, 0.24, 0.54), 0.4), cushion((-0.22, 0.2, 0.62), (0.22, 0.28, 1.1), 0.4)]
    stem = [
        cylinder((0, 0, 0.08), (0, 0, 0.45), 0.025),
        sweep(curve([(0, 0.1, 0.46), (0, 0.3, 0.5), (0, 0.28, 0.7)], 6), 0.02),
    ]
    return Piece({"chrome": join([*star, *stem]), "black": join(wheels), "cloth": join(seat)})


def sofa(rng: np.random.Generator, width: float) -> Piece:
    """A sofa or an armchair with loose cushions."""
    made = furniture.sofa(width, max(1, round(width / 0.75)))
    pads = []
    for _ in range(int(rng.integers(0, 4))):
        size = rng.uniform(0.17, 0.25)
        pad = (
            cushion((-size, -0.07, -size), (size, 0.07, size), 0.6, 10)
            .turned(rng.uniform(-25, 25), "y")
            .turned(-20, "x")
        )
        pads.append(pad.moved(rng.uniform(-0.5, 0.5) * (width - 0.5), 0.1, 0.5 + 0.9 * size))
    return Piece(parts_of(cloth=made["cover"], metal=made["legs"], linen=pads))


def bed(rng: np.random.Generator) -> Piece:
    """A bed with blankets and pillows."""
    made = furniture.bed(rng.uniform(0.9, 1.8), rng.uniform(1.9, 2.2))
    frame, blanket = str(rng.choice(["wood", "wood", "case", "metal"])), str(rng.choice(["cloth", "rug"]))
    return Piece({frame: made["frame"], "linen": made["sheet"], blanket: made["blanket"]})


def bookcase(rng: np.random.Generator, width: float, height: float) -> Piece:
    """Shelves with books, boxes and free places for clutter."""
    boards = max(2, int(height / rng.uniform(0.28, 0.42)))
    depth = rng.uniform(0.24, 0.36)
    made = furniture.shelf(width, height, boards, depth)
    levels = furniture.shelf_levels(height, boards)
    gap = float(levels[1] - levels[0]) - 0.03
    parts: dict[str, list[Mesh]] = {"case": [made["wood"]], "book": [], "page": []}
    tops = [Top((-width / 2 + 0.05, 0.03, width / 2 - 0.05, depth - 0.03), height, 0.5)] if height < 1.6 else []
    for z in levels[:-1]:
        z = float(z) + 0.0225
        if rng.random() < 0.6:
            length = width * rng.uniform(0.4, 0.97)
            row = furniture.books(rng, length, gap, 3)
            for slot, meshes in row.items():
                kind = "page" if slot == "paper" else "book"
                parts[kind] += [mesh.moved(-width / 2 + 0.015, 0.02, z) for mesh in meshes]
        else:
            tops.append(Top((-width / 2 + 0.03, 0.04, width / 2 - 0.03, depth - 0.02), z, gap))
    # Spines of several colours.
    books = parts.pop("book")
    split = {f"book:{i}": books[i::4] for i in range(4)}
    return Piece(parts_of(**parts, **split), tops=tuple(tops))


def cabinet(rng: np.random.Generator, width: float, depth: float, height: float) -> Piece:
    """A sideboard, wardrobe or chest: doors or drawers with handles."""
    doors = max(1, round(width / rng.uniform(0.35, 0.7)))
    parts: dict[str, list[Mesh]]
    if rng.random() < 0.5 and height < 1.3:
        rows = int(rng.integers(2, 6))
        xs, zs = np.linspace(0, width, doors + 1), np.linspace(0.08, height - 0.02, rows + 1)
        fronts, handles = [], []
        for x0, x1 in zip(xs[:-1], xs[1:], strict=True):
            for z0, z1 in zip(zs[:-1], zs[1:], strict=True):
                fronts.append(bevelled_box((x0 + 0.003, -0.02, z0 + 0.003), (x1 - 0.003, 0.0, z1 - 0.003), 0.002))
                x, z = (x0 + x1) / 2, (z0 + z1) / 2
                handles.append(
                    lathe([(0.006, 0), (0.006, 0.01), (0.014, 0.016), (0.01, 0.024), (0, 0.026)], 14)
                    .turned(90, "x")
                    .moved(x, -0.02, z)
                )
        parts = {
            "front": fronts,
            "chrome": handles,
            "case": [box((0, 0, 0.08), (width, depth, height)), box((0.02, 0.05, 0), (width - 0.02, depth, 0.08))],
        }
    else:
        made = furniture.cabinet(width, depth, height, doors)
        parts = {"front": [made["front"]], "chrome": [made["handle"]], "case": [made["carcass"]]}
    w = width / 2
    tops = (Top((0.03 - w, 0.03, w - 0.03, depth - 0.03), height, 0.8),) if height < 1.4 else ()
    return Piece({slot: mesh.moved(-w, 0, 0) for slot, mesh in parts_of(**parts).items()}, tops=tops)


def vitrine(rng: np.random.Generator) -> Piece:
    """A cupboard with glass doors and glass shelves."""
    w, d, h = rng.uniform(0.5, 1.1), rng.uniform(0.3, 0.42), rng.uniform(1.2, 2.0)
    levels = np.linspace(0.1, h - 0.05, int(rng.integers(3, 6)))
    case = [
        box((-w / 2, d - 0.01, 0), (w / 2, d, h)),
        box((-w / 2, 0, 0), (w / 2, d, 0.08)),
        box((-w / 2, 0, h - 0.03), (w / 2, d, h)),
    ]
    case += [box((s * w / 2 - 0.012, 0, 0), (s * w / 2 + 0.012, d, h)) for s in (-1, 1)]
    plates = [box((-w / 2 + 0.013, 0.02, z), (w / 2 - 0.013, d - 0.011, z + 0.006)) for z in levels[1:-1]]
    frame = window_frame(w, h - 0.1, 2, int(rng.integers(1, 5)), 0.02, 0.02).moved(-w / 2, -0.02, 0.08)
    gap = float(levels[1] - levels[0]) - 0.03
    tops = tuple(
        Top((-w / 2 + 0.04, 0.05, w / 2 - 0.04, d - 0.04), float(z) + 0.007, gap) for z in [0.08, *levels[1:-1]]
    )
    parts = parts_of(case=case, front=frame, glass=plates)
    if rng.random() < 0.6:
        parts["pane"] = quad((-w / 2, -0.01, 0.08), (w, 0, 0), (0, 0, h - 0.1))
    return Piece(parts, tops=tops)


def rack(rng: np.random.Generator) -> Piece:
    """Shelves of thin metal posts and boards or wires."""
    w, d, h = rng.uniform(0.6, 1.6), rng.uniform(0.3, 0.5), rng.uniform(0.9, 2.2)
    posts = [
        cylinder((x, y, 0), (x, y, h), rng.uniform(0.006, 0.018), sides=8) for x in (-w / 2, w / 2) for y in (0, d)
    ]
    levels = np.linspace(0.12, h - 0.03, int(rng.integers(3, 6)))
    if rng.random() < 0.5:
        boards = [box((-w / 2, 0, z - 0.018), (w / 2, d, z)) for z in levels]
        slot = "wood"
    else:
        boards = [
            cylinder((-w / 2, y, z - 0.003), (w / 2, y, z - 0.003), 0.003, sides=5, caps=False)
            for z in levels
            for y in np.linspace(0, d, 14)
        ]
        slot = "chrome"
    gap = float(levels[1] - levels[0]) - 0.04
    tops = tuple(Top((-w / 2 + 0.03, 0.03, w / 2 - 0.03, d - 0.03), float(z), gap) for z in levels)
    parts = {"metal": posts, slot: boards}
    return Piece(parts_of(**parts), tops=tops)


def picture(rng: np.random.Generator, most: float) -> Piece:
    """A framed picture, back at y = 0, its lower left corner at the origin; behind glass in some."""
    w = rng.uniform(0.25, most)
    h = w * rng.uniform(0.6, 1.5)
    made = furniture.picture(w, h, rng.uniform(0.01, 0.08))
    parts = {"picture": made["print"], str(rng.choice(["wood", "metal", "black", "front"])): made["frame"]}
    if rng.random() < 0.15:
        parts["pane"] = quad((0, -0.02, 0), (w, 0, 0), (0, 0, h))
    return Piece(parts)


def mirror(rng: np.random.Generator, width: float, height: float) -> Piece:
    """A mirror on a wall, framed or not, round at times; lower left corner at the origin."""
    if rng.random() < 0.25:
        r = min(width, height) / 2
        disc = lathe([(0.0, 0.006), (r, 0.006)], 48)
        disc = Mesh(disc.points, disc.normals * 0 + [0, 0, 1], disc.uv, disc.faces).turned(90, "x").moved(r, 0, r)
        rim = lathe([(r, 0), (r + 0.02, 0), (r + 0.02, 0.02), (r, 0.02)], 48).turned(90, "x").moved(r, 0, r)
        return Piece({"mirror": disc, "metal": rim})
    made = furniture.picture(width, height, rng.uniform(0.005, 0.07))
    return Piece({"mirror": made["print"], str(rng.choice(["wood", "metal", "chrome", "black"])): made["frame"]})


def rug(rng: np.random.Generator, width: float, depth: float) -> Piece:
    """A rug, round or not."""
    if rng.random() < 0.25:
        r = min(width, depth) / 2
        return Piece({"rug": cylinder((0, 0, 0.001), (0, 0, 0.012), r, sides=64)})
    return Piece({"rug": box((-width / 2, -depth / 2, 0.001), (width / 2, depth / 2, 0.012))})


def ladder(rng: np.random.Generator) -> Piece:
    """A ladder or clothes rail: thin bars against the light."""
    h, w = rng.uniform(1.4, 2.4), rng.uniform(0.3, 0.5)
    rungs = int(rng.integers(4, 10))
    parts = [cylinder((s * w / 2, -0.35, 0), (s * w / 2, -0.03, h), 0.016, sides=8) for s in (-1, 1)]
    t = np.linspace(0.08, 0.95, rungs)
    parts += [cylinder((-w / 2, -0.35 + 0.32 * a, h * a), (w / 2, -0.35 + 0.32 * a, h * a), 0.012, sides=8) for a in t]
    return Piece({str(rng.choice(["wood", "metal", "chrome"])): join(parts)})


def panelling(length: float, height: float, pitch: float, thick: float) -> Mesh:
    """Boards on a wall from x = 0, backs at y = 0, with shadow gaps."""
    count = max(1, int(length / pitch))
    x = np.arange(count) * length / count
    low = np.stack([x + 0.004, np.full(count, -thick), np.zeros(count)], -1)
    high = np.stack([x + length / count - 0.004, np.zeros(count), np.full(count, height)], -1)
    return boxes(low, high)
