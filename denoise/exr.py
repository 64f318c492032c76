"""EXR file <-> frame, everything kept.

Pixels go through OpenEXR's `File` API with one array a channel. What that API does wrong in silence is caught
here: truncated files lose parts, non-contiguous arrays are written scrambled, some attributes cannot be held.
"""

from __future__ import annotations

import io
import math
import os
import struct
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import OpenEXR

from denoise.errors import FrameError
from denoise.exr_header import Attribute, RawPart, read_parts
from denoise.files import replacing
from denoise.frame import Frame, Part

#: Attribute types that the binding reads and writes back byte for byte (some only for some values: `_is_kept`).
_KEPT_TYPES = frozenset(
    "box2i box2f bytes chlist chromaticities compression double envmap float floatvector int keycode lineOrder "
    "m33f m33d m44f m44d preview rational string stringvector tiledesc timecode v2i v2f v2d v3i v3f v3d".split()
)

#: Types that the library itself knows, and therefore decodes or rejects.
_KNOWN_TYPES = _KEPT_TYPES | {"deepImageState", "idmanifest"}

#: Attributes that the library must understand to read the pixels.
_STRUCTURAL = frozenset("channels compression dataWindow displayWindow lineOrder name tiles type chunkCount".split())

_stdout_lock = threading.Lock()


def read_frame(path: str | Path) -> Frame:
    """Read a whole EXR file.

    Args:
        path: the file.

    Returns:
        The frame with every part, channel and attribute of the file. Attributes that the OpenEXR binding cannot
        hold (strings that are not UTF-8, unreduced fractions, ...) come as `OpenEXR.OpaqueAttribute`, and
        `write_frame` writes them back byte for byte.

    Raises:
        FrameError: if the file cannot be opened, is no EXR, is incomplete or corrupt, or is of a kind that
            cannot be written back whole (deep, subsampled, mip-mapped).
    """
    path = Path(path)
    try:
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            raw = read_parts(path, file, size)
            opaque = [_unkept(part) for part in raw]
            source: str | io.BytesIO = os.fspath(path)
            if any(opaque):
                file.seek(0)
                source = io.BytesIO(_hide_types(file.read(), opaque))
    except OSError as error:
        raise FrameError(f"{path}: cannot be read: {error.strerror or error}") from error
    try:
        with _library_warnings() as warnings:
            parts = OpenEXR.File(source, separate_channels=True).parts
    except (Exception, MemoryError) as error:
        raise FrameError(f"{path}: cannot be read as EXR: {_one_line(error)}; render or copy it again") from error
    if len(parts) != len(raw):
        why = "; ".join(warnings) or f"{len(raw) - len(parts)} of {len(raw)} parts are missing"
        raise FrameError(f"{path}: the pixels are corrupt: {why}; render or copy the frame again")
    return Frame([_to_part(path, *each) for each in zip(parts, raw, opaque, strict=True)])


def write_frame(path: str | Path, frame: Frame) -> None:
    """Write a frame as EXR: the whole file, or nothing.

    The file is written beside the target under a temporary name, brought to the disk, and only then put in the
    target's place. The same frame gives the same bytes. Compression, tiling, windows and all other attributes
    are those of the parts' headers; a header without them gets ZIP, scan lines and a window at the origin.

    Args:
        path: the target; an existing file is replaced.
        frame: parts of channels, each (H, W) of float16, float32 or uint32.

    Raises:
        FrameError: if the folder or the disk does not allow it, or the frame cannot be held by an EXR file.
    """
    path = Path(path)
    hidden: list[dict[str, str]] = []
    try:
        parts = [_from_part(path, part, hidden) for part in frame.parts]
        with replacing(path) as temporary:
            _write(temporary, path, parts, hidden)
    except OSError as error:
        raise FrameError(f"{path}: cannot be written: {error.strerror or error}") from error


def use_threads(count: int) -> None:
    """Let OpenEXR compress and decompress in `count` threads; without, it works in the caller's alone.

    For command-line programs: the threads are the whole process's, and a forked child that uses OpenEXR would
    wait for threads that it does not have.
    """
    OpenEXR.set_global_thread_count(count if count > 1 else 0)


def _write(temporary: Path, path: Path, parts: list[Any], hidden: list[dict[str, str]]) -> None:
    try:
        OpenEXR.File(parts).write(os.fspath(temporary))
    except Exception as error:
        message = _one_line(error).replace(os.fspath(temporary), path.name)
        raise FrameError(f"{path}: cannot be written as EXR: {message}") from error
    with temporary.open("r+b") as file:
        try:
            written = read_parts(path, file, os.fstat(file.fileno()).st_size)
        except FrameError as error:
            # The library says nothing when the disk is full at the end.
            raise FrameError(f"{path}: was not written whole; is the disk full?") from error
        _show_types(file, written, hidden)


