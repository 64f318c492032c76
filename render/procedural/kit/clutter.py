"""Small things that stand about on tables, shelves, sills and floors."""

from __future__ import annotations

import math

import numpy as np

from render.procedural.kit import furniture, organic, tableware, things, vessels
from render.procedural.kit.lamps import candle, screen, table_lamp
from render.procedural.kit.meshes import Mesh, ball, box, boxes, cylinder, join, lathe, quad
from render.procedural.kit.pieces import Piece, Top, parts_of, standing
from render.procedural.kit.shapes import bevelled_box, curve, sweep


def glass(rng: np.random.Generator) -> Piece:
    """Glasses and bottles, one or a few."""
    parts: dict[str, list[Mesh]] = {"glass": [], "wood": []}
    kind = str(rng.choice(vessels.GLASSWARE))
    x = 0.0
    for _ in range(int(rng.choice([1, 1, 2, 3]))):
        one = vessels.vessel(rng, kind)
        x += one.radius
        parts["glass"].append(one.body(36).moved(x, rng.normal(0, 0.01), 0))
        if kind in ("bottle", "flask", "jar") and rng.random() < 0.4:
            parts["wood"].append(one.stopper().moved(x, 0, 0))
        x += one.radius + 0.01
    return Piece({slot: mesh.moved(-x / 2, 0, 0) for slot, mesh in parts_of(**parts).items()})


def crockery(rng: np.random.Generator) -> Piece:
    """A cup, a bowl of fruit, a pot, a stack of plates, a place set for a meal."""
    draw = rng.random()
    if draw < 0.12:
        return Piece({"ceramic": tableware.teapot()})
    if draw < 0.3:
        plate = vessels.vessel(rng, "plate").body(40)
        stack = [plate.moved(0, 0, 0.008 * i) for i in range(int(rng.integers(1, 7)))]
        if rng.random() < 0.5:
            forks = [things.THINGS["cutlery"](rng).moved(s * 0.16, 0, 0) for s in (-1, 1)]
            return Piece({"ceramic": join(stack), "chrome": join(forks)})
        return Piece({"ceramic": join(stack)})
    if draw < 0.5:
        bowl = vessels.vessel(rng, "bowl")
        count, r = int(rng.integers(2, 7)), 0.35 * bowl.radius
        angles = np.arange(count) * 2 * math.pi / count
        heap, level = [things.fruit(rng) for _ in range(count)], 0.45 * bowl.height
        fruits = [
            mesh.scaled(r / float(np.ptp(mesh.points[:, 0]))).moved(r * math.cos(angle), r * math.sin(angle), level)
            for mesh, angle in zip(heap, angles, strict=True)
        ]
        return Piece({"ceramic": bowl.body(40), "fruit": join(fruits)})
    kind = ("cup", "bowl", "pot", "tumbler", "jar")[int(rng.integers(5))]
    slot = "chrome" if kind == "pot" and rng.random() < 0.6 else "ceramic"
    return Piece({slot: vessels.opaque(rng, vessels.vessel(rng, kind), 36)})


def ornament(rng: np.random.Generator) -> Piece:
    """A small thing of any shape and of anything, up to the size of a head."""
    slot = str(rng.choice(["any", "any", "chrome", "glass", "ceramic", "metal", "stone", "plastic"]))
    kind = str(rng.choice(things.CLEAR if slot == "glass" else list(things.THINGS)))
    return Piece({slot: things.THINGS[kind](rng).scaled(rng.uniform(1.0, 3.0))})


def book_stack(rng: np.random.Generator) -> Piece:
    """Books lying on one another, each turned a little."""
    covers: dict[str, list[Mesh]] = {"book": [], "page": []}
    z = 0.0
    for _ in range(int(rng.integers(1, 6))):
        w, d, h = rng.uniform(0.12, 0.24), rng.uniform(0.16, 0.3), rng.uniform(0.008, 0.05)
        turn = rng.normal(0, 12)
        sheets = np.array([[-w / 2, -d / 2, 0], [-w / 2, -d / 2, h - 0.003], [-w / 2, -d / 2, 0.0]])
        ends = np.array([[w / 2, d / 2, 0.003], [w / 2, d / 2, h], [-w / 2 + 0.004, d / 2, h]])
        covers["book"].append(boxes(sheets, ends).turned(turn).moved(0, 0, z))
        covers["page"].append(
            box((-w / 2 + 0.004, -d / 2 + 0.004, 0.003), (w / 2 - 0.004, d / 2 - 0.004, h - 0.003))
            .turned(turn)
            .moved(0, 0, z)
        )
        z += h
    return Piece(parts_of(**covers), tops=(Top((-0.05, -0.07, 0.05, 0.07), z, 0.2),))


