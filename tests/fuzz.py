"""A seeded mutator of EXR files, and a worker that feeds what it makes to the reader or to the command line.

    python -m tests.fuzz reader FOLDER FIRST COUNT
    python -m tests.fuzz command FOLDER FIRST COUNT MODEL

The worker is a process of its own, since a crash would be the library's and would take the tests with it. It takes
the bases from FOLDER (`*.base`), prints one JSON line of counts, and exits with 0 only if every mutated file was
either read and written again or refused in one line. `seed.txt` in FOLDER tells at which seed it died.
"""

from __future__ import annotations

import faulthandler
import json
import random
import resource
import struct
import sys
from dataclasses import dataclass
from pathlib import Path

#: Seconds for one file; far more than any takes, so that a busy machine is no failure.
PATIENCE = 60
_MEMORY = 6 << 30
_EDGES = (0, 1, 2, 127, 128, 254, 255)
_WORDS = (bytes(4), b"\xff" * 4, b"\xff\xff\xff\x7f", b"\0\0\0\x80", b"\1\0\0\0", b"\0\0\1\0", b"\0\0\0\x40")


@dataclass(frozen=True)
class Place:
    """Where one attribute stands in the file: its name, its type, its length and value, and what follows."""

    name: int
    type: int
    size: int
    value: int
    end: int


def attribute_places(data: bytes) -> tuple[list[Place], int]:
    """All attributes of all parts, and where the table of chunks begins; IndexError where the header is broken."""
    multipart = bool(struct.unpack_from("<I", data, 4)[0] & 0x1000)
    at, found = 8, []
    while True:
        empty = True
        while data[at]:
            empty = False
            type_at = data.index(b"\0", at) + 1
            size_at = data.index(b"\0", type_at) + 1
            (size,) = struct.unpack_from("<I", data, size_at)
            found.append(Place(at, type_at, size_at, size_at + 4, size_at + 4 + size))
            at = found[-1].end
        at += 1
        if empty or not multipart:
            return found, at


