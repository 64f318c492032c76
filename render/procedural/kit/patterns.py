"""Patterns as values in [0, 1] that repeat without a seam: what textures are made of."""

from __future__ import annotations

import numpy as np


def noise(rng: np.random.Generator, size: int, cells: tuple[int, int]) -> np.ndarray:
    """Periodic value noise (size, size) in [0, 1] with cells[0] x cells[1] (across, down) lattice cells."""
    lattice = rng.random((cells[1], cells[0]))
    x, y = np.arange(size) * cells[0] / size, np.arange(size) * cells[1] / size
    xi, yi = x.astype(int), y.astype(int)
    fx, fy = x - xi, y - yi
    fx, fy = (fx * fx * (3 - 2 * fx))[None], (fy * fy * (3 - 2 * fy))[:, None]
    rows = lattice[yi], lattice[(yi + 1) % cells[1]]
    left, right = xi, (xi + 1) % cells[0]
    low = rows[0][:, left] * (1 - fx) + rows[0][:, right] * fx
    high = rows[1][:, left] * (1 - fx) + rows[1][:, right] * fx
    return low * (1 - fy) + high * fy


def clouds(rng: np.random.Generator, size: int, cells: tuple[int, int] = (4, 4), octaves: int = 5) -> np.ndarray:
    """Several octaves of value noise (size, size), stretched to [0, 1]."""
    total = np.zeros((size, size))
    for o in range(octaves):
        total = total + noise(rng, size, (min(cells[0] << o, size), min(cells[1] << o, size))) * 0.55**o
    return (total - total.min()) / (total.max() - total.min())


def wood(rng: np.random.Generator, size: int = 256) -> np.ndarray:
    """Grain along the second axis."""
    grain = noise(rng, size, (32, 2)) * 0.35 + noise(rng, size, (128, 4)) * 0.25
    rings = clouds(rng, size, (3, 1), 3) * 5
    return np.clip(0.45 * (0.5 + 0.5 * np.sin(2 * np.pi * rings)) + grain, 0, 1)


def planks(rng: np.random.Generator, size: int = 256, across: int = 6) -> np.ndarray:
    """Floor boards, each with its own tone, dark joints between; 1 / across of the width each."""
    values, grain = np.zeros((size, size)), wood(rng, size)
    for column in range(across):
        a, b = column * size // across, (column + 1) * size // across
        cut = int(rng.integers(size))
        for start, end in ((0, cut), (cut, size)):
            tone = rng.uniform(0.15, 0.6)
            values[start:end, a:b] = tone + 0.4 * np.roll(grain, int(rng.integers(size)), 1)[start:end, a:b]
        values[cut : cut + 1, a:b] = 0.0
        values[:, a : a + 1] = 0.0
    return np.clip(values, 0, 1)


def tiles(
    rng: np.random.Generator, size: int = 256, count: int = 4, joint: int = 3, offset: bool = False, aspect: int = 1
) -> np.ndarray:
    """Tiles with their own tones above 0.35 and joints at 0; `aspect` times as many rows, each shifted if `offset`."""
    values, speckle = np.zeros((size, size)), clouds(rng, size, (8, 8), 4)
    pitch, rows = size // count, count * aspect
    height = size // rows
    for row in range(rows):
        shift = pitch // 2 if offset and row % 2 else 0
        for column in range(count):
            tone = rng.uniform(0.4, 0.8)
            x = (np.arange(column * pitch + joint, (column + 1) * pitch) + shift) % size
            y = np.arange(row * height + joint, (row + 1) * height)
            values[np.ix_(y, x)] = tone + 0.2 * speckle[np.ix_(y, x)]
    return np.clip(values, 0, 1)


def checker(rng: np.random.Generator, size: int = 256, count: int = 8) -> np.ndarray:
    """A chessboard with a little dirt."""
    cell = np.arange(size) * count // size
    return np.clip(((cell[:, None] + cell) % 2) * 0.8 + 0.2 * clouds(rng, size, (4, 4), 4), 0, 1)


def marble(rng: np.random.Generator, size: int = 256) -> np.ndarray:
    """Light stone with dark veins."""
    bend = clouds(rng, size, (3, 3), 5)
    x = np.arange(size) / size
    veins = np.abs(np.sin(2 * np.pi * (2 * x[None] + 1 * x[:, None] + 1.6 * bend)))
    return np.clip(veins**0.35 * 0.85 + 0.15 * clouds(rng, size, (8, 8), 4), 0, 1)


