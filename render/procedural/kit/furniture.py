"""Things that stand in rooms, as meshes by material slot, standing at the origin with their front to -y."""

import numpy as np

from render.procedural.kit.meshes import Mesh, box, cushion, cylinder, join, lathe, quad, sheet, tube

Parts = dict[str, Mesh]


def table(width: float, depth: float, height: float = 0.74, thickness: float = 0.035, leg: float = 0.06) -> Parts:
    """A table with a top and square legs."""
    w, d = width / 2, depth / 2
    top = box((-w, -d, height - thickness), (w, d, height))
    legs = [
        box((x - leg / 2, y - leg / 2, 0), (x + leg / 2, y + leg / 2, height - thickness))
        for x in (-w + leg, w - leg)
        for y in (-d + leg, d - leg)
    ]
    rails = [
        box((-w + leg, y - 0.01, height - 0.12), (w - leg, y + 0.01, height - thickness)) for y in (-d + leg, d - leg)
    ]
    return {"top": top, "legs": join(legs + rails)}


def spindle_chair(spindles: int = 7, seat_height: float = 0.45) -> Parts:
    """A Windsor chair: turned legs, thin spindles, a bent top rail."""
    h = seat_height
    legs = [
        cylinder((0.14 * sx, 0.14 * sy, h - 0.02), (0.21 * sx, 0.2 * sy + 0.02, 0), 0.018, 0.012, 8, caps=False)
        for sx in (-1, 1)
        for sy in (-1, 1)
    ]
    bars = [cylinder((-0.18, 0.18 * s, 0.17), (0.18, 0.18 * s, 0.17), 0.009, sides=6, caps=False) for s in (-1, 1)]
    bars.append(cylinder((0, -0.18, 0.17), (0, 0.18, 0.17), 0.009, sides=6))
    angles = np.linspace(-0.9, 0.9, spindles)
    foot = [(0.19 * np.sin(a), 0.19 * np.cos(a) - 0.0, h) for a in angles]
    head = [(0.24 * np.sin(a), 0.24 * np.cos(a) + 0.06, h + 0.46) for a in angles]
    back = [cylinder(f, t, 0.007, sides=6, caps=False) for f, t in zip(foot, head, strict=True)]
    rail = tube([(x, y, z) for x, y, z in head], 0.018, 6)
    return {
        "frame": join([*legs, *bars, *back, rail]),
        "seat": cushion((-0.22, -0.22, h - 0.025), (0.22, 0.22, h + 0.02), 0.35, 8),
    }


def ladder_chair(slats: int = 5) -> Parts:
    """A straight chair with thin square legs and slats."""
    legs = [box((x - 0.015, -0.2, 0), (x + 0.015, -0.17, 0.44)) for x in (-0.2, 0.2)]
    legs += [box((x - 0.015, 0.17, 0), (x + 0.015, 0.2, 0.95)) for x in (-0.2, 0.2)]
    back = [box((-0.2, 0.178, z), (0.2, 0.192, z + 0.03)) for z in np.linspace(0.55, 0.9, slats)]
    rungs = [box((-0.2, y, 0.2), (0.2, y + 0.015, 0.215)) for y in (-0.19, 0.18)]
    return {"frame": join(legs + back + rungs), "seat": cushion((-0.22, -0.22, 0.43), (0.22, 0.21, 0.48), 0.25, 10)}


def sofa(width: float = 1.9, seats: int = 2) -> Parts:
    """A sofa with rounded cushions on short legs."""
    w = width / 2
    base = [cushion((-w, -0.42, 0.12), (w, 0.42, 0.36), 0.18), cushion((-w, 0.22, 0.2), (w, 0.45, 0.82), 0.25)]
    base += [cushion((s * w - 0.11, -0.42, 0.12), (s * w + 0.11, 0.42, 0.6), 0.25) for s in (-1, 1)]
    span = (width - 0.24) / seats
    left = -w + 0.12
    pads = [cushion((left + i * span, -0.43, 0.34), (left + (i + 1) * span, 0.24, 0.5), 0.3) for i in range(seats)]
    legs = [cylinder((x, y, 0), (x, y, 0.13), 0.015, 0.025, 8) for x in (-w + 0.1, w - 0.1) for y in (-0.35, 0.35)]
    return {"cover": join(base + pads), "legs": join(legs)}