def _chunk_table(data: bytes) -> tuple[int, int]:
    """Where the table of chunks begins and how many offsets it holds, judged by the first of them."""
    start = attribute_places(data)[1]
    (first,) = struct.unpack_from("<Q", data, start)
    if not start < first <= len(data):
        raise ValueError("the first offset is broken")
    return start, max(1, (first - start) // 8)


def mutate(base: bytes, other: bytes, r: random.Random) -> bytes:
    """A damaged copy of `base`; `other` lends pieces."""
    data = bytearray(base)
    for _ in range(r.choice((1, 1, 1, 2, 4))):
        try:
            r.choice(_MUTATIONS)(data, other, r)
        except (ValueError, IndexError, struct.error):
            pass  # a mutation before this one broke what it looks for
    return bytes(data)


def _anywhere(data: bytearray, other: bytes, r: random.Random) -> None:
    for _ in range(r.choice((1, 2, 16))):
        data[r.randrange(len(data))] = r.choice((*_EDGES, r.randrange(256)))


def _in_header(data: bytearray, other: bytes, r: random.Random) -> None:
    data[r.randrange(attribute_places(data)[1])] = r.choice((*_EDGES, r.randrange(256)))


def _attribute_value(data: bytearray, other: bytes, r: random.Random) -> None:
    place = r.choice(attribute_places(data)[0])
    at = r.randrange(place.value, place.end)
    if r.random() < 0.5:
        data[at] = r.choice((*_EDGES, r.randrange(256)))
    else:
        at = place.value + (at - place.value) // 4 * 4
        data[at : at + 4] = r.choice(_WORDS)


def _attribute_bit(data: bytearray, other: bytes, r: random.Random) -> None:
    place = r.choice(attribute_places(data)[0])
    data[r.randrange(place.value, place.end)] ^= 1 << r.randrange(8)


def _attribute_size(data: bytearray, other: bytes, r: random.Random) -> None:
    place = r.choice(attribute_places(data)[0])
    size = struct.unpack_from("<i", data, place.size)[0] + r.choice((-4, -1, 1, 4, 2**20, -(2**31), 2**31 - 1, -1000))
    data[place.size : place.value] = struct.pack("<I", size % 2**32)


def _attribute_resized(data: bytearray, other: bytes, r: random.Random) -> None:
    """Another length that is true, with the chunks where the table says."""
    place = r.choice(attribute_places(data)[0])
    value = r.randbytes(r.choice((0, 1, 3, 4, 8, 9, 16, 17, 64, 300)))
    _put(data, place.size, place.end, struct.pack("<i", len(value)) + value)


def _attribute_type(data: bytearray, other: bytes, r: random.Random) -> None:
    """One attribute under another's type name, or under one that nobody knows."""
    places = attribute_places(data)[0]
    place, lender = r.choice(places), r.choice(places)
    name = bytes(data[lender.type : lender.size - 1]) if r.random() < 0.7 else r.randbytes(r.randrange(1, 12))
    _put(data, place.type, place.size - 1, name)


def _attribute_name(data: bytearray, other: bytes, r: random.Random) -> None:
    """One attribute under another's name: one is there twice, the other missing."""
    places = attribute_places(data)[0]
    place, lender = r.choice(places), r.choice(places)
    _put(data, place.name, place.type - 1, bytes(data[lender.name : lender.type - 1]))


def _attribute_lost(data: bytearray, other: bytes, r: random.Random) -> None:
    place = r.choice(attribute_places(data)[0])
    _put(data, place.name, place.end, b"")


def _attribute_lent(data: bytearray, other: bytes, r: random.Random) -> None:
    """An attribute of another file, added or in place of one."""
    place, lender = r.choice(attribute_places(data)[0]), r.choice(attribute_places(other)[0])
    _put(data, place.name, r.choice((place.name, place.end)), other[lender.name : lender.end])


def _flags(data: bytearray, other: bytes, r: random.Random) -> None:
    data[r.randrange(4, 8)] ^= 1 << r.randrange(8)


def _table(data: bytearray, other: bytes, r: random.Random) -> None:
    """An offset of a chunk: zero, past the end, into the header, into another chunk."""
    start, count = _chunk_table(data)
    at = start + 8 * r.randrange(count)
    (old,) = struct.unpack_from("<Q", data, at)
    new = r.choice((0, 8, start, len(data), len(data) - 1, 2**63, 2**64 - 1, old + r.randrange(-40, 40)))
    struct.pack_into("<Q", data, at, new % 2**64)


def _chunk_leader(data: bytearray, other: bytes, r: random.Random) -> None:
    """What stands before a chunk's pixels: part number, line or tile, packed size."""
    start, count = _chunk_table(data)
    at = struct.unpack_from("<Q", data, start + 8 * r.randrange(count))[0] + 4 * r.randrange(6)
    data[at : at + 4] = r.choice(_WORDS) if r.random() < 0.5 else struct.pack("<I", r.randrange(2**12))


def _pixels(data: bytearray, other: bytes, r: random.Random) -> None:
    start = attribute_places(data)[1]
    for _ in range(r.choice((1, 4, 64))):
        data[r.randrange(start, len(data))] = r.randrange(256)


def _run_of_bytes(data: bytearray, other: bytes, r: random.Random) -> None:
    at, length = r.randrange(len(data)), r.choice((4, 64, 1000))
    piece = bytes(length) if r.random() < 0.5 else other[at : at + length]
    data[at : at + len(piece)] = piece


def _cut(data: bytearray, other: bytes, r: random.Random) -> None:
    del data[r.randrange(len(data)) :]


def _shifted(data: bytearray, other: bytes, r: random.Random) -> None:
    at = r.randrange(len(data))
    data[at : at + r.choice((0, 0, 1, 4, 19))] = r.randbytes(r.choice((0, 1, 4, 19)))


_MUTATIONS = (
    _anywhere,
    _in_header,
    _attribute_value,
    _attribute_value,
    _attribute_bit,
    _attribute_size,
    _attribute_resized,
    _attribute_type,
    _attribute_name,
    _attribute_lost,
    _attribute_lent,
    _flags,
    _table,
    _chunk_leader,
    _pixels,
    _run_of_bytes,
    _cut,
    _shifted,
)


def _put(data: bytearray, start: int, end: int, piece: bytes) -> None:
    """Replace a piece of the header and move the offsets of the chunks, so that the damage is this and no other."""
    table, count = _chunk_table(data)
    moved = len(piece) - (end - start)
    for at in range(table, table + 8 * count, 8):
        struct.pack_into("<Q", data, at, (struct.unpack_from("<Q", data, at)[0] + moved) % 2**64)
    data[start:end] = piece


def mutated(folder: Path, first: int, count: int):
    """Damaged files by seed, one after the other under one name: the same seeds give the same files."""
    bases = [path.read_bytes() for path in sorted(folder.glob("*.base"))]
    path = folder / "mutated.exr"
    for seed in range(first, first + count):
        r = random.Random(seed)
        path.write_bytes(mutate(r.choice(bases), r.choice(bases), r))
        (folder / "seed.txt").write_text(str(seed))
        # A hang ends the process with a traceback of where it hung.
        faulthandler.dump_traceback_later(PATIENCE, exit=True)
        yield path
    faulthandler.cancel_dump_traceback_later()


def run_reader(folder: Path, first: int, count: int) -> dict[str, int]:
    """Every file is read and written again, or refused in one line that names it."""
    from denoise.errors import FrameError
    from denoise.exr import read_frame, write_frame

    counts = {"read": 0, "refused": 0}
    output = folder / "out.exr"
    for path in mutated(folder, first, count):
        output.unlink(missing_ok=True)
        try:
            write_frame(output, read_frame(path))
            counts["read"] += 1
        except FrameError as error:
            counts["refused"] += 1
            assert str(error).startswith(str(folder)) and "\n" not in str(error), error
            assert not output.exists()
    return counts


def run_command(folder: Path, first: int, count: int, model: Path) -> dict[str, int]:
    """`mcdenoise` denoises the file, or says in one line why not and writes nothing."""
    from click.testing import CliRunner

    from denoise.cli import main

    counts = {"denoised": 0, "refused": 0}
    output = folder / "out.exr"
    for path in mutated(folder, first, count):
        output.unlink(missing_ok=True)
        result = CliRunner().invoke(main, [str(path), "-o", str(output), "--model", str(model), "--device", "cpu"])
        if result.exit_code == 0:
            counts["denoised"] += 1
            assert output.exists()
            continue
        counts["refused"] += 1
        lines = result.stderr.splitlines()
        assert result.exit_code in (1, 2), result.output
        assert lines[-1].startswith(("mcdenoise: ", "Error: ")) and str(folder) in lines[-1], result.output
        assert "unexpected" not in result.output and "Traceback" not in result.output, result.output
        assert not output.exists()
    return counts


def _main() -> None:
    how, folder, first, count = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
    faulthandler.enable()
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    if how == "reader":
        counts = run_reader(folder, first, count)
    else:
        counts = run_command(folder, first, count, Path(sys.argv[5]))
    left = [path.name for path in folder.iterdir() if path.name.startswith(".") or path.suffix == ".tmp"]
    assert not left, left
    print(json.dumps(counts))


if __name__ == "__main__":
    _main()
