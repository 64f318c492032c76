"""EXR files: everything kept, everything unusable refused in words, nothing half written."""

from __future__ import annotations

import os
import stat
import struct
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import OpenEXR
import pytest

from denoise.errors import FrameError
from denoise.exr import read_frame, write_frame
from denoise.exr_attributes import drop_type
from denoise.frame import Frame, Part
from tests import exr_samples as samples


def assert_same_pixels(a: Frame, b: Frame) -> None:
    assert len(a.parts) == len(b.parts)
    for one, other in zip(a.parts, b.parts, strict=True):
        assert list(one.channels) == list(other.channels)
        for name, plane in one.channels.items():
            assert plane.dtype == other.channels[name].dtype, name
            assert plane.tobytes() == other.channels[name].tobytes(), name


def assert_same_attributes(a: Path, b: Path) -> None:
    assert samples.raw_attributes(a) == samples.raw_attributes(b)


# Kept ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", samples.ODD_SIZES)
@pytest.mark.parametrize("dtype", ["float16", "float32", "uint32"])
def test_pixels_survive_reading_and_writing(tmp_path, size, dtype):
    channels = {name: samples.pixels(*size, dtype, seed) for seed, name in enumerate("RGB")}
    source = samples.write(tmp_path / "a.exr", [({}, channels)])
    frame = read_frame(source)
    for name, plane in channels.items():
        assert frame.parts[0].channels[name].tobytes() == plane.tobytes()
        assert frame.parts[0].channels[name].flags.c_contiguous
    write_frame(tmp_path / "b.exr", frame)
    assert_same_pixels(frame, read_frame(tmp_path / "b.exr"))
    assert_same_attributes(source, tmp_path / "b.exr")


def test_every_bit_pattern_of_a_half_survives(tmp_path):
    every = np.arange(2**16, dtype=np.uint16).view(np.float16).reshape(256, 256)
    write_frame(tmp_path / "a.exr", Frame([Part({}, {"Y": every})]))
    assert read_frame(tmp_path / "a.exr").parts[0].channels["Y"].tobytes() == every.tobytes()


@pytest.mark.parametrize("name", samples.LOSSLESS + samples.LOSSY)
@pytest.mark.parametrize("tiled", [False, True])
def test_every_compression(tmp_path, name, tiled):
    header = {"compression": samples.compression(name)}
    if tiled:
        header |= {"type": OpenEXR.tiledimage, "tiles": samples.tiles(16, 8)}
    channels = samples.beauty_channels(67, 41)
    source = samples.write(tmp_path / "a.exr", [(header, channels)])
    frame = read_frame(source)
    write_frame(tmp_path / "b.exr", frame)
    assert_same_attributes(source, tmp_path / "b.exr")
    if name in samples.LOSSLESS:
        assert_same_pixels(Frame([Part({}, dict(sorted(channels.items())))]), frame)
        assert_same_pixels(frame, read_frame(tmp_path / "b.exr"))


def test_fourteen_compressions_are_all_there_are():
    kinds = [name for name in OpenEXR.Compression.__members__ if name != "NUM_COMPRESSION_METHODS"]
    assert sorted(kinds) == sorted(f"{name}_COMPRESSION" for name in samples.LOSSLESS + samples.LOSSY)


def test_parts_keep_order_names_types_and_windows(tmp_path):
    parts = [
        (
            {
                "name": "right",
                "dataWindow": samples.window(-5, -9, 7, 3),
                "displayWindow": samples.window(0, 0, 64, 36),
            },
            {"R": samples.pixels(3, 7, "float16"), "id": samples.pixels(3, 7, "uint32")},
        ),
        (
            {
                "name": "left",
                "compression": samples.compression("PIZ"),
                "type": OpenEXR.tiledimage,
                "tiles": samples.tiles(8, 16),
                "dataWindow": samples.window(100, 50, 37, 23),
                "displayWindow": samples.window(0, 0, 64, 36),
            },
            {"Z": samples.pixels(23, 37, "float32"), "A": samples.pixels(23, 37, "float16")},
        ),
        ({"name": "a", "displayWindow": samples.window(0, 0, 64, 36)}, {"Y": samples.pixels(1, 1, "float32")}),
    ]
    source = samples.write(tmp_path / "a.exr", parts)
    frame = read_frame(source)
    assert [part.header["name"] for part in frame.parts] == ["right", "left", "a"]
    assert [part.size for part in frame.parts] == [(3, 7), (23, 37), (1, 1)]
    write_frame(tmp_path / "b.exr", frame)
    assert_same_pixels(frame, read_frame(tmp_path / "b.exr"))
    assert_same_attributes(source, tmp_path / "b.exr")