def bed(width: float = 1.6, length: float = 2.0) -> Parts:
    """A bed, head at +y: frame, mattress, wrinkled blanket, pillows."""
    w, d = width / 2, length / 2
    frame = join(
        [
            box((-w - 0.04, -d - 0.04, 0.12), (w + 0.04, d, 0.32)),
            box((-w - 0.06, d, 0), (w + 0.06, d + 0.05, 1.05)),
            *[box((x - 0.03, -d, 0), (x + 0.03, -d + 0.06, 0.12)) for x in (-w + 0.03, w - 0.03)],
        ]
    )

    def blanket(u: np.ndarray, v: np.ndarray) -> np.ndarray:
        x, y = (u - 0.5) * (width + 0.3), (v - 0.5) * (length * 0.75 + 0.2) - length * 0.16
        over = np.maximum(np.abs(x) - w, 0) + np.maximum(-d - y, 0)
        fold = 0.012 * np.sin(9 * x + 4 * y) + 0.01 * np.sin(14 * y - 5 * x) + 0.008 * np.sin(23 * x + 3)
        return np.stack([x, y, 0.57 + fold - 1.6 * over], -1)

    pillows = [cushion((s * w / 2 - 0.32, d - 0.48, 0.52), (s * w / 2 + 0.32, d - 0.06, 0.7), 0.55) for s in (-1, 1)]
    return {
        "frame": frame,
        "sheet": join([cushion((-w, -d, 0.3), (w, d, 0.55), 0.15), *pillows]),
        "blanket": sheet(blanket, 40, 40, (width, length * 0.75)),
    }


def shelf(width: float, height: float, boards: int, depth: float = 0.28) -> Parts:
    """An open bookcase; its boards are where `shelf_levels` says."""
    w = width / 2
    parts = [box((-w, 0, z), (w, depth, z + 0.022)) for z in shelf_levels(height, boards)]
    parts += [box((s * w - 0.011, 0, 0), (s * w + 0.011, depth, height)) for s in (-1, 1)]
    return {"wood": join([*parts, box((-w, depth - 0.008, 0), (w, depth, height))])}


def shelf_levels(height: float, boards: int) -> np.ndarray:
    """Heights of a bookcase's boards, the top one included."""
    return np.linspace(0.06, height - 0.022, boards)


def books(rng: np.random.Generator, length: float, tall: float, colours: int) -> dict[str, list[Mesh]]:
    """A row of books along x from 0, spines to -y, by the slots book-0 ... and paper; some lean, some gaps."""
    row: dict[str, list[Mesh]] = {}
    x = 0.0
    while x < length - 0.07:
        thick, height, deep = rng.uniform(0.012, 0.055), tall * rng.uniform(0.62, 0.95), rng.uniform(0.13, 0.2)
        if rng.random() < 0.07:
            x += rng.uniform(0.03, 0.1)
            continue
        front = rng.uniform(0, 0.03)
        lean = rng.uniform(4, 9) if rng.random() < 0.06 else 0.0
        cover = box((0, front, 0), (thick, front + deep, height)).turned(-lean, "y")
        pages = quad((0.003, front + 0.004, height + 0.0005), (thick - 0.006, 0, 0), (0, deep - 0.004, 0)).turned(
            -lean, "y"
        )
        row.setdefault(f"book-{rng.integers(colours)}", []).append(cover.moved(x, 0, 0))
        row.setdefault("paper", []).append(pages.moved(x, 0, 0))
        x += thick + 0.001 + height * np.sin(np.radians(lean))
    return row


def floor_lamp(height: float = 1.55) -> Parts:
    """A standing lamp: foot, thin pole, open cloth shade; its bulb belongs at (0, 0, height - 0.1)."""
    pole = join([cylinder((0, 0, 0), (0, 0, 0.025), 0.15, sides=32), cylinder((0, 0, 0), (0, 0, height - 0.18), 0.01)])
    return {"metal": pole, "shade": lathe([(0.21, height - 0.26), (0.14, height + 0.06)], 36)}


def table_lamp(height: float = 0.48) -> Parts:
    """A table lamp with a turned base; its bulb belongs at (0, 0, height - 0.09)."""
    h = height
    profile = [
        (0, 0),
        (0.075, 0),
        (0.078, 0.012),
        (0.03, 0.03),
        (0.05, h * 0.25),
        (0.065, h * 0.4),
        (0.02, h * 0.55),
        (0.012, h * 0.65),
        (0, h * 0.65),
    ]
    return {"metal": lathe(profile, 32), "shade": lathe([(0.15, h - 0.2), (0.1, h + 0.02)], 36)}


