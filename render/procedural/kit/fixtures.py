"""What is built in: kitchen rows, sinks, tubs, toilets, showers, pipes, and the panes and rails about them."""

from __future__ import annotations

import numpy as np

from render.procedural.kit import furniture, tableware
from render.procedural.kit.meshes import Mesh, ball, box, boxes, cushion, cylinder, join, lathe, quad, sheet
from render.procedural.kit.pieces import Lamp, Piece, Top, parts_of
from render.procedural.kit.shapes import bevelled_box, copies, curve, placements, sweep


def basin(width: float, depth: float, height: float, rim: float = 0.03, round_: float = 0.35) -> Mesh:
    """A hollow open at z = 0, `height` deep, centred, with a flat rim round it."""

    def surface(u: np.ndarray, v: np.ndarray) -> np.ndarray:
        angle = 2 * np.pi * u
        c, s = np.cos(angle), np.sin(angle)
        # From the outer edge over the rim and down the wall to the middle.
        t = np.clip(v, 0, 1)
        shrink = np.interp(t, [0, 0.12, 0.6, 0.8, 1.0], [1.0, 1.0 - 2 * rim / min(width, depth), 0.84, 0.7, 0.0])
        z = np.interp(t, [0, 0.12, 0.18, 0.6, 0.8, 1.0], [0, 0, -0.01, -0.85 * height, -0.97 * height, -height])
        x = np.sign(c) * np.abs(c) ** round_ * width / 2 * shrink
        y = np.sign(s) * np.abs(s) ** round_ * depth / 2 * shrink
        return np.stack([x, y, z], -1)

    mesh = sheet(surface, 48, 24, (2 * (width + depth), height))
    # Seen from above, where the water is.
    upward = mesh.normals[:, 2].sum() >= 0
    return mesh if upward else Mesh(mesh.points, -mesh.normals, mesh.uv, mesh.faces[:, ::-1])


def counter_with_basin(x0: float, x1: float, depth: float, z: float, thick: float, hole: tuple[float, ...]) -> Mesh:
    """A worktop with a rectangular hole (x0, y0, x1, y1)."""
    a, b, c, d = hole
    low = np.array([[x0, -0.02, z], [c, -0.02, z], [a, -0.02, z], [a, d, z]])
    high = np.array([[a, depth, z + thick], [x1, depth, z + thick], [c, b, z + thick], [c, depth, z + thick]])
    return boxes(low, high)


def kitchen_row(rng: np.random.Generator, length: float, wall_units: bool) -> Piece:
    """Base units, worktop, sink, tap, hob, units above with a strip of light under them; centred, back at y = 0.6."""
    depth, z = 0.6, 0.87
    count = max(2, round(length / 0.6))
    parts: dict[str, list[Mesh]] = {"front": [], "chrome": [], "case": [], "counter": [], "black": [], "frosted": []}
    made = furniture.cabinet(length, depth, z, count)
    for slot, name in (("front", "front"), ("case", "carcass"), ("chrome", "handle")):
        parts[slot].append(made[name])
    sink_x = rng.uniform(0.5, max(0.55, length - 0.5))
    hole = (sink_x - 0.25, 0.1, sink_x + 0.25, 0.48)
    thick = rng.uniform(0.02, 0.06)
    parts["counter"].append(counter_with_basin(0, length, depth, z, thick, hole))
    bowl = basin(0.54, 0.42, 0.18, 0.025, 0.25).moved(sink_x, 0.29, z + thick + 0.002)
    parts["chrome" if rng.random() < 0.7 else "case"].append(bowl)
    parts["chrome"].append(tableware.tap(rng.uniform(0.2, 0.35), 0.18).moved(sink_x, 0.53, z + thick))
    top = z + thick
    if length > 1.6:
        hob_x = sink_x + 0.9 if sink_x < length / 2 else sink_x - 0.9
        hob_x = float(np.clip(hob_x, 0.35, length - 0.35))
        parts["black"].append(box((hob_x - 0.28, 0.06, top), (hob_x + 0.28, 0.54, top + 0.008)))
        for dx, dy in ((-0.14, 0.16), (0.14, 0.16), (-0.14, 0.4), (0.14, 0.4)):
            if rng.random() < 0.35:
                pot = tableware.turned(tableware.POT, rng.uniform(0.7, 1.0)).moved(hob_x + dx, 0.06 + dy, top + 0.008)
                parts["chrome"].append(pot)
        if rng.random() < 0.6:
            hood = lathe([(0.4, 1.6), (0.36, 1.65), (0.13, 1.8), (0.13, 2.4)], 4, smooth=False).turned(45)
            parts["chrome"].append(hood.moved(hob_x, 0.34, 0))
        parts["black"].append(box((hob_x - 0.27, -0.024, 0.2), (hob_x + 0.27, -0.001, 0.72)))
    lamps: list[Lamp] = []
    if wall_units:
        low, high = rng.uniform(1.35, 1.5), rng.uniform(2.0, 2.3)
        units = furniture.cabinet(length, 0.34, high - low, count, 0.0)
        glazed = rng.random() < 0.25
        for slot, name in (("frosted" if glazed else "front", "front"), ("case", "carcass"), ("chrome", "handle")):
            parts[slot].append(units[name].moved(0, depth - 0.34, low))
        if rng.random() < 0.7:
            strip = quad((0.05, depth - 0.26, low - 0.004), (0, 0.02, 0), (length - 0.1, 0, 0))
            lamps.append(Lamp(strip, 0.02 * (length - 0.1)))
    piece = Piece(parts_of(**parts), tuple(lamps), (Top((0.05, 0.05, length - 0.05, depth - 0.08), top, 0.4),))
    return piece.under(np.array([[1, 0, 0, -length / 2], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1.0]]))


