"""The pair data set: passes written and read, manifests half-written and broken, foreign files by their names."""

import json
import os
from dataclasses import replace

import numpy as np
import pytest

from denoise.errors import FrameError, PairsError
from denoise.exr import read_frame
from denoise.frame import PLANES
from denoise.pairs import (
    HALF_MAX,
    MANIFEST,
    PassRecord,
    View,
    append_view,
    file_sha256,
    open_pairs,
    read_manifest,
    rewrite_manifest,
    validate,
    view_planes,
    write_pass,
)

HEIGHT, WIDTH = 5, 7


def planes(seed: int = 0, variance: bool = True) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    made = {name: rng.random((HEIGHT, WIDTH, len(channels)), np.float32) for name, channels in PLANES.items()}
    if not variance:
        del made["variance"]
    return made


def write_view(directory, name: str = "room.0000", passes: int = 2) -> View:
    records = []
    for index in range(passes):
        path = directory / f"{name}.{index}.exr"
        write_pass(path, planes(index), {"render:spp": 4})
        records.append(PassRecord(path.name, 4, index, path.stat().st_size, file_sha256(path), 0.5))
    view = View(name, "room", WIDTH, HEIGHT, tuple(records), directory, split="train", renderer="mitsuba 3.9.1")
    append_view(directory, view)
    return view


def test_a_pass_comes_back_as_half_zip_with_its_attributes(tmp_path):
    written = planes()
    write_view(tmp_path)
    frame = read_frame(tmp_path / "room.0000.0.exr")
    (part,) = frame.parts
    assert set(part.channels) == {channel for names in PLANES.values() for channel in names}
    assert all(pixels.dtype == np.float16 for pixels in part.channels.values())
    assert part.header["compression"].name == "ZIP_COMPRESSION"
    assert part.header["render:spp"] == 4
    (view,) = open_pairs(tmp_path)
    for name, plane in view_planes(view, 0).items():
        assert plane.dtype == np.float32
        np.testing.assert_array_equal(plane, written[name].astype(np.float16).astype(np.float32))


def test_one_sample_has_no_variance(tmp_path):
    write_pass(tmp_path / "a.exr", planes(variance=False), {})
    assert "variance.R" not in read_frame(tmp_path / "a.exr").parts[0].channels


def test_what_half_cannot_hold_is_clamped(tmp_path):
    large = planes()
    large["radiance"][0, 0] = (1e9, -1e9, 65519)
    write_pass(tmp_path / "a.exr", large, {})
    part = read_frame(tmp_path / "a.exr").parts[0]
    assert [part.channels[name][0, 0] for name in "RGB"] == [HALF_MAX, -HALF_MAX, HALF_MAX]


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_nothing_that_is_not_finite_is_written(tmp_path, value):
    broken = planes()
    broken["albedo"][1, 2, 0] = value
    with pytest.raises(FrameError, match=r"a\.exr: albedo is not finite"):
        write_pass(tmp_path / "a.exr", broken, {})
    assert not list(tmp_path.iterdir())


def test_a_plane_of_another_shape_is_refused(tmp_path):
    broken = planes()
    broken["depth"] = broken["depth"][:-1]
    with pytest.raises(FrameError, match=r"depth has shape \(4, 7, 1\), expected \(5, 7, 1\)"):
        write_pass(tmp_path / "a.exr", broken, {})


def test_the_manifest_gives_back_what_was_written(tmp_path):
    view = write_view(tmp_path)
    full = replace(
        view,
        name="room.0001",
        sampler="stratified",
        variant="llvm_ad_rgb",
        max_depth=12,
        camera={"to_world": [[1.0, 0.0, 0.0, 0.1]], "fov": 40.5},
        nonfinite=3,
        requested_spp=(4, 4),
        scene_sha256="abc",
    )
    append_view(tmp_path, full)
    assert open_pairs(tmp_path) == [view, full]
    assert full.path(1) == tmp_path / "room.0000.1.exr"
    line = json.loads((tmp_path / MANIFEST).read_text().splitlines()[1])
    assert line["format"] == 1 and line["view"] == "room.0001" and line["passes"][0]["spp"] == 4


def test_additions_of_later_versions_are_passed_over(tmp_path):
    view = write_view(tmp_path)
    path = tmp_path / MANIFEST
    line = json.loads(path.read_text())
    line["light"], line["passes"][0]["denoised"] = "sun", True
    path.write_text(json.dumps(line) + "\n")
    assert open_pairs(tmp_path) == [view]