def pendant(drop: float, radius: float = 0.2) -> Parts:
    """A lamp hanging from the origin downward: cord and an open bell; its bulb belongs at (0, 0, -drop)."""
    bell = [
        (radius, -drop - 0.03),
        (radius * 0.95, -drop + 0.03),
        (radius * 0.6, -drop + 0.14),
        (0.03, -drop + 0.2),
        (0.0, -drop + 0.2),
    ]
    return {"cord": cylinder((0, 0, -drop + 0.2), (0, 0, 0), 0.005, sides=6), "bell": lathe(bell, 36)}


def curtain(width: float, height: float, folds: int, depth: float = 0.05) -> Mesh:
    """A hanging curtain along x from 0, folded toward y, top at `height`."""

    def cloth(u: np.ndarray, v: np.ndarray) -> np.ndarray:
        wave = np.sin(2 * np.pi * folds * u) * depth * (1.15 - 0.5 * v) + 0.3 * depth * np.sin(
            2 * np.pi * 2.3 * u + 3 * v
        )
        return np.stack([u * width, wave, v * height], -1)

    return sheet(cloth, folds * 10, 8, (width * 1.6, height))


def window_bars(width: float, height: float, columns: int = 2, rows: int = 3, bar: float = 0.035) -> Mesh:
    """The frame of a window in the x-z plane, from the origin."""
    xs, zs = np.linspace(0, width, columns + 1), np.linspace(0, height, rows + 1)
    upright = [box((x - bar / 2, -0.03, 0), (x + bar / 2, 0.03, height)) for x in xs]
    return join(upright + [box((0, -0.025, z - bar / 2), (width, 0.025, z + bar / 2)) for z in zs])


def picture(width: float, height: float, border: float = 0.04) -> Parts:
    """A framed picture in the x-z plane, facing -y, from the origin; its print is textured once across."""
    print_ = quad((0, -0.006, 0), (width, 0, 0), (0, 0, height))
    b = border
    frame = [
        box((-b, -0.025, -b), (width + b, 0, 0)),
        box((-b, -0.025, height), (width + b, 0, height + b)),
        box((-b, -0.025, 0), (0, 0, height)),
        box((width, -0.025, 0), (width + b, 0, height)),
    ]
    return {"print": print_, "frame": join(frame)}


def cabinet(width: float, depth: float, height: float, doors: int, plinth: float = 0.1) -> Parts:
    """A base or wall cabinet from the origin along x, its doors at y = 0 and its back at y = depth."""
    span = width / doors
    fronts = [
        box((i * span + 0.003, -0.02, plinth + 0.004), ((i + 1) * span - 0.003, 0, height - 0.004))
        for i in range(doors)
    ]
    handles = [
        tube([(x, -0.02, z), (x, -0.045, z), (x + 0.12, -0.045, z), (x + 0.12, -0.02, z)], 0.006, 6)
        for x, z in ((i * span + span / 2 - 0.06, height - 0.07) for i in range(doors))
    ]
    carcass = [box((0, 0.0, plinth), (width, depth, height))]
    if plinth:
        carcass.append(box((0, 0.05, 0), (width, depth, plinth)))
    return {"front": join(fronts), "carcass": join(carcass), "handle": join(handles)}


def plant(rng: np.random.Generator, leaves: int = 40, height: float = 0.8) -> Parts:
    """A potted plant of long bent leaves."""
    pot = lathe([(0, 0), (0.12, 0), (0.16, 0.26), (0.145, 0.26), (0.135, 0.22), (0, 0.22)], 32)
    blades = []
    for _ in range(leaves):
        reach, top, wide = rng.uniform(0.1, 0.45) * height, rng.uniform(0.6, 1.0) * height, rng.uniform(0.015, 0.035)

        def leaf(
            u: np.ndarray, v: np.ndarray, reach: float = reach, top: float = top, wide: float = wide
        ) -> np.ndarray:
            v = np.clip(v, 0, 1)
            half = wide * np.sin(np.pi * (0.12 + 0.88 * v)) ** 0.7
            return np.stack([reach * v**1.5, (u - 0.5) * 2 * half, 0.22 + top * (v - 0.45 * v**3)], -1)

        blades.append(sheet(leaf, 2, 6).turned(rng.uniform(0, 360)).moved(*rng.uniform(-0.04, 0.04, 2), 0))
    return {"pot": pot, "leaf": join(blades)}