def papers(rng: np.random.Generator) -> Piece:
    """Loose sheets, printed."""
    sheets = []
    for i in range(int(rng.integers(1, 6))):
        sheet = quad((-0.105, -0.148, 0.0006 * (i + 1)), (0.21, 0, 0), (0, 0.297, 0))
        sheets.append(sheet.turned(rng.uniform(-40, 40)).moved(*rng.normal(0, 0.04, 2), 0))
    return Piece({"paper": join(sheets)})


def laptop(rng: np.random.Generator) -> Piece:
    """An open laptop, its screen dark, with keys."""
    base = bevelled_box((-0.16, -0.11, 0), (0.16, 0.11, 0.014), 0.004)
    keys = np.array([(-0.14 + 0.0235 * i, -0.01 + 0.024 * j) for i in range(12) for j in range(4)])
    low = np.column_stack([keys, np.full(len(keys), 0.014)])
    lid = bevelled_box((-0.16, -0.004, 0), (0.16, 0.004, 0.21), 0.003)
    glass = quad((-0.15, -0.0045, 0.01), (0.3, 0, 0), (0, 0, 0.19))
    tilt = rng.uniform(-35, -5)
    lid, glass = (mesh.turned(tilt, "x").moved(0, 0.11, 0.012) for mesh in (lid, glass))
    return Piece(parts_of(metal=[base, lid], black=boxes(low, low + [0.02, 0.02, 0.003]), picture=glass))


def framed(rng: np.random.Generator) -> Piece:
    """A photograph in a frame, leaning back."""
    w, h = rng.uniform(0.1, 0.25, 2)
    made = furniture.picture(w, h, 0.015)
    lean = rng.uniform(-20, -6)
    parts = {"picture": made["print"], "wood": made["frame"]}
    return Piece({slot: mesh.moved(-w / 2, 0, 0.015).turned(lean, "x") for slot, mesh in parts.items()})


def potted(rng: np.random.Generator, height: float | None = None) -> Piece:
    """A plant in a pot: bent blades, a bush of leaves, or a little tree."""
    height = math.exp(rng.uniform(math.log(0.15), math.log(0.45))) if height is None else height
    draw = rng.random()
    if draw < 0.4:
        made = furniture.plant(rng, int(rng.integers(15, 50)), 1.0)
        scale = height / 1.0
        return Piece({"ceramic": made["pot"].scaled(scale), "leaf": made["leaf"].scaled(scale)})
    r = height * rng.uniform(0.15, 0.25)
    pot = lathe([(0, 0), (0.75 * r, 0), (r, 1.3 * r), (0.92 * r, 1.3 * r), (0.88 * r, 1.1 * r), (0, 1.1 * r)], 32)
    if draw < 0.75:
        leaves = organic.foliage(
            rng, height * np.array([0.35, 0.35, 0.35]), int(rng.integers(60, 300)), height * rng.uniform(0.1, 0.3)
        )
        stem = cylinder((0, 0, r), (0, 0, 0.6 * height), 0.03 * height, sides=8)
        return Piece({"ceramic": pot, "bark": stem, "leaf": leaves.moved(0, 0, 0.65 * height)})
    made = organic.tree(rng, height, int(rng.integers(150, 600)))
    return Piece({"ceramic": pot, **{slot: mesh.moved(0, 0, r) for slot, mesh in made.items()}})


def toys(rng: np.random.Generator) -> Piece:
    """Bricks and balls strewn about."""
    parts: dict[str, list[Mesh]] = {}
    for _ in range(int(rng.integers(4, 16))):
        size = rng.uniform(0.012, 0.045)
        x, y = rng.normal(0, 0.12, 2)
        if rng.random() < 0.35:
            mesh = ball((x, y, size), size, 16)
        else:
            brick = bevelled_box((-size, -size, 0), (size, size, 2 * size), 0.08 * size)
            mesh = brick.turned(rng.uniform(0, 90)).moved(x, y, 0)
        parts.setdefault(str(rng.choice(["plastic", "wood", "any"])), []).append(mesh)
    return Piece(parts_of(**parts))


def cable(rng: np.random.Generator) -> Piece:
    """A loop of cable or hose lying about."""
    points = np.cumsum(rng.normal(0, 0.1, (7, 2)), axis=0)
    points -= points.mean(0)
    radius = rng.uniform(0.002, 0.008)
    way = curve(np.column_stack([points, np.full(7, radius) + np.abs(rng.normal(0, 0.004, 7))]), 10)
    return Piece({"black": sweep(way, radius, 6)})