@pytest.mark.parametrize("order", ["INCREASING_Y", "DECREASING_Y"])
def test_line_order_is_kept(tmp_path, order):
    header = {"lineOrder": getattr(OpenEXR, order), "compression": samples.compression("ZIP")}
    source = samples.write(tmp_path / "a.exr", [(header, {"R": samples.pixels(50, 3, "float16")})])
    frame = read_frame(source)
    write_frame(tmp_path / "b.exr", frame)
    assert source.read_bytes() == (tmp_path / "b.exr").read_bytes()


def test_every_attribute_type_is_kept_byte_for_byte(tmp_path):
    header = samples.many_attributes()
    source = samples.write(tmp_path / "a.exr", [(header, {"R": samples.pixels(3, 7, "float16")})])
    assert set(header) <= set(samples.raw_attributes(source)[0])
    write_frame(tmp_path / "b.exr", read_frame(source))
    assert source.read_bytes() == (tmp_path / "b.exr").read_bytes()


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("string", "Küche".encode("latin-1")),
        ("stringvector", b""),
        ("stringvector", struct.pack("<i", 5) + "Küche".encode("latin-1")),
        ("floatvector", b""),
        ("rational", struct.pack("<iI", 48, 2)),
        ("rational", struct.pack("<iI", 1, 0)),
        ("deepImageState", b"\x01"),
        ("idmanifest", b"\x00\x01\x02"),
        ("acmeBlob", b"\x00\xff"),
    ],
)
def test_attributes_that_the_binding_cannot_hold_are_kept(tmp_path, kind, value):
    plain = samples.write(tmp_path / "plain.exr", [({}, {"R": samples.pixels(40, 7, "float16")})])
    source = tmp_path / "a.exr"
    source.write_bytes(samples.splice(plain.read_bytes(), "zz_odd", kind, value))
    frame = read_frame(source)
    assert frame.parts[0].header["zz_odd"].data == value
    write_frame(tmp_path / "b.exr", frame)
    assert source.read_bytes() == (tmp_path / "b.exr").read_bytes()


@pytest.mark.parametrize("note", ["a_note", "zz_note"])  # before `type` in the file, and behind it
@pytest.mark.parametrize("tiled", [False, True])
def test_type_is_left_out_with_no_pixel_moved_as_with_all(tmp_path, monkeypatch, note, tiled):
    header = {note: "of so many words that type fits in", "short": "word", "foreign": "Küche " * 9}
    header |= {"tiles": samples.tiles(16, 8)} if tiled else {}
    frame = Frame([Part(header, samples.beauty_channels(23, 37))])
    dropped = []
    monkeypatch.setattr("denoise.exr.drop_type", lambda *args: (dropped.append(args), drop_type(*args)))
    write_frame(tmp_path / "swapped.exr", frame)
    assert not dropped
    monkeypatch.setattr("denoise.exr.lend", lambda header: None)
    write_frame(tmp_path / "dropped.exr", frame)
    assert len(dropped) == 1
    assert (tmp_path / "swapped.exr").read_bytes() == (tmp_path / "dropped.exr").read_bytes()
    assert read_frame(tmp_path / "swapped.exr").parts[0].header[note] == header[note]
    assert "type" not in samples.raw_attributes(tmp_path / "swapped.exr")[0]


def test_linear_flags_of_channels_are_kept(tmp_path):
    planes = {"R": samples.pixels(3, 7, "float16"), "mask": samples.pixels(3, 7, "float16")}
    channels = {"R": OpenEXR.Channel(planes["R"], 1, 1, False), "mask": OpenEXR.Channel(planes["mask"], 1, 1, True)}
    OpenEXR.File({}, channels).write(str(tmp_path / "a.exr"))
    write_frame(tmp_path / "b.exr", read_frame(tmp_path / "a.exr"))
    assert (tmp_path / "a.exr").read_bytes() == (tmp_path / "b.exr").read_bytes()