def fridge(rng: np.random.Generator) -> Piece:
    """A tall appliance with two doors."""
    h, split = rng.uniform(1.5, 2.0), rng.uniform(0.4, 1.2)
    doors = [
        bevelled_box((-0.3, -0.03, 0.06), (0.3, 0, split), 0.012),
        bevelled_box((-0.3, -0.03, split + 0.006), (0.3, 0, h), 0.012),
    ]
    bars = [cylinder((-0.24, -0.06, z), (-0.24, -0.06, z + 0.3), 0.01) for z in (split - 0.34, split + 0.06)]
    case = box((-0.3, 0, 0.03), (0.3, 0.6, h))
    return Piece({str(rng.choice(["chrome", "front", "metal"])): join(doors), "chrome": join(bars), "case": case}
                 if rng.random() < 0.5 else {"front": join([*doors, case]), "chrome": join(bars)})  # fmt: skip


def washstand(rng: np.random.Generator, width: float) -> Piece:
    """A basin on a cabinet, on a pedestal or on a slab, with a tap; back at y = 0.5."""
    z, draw = rng.uniform(0.8, 0.9), rng.random()
    parts: dict[str, list[Mesh]] = {
        "porcelain": [],
        "chrome": [tableware.tap(0.2, 0.14).moved(0, 0.43, z)],
        "front": [],
        "case": [],
        "counter": [],
    }
    tops: tuple[Top, ...] = ()
    if draw < 0.4:
        made = furniture.cabinet(width, 0.48, z - 0.02, max(1, round(width / 0.5)))
        parts["front"].append(made["front"].moved(-width / 2, 0.02, 0))
        parts["case"].append(made["carcass"].moved(-width / 2, 0.02, 0))
        parts["chrome"].append(made["handle"].moved(-width / 2, 0.02, 0))
        parts["porcelain"] += [
            basin(width, 0.52, 0.13, 0.05, 0.3).moved(0, 0.26, z),
            box((-width / 2, 0, z - 0.02), (width / 2, 0.04, z - 0.001)),
        ]
    elif draw < 0.7:
        parts["porcelain"] += [
            basin(0.55, 0.45, 0.15, 0.03, 0.6).moved(0, 0.27, z),
            lathe([(0.09, 0), (0.07, 0.1), (0.075, 0.5), (0.2, z - 0.16), (0.26, z - 0.01)], 32)
            .scaled(1, 0.8, 1)
            .moved(0, 0.28, 0),
        ]
    else:
        parts["counter"].append(bevelled_box((-width / 2, 0, z - 0.1), (width / 2, 0.5, z - 0.05), 0.004))
        bowl = [(0, 0), (0.08, 0), (0.17, 0.06), (0.2, 0.13), (0.19, 0.13), (0.16, 0.065), (0.07, 0.012), (0, 0.01)]
        parts["porcelain"].append(lathe(bowl, 40).moved(0, 0.25, z - 0.05))
        pipe = curve(
            [(0, 0.25, z - 0.1), (0, 0.25, z - 0.3), (0, 0.3, z - 0.38), (0, 0.36, z - 0.3), (0, 0.5, z - 0.28)], 8
        )
        parts["chrome"].append(sweep(pipe, 0.018, 10))
        tops = (Top((0.24, 0.05, width / 2 - 0.03, 0.45), z - 0.05, 0.3),) if width > 0.8 else ()
    return Piece(parts_of(**parts), tops=tops)