def carton(rng: np.random.Generator) -> Piece:
    """A parcel, a tin, a jar."""
    w, d, h = np.exp(rng.uniform(math.log(0.05), math.log(0.3), 3))
    if rng.random() < 0.6:
        return Piece(
            {
                str(rng.choice(["paper", "wood", "plastic", "picture"])): bevelled_box(
                    (-w / 2, -d / 2, 0), (w / 2, d / 2, h), 0.003
                )
            }
        )
    r = 0.4 * min(w, d)
    tin = lathe([(0, 0), (r, 0), (r, h), (0.97 * r, h), (0.97 * r, h - 0.004), (0, h - 0.004)], 32, smooth=False)
    return Piece({str(rng.choice(["metal", "paper", "chrome", "plastic"])): tin})


def vase(rng: np.random.Generator) -> Piece:
    """A vase, at times with branches or flowers."""
    pot = vessels.vessel(rng, str(rng.choice(["vase", "vase", "jar", "flask"])))
    height = pot.height
    parts = {str(rng.choice(["glass", "ceramic", "ceramic", "metal", "any"])): pot.body(40)}
    if rng.random() < 0.4:
        stems, blooms = [], []
        for _ in range(int(rng.integers(3, 10))):
            tip = np.array([*rng.normal(0, 0.25, 2), 1 + rng.random()]) * height
            stems.append(sweep(curve([(0, 0, 0.1 * height), (0.1 * tip[0], 0.1 * tip[1], height), tip], 5), 0.0025, 5))
            blooms.append(organic.foliage(rng, np.full(3, 0.1 * height), 30, 0.12 * height).moved(*tip))
        parts |= {"leaf": join(stems), "fruit": join(blooms)}
    return Piece(parts)


def speaker(rng: np.random.Generator) -> Piece:
    """A loudspeaker or a radio: a box with discs and knobs."""
    w, h = rng.uniform(0.12, 0.25), rng.uniform(0.18, 0.4)
    case = bevelled_box((-w / 2, -0.08, 0), (w / 2, 0.1, h), 0.006)
    discs = [
        lathe([(0, -0.01), (r * 0.3, -0.012), (r * 0.9, 0.0), (r, 0.004), (r, 0)], 28)
        .turned(90, "x")
        .moved(0, -0.083, z)
        for r, z in ((0.4 * w, 0.32 * h), (0.22 * w, 0.76 * h))
    ]
    return Piece({str(rng.choice(["wood", "plastic", "black"])): case, "metal": join(discs)})


#: What stands on tops, and how often.
SMALL = (
    (glass, 6), (crockery, 5), (ornament, 4), (book_stack, 4), (papers, 2), (laptop, 1), (framed, 2), (potted, 2),
    (vase, 4), (carton, 3), (candle, 1), (speaker, 1), (toys, 1), (cable, 1),
)  # fmt: skip


def small_thing(rng: np.random.Generator) -> Piece:
    """Anything that may stand on a table."""
    weights = np.array([weight for _, weight in SMALL], float)
    return SMALL[int(rng.choice(len(SMALL), p=weights / weights.sum()))][0](rng)


def heaped(
    rng: np.random.Generator, top: Top, count: int, lamp: bool = False, tv: bool = False
) -> list[tuple[Piece, np.ndarray]]:
    """Things for a top, with where they stand; none reaches over the edge or into another, as far as circles tell."""
    x0, y0, x1, y1 = top.rect
    placed: list[tuple[float, float, float]] = []
    chosen: list[tuple[Piece, np.ndarray]] = []
    wanted = ([table_lamp(rng)] if lamp else []) + ([screen(rng, rng.uniform(0.4, 0.7))] if tv else [])
    wanted += [small_thing(rng) for _ in range(count)]
    for piece in wanted:
        low, high = piece.bounds
        radius = float(np.hypot(*(high - low)[:2]) / 2) * 0.8
        if high[2] > top.room or 2 * radius > min(x1 - x0, y1 - y0) * 1.3:
            continue
        for _ in range(6):
            x, y = (
                rng.uniform(a + min(radius, (b - a) / 2), b - min(radius, (b - a) / 2) + 1e-9)
                for a, b in ((x0, x1), (y0, y1))
            )
            if all(math.hypot(x - a, y - b) > radius + r for a, b, r in placed):
                placed.append((x, y, radius))
                turn = rng.normal(0, 15) if piece.lamps else rng.uniform(-60, 60)
                chosen.append((piece, standing(x, y, top.z, turn)))
                break
    return chosen
