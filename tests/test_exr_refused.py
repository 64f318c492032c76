"""Files that `mcdenoise` refuses: one line on stderr, exit 1 or 2, and nothing written."""

from __future__ import annotations

import os
import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import OpenEXR
import pytest

from tests import exr_samples as samples
from tests.test_fuzz import FIXTURES

SCRIPT = Path(sys.executable).with_name("mcdenoise")


def refused(folder: Path, *arguments: object, status: int = 1) -> str:
    """The line that the command says, when it fails as it should."""
    before = sorted(os.listdir(folder))
    done = subprocess.run([SCRIPT, *map(str, arguments)], capture_output=True, text=True, cwd=folder)
    assert done.returncode == status, done.stderr
    assert done.stdout == ""
    lines = [line for line in done.stderr.splitlines() if line]
    # A wrong command line shows how it is used first, as all programs of its kind do.
    assert len(lines) == 1 or (status == 2 and lines[0].startswith("Usage:")), lines
    assert "Traceback" not in done.stderr and "unexpected" not in done.stderr
    assert sorted(os.listdir(folder)) == before
    return lines[-1]


def deep(path: Path) -> None:
    pixels = np.empty((3, 7), dtype=object)
    for place in np.ndindex(3, 7):
        pixels[place] = np.ones(2, np.float32)
    header = {"type": OpenEXR.deepscanline, "compression": OpenEXR.ZIPS_COMPRESSION}
    OpenEXR.File(header, {"Z": pixels}).write(str(path))


def subsampled(path: Path) -> None:
    planes = {name: OpenEXR.Channel(samples.pixels(4, 6, "float16"), 1, 1) for name in ("Y", "BY", "RY")}
    OpenEXR.File({}, planes).write(str(path))
    data = bytearray(path.read_bytes())
    sampling = data.index(b"BY\0") + 3 + 8
    data[sampling : sampling + 8] = struct.pack("<2i", 2, 2)
    path.write_bytes(data)


def levels(path: Path) -> None:
    header = {"type": OpenEXR.tiledimage, "tiles": samples.tiles(16, 16)}
    samples.write(path, [(header, {c: samples.pixels(32, 32, "float16") for c in "RGB"})])
    data = bytearray(path.read_bytes())
    data[data.index(b"tiledesc\0") + 9 + 4 + 8] = 1
    path.write_bytes(data)


def renamed(path: Path) -> None:
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(100))


def empty(path: Path) -> None:
    path.touch()


def truncated(path: Path) -> None:
    path.write_bytes((FIXTURES / "cycles-4.5.exr").read_bytes()[:-1000])


def without_its_last_parts(path: Path) -> None:
    path.write_bytes((FIXTURES / "cycles-5.0.exr").read_bytes()[:-5000])


def corrupt(path: Path) -> None:
    data = bytearray((FIXTURES / "cycles-4.5.exr").read_bytes())
    data[len(data) // 2 : len(data) // 2 + 64] = bytes(64)
    path.write_bytes(data)


def broken_attribute(path: Path) -> None:
    data = bytearray((FIXTURES / "mitsuba-aov.exr").read_bytes())
    at = data.index(b"generatedBy\0string\0") + len(b"generatedBy\0string\0")
    data[at : at + 4] = struct.pack("<i", 2**30)
    path.write_bytes(data)


def without_beauty(path: Path) -> None:
    path.write_bytes((FIXTURES / "luxcore" / "DEPTH.exr").read_bytes().replace(b"\0R\0", b"\0q\0", 1))


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (deep, "deep data cannot be denoised; flatten it first"),
        (subsampled, "is subsampled (2 x 2), as in luminance-chroma files; save the frame as plain RGB"),
        (levels, "mip-mapped, a texture and not a frame; extract its top level"),
        (renamed, "not an EXR file but a PNG; give an OpenEXR frame"),
        (empty, "the file is empty"),
        (truncated, "the file is incomplete"),
        (without_its_last_parts, "the file is incomplete"),
        (corrupt, "the pixels are corrupt"),
        (broken_attribute, "the file is incomplete: it ends within its header"),
        (without_beauty, "no beauty"),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_files(tmp_path, make, words):
    make(tmp_path / "a.exr")
    message = refused(tmp_path, "a.exr")
    assert message.startswith("mcdenoise: a.exr: ") and words in message, message


def test_aux_files_of_another_size(tmp_path):
    samples.write(tmp_path / "small.exr", [({}, {c: samples.pixels(9, 16, "float32") for c in "RGB"})])
    source = FIXTURES / "luxcore" / "RGB_IMAGEPIPELINE.exr"
    for option in ("--albedo-file", "--normal-file", "--pass"):
        message = refused(tmp_path, source, option, "small.exr", "-o", "b.exr")
        assert "small.exr" in message and "16x9" in message and "48x27" in message, message


def test_its_own_output(tmp_path):
    data = (FIXTURES / "mitsuba-aov.exr").read_bytes()
    (tmp_path / "a.exr").write_bytes(data)
    assert "use --overwrite" in refused(tmp_path, "a.exr", "-o", "a.exr", status=2)
    assert (tmp_path / "a.exr").read_bytes() == data


def test_files_that_are_not_there(tmp_path):
    assert refused(tmp_path, "none.exr") == "mcdenoise: none.exr: cannot be read: No such file or directory"
    assert "cannot be read: Is a directory" in refused(tmp_path, tmp_path)
