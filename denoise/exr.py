"""EXR file <-> frame, everything kept.

Pixels go through OpenEXR's `File` API with one array a channel. What that API does wrong in silence is caught
here: truncated files lose parts, non-contiguous arrays are written scrambled, some attributes cannot be held.
"""

from __future__ import annotations

import io
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import OpenEXR

from denoise.errors import FrameError
from denoise.exr_attributes import KNOWN_TYPES, drop_type, hidden_type, hide_types, lend, show_types, swap_type, unkept
from denoise.exr_header import Attribute, RawPart, read_parts
from denoise.files import replacing
from denoise.frame import Frame, Part

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
            opaque = [unkept(part) for part in raw]
            source: str | io.BytesIO = os.fspath(path)
            if any(opaque):
                file.seek(0)
                source = io.BytesIO(hide_types(file.read(), opaque))
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
    are those of the parts' headers; a header without them gets ZIP, scan lines (or tiles, where it says which) and a
    window at the origin.

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
            _write(temporary, path, parts, hidden, len(parts) > 1 or "type" in frame.parts[0].header)
    except OSError as error:
        raise FrameError(f"{path}: cannot be written: {error.strerror or error}") from error


def use_threads(count: int) -> None:
    """Let OpenEXR compress and decompress in `count` threads; without, it works in the caller's alone.

    For command-line programs: the threads are the whole process's, and a forked child that uses OpenEXR would
    wait for threads that it does not have.
    """
    OpenEXR.set_global_thread_count(count if count > 1 else 0)


def _write(temporary: Path, path: Path, parts: list[Any], hidden: list[dict[str, str]], has_type: bool) -> None:
    lent = None if has_type else lend(parts[0].header)
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
        show_types(file, written, hidden)
        if lent:
            swap_type(file, written[0], lent)
        elif not has_type:
            drop_type(file, written[0])


def _to_part(path: Path, part: Any, raw: RawPart, opaque: dict[str, Attribute]) -> Part:
    channels = {name: channel.pixels for name, channel in part.channels.items()}
    if tuple(channels) != raw.channels:
        raise FrameError(f"{path}: has two channels of one name; rename one and render again")
    header = dict(part.header)
    if "type" not in raw.attributes and raw.tiled == ("tiles" in raw.attributes):
        del header["type"]  # the binding adds it
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
        if isinstance(value, OpenEXR.OpaqueAttribute) and value.typeName in KNOWN_TYPES:
            types[name] = value.typeName
            header[name] = OpenEXR.OpaqueAttribute(value.data, hidden_type(value.typeName))
    header.setdefault("type", OpenEXR.tiledimage if "tiles" in header else OpenEXR.scanlineimage)
    hidden.append(types)
    return OpenEXR.Part(header, channels)


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
