"""EXR frames for the tests: awkward on purpose, and made without the code under test."""

from __future__ import annotations

import math
import struct
from fractions import Fraction
from pathlib import Path

import numpy as np
import OpenEXR

ODD_SIZES = [(23, 37), (1, 1), (3, 7), (33, 5)]  # height, width

LOSSLESS = ["NO", "RLE", "ZIPS", "ZIP", "PIZ", "HTJ2K256", "HTJ2K32", "LJ2K", "ZSTD"]
LOSSY = ["PXR24", "B44", "B44A", "DWAA", "DWAB"]


def compression(name: str) -> OpenEXR.Compression:
    return getattr(OpenEXR, f"{name}_COMPRESSION")


def pixels(height: int, width: int, dtype: str, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    if dtype == "uint32":
        return rng.integers(0, 2**32, (height, width), dtype=np.uint32)
    return rng.exponential(1.0, (height, width)).astype(dtype)


def beauty_channels(height: int, width: int, seed: int = 0) -> dict[str, np.ndarray]:
    """Half beauty and albedo, half unit normals, float depth, uint32 ids."""
    rng = np.random.default_rng(seed)
    channels = {name: pixels(height, width, "float16", seed + i) for i, name in enumerate("RGB")}
    channels |= {f"albedo.{c}": rng.random((height, width)).astype(np.float16) for c in "RGB"}
    normal = rng.standard_normal((height, width, 3))
    normal /= np.linalg.norm(normal, axis=-1, keepdims=True)
    channels |= {f"N.{c}": np.ascontiguousarray(normal[..., i]).astype(np.float16) for i, c in enumerate("XYZ")}
    return channels | {"Z": pixels(height, width, "float32", seed), "id.I": pixels(height, width, "uint32", seed)}


def window(x: int, y: int, width: int, height: int) -> tuple[np.ndarray, np.ndarray]:
    return np.array([x, y], np.int32), np.array([x + width - 1, y + height - 1], np.int32)


def tiles(x: int, y: int, mode: OpenEXR.LevelMode = OpenEXR.ONE_LEVEL) -> OpenEXR.TileDescription:
    description = OpenEXR.TileDescription()
    description.xSize, description.ySize, description.mode = x, y, mode
    return description


def many_attributes() -> dict[str, object]:
    """One attribute of each kind that the binding can make."""
    timecode = OpenEXR.TimeCode(1, 2, 3, 4, True, False, True, False, True, False, 1, 2, 3, 4, 5, 6, 7, 8)
    preview = OpenEXR.PreviewImage(np.arange(24, dtype=np.uint8).reshape(2, 3, 4))
    return {
        "an_int": 7,
        "a_float": 0.1,
        "a_double": np.array([math.pi], np.float64),
        "a_string": "grün 光",
        "an_empty_string": "",
        "strings": ["one", "zwei", "três"],
        "floats": [1.5, 2.5, -3.25],
        "v2i": np.array([1, -2], np.int32),
        "v2f": np.array([0.5, -2], np.float32),
        "v2d": np.array([0.5, -2], np.float64),
        "v3i": np.array([1, -2, 3], np.int32),
        "v3f": np.array([0.1, -2, 3], np.float32),
        "v3d": np.array([0.1, -2, 3], np.float64),
        "m33f": np.arange(9, dtype=np.float32).reshape(3, 3),
        "m33d": np.arange(9, dtype=np.float64).reshape(3, 3),
        "worldToCamera": np.arange(16, dtype=np.float32).reshape(4, 4),
        "m44d": np.arange(16, dtype=np.float64).reshape(4, 4),
        "box2i": window(-3, 4, 10, 20),
        "box2f": (np.array([0.5, 1], np.float32), np.array([2, 3.5], np.float32)),
        "chromaticities": (0.713, 0.293, 0.165, 0.83, 0.128, 0.044, 0.32168, 0.33767),
        "framesPerSecond": Fraction(24000, 1001),
        "timeCode": timecode,
        "keyCode": OpenEXR.KeyCode(12, 34, 56, 78, 9, 4, 64),
        "preview": preview,
        "envmap": OpenEXR.ENVMAP_LATLONG,
        "vendor": OpenEXR.OpaqueAttribute(b"\x00\x01\xff vendor", "acmeBlob"),
        "dwaCompressionLevel": 61.0,
        "pixelAspectRatio": 2.0,
        "cryptomatte/1234567/manifest": '{"bunny":"13851a76"}',
    }


def write(path: Path, parts: list[tuple[dict[str, object], dict[str, np.ndarray]]]) -> Path:
    """Write with the binding alone."""
    OpenEXR.File([OpenEXR.Part(dict(header), dict(channels)) for header, channels in parts]).write(str(path))
    return path


def raw_attributes(path: Path) -> list[dict[str, tuple[str, bytes]]]:
    """Type and bytes of every attribute of every part, by a reader of our own for the tests."""
    data = path.read_bytes()
    multipart = bool(struct.unpack_from("<I", data, 4)[0] & 0x1000)
    at, parts = 8, []

    def name(at: int) -> tuple[str, int]:
        end = data.index(b"\0", at)
        return data[at:end].decode(), end + 1

    while True:
        attributes = {}
        while data[at]:
            key, at = name(at)
            kind, at = name(at)
            (size,) = struct.unpack_from("<i", data, at)
            attributes[key] = kind, data[at + 4 : at + 4 + size]
            at += 4 + size
        at += 1
        if not attributes:
            return parts
        parts.append(attributes)
        if not multipart:
            return parts


def splice(data: bytes, key: str, kind: str, value: bytes) -> bytes:
    """A single-part scan-line file with one more attribute, and its table of chunks moved to match."""
    at = 8
    while data[at]:
        for _ in range(2):
            at = data.index(b"\0", at) + 1
        at += 4 + struct.unpack_from("<i", data, at)[0]
    extra = key.encode("latin-1") + b"\0" + kind.encode() + b"\0" + struct.pack("<i", len(value)) + value
    table = at + 1
    (first,) = struct.unpack_from("<Q", data, table)
    count = (first - table) // 8
    offsets = [offset + len(extra) for offset in struct.unpack_from(f"<{count}Q", data, table)]
    return data[:at] + extra + b"\0" + struct.pack(f"<{count}Q", *offsets) + data[first:]