def test_the_same_frame_gives_the_same_bytes(tmp_path):
    frame = read_frame(
        samples.write(tmp_path / "a.exr", [(samples.many_attributes(), samples.beauty_channels(23, 37))])
    )
    write_frame(tmp_path / "b.exr", frame)
    write_frame(tmp_path / "c.exr", read_frame(tmp_path / "b.exr"))
    assert (tmp_path / "b.exr").read_bytes() == (tmp_path / "c.exr").read_bytes()


def test_writing_leaves_the_frame_as_it_was(tmp_path):
    part = Part({}, {"R": samples.pixels(3, 7, "float16")})
    write_frame(tmp_path / "a.exr", Frame([part]))
    assert part.header == {}
    assert isinstance(part.channels["R"], np.ndarray)


@pytest.mark.parametrize(
    "view",
    [
        lambda a: a.T,
        lambda a: a[::-1],
        lambda a: a[1:-1, 2:-2],
        lambda a: np.stack([a, a + 1], axis=-1)[..., 0],
        lambda a: a.astype(">f4"),
        lambda a: np.broadcast_to(a[:1], (9, 11)),
    ],
    ids=["transposed", "flipped", "cropped", "interleaved", "big-endian", "broadcast"],
)
def test_arrays_that_are_not_packed_are_written_right(tmp_path, view):
    plane = view(samples.pixels(9, 11, "float32"))
    write_frame(tmp_path / "a.exr", Frame([Part({}, {"R": plane})]))
    np.testing.assert_array_equal(read_frame(tmp_path / "a.exr").parts[0].channels["R"], plane)


def test_an_independent_reader_sees_the_same(tmp_path):
    oiio = pytest.importorskip("OpenImageIO", reason="OpenImageIO, the independent reader, is not installed")
    header = {"dataWindow": samples.window(-5, -9, 37, 23), "displayWindow": samples.window(0, 0, 64, 36)}
    # Without the ids: OpenImageIO corrupts uint32 in parts that mix types.
    channels = {name: plane for name, plane in samples.beauty_channels(23, 37).items() if plane.dtype != np.uint32}
    source = samples.write(tmp_path / "a.exr", [(header | {"studio": "me", "name": "main"}, channels)])
    write_frame(tmp_path / "b.exr", read_frame(source))
    images = [oiio.ImageBuf(str(path)) for path in (source, tmp_path / "b.exr")]
    for image in images:
        spec = image.spec()
        assert set(spec.channelnames) == set(channels)
        assert (spec.x, spec.y, spec.width, spec.height) == (-5, -9, 37, 23)
        assert (spec.full_width, spec.full_height) == (64, 36)
        assert spec.getattribute("studio") == "me"
        planes = image.get_pixels(oiio.FLOAT)
        for index, name in enumerate(spec.channelnames):
            np.testing.assert_array_equal(planes[..., index], channels[name].astype(np.float32))


# Refused ------------------------------------------------------------------------------------------------------


@pytest.fixture
def good(tmp_path) -> bytes:
    """Compressible, so that damage in the middle is damage to a compressed chunk and not to a stored one."""
    header = {"compression": samples.compression("ZIPS")}
    channels = {name: np.round(plane).astype(plane.dtype) for name, plane in samples.beauty_channels(23, 37).items()}
    return samples.write(tmp_path / "good.exr", [(header, channels)]).read_bytes()


def refused(tmp_path: Path, data: bytes) -> str:
    path = tmp_path / "bad.exr"
    path.write_bytes(data)
    with pytest.raises(FrameError) as caught:
        read_frame(path)
    message = str(caught.value)
    assert message.startswith(f"{path}: ")
    assert "\n" not in message
    return message


def test_what_is_not_an_exr_is_named(tmp_path):
    assert "empty" in refused(tmp_path, b"")
    assert "not an EXR file but a PNG" in refused(tmp_path, b"\x89PNG\r\n\x1a\n")
    assert "git lfs pull" in refused(tmp_path, b"version https://git-lfs.github.com/spec/v1\n")
    assert "not an EXR file;" in refused(tmp_path, b"hello")