def fabric(rng: np.random.Generator, size: int = 128, threads: int = 32) -> np.ndarray:
    """A plain weave, thread over thread, with uneven yarn."""
    t = np.arange(size) * threads / size
    over = (np.floor(t)[:, None] + np.floor(t)[None]) % 2
    warp = np.abs(np.sin(np.pi * t))[None] * np.ones((size, 1))
    weft = np.abs(np.sin(np.pi * t))[:, None] * np.ones((1, size))
    return np.clip(np.where(over > 0, warp, weft) * 0.6 + 0.4 * noise(rng, size, (64, 64)), 0, 1)


def stripes(rng: np.random.Generator, size: int = 256, count: int = 24) -> np.ndarray:
    """Stripes of random widths and tones across the first axis."""
    edges = np.sort(rng.choice(size, count, replace=False))
    tones = rng.random(count + 1)
    tones[-1] = tones[0]
    return np.tile(tones[np.searchsorted(edges, np.arange(size))], (size, 1))


def text(rng: np.random.Generator, size: int = 256, lines: int = 16) -> np.ndarray:
    """A printed page: words of invented letters (dark, 0) on paper (1), ragged right."""
    page = np.ones((size, size))
    pitch = size // lines
    tall, wide = max(pitch * 5 // 8, 5), max(pitch * 3 // 8, 3)
    alphabet = []
    for _ in range(24):
        glyph = np.ones((tall, wide))
        for _ in range(3):
            if rng.random() < 0.5:
                glyph[:, rng.integers(wide)] = 0
            else:
                glyph[rng.integers(tall), :] = 0
        alphabet.append(glyph)
    for line in range(lines):
        top, x = line * pitch + (pitch - tall) // 2, pitch
        end = size - pitch - int(rng.integers(size // 4))
        while x + wide < end:
            for _ in range(rng.integers(2, 9)):
                if x + wide < end:
                    page[top : top + tall, x : x + wide] = alphabet[rng.integers(24)]
                x += wide + 1
            x += wide
    return page


def around(cx: float, cy: float, reach: float, size: int) -> tuple[tuple[np.ndarray, ...], np.ndarray, np.ndarray]:
    """The texels within `reach` of a point of a repeating image: their index, and the offsets dx and dy from it.

    Painting small things this way costs what they cover and not what the image has.
    """
    half = min(int(np.ceil(reach)) + 1, size // 2)
    x, y = ((np.arange(-half, half if 2 * half == size else half + 1) + int(c)) % size for c in (cx, cy))
    dx, dy = ((at - c + size / 2) % size - size / 2 for at, c in ((x, cx), (y, cy)))
    return np.ix_(y, x), dx[None], dy[:, None]


def terrazzo(rng: np.random.Generator, size: int = 256, chips: int = 900) -> np.ndarray:
    """Stone chips of many tones in a mid-grey binder."""
    values = np.full((size, size), 0.5)
    for _ in range(chips):
        cx, cy, radius, tone = rng.uniform(0, size), rng.uniform(0, size), rng.uniform(1, 5.5), rng.random()
        stretch = rng.uniform(0.5, 2)
        where, dx, dy = around(cx, cy, 2 * radius, size)
        inside = np.abs(dx) * stretch + np.abs(dy) / stretch < radius
        values[where] = np.where(inside, tone, values[where])
    return values


def leaves_print(rng: np.random.Generator, size: int = 256, count: int = 60) -> np.ndarray:
    """Wallpaper: leaf shapes of several tones on an even ground."""
    values = np.full((size, size), 0.1)
    for _ in range(count):
        cx, cy, angle = rng.uniform(0, size), rng.uniform(0, size), rng.uniform(0, np.pi)
        length = rng.uniform(10, 26)
        where, dx, dy = around(cx, cy, length, size)
        u, v = dx * np.cos(angle) + dy * np.sin(angle), -dx * np.sin(angle) + dy * np.cos(angle)
        inside = (np.abs(v) < length * 0.3 * np.clip(1 - (u / length) ** 2, 0, 1)) & (np.abs(v) > 0.8)
        values[where] = np.where(inside, rng.uniform(0.35, 1), values[where])
    return values


def herringbone(rng: np.random.Generator, size: int = 256, cells: int = 8, ratio: int = 4) -> np.ndarray:
    """Blocks `ratio` times as long as wide laid in zigzag, each with its own tone and grain, dark joints between."""
    step = size / (cells * ratio)  # a block's width in pixels
    y, x = np.mgrid[:size, :size] / step
    row, column = np.floor(y).astype(int), np.floor(x).astype(int)
    # Along a row the blocks lying take `ratio` cells, those standing one: the pattern repeats after twice the ratio.
    phase = (column - row) % (2 * ratio)
    lying = phase < ratio
    start_x = np.where(lying, column - phase, column)
    start_y = np.where(lying, row, row - (2 * ratio - 1 - phase))
    period = cells * ratio
    tones = rng.uniform(0.3, 0.75, (period, period))
    tone = tones[start_y % period, start_x % period]
    along = np.where(lying, x - start_x, y - start_y) / ratio
    across = np.where(lying, y - start_y, x - start_x)
    edge = np.minimum(np.minimum(along, 1 - along) * ratio, np.minimum(across, 1 - across))
    grain = noise(rng, size, (min(128, size), 8))
    value = tone + 0.25 * np.where(lying, grain.T, grain) - 0.125
    return np.clip(np.where(edge < 1.0 / step, 0.0, value), 0, 1)


def plaid(rng: np.random.Generator, size: int = 256, count: int = 9) -> np.ndarray:
    """A tartan: stripes of uneven widths crossing, with the diagonal of twill."""
    bands = stripes(rng, size, count)[0]
    x = np.arange(size)
    twill = (x[:, None] + x) % 4 < 2
    return np.where(twill, bands[None], bands[:, None])


def dots(rng: np.random.Generator, size: int = 256, count: int = 8) -> np.ndarray:
    """Round dots on a lattice, every other row shifted, tones uneven."""
    y, x = np.mgrid[:size, :size] * count / size
    row = np.floor(y).astype(int)
    x = x + 0.5 * (row % 2)
    column = np.floor(x).astype(int) % count
    distance = np.hypot(x - np.floor(x) - 0.5, y - row - 0.5)
    radius = rng.uniform(0.12, 0.42)
    return np.where(distance < radius, rng.uniform(0.5, 1, (count, count))[row, column], 0.1)


def speckle(rng: np.random.Generator, size: int = 128) -> np.ndarray:
    """A value of its own for every texel: the finest detail that a texture can have."""
    return rng.random((size, size)) ** rng.uniform(0.5, 4)


def damask(rng: np.random.Generator, size: int = 256, waves: int = 5) -> np.ndarray:
    """A periodic ornament of sharp curves: the sum of a few mirrored waves, cut at a level."""
    t = 2 * np.pi * np.arange(size) / size
    total = np.zeros((size, size))
    for _ in range(waves):
        a, b = rng.integers(1, 9, 2)
        total += np.cos(a * t)[:, None] * np.cos(b * t)[None] * rng.normal()
    level = np.quantile(total, rng.uniform(0.3, 0.7))
    return np.clip(0.5 + (total - level) * rng.uniform(2, 20), 0, 1) * 0.8 + 0.1


def hexagons(rng: np.random.Generator, size: int = 256, count: int = 8) -> np.ndarray:
    """Six-sided tiles with tones of their own and joints at 0; `count` across and, as it must be, even."""
    count += count % 2
    y, x = np.mgrid[:size, :size] * count / size
    best = np.full((2, size, size), np.inf)
    owner = np.zeros((size, size), int)
    for shift in (0, 1):  # two lattices of centres, one shifted by half a cell
        cy, cx = 2 * np.floor((y - shift) / 2 + 0.5) + shift, np.floor(x - 0.5 * shift + 0.5) + 0.5 * shift
        distance = np.maximum(np.abs(x - cx), 0.5 * np.abs(x - cx) + 0.866 * np.abs(y - cy) * 0.577 * 1.5)
        nearer = distance < best[0]
        best[1] = np.where(nearer, best[0], np.minimum(best[1], distance))
        best[0] = np.where(nearer, distance, best[0])
        owner = np.where(nearer, (cy.astype(int) % count) * 2 * count + (2 * cx).astype(int) % (2 * count), owner)
    tones = rng.uniform(0.4, 0.95, 2 * count * count)
    return np.where(best[1] - best[0] < 0.06, 0.0, tones[owner])


def cracks(rng: np.random.Generator, size: int = 256, cells: int = 6) -> np.ndarray:
    """Irregular stones (a cellular pattern) with tones of their own and joints at 0."""
    centres = rng.uniform(0.1, 0.9, (2, cells, cells)).astype(np.float32)
    tones = rng.uniform(0.35, 0.9, (cells, cells))
    shift = 0.25 * (clouds(rng, size, (8, 8), 3) - 0.5)
    y, x = (np.mgrid[:size, :size] * (cells / size) + shift[None]).astype(np.float32)
    row, column = np.floor(y).astype(int), np.floor(x).astype(int)
    first, second = np.full((2, size, size), np.inf, np.float32)
    value = np.zeros((size, size))
    for i in (-1, 0, 1):  # the nearest centre is in a cell around the point's own
        for j in (-1, 0, 1):
            a, b = (row + i) % cells, (column + j) % cells
            distance = np.hypot(y - row - i - centres[0, a, b], x - column - j - centres[1, a, b])
            nearer = distance < first
            second = np.where(nearer, first, np.minimum(second, distance))
            first = np.where(nearer, distance, first)
            value = np.where(nearer, tones[a, b], value)
    return np.where(second - first < 0.07, 0.0, value)
