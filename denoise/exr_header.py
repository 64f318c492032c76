"""The header of an EXR file, byte by byte, and whether the pixels that it promises are all there.

The OpenEXR binding drops what a truncated file lacks without raising, prints to the console where it should
raise, and cannot hold every attribute. So the header is read here first: what the binding cannot do is refused
with a message of our own, or worked round (see `exr.py`). Layout: https://openexr.com/en/latest/OpenEXRFileLayout.html
"""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

from denoise.errors import FrameError

MAGIC = b"v/1\x01"
TILED_FLAG, DEEP_FLAG, MULTIPART_FLAG = 0x200, 0x800, 0x1000

#: Scanlines in a chunk, by the number of the compression kind: none, RLE, ZIPS, ZIP, PIZ, PXR24, B44, B44A,
#: DWAA, DWAB, HTJ2K256, HTJ2K32, LJ2K, ZSTD. Seen in files of OpenEXR 3.5.3.
LINES_PER_CHUNK = (1, 1, 1, 16, 32, 16, 32, 32, 32, 256, 256, 32, 256, 1)

#: Pixels; more than any renderer's frame, and what is more is a broken header.
_LARGEST_SIDE = 1 << 17

#: How files begin that are renamed to .exr by mistake.
OTHER_FORMATS = {
    b"\x89PNG": "a PNG",
    b"\xff\xd8\xff": "a JPEG",
    b"II*\x00": "a TIFF",
    b"MM\x00*": "a TIFF",
    b"#?RA": "a Radiance HDR",
    b"SDPX": "a DPX",
    b"XPDS": "a DPX",
    b"PF\n": "a PFM",
    b"PK\x03\x04": "a ZIP archive",
    b"\x1f\x8b": "a gzip archive",
    b"version https://git-lfs": "a Git LFS pointer (run `git lfs pull`)",
}


@dataclass(frozen=True)
class Attribute:
    """One attribute as the file has it: type name, value, and where in the file the type name begins."""

    type: str
    value: bytes
    type_at: int


@dataclass(frozen=True)
class RawPart:
    """The header of one part.

    Attributes:
        attributes: by name, in the file's order.
        channels: channel names in the file's order.
        tiled: whether its chunks are tiles.
        chunks: number of chunks that hold its pixels.
        table: where in the file the table of its chunks begins.
    """

    attributes: dict[str, Attribute]
    channels: tuple[str, ...]
    tiled: bool
    chunks: int
    table: int = 0


def read_parts(path: Path, file: BinaryIO, size: int) -> list[RawPart]:
    """The headers of all parts of an open file of `size` bytes, and a check that no pixels are missing.

    Raises:
        FrameError: not an EXR, a kind of EXR that cannot be rewritten (deep, subsampled, mip-mapped), a broken
            header, or missing pixels.
    """
    cursor = _Cursor(path, file, size)
    start = cursor.take(min(size, 32))
    if not start:
        raise FrameError(f"{path}: the file is empty; the renderer wrote nothing, or has not yet: render it again")
    if not start.startswith(MAGIC):
        kind = next((name for head, name in OTHER_FORMATS.items() if start.startswith(head)), None)
        raise FrameError(f"{path}: not an EXR file{f' but {kind}' if kind else ''}; give an OpenEXR frame")
    cursor.seek(4)
    version = cursor.number("<I")
    if version & 0xFF != 2:
        raise FrameError(f"{path}: EXR version {version & 0xFF} is not known; convert it with `exrconvert`")
    if version & DEEP_FLAG:
        raise _deep(path)
    multipart = bool(version & MULTIPART_FLAG)
    headers = [cursor.attributes()]
    while multipart and (header := cursor.attributes()):
        headers.append(header)
    parts = [_part(path, header, bool(version & TILED_FLAG), multipart) for header in headers]
    return [_check_chunks(cursor, part, index, multipart) for index, part in enumerate(parts)]


def _part(path: Path, attributes: dict[str, Attribute], tiled_flag: bool, multipart: bool) -> RawPart:
    """Understand one header, and refuse what cannot be read and written back whole."""
    for name, kind in (("channels", "chlist"), ("compression", "compression"), ("dataWindow", "box2i")):
        if name not in attributes or attributes[name].type != kind:
            raise _broken(path, f"attribute {name!r} is missing or not of type {kind}")
    storage = attributes["type"].value.decode("latin-1") if "type" in attributes else ""
    if storage.startswith("deep"):
        raise _deep(path)
    tiled = storage == "tiledimage" if multipart else tiled_flag
    channels = _channels(path, attributes["channels"].value)
    try:
        x0, y0, x1, y1 = struct.unpack("<4i", attributes["dataWindow"].value)
        (compression,) = struct.unpack("<B", attributes["compression"].value)
    except struct.error as error:
        raise _broken(path, "its data window or compression has the wrong length") from error
    width, height = x1 - x0 + 1, y1 - y0 + 1
    if width < 1 or height < 1 or max(width, height) > _LARGEST_SIDE:
        raise _broken(path, f"its data window is {width} x {height} pixels")
    if compression >= len(LINES_PER_CHUNK):
        raise FrameError(f"{path}: compression kind {compression} is not known; save the frame with ZIP")
    if tiled:
        chunks = _tiles(path, attributes, width, height)
    else:
        chunks = math.ceil(height / LINES_PER_CHUNK[compression])
    return RawPart(attributes, channels, tiled, chunks)


