"""Textures made by formula, as palette PNG files, and small environment maps, as Radiance HDR files.

The files are written here and not compressed: zlib's output differs between builds, these bytes do not, and git
compresses them anyway. All textures repeat without a seam.
"""

import struct
import zlib
from collections.abc import Sequence

import numpy as np

Colour = tuple[float, float, float]


def png(values: np.ndarray, palette: Sequence[Colour]) -> bytes:
    """A PNG of `values` (H, W) in [0, 1] through `palette`, sRGB colours in [0, 1] spread evenly over the values."""
    stops = np.linspace(0, 1, len(palette))
    table = np.stack([np.interp(np.linspace(0, 1, 256), stops, np.array(palette)[:, c]) for c in range(3)], -1)
    index = np.round(np.clip(np.round(values, 6), 0, 1) * 255).astype(np.uint8)
    colours = np.round(table * 255).astype(np.uint8)
    return _png(index, 3, [(b"PLTE", colours.tobytes())])


def normal_png(height: np.ndarray, strength: float) -> bytes:
    """A tangent-space normal map (RGB) of a periodic `height` (H, W) in [0, 1]."""
    dx = (np.roll(height, -1, 1) - np.roll(height, 1, 1)) * strength
    dy = (np.roll(height, -1, 0) - np.roll(height, 1, 0)) * strength
    normal = np.stack([-dx, -dy, np.ones_like(dx)], -1)
    normal /= np.linalg.norm(normal, axis=-1, keepdims=True)
    return _png(np.round(np.round(normal * 0.5 + 0.5, 6) * 255).astype(np.uint8), 2, [])


def _png(pixels: np.ndarray, colour_type: int, extra: list[tuple[bytes, bytes]]) -> bytes:
    height, width = pixels.shape[:2]
    raw = b"".join(b"\0" + row.tobytes() for row in pixels)
    blocks = [raw[i : i + 65535] for i in range(0, len(raw), 65535)]
    stream = b"\x78\x01"
    for number, block in enumerate(blocks):
        stream += struct.pack("<BHH", number == len(blocks) - 1, len(block), len(block) ^ 0xFFFF) + block
    stream += struct.pack(">I", zlib.adler32(raw))
    header = struct.pack(">IIBBBBB", width, height, 8, colour_type, 0, 0, 0)
    chunks = [(b"IHDR", header), *extra, (b"IDAT", stream), (b"IEND", b"")]
    body = b"".join(struct.pack(">I", len(d)) + k + d + struct.pack(">I", zlib.crc32(k + d)) for k, d in chunks)
    return b"\x89PNG\r\n\x1a\n" + body


def hdr(radiance: np.ndarray) -> bytes:
    """A Radiance HDR file of `radiance` (H, W, 3), linear, as plain RGBE pixels."""
    peak = np.maximum(radiance.max(-1), 1e-9)
    exponent = np.ceil(np.log2(np.round(peak, 6) + 1e-6)).astype(int) + 1
    mantissa = np.clip(np.round(np.round(radiance, 6) / np.exp2(exponent)[..., None] * 256), 0, 255)
    rgbe = np.concatenate([mantissa, exponent[..., None] + 128], -1).astype(np.uint8)
    height, width = radiance.shape[:2]
    return f"#?RADIANCE\nFORMAT=32-bit_rle_rgbe\n\n-Y {height} +X {width}\n".encode() + rgbe.tobytes()


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
    total = sum(
        noise(rng, size, (min(cells[0] << o, size), min(cells[1] << o, size))) * 0.55**o for o in range(octaves)
    )
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


def terrazzo(rng: np.random.Generator, size: int = 256, chips: int = 900) -> np.ndarray:
    """Stone chips of many tones in a mid-grey binder."""
    values = np.full((size, size), 0.5)
    y, x = np.mgrid[:size, :size]
    for _ in range(chips):
        cx, cy, radius, tone = rng.uniform(0, size), rng.uniform(0, size), rng.uniform(1, 5.5), rng.random()
        stretch = rng.uniform(0.5, 2)
        dx = (x - cx + size / 2) % size - size / 2
        dy = (y - cy + size / 2) % size - size / 2
        values[np.abs(dx) * stretch + np.abs(dy) / stretch < radius] = tone
    return values


def leaves_print(rng: np.random.Generator, size: int = 256, count: int = 60) -> np.ndarray:
    """Wallpaper: leaf shapes of several tones on an even ground."""
    values = np.full((size, size), 0.1)
    y, x = np.mgrid[:size, :size]
    for _ in range(count):
        cx, cy, angle = rng.uniform(0, size), rng.uniform(0, size), rng.uniform(0, np.pi)
        dx = (x - cx + size / 2) % size - size / 2
        dy = (y - cy + size / 2) % size - size / 2
        u, v = dx * np.cos(angle) + dy * np.sin(angle), -dx * np.sin(angle) + dy * np.cos(angle)
        length = rng.uniform(10, 26)
        inside = np.abs(v) < length * 0.3 * np.clip(1 - (u / length) ** 2, 0, 1)
        values[inside & (np.abs(v) > 0.8)] = rng.uniform(0.35, 1)
    return values


def sky(rng: np.random.Generator, kind: str, height: int = 64) -> np.ndarray:
    """A small environment (H, 2 H, 3), linear radiance: `dusk`, `studio` (soft boxes) or `overcast`."""
    v, u = np.mgrid[:height, : 2 * height] / height
    up = np.cos(np.pi * (v + 0.5 / height))[..., None]
    if kind == "dusk":
        glow = np.exp(-(((u - 1.4) / 0.25) ** 2) - ((v - 0.47) / 0.07) ** 2)[..., None]
        image = np.array([0.10, 0.16, 0.30]) * np.clip(0.3 + up, 0.05, 1) + np.array([9.0, 3.6, 1.1]) * glow
    elif kind == "studio":
        image = np.full((height, 2 * height, 3), 0.03)
        for _ in range(5):
            cu, cv, wu, wv = rng.uniform(0, 2), rng.uniform(0.1, 0.5), rng.uniform(0.04, 0.15), rng.uniform(0.03, 0.1)
            image[(np.abs(u - cu) < wu) & (np.abs(v - cv) < wv)] = rng.uniform(4, 25) * rng.uniform(0.7, 1, 3)
    else:
        image = np.array([0.75, 0.82, 0.95]) * np.clip(0.25 + 0.75 * up, 0.08, 1)
        image = image * (0.7 + 0.6 * clouds(rng, 2 * height, (4, 4), 4)[:height, :, None])
    return np.broadcast_to(image, (height, 2 * height, 3)).copy()