def test_missing_files_folders_and_permissions(tmp_path):
    with pytest.raises(FrameError, match="none.exr: cannot be read: No such file"):
        read_frame(tmp_path / "none.exr")
    with pytest.raises(FrameError, match="cannot be read: Is a directory"):
        read_frame(tmp_path)
    if os.geteuid() != 0:  # root may read anything
        (tmp_path / "a.exr").touch(mode=0)
        with pytest.raises(FrameError, match="cannot be read: Permission denied"):
            read_frame(tmp_path / "a.exr")


def test_every_truncation_is_noticed(tmp_path, good):
    for length in [4, 7, 8, 100, *range(300, len(good), 997), len(good) - 1]:
        assert "incomplete" in refused(tmp_path, good[:length]), length


def test_a_frame_still_being_rendered_is_noticed(tmp_path, good):
    """A renderer fills the table of chunks at the end."""
    table = good.index(struct.pack("<Q", _first_chunk(good)))
    assert "1 of 23 chunks of part 0 were never written" in refused(
        tmp_path, good[:table] + bytes(8) + good[table + 8 :]
    )


def _first_chunk(data: bytes) -> int:
    """Scanline 0's chunk begins with its number and its size; 23 offsets of it stand before."""
    at = 8
    while data[at]:
        for _ in range(2):
            at = data.index(b"\0", at) + 1
        at += 4 + struct.unpack_from("<i", data, at)[0]
    return at + 1 + 23 * 8