def tub(rng: np.random.Generator) -> Piece:
    """A bath tub, built in or standing free, sometimes with water in it; centred, long side along x."""
    length, width, h = rng.uniform(1.5, 1.8), rng.uniform(0.68, 0.8), rng.uniform(0.5, 0.6)
    parts: dict[str, list[Mesh]] = {"porcelain": [], "chrome": [], "tile": [], "glass": []}
    free = rng.random() < 0.4
    parts["porcelain"].append(basin(length, width, h - 0.1, 0.06, 0.55 if free else 0.25).moved(0, 0, h))
    if free:

        def outside(u: np.ndarray, v: np.ndarray) -> np.ndarray:
            a = 2 * np.pi * u
            shrink = 0.72 + 0.28 * np.clip(v, 0, 1) ** 0.5
            c, s = np.cos(a), np.sin(a)
            return np.stack(
                [
                    np.sign(c) * np.abs(c) ** 0.55 * length / 2 * shrink,
                    np.sign(s) * np.abs(s) ** 0.55 * width / 2 * shrink,
                    v * h,
                ],
                -1,
            )

        parts["porcelain"].append(sheet(outside, 48, 12))
    else:
        x, y, t, top = length / 2, width / 2, 0.004, h - 0.002
        low = np.array([[-x, -y, 0], [-x, y - t, 0], [-x, -y, 0], [x - t, -y, 0]])
        high = np.array([[x, -y + t, top], [x, y, top], [-x + t, y, top], [x, y, top]])
        parts["tile"].append(boxes(low, high))
    if rng.random() < 0.35:
        a, b = 0.41 * length, 0.41 * width
        parts["glass"].append(boxes(np.array([[-a, -b, h - 0.35]]), np.array([[a, b, h - 0.18]])))
    parts["chrome"] += [
        tableware.tap(0.25, 0.2).moved(length * 0.3, width / 2 - 0.02, h),
        ball((0.0, width / 2 - 0.02, h + 0.03), 0.03, 16),
    ]
    return Piece(parts_of(**parts))


def toilet(rng: np.random.Generator) -> Piece:
    """A toilet, its tank at the back."""
    bowl = lathe(
        [(0.11, 0), (0.1, 0.15), (0.17, 0.33), (0.19, 0.4), (0.17, 0.41), (0.14, 0.36), (0.05, 0.2), (0, 0.2)], 32
    ).scaled(1, 1.25, 1)
    tank = cushion((-0.19, 0.22, 0.4), (0.19, 0.4, 0.78), 0.15, 12)
    lid = cushion((-0.19, -0.25, 0.405), (0.19, 0.24, 0.435), 0.45, 14)
    lid = lid if rng.random() < 0.6 else lid.moved(0, 0, -0.42).turned(80, "x").moved(0, 0.2, 0.55)
    return Piece(
        {"porcelain": join([bowl, tank, lid]), "chrome": cylinder((0, 0.3, 0.77), (0, 0.3, 0.79), 0.03, sides=20)}
    )


def shower(rng: np.random.Generator) -> Piece:
    """A shower corner: tray, panes of glass in chrome, a head on a bent pipe."""
    w = rng.uniform(0.8, 1.1)
    h, t = rng.uniform(1.9, 2.1), 0.008
    tray = [
        basin(w, w, 0.05, 0.04, 0.15).moved(0, w / 2, 0.12),
        box((-w / 2, 0, 0), (w / 2, 0.004, 0.115)),
        box((-w / 2, 0, 0), (-w / 2 + 0.004, w, 0.115)),
    ]
    panes = [box((-w / 2, 0, 0.12), (w / 2, t, h)), box((-w / 2, 0.01, 0.12), (-w / 2 + t, w, h))]
    bars = [cylinder((x, y, 0.12), (x, y, h), 0.012, sides=8) for x, y in ((-w / 2, 0), (w / 2, 0), (-w / 2, w))]
    bars += [
        cylinder((-w / 2, 0, h), (w / 2, 0, h), 0.012, sides=8),
        cylinder((-w / 2, 0, h), (-w / 2, w, h), 0.012, sides=8),
    ]
    pipe = sweep(curve([(0, w - 0.02, 1.0), (0, w - 0.05, 1.9), (0, w - 0.2, 2.1), (0, w - 0.4, 2.05)], 8), 0.011, 8)
    head = lathe([(0, 0.02), (0.015, 0.02), (0.1, 0.0), (0, 0.0)], 28).moved(0, w - 0.4, 2.03)
    handle = cylinder((-0.08, w - 0.05, 1.05), (0.08, w - 0.05, 1.05), 0.02)
    return Piece(
        {
            "porcelain": join(tray),
            "glass" if rng.random() < 0.5 else "frosted": join(panes),
            "chrome": join([*bars, pipe, head, handle]),
        }
    )


