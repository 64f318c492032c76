"""Patterns as palette PNG files, and small environment maps, as Radiance HDR files.

The files are written here and not compressed: zlib's output differs between builds, these bytes do not, and git
compresses them anyway.
"""

import struct
import zlib
from collections.abc import Sequence

import numpy as np

from render.procedural.kit.patterns import clouds

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