def test_a_missing_part_is_noticed(tmp_path):
    parts = [({"name": name}, {"R": samples.pixels(64, 64, "float16")}) for name in ("one", "two", "three")]
    data = samples.write(tmp_path / "a.exr", parts).read_bytes()
    assert "part 2 are cut off" in refused(tmp_path, data[:-100])
    assert "of part 1 are cut off" in refused(tmp_path, data[: len(data) // 2])


def test_corrupt_pixels_are_noticed(tmp_path, good, capsys):
    middle = len(good) * 2 // 3
    assert "corrupt" in refused(tmp_path, good[:middle] + bytes(64) + good[middle + 64 :])
    assert capsys.readouterr().out == ""  # the binding prints instead of raising


def test_subsampled_channels_are_refused(tmp_path):
    channels = {
        "Y": OpenEXR.Channel(samples.pixels(4, 6, "float16"), 1, 1),
        "BY": OpenEXR.Channel(samples.pixels(4, 6, "float16"), 1, 1),
    }
    OpenEXR.File({}, channels).write(str(tmp_path / "a.exr"))
    data = (tmp_path / "a.exr").read_bytes()
    entry = data.index(b"BY\0") + 3 + 8
    message = refused(tmp_path, data[:entry] + struct.pack("<2i", 2, 2) + data[entry + 8 :])
    assert "channel 'BY' is subsampled (2 x 2)" in message


@pytest.mark.parametrize(("mode", "word"), [(1, "mip-mapped"), (2, "rip-mapped")])
def test_textures_with_levels_are_refused(tmp_path, mode, word):
    header = {"type": OpenEXR.tiledimage, "tiles": samples.tiles(16, 16)}
    data = samples.write(tmp_path / "a.exr", [(header, {"R": samples.pixels(32, 32, "float16")})]).read_bytes()
    entry = data.index(b"tiledesc\0") + 9 + 4 + 8
    assert word in refused(tmp_path, data[:entry] + bytes([mode]) + data[entry + 1 :])


def test_deep_data_is_refused(tmp_path):
    deep = np.empty((3, 7), dtype=object)
    for place in np.ndindex(3, 7):
        deep[place] = np.ones(2, np.float32)
    OpenEXR.File({"type": OpenEXR.deepscanline, "compression": OpenEXR.ZIPS_COMPRESSION}, {"Z": deep}).write(
        str(tmp_path / "a.exr")
    )
    assert "deep data" in refused(tmp_path, (tmp_path / "a.exr").read_bytes())


def test_channel_names_that_are_not_utf8_are_refused(tmp_path, good):
    message = refused(tmp_path, good.replace(b"albedo.B\0", b"alb\xe9do.B\0", 1))
    assert "'albédo.B' is not UTF-8" in message


# Written whole or not at all ----------------------------------------------------------------------------------


def tiny(value: float = 1.0) -> Frame:
    return Frame([Part({}, {"R": np.full((3, 7), value, np.float16)})])


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path):
    write_frame(tmp_path / "a.exr", tiny())
    before = (tmp_path / "a.exr").read_bytes()
    for channels in (
        {"R": np.zeros((3, 7), np.float64)},
        {"R": np.zeros((3, 7), np.float16), "G": np.zeros((3, 8), np.float16)},
        {"R": np.zeros((3, 7, 1), np.float16)},
    ):
        with pytest.raises(FrameError, match="a.exr: channel '.' is"):
            write_frame(tmp_path / "a.exr", Frame([Part({}, channels)]))
    with pytest.raises(FrameError, match="does not match"):
        write_frame(
            tmp_path / "a.exr", Frame([Part({"dataWindow": samples.window(0, 0, 9, 9)}, tiny().parts[0].channels)])
        )
    with pytest.raises(FrameError, match="cannot be written as EXR"):
        write_frame(tmp_path / "a.exr", Frame([Part({"odd": object()}, tiny().parts[0].channels)]))
    assert (tmp_path / "a.exr").read_bytes() == before
    assert os.listdir(tmp_path) == ["a.exr"]


def test_a_full_disk_leaves_nothing(tmp_path):
    """A limit on the size of files stands for the disk: the library itself does not always notice."""
    script = (
        "import resource, sys, numpy as np\n"
        "from denoise.errors import FrameError\nfrom denoise.exr import write_frame\n"
        "from denoise.frame import Frame, Part\n"
        "plane = np.random.default_rng(0).random((200, 100)).astype(np.float32)\n"
        "for limit in (0, 100, 2000, 30000, 70000):\n"
        "    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))\n"
        "    try:\n        write_frame(sys.argv[1], Frame([Part({}, {'R': plane})]))\n"
        "    except FrameError as error:\n        print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", script, str(tmp_path / "a.exr")], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert len(lines) == 5
    assert all(line.startswith(f"{tmp_path / 'a.exr'}: ") for line in lines)
    assert os.listdir(tmp_path) == []


def test_unwritable_targets_are_named(tmp_path):
    with pytest.raises(FrameError, match="none/a.exr: cannot be written: No such file or directory"):
        write_frame(tmp_path / "none" / "a.exr", tiny())
    with pytest.raises(FrameError, match="cannot be written: it is a folder"):
        write_frame(tmp_path, tiny())


def test_new_files_have_the_permissions_of_the_umask(tmp_path):
    old = os.umask(0o027)
    try:
        write_frame(tmp_path / "a.exr", tiny())
    finally:
        os.umask(old)
    assert stat.S_IMODE((tmp_path / "a.exr").stat().st_mode) == 0o640


def test_a_link_stays_a_link(tmp_path):
    write_frame(tmp_path / "real.exr", tiny(1))
    (tmp_path / "link.exr").symlink_to("real.exr")
    write_frame(tmp_path / "link.exr", tiny(2))
    assert (tmp_path / "link.exr").is_symlink()
    assert read_frame(tmp_path / "real.exr").parts[0].channels["R"][0, 0] == 2


def test_a_long_name_is_no_obstacle(tmp_path):
    name = "x" * 251 + ".exr"
    write_frame(tmp_path / name, tiny())
    assert os.listdir(tmp_path) == [name]


def test_threads_read_at_once_and_keep_their_own_output(tmp_path, good, capsys):
    """The binding's warnings are caught on the process's stdout: others' prints must come through."""
    (tmp_path / "ok.exr").write_bytes(good)
    middle = len(good) * 2 // 3
    (tmp_path / "bad.exr").write_bytes(good[:middle] + bytes(64) + good[middle + 64 :])
    outcomes: list[str] = []

    def work(name: str) -> None:
        for _ in range(20):
            print("said")
            try:
                read_frame(tmp_path / name)
                outcomes.append("read")
            except FrameError:
                outcomes.append("refused")

    before = sys.stdout
    threads = [threading.Thread(target=work, args=(name,)) for name in ("ok.exr", "bad.exr", "ok.exr", "bad.exr")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sys.stdout is before
    assert sorted(outcomes) == ["read"] * 40 + ["refused"] * 40
    assert capsys.readouterr().out.count("said") == 80
