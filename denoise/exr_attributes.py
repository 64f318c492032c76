"""Attributes that the OpenEXR binding cannot hold, and how they get through it byte for byte.

A type name that the library does not know makes it keep a value as it stands. So such attributes go through the
binding under a hidden type name of the same length, and the true one is put back into the file that it wrote.
`type`, which a file of one part may leave out and the library always writes, is taken out of the file again.
"""

from __future__ import annotations

import math
import struct
from typing import Any, BinaryIO

from denoise.exr_header import Attribute, RawPart

#: Attribute types that the binding reads and writes back byte for byte (some only for some values: `_is_kept`).
_KEPT_TYPES = frozenset(
    "box2i box2f bytes chlist chromaticities compression double envmap float floatvector int keycode lineOrder "
    "m33f m33d m44f m44d preview rational string stringvector tiledesc timecode v2i v2f v2d v3i v3f v3d".split()
)

#: Types that the library itself knows, and therefore decodes or rejects.
KNOWN_TYPES = _KEPT_TYPES | {"deepImageState", "idmanifest"}

#: Attributes that the library must understand to read the pixels.
_STRUCTURAL = frozenset("channels compression dataWindow displayWindow lineOrder name tiles type chunkCount".split())

#: Bytes moved at once: what stays in the processor's cache moves twice as fast.
_BLOCK = 1 << 18


def unkept(part: RawPart) -> dict[str, Attribute]:
    """The attributes that the binding cannot read, or would write back changed."""
    return {
        name: attribute
        for name, attribute in part.attributes.items()
        if name not in _STRUCTURAL and attribute.type in KNOWN_TYPES and not _is_kept(attribute)
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


def hidden_type(type_name: str) -> str:
    """A type name of the same length that the library does not know, so that it leaves the value alone."""
    return "~" + type_name[1:]


def hide_types(data: bytes, opaque: list[dict[str, Attribute]]) -> bytes:
    """A file's bytes with the type names of these attributes hidden."""
    changed = bytearray(data)
    for attributes in opaque:
        for attribute in attributes.values():
            changed[attribute.type_at] = ord("~")
    return bytes(changed)


def show_types(file: BinaryIO, written: list[RawPart], hidden: list[dict[str, str]]) -> None:
    """Put true type names back into a file just written: for each part, type name by attribute."""
    for part, types in zip(written, hidden, strict=True):
        for name, type_name in types.items():
            file.seek(part.attributes[name].type_at)
            file.write(type_name.encode("ascii"))


def lend(header: dict[str, Any]) -> tuple[str, str] | None:
    """Shorten a string attribute by what `type` takes in the file, for `swap_type` to put it where `type` was.

    Args:
        header: of a file's only part; one of its strings is cut.

    Returns:
        The name and the whole string; None where none is long enough.
    """
    taken = len(_attribute("type", "string", b"tiledimage" if "tiles" in header else b"scanlineimage"))
    for name, value in header.items():
        if isinstance(value, str) and name not in _STRUCTURAL and value.isascii() and len(value) > taken:
            header[name] = value[:-taken]
            return name, value
    return None


def swap_type(file: BinaryIO, part: RawPart, lent: tuple[str, str]) -> None:
    """Take `type` out of a file of one part and give its bytes to the attribute that `lend` cut: no pixel moves."""
    name, value = lent
    cut = part.attributes[name]
    edits = [
        (_span("type", part), b""),
        (_span(name, part), _attribute(name, cut.type, value.encode("ascii"))),
    ]
    file.seek(0)
    header = bytearray(file.read(part.table))
    for (start, end), new in sorted(edits, reverse=True):
        header[start:end] = new
    file.seek(0)
    file.write(header)


def drop_type(file: BinaryIO, part: RawPart) -> None:
    """Take the attribute `type` out of a file of one part; what follows moves up, and the table of chunks with it.

    Costs one more pass over the file, most of it still in the system's cache.
    """
    start, end = _span("type", part)
    cut = end - start
    file.seek(part.table)
    layout = f"<{part.chunks}Q"
    offsets = struct.unpack(layout, file.read(part.chunks * 8))
    file.seek(part.table)
    file.write(struct.pack(layout, *(offset - cut for offset in offsets)))
    file.seek(end)
    while block := file.read(_BLOCK):
        file.seek(start)
        file.write(block)
        start += len(block)
        file.seek(start + cut)
    file.truncate(start)


def _attribute(name: str, type_name: str, value: bytes) -> bytes:
    """An attribute as the file has it."""
    return f"{name}\0{type_name}\0".encode() + struct.pack("<i", len(value)) + value


def _span(name: str, part: RawPart) -> tuple[int, int]:
    """Where in the file an attribute begins and ends."""
    attribute = part.attributes[name]
    start = attribute.type_at - len(f"{name}\0".encode())
    return start, start + len(_attribute(name, attribute.type, attribute.value))