def towel_rail(rng: np.random.Generator) -> Piece:
    """A ladder of heated pipes on a wall, back at y = 0, with towels."""
    w, h, rows = rng.uniform(0.4, 0.6), rng.uniform(0.7, 1.4), int(rng.integers(6, 20))
    z = np.linspace(0.03, h - 0.03, rows)
    rung = cylinder((-w / 2, -0.07, 0), (w / 2, -0.07, 0), 0.01, sides=8, caps=False)
    rail = [copies(rung, placements(np.stack([0 * z, 0 * z, z], -1)))]
    rail += [cylinder((s * w / 2, -0.07, 0), (s * w / 2, -0.07, h), 0.015, sides=10) for s in (-1, 1)]
    towels = []
    if rng.random() < 0.7:
        drop, wide = rng.uniform(0.3, 0.6), rng.uniform(0.25, w - 0.05)

        def hanging(u: np.ndarray, v: np.ndarray) -> np.ndarray:
            t = 2 * np.clip(v, 0, 1) - 1
            fold = 0.006 * np.sin(30 * u) * np.abs(t)
            return np.stack(
                [(u - 0.5) * wide, -0.07 + 0.018 * np.tanh(6 * t) + fold, h - 0.02 - drop * np.abs(t) ** 1.2], -1
            )

        towels.append(sheet(hanging, 20, 24, (wide, 2 * drop)))
    return Piece(parts_of(chrome=rail, linen=towels))


def pipes(rng: np.random.Generator, length: float, height: float) -> Piece:
    """Pipes along a wall, with bends up and down, valves and brackets; from x = 0, back at y = 0."""
    parts: dict[str, list[Mesh]] = {"chrome": [], "metal": []}
    for i in range(int(rng.integers(2, 6))):
        radius, y = rng.uniform(0.008, 0.05), -0.06 - 0.02 * i
        z, x = rng.uniform(0.1, height - 0.2), 0.0
        way = [(x, y, z)]
        while x < length:
            x = min(length, x + rng.uniform(0.3, 1.5))
            way.append((x, y, z))
            if rng.random() < 0.5 and x < length - 0.2:
                z = rng.uniform(0.1, height - 0.1)
                way.append((x + 0.04, y, z))
                x += 0.04
        slot = "chrome" if rng.random() < 0.5 else "metal"
        parts[slot].append(furniture.tube(way, radius, 10))
        place = rng.uniform(0, 1) * length
        parts["metal"].append(
            lathe([(0, 0), (2.2 * radius, 0), (2.2 * radius, 0.02), (0, 0.03)], 12)
            .turned(90, "x")
            .moved(place, y - radius, way[0][2])
        )
    return Piece(parts_of(**parts))


def counter_front(rng: np.random.Generator, length: float) -> Piece:
    """An island or a bar: a slab on glossy fronts."""
    h, d = rng.uniform(0.85, 1.1), rng.uniform(0.6, 0.95)
    count = max(2, round(length / 0.6))
    made = furniture.cabinet(length, d, h, count)
    top = bevelled_box((-length / 2 - 0.03, -0.06, h), (length / 2 + 0.03, d + 0.2, h + rng.uniform(0.02, 0.06)), 0.003)
    parts = {"front": made["front"], "case": made["carcass"], "chrome": made["handle"]}
    moved = {slot: mesh.moved(-length / 2, 0, 0) for slot, mesh in parts.items()}
    return Piece(
        {**moved, "counter": top},
        tops=(Top((-length / 2 + 0.05, 0, length / 2 - 0.05, d), float(top.points[:, 2].max()), 0.6),),
    )