def _to_part(path: Path, part: Any, raw: RawPart, opaque: dict[str, Attribute]) -> Part:
    channels = {name: channel.pixels for name, channel in part.channels.items()}
    if tuple(channels) != raw.channels:
        raise FrameError(f"{path}: has two channels of one name; rename one and render again")
    header = dict(part.header)
    for name, attribute in opaque.items():
        header[name] = OpenEXR.OpaqueAttribute(attribute.value, attribute.type)
    return Part(header, channels)


def _from_part(path: Path, part: Part, hidden: list[dict[str, str]]) -> Any:
    """The binding's part; adds to `hidden` the true types of attributes that go under another type's name."""
    linear = {channel.name: channel.pLinear for channel in part.header.get("channels", [])}
    channels = {}
    for name, pixels in part.channels.items():
        native = pixels.dtype.newbyteorder("=")
        if pixels.shape != part.size or native not in (np.float16, np.float32, np.uint32):
            raise FrameError(
                f"{path}: channel {name!r} is {pixels.dtype} {pixels.shape}; channels are float16, float32 or "
                f"uint32 and all of a part are of one size, here {part.size}"
            )
        # Anything but packed rows in native byte order is written scrambled, without a word.
        packed = np.ascontiguousarray(pixels, dtype=native)
        channels[name] = OpenEXR.Channel(packed, 1, 1, bool(linear.get(name, False)))
    header = {name: value for name, value in part.header.items() if name != "channels"}
    types: dict[str, str] = {}
    for name, value in header.items():
        if isinstance(value, OpenEXR.OpaqueAttribute) and value.typeName in _KNOWN_TYPES:
            types[name] = value.typeName
            header[name] = OpenEXR.OpaqueAttribute(value.data, _hidden(value.typeName))
    hidden.append(types)
    return OpenEXR.Part(header, channels)


def _unkept(part: RawPart) -> dict[str, Attribute]:
    """The attributes that the binding cannot read, or would write back changed."""
    return {
        name: attribute
        for name, attribute in part.attributes.items()
        if name not in _STRUCTURAL and attribute.type in _KNOWN_TYPES and not _is_kept(attribute)
    }


def _is_kept(attribute: Attribute) -> bool:
    """Whether the binding gives back this attribute's bytes as they were."""
    if attribute.type not in _KEPT_TYPES:
        return False
    try:
        if attribute.type == "string":
            attribute.value.decode("utf-8")
        elif attribute.type == "stringvector":
            return bool(_decode_vector(attribute.value))
        elif attribute.type == "floatvector":
            return bool(attribute.value)
        elif attribute.type == "rational":
            # The binding makes it a Fraction, which reduces 48/2 to 24/1 and refuses n/0.
            n, d = struct.unpack("<iI", attribute.value)
            return 0 < d < 2**31 and math.gcd(n, d) == 1
    except (UnicodeDecodeError, struct.error):
        return False
    return True


def _decode_vector(value: bytes) -> list[str]:
    """The strings of a stringvector, each with its length before it."""
    strings, at = [], 0
    while at < len(value):
        (length,) = struct.unpack_from("<I", value, at)
        strings.append(value[at + 4 : at + 4 + length].decode("utf-8"))
        at += 4 + length
    return strings


def _hidden(type_name: str) -> str:
    """A type name of the same length that the library does not know, so that it leaves the value alone."""
    return "~" + type_name[1:]


def _hide_types(data: bytes, opaque: list[dict[str, Attribute]]) -> bytes:
    changed = bytearray(data)
    for attributes in opaque:
        for attribute in attributes.values():
            changed[attribute.type_at] = ord("~")
    return bytes(changed)


def _show_types(file: io.BufferedRandom, written: list[RawPart], hidden: list[dict[str, str]]) -> None:
    """Put the true type names back into the file just written; they are as long as the hidden ones."""
    for part, types in zip(written, hidden, strict=True):
        for name, type_name in types.items():
            file.seek(part.attributes[name].type_at)
            file.write(type_name.encode("ascii"))
    file.flush()


class _Collector(io.TextIOBase):
    """Takes what one thread prints; hands on what others do."""

    def __init__(self, behind: Any) -> None:
        self.text = ""
        self._behind, self._thread = behind, threading.get_ident()

    def write(self, text: str) -> int:
        if threading.get_ident() != self._thread:
            return int(self._behind.write(text))
        self.text += text
        return len(text)


@contextmanager
def _library_warnings() -> Iterator[list[str]]:
    """Catch what the binding prints where it should raise; the list is filled when the context ends."""
    found: list[str] = []
    with _stdout_lock:
        before = sys.stdout
        collector = _Collector(before)
        sys.stdout = collector
        try:
            yield found
        finally:
            sys.stdout = before
            found += [line.split(" - ", 1)[-1] for line in collector.text.splitlines() if line.strip()]


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split()) or type(error).__name__
