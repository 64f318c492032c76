"""Albedo and normals in files of their own, and which file belongs to which frame."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from denoise.aux_files import for_several, locate, read_aux
from denoise.errors import FrameError
from denoise.exr import read_frame
from tests import exr_samples as samples

LUXCORE = Path(__file__).parent / "fixtures" / "luxcore"


def layer(name: str, components: str, seed: int = 0, height: int = 5, width: int = 8) -> dict[str, np.ndarray]:
    return {
        f"{name}.{c}" if name else c: samples.pixels(height, width, "float16", seed + i)
        for i, c in enumerate(components)
    }


def write(path: Path, *layers: dict[str, np.ndarray]) -> Path:
    return samples.write(path, [({}, {name: plane for one in layers for name, plane in one.items()})])


@pytest.mark.parametrize(("role", "name"), [("albedo", "ALBEDO"), ("normal", "AVG_SHADING_NORMAL")])
def test_luxcores_files(role, name):
    plane = read_aux(LUXCORE / f"{name}.exr", role, 27, 48)
    assert plane.shape == (27, 48, 3) and plane.dtype == np.float32
    np.testing.assert_array_equal(plane, read_frame(LUXCORE / f"{name}.exr").parts[0].stack(("R", "G", "B")))
    if role == "normal":
        assert plane.min() < 0


def test_the_role_among_others(tmp_path):
    """A file of all layers may be given for one of them; its own R G B is then the beauty."""
    layers = [layer("", "RGB"), layer("albedo", "RGB", 7), layer("VL.Denoising Normal", "XYZ", 9)]
    path = write(tmp_path / "a.exr", *layers)
    (part,) = read_frame(path).parts
    albedo = part.stack(("albedo.R", "albedo.G", "albedo.B"))
    np.testing.assert_array_equal(read_aux(path, "albedo", 5, 8), albedo)
    normal = part.stack(tuple(f"VL.Denoising Normal.{c}" for c in "XYZ"))
    np.testing.assert_array_equal(read_aux(path, "normal", 5, 8), normal)


def test_the_only_layer_whatever_its_name(tmp_path):
    path = write(tmp_path / "a.exr", layer("foo", "rgb"), layer("Z", "Z"))
    assert read_aux(path, "albedo", 5, 8).shape == (5, 8, 3)


def test_encoded_normals_are_decoded(tmp_path):
    normal = np.zeros((5, 8, 3)) + (0.6, 0, 0.8)
    encoded = {c: np.ascontiguousarray(normal[..., i] * 0.5 + 0.5).astype(np.float16) for i, c in enumerate("RGB")}
    np.testing.assert_allclose(read_aux(write(tmp_path / "n.exr", encoded), "normal", 5, 8), normal, atol=1e-3)


def test_refused(tmp_path):
    path = write(tmp_path / "a.exr", layer("", "RGB"))
    with pytest.raises(FrameError, match=r"a.exr: is 8x5, but the frame is 9x5; render the albedo at the frame's size"):
        read_aux(path, "albedo", 5, 9)
    path = write(tmp_path / "b.exr", layer("foo", "RGB"), layer("bar", "RGB"))
    with pytest.raises(FrameError, match=r"b.exr: which of its layers \(bar.B/G/R, foo.B/G/R\) is the normal"):
        read_aux(path, "normal", 5, 8)
    with pytest.raises(FrameError, match="none.exr: cannot be read"):
        read_aux(tmp_path / "none.exr", "albedo", 5, 8)


# Sequences ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("template", "frame", "found"),
    [
        ("ALBEDO.exr", "beauty.0007.exr", "ALBEDO.exr"),
        ("albedo.####.exr", "sh010_v002.0007.exr", "albedo.0007.exr"),
        ("albedo.#.exr", "beauty.0007.exr", "albedo.7.exr"),
        ("out/####/ALBEDO.exr", "beauty.7.exr", "out/0007/ALBEDO.exr"),
        ("albedo.%04d.exr", "beauty.12345.exr", "albedo.12345.exr"),
        ("albedo.%d.exr", "0101.exr", "albedo.101.exr"),
        ("##/albedo_####.exr", "b12.exr", "12/albedo_0012.exr"),
    ],
)
def test_the_file_of_a_frame(template, frame, found):
    assert locate(template, Path("shots") / frame) == Path(found)


def test_a_folder_has_the_file_of_the_same_name_or_number(tmp_path):
    for name in ("beauty.0001.exr", "albedo.1.exr", "albedo.0002.exr", "x.3.exr", "y.0003.exr"):
        (tmp_path / name).touch()
    assert locate(str(tmp_path), Path("beauty.0001.exr")) == tmp_path / "beauty.0001.exr"
    assert locate(str(tmp_path), Path("beauty.2.exr")) == tmp_path / "albedo.0002.exr"
    with pytest.raises(FrameError, match=r"several files may belong to beauty.0003.exr: x.3.exr, y.0003.exr"):
        locate(str(tmp_path), Path("beauty.0003.exr"))
    for frame in ("beauty.0004.exr", "beauty.exr"):
        with pytest.raises(FrameError, match=f"no file of the name or the number of {frame}"):
            locate(str(tmp_path), Path(frame))


def test_a_folder_that_holds_the_frame_itself(tmp_path):
    for name in ("RGB.0001.exr", "ALBEDO.0001.exr"):
        (tmp_path / name).touch()
    assert locate(str(tmp_path), tmp_path / "RGB.0001.exr") == tmp_path / "ALBEDO.0001.exr"


def test_a_frame_without_a_number():
    with pytest.raises(FrameError, match="beauty.exr: has no frame number in its name to put into albedo.####.exr"):
        locate("albedo.####.exr", Path("beauty.exr"))


def test_what_serves_several_frames(tmp_path):
    assert for_several("a.####.exr") and for_several("a.%04d.exr") and for_several(str(tmp_path))
    assert not for_several("a.0001.exr")