def test_a_half_written_last_line_is_passed_over_and_then_cut_off(tmp_path):
    first = write_view(tmp_path, "room.0000")
    second = write_view(tmp_path, "room.0001")
    path = tmp_path / MANIFEST
    whole = path.read_bytes()
    length = len(first.to_json()) + 1
    for kept in (length, length + 1, len(whole) - 2, len(whole) - 1):
        path.write_bytes(whole[:kept])
        assert read_manifest(tmp_path) == [first]
        append_view(tmp_path, second)
        assert path.read_bytes() == whole


def test_a_manifest_that_starts_half_written(tmp_path):
    view = write_view(tmp_path)
    whole = (tmp_path / MANIFEST).read_bytes()
    (tmp_path / MANIFEST).write_bytes(whole[:30])
    with pytest.raises(PairsError, match="lists no view of use yet"):
        open_pairs(tmp_path)
    append_view(tmp_path, view)
    assert (tmp_path / MANIFEST).read_bytes() == whole


@pytest.mark.parametrize(
    "line", ["nonsense", "{}", "[1]", '{"format": 2}', '{"format": 1, "view": "a", "passes": [3]}']
)
def test_a_broken_line_is_named(tmp_path, line):
    write_view(tmp_path)
    with open(tmp_path / MANIFEST, "a") as stream:
        stream.write(line + "\n")
    with pytest.raises(PairsError, match=r"manifest\.jsonl, line 2: not a manifest line"):
        open_pairs(tmp_path)


def test_the_last_line_of_a_view_counts(tmp_path):
    view = write_view(tmp_path)
    later = replace(view, nonfinite=7)
    append_view(tmp_path, later)
    assert open_pairs(tmp_path) == [later]
    rewrite_manifest(tmp_path, [later])
    assert (tmp_path / MANIFEST).read_text() == later.to_json() + "\n"


def test_validate_names_what_is_wrong(tmp_path):
    for number in range(5):
        write_view(tmp_path, f"room.{number:04d}", passes=1 if number == 4 else 2)
    (tmp_path / "room.0001.0.exr").unlink()
    os.truncate(tmp_path / "room.0002.1.exr", 100)
    path = tmp_path / "room.0003.0.exr"
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    assert validate(tmp_path) == [
        "view room.0001: room.0001.0.exr is missing",
        f"view room.0002: room.0002.1.exr has 100 bytes instead of {open_pairs(tmp_path)[2].passes[1].bytes}",
        "view room.0003: room.0003.0.exr does not have the checksum it was written with",
        "view room.0004: only one pass; a pair needs two",
    ]


@pytest.mark.parametrize(
    ("names", "views"),
    [
        (
            ("shot.0001.passA", "shot.0001.passB", "shot.0002.passA", "shot.0002.passB"),
            {"shot.0001": 2, "shot.0002": 2},
        ),
        (("shot.0001_pass1", "shot.0001_pass2", "shot.0001_pass10"), {"shot.0001": 3}),
        (("bath.16spp.a", "bath.16spp.b", "bath.ref1", "bath.ref2"), {"bath.16spp": 2}),
        (("shot.0001.0", "shot.0001.1"), {"shot.0001": 2}),
        (("shot.001", "shot.002", "shot.003"), {}),
        (("shot.0001.passA",), {}),
    ],
)
def test_foreign_passes_are_grouped_by_name(tmp_path, names, views):
    for name in names:
        write_pass(tmp_path / f"{name}.exr", planes(), {})
    if not views:
        with pytest.raises(PairsError, match="neither manifest.jsonl nor passes named like"):
            open_pairs(tmp_path)
        return
    found = open_pairs(tmp_path)
    assert {view.name: len(view.passes) for view in found} == views
    assert {(view.width, view.height) for view in found} == {(WIDTH, HEIGHT)}
    assert {view.scene for view in found} <= {"shot", "bath.16spp"}
    assert set(view_planes(found[0], 1)) == set(PLANES)
    assert validate(tmp_path) == []


def test_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(PairsError, match="no such folder"):
        open_pairs(tmp_path / "nowhere")


def test_a_foreign_pass_that_is_no_exr(tmp_path):
    for name in ("a.passA.exr", "a.passB.exr"):
        (tmp_path / name).write_bytes(b"not an EXR at all, whatever its name says")
    with pytest.raises(PairsError, match=r"view a: .*a\.passA\.exr"):
        open_pairs(tmp_path)


def test_a_pass_of_another_size_is_named(tmp_path):
    view = replace(write_view(tmp_path), width=WIDTH + 1)
    with pytest.raises(PairsError, match=r"room\.0000\.0\.exr: 7x5, but view room\.0000 is 8x5"):
        view_planes(view, 0)


def test_a_missing_pass_is_named_with_its_view(tmp_path):
    view = write_view(tmp_path)
    view.path(1).unlink()
    with pytest.raises(PairsError, match=r"view room\.0000: .*room\.0000\.1\.exr"):
        view_planes(view, 1)