def _channels(path: Path, value: bytes) -> tuple[str, ...]:
    """Names of a chlist; each entry is a name, NUL, type, pLinear and padding, x and y sampling (4 bytes each)."""
    names: list[str] = []
    at = 0
    while at < len(value) and value[at] != 0:
        end = value.find(b"\0", at)
        if end < 0 or end + 17 > len(value):
            raise _broken(path, "its channel list is cut off")
        try:
            name = value[at:end].decode("utf-8")
        except UnicodeDecodeError as error:
            shown = value[at:end].decode("latin-1")
            raise FrameError(
                f"{path}: channel name {shown!r} is not UTF-8; rename the layer with plain letters and render again"
            ) from error
        x, y = struct.unpack_from("<2i", value, end + 9)
        if (x, y) != (1, 1):
            raise FrameError(
                f"{path}: channel {name!r} is subsampled ({x} x {y}), as in luminance-chroma files; "
                "save the frame as plain RGB"
            )
        names.append(name)
        at = end + 17
    if not names:
        raise FrameError(f"{path}: a part has no channels; nothing can be denoised in it")
    return tuple(names)


def _tiles(path: Path, attributes: dict[str, Attribute], width: int, height: int) -> int:
    """Number of tiles of a part with one level."""
    try:
        tile_width, tile_height, mode = struct.unpack("<2IB", attributes["tiles"].value)
    except (KeyError, struct.error) as error:
        raise _broken(path, "a tiled part has no valid 'tiles' attribute") from error
    # The library takes memory for a whole tile however small the image is.
    if not (1 <= tile_width <= max(4096, 2 * width) and 1 <= tile_height <= max(4096, 2 * height)):
        raise _broken(path, f"its tiles are {tile_width} x {tile_height} pixels")
    if mode & 0xF:
        raise FrameError(
            f"{path}: the image is {'mip' if mode & 0xF == 1 else 'rip'}-mapped, a texture and not a frame; "
            "extract its top level (`maketx` and `exrmaketiled` made the others)"
        )
    return math.ceil(width / tile_width) * math.ceil(height / tile_height)


def _check_chunks(cursor: _Cursor, part: RawPart, index: int, multipart: bool) -> RawPart:
    """The part with its table, after a look that every chunk stands in it and the last one ends within the file."""
    if multipart:
        stated = part.attributes.get("chunkCount")
        if stated is None or stated.value != struct.pack("<i", part.chunks):
            raise _broken(cursor.path, f"part {index} does not have the {part.chunks} chunks that its size asks for")
    if part.chunks * 8 > cursor.size - cursor.at:
        raise _truncated(cursor.path, "it ends within its table of chunks")
    table = cursor.at
    offsets = struct.unpack(f"<{part.chunks}Q", cursor.take(part.chunks * 8))
    after = cursor.at
    missing = sum(offset == 0 for offset in offsets)
    if missing:
        raise _truncated(cursor.path, f"{missing} of {part.chunks} chunks of part {index} were never written")
    leader = (4 if multipart else 0) + (16 if part.tiled else 4)
    last = max(offsets)
    end = last + leader + 4
    if end <= cursor.size:
        cursor.seek(last + leader)
        end += cursor.number("<I")
    if end > cursor.size:
        lost = sum(offset >= cursor.size for offset in offsets) or 1
        raise _truncated(cursor.path, f"{lost} or more of {part.chunks} chunks of part {index} are cut off")
    cursor.seek(after)
    return replace(part, table=table)


class _Cursor:
    """A place in the file that refuses to go past its end."""

    def __init__(self, path: Path, file: BinaryIO, size: int) -> None:
        self.path, self.size, self.at = path, size, 0
        self._file = file

    def seek(self, at: int) -> None:
        self.at = at
        self._file.seek(at)

    def take(self, count: int) -> bytes:
        if count < 0 or count > self.size - self.at:
            raise _truncated(self.path, "it ends within its header")
        data = self._file.read(count)
        if len(data) != count:
            raise _truncated(self.path, "it became shorter while it was read")
        self.at += count
        return data

    def number(self, layout: str) -> int:
        return int(struct.unpack(layout, self.take(struct.calcsize(layout)))[0])

    def name(self) -> str:
        # Names are short (at most 255 bytes), so one look ahead finds the NUL.
        start = self.at
        ahead = self.take(min(256, self.size - start))
        end = ahead.find(b"\0")
        if end < 0 and len(ahead) < 256:
            raise _truncated(self.path, "it ends within its header")
        if end < 0:
            raise _broken(self.path, "a name in its header is longer than 255 bytes")
        self.seek(start + end + 1)
        try:
            return ahead[:end].decode("utf-8")
        except UnicodeDecodeError as error:
            raise _broken(self.path, f"the attribute name {ahead[:end].decode('latin-1')!r} is not UTF-8") from error

    def attributes(self) -> dict[str, Attribute]:
        """One header, up to and with the NUL that ends it; empty where the list of headers ends."""
        found: dict[str, Attribute] = {}
        while name := self.name():
            at = self.at
            kind = self.name()
            found[name] = Attribute(kind, self.take(self.number("<i")), at)
        return found


def _broken(path: Path, what: str) -> FrameError:
    return FrameError(f"{path}: the EXR header is broken: {what}; render or copy the frame again")


def _truncated(path: Path, what: str) -> FrameError:
    return FrameError(f"{path}: the file is incomplete: {what}; render or copy the frame again")


def _deep(path: Path) -> FrameError:
    return FrameError(f"{path}: deep data cannot be denoised; flatten it first, or render a flat beauty")
