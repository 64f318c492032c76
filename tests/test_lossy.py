"""Lossy compression: the rules against the library itself, and the warning where ids are at stake."""

import numpy as np
import OpenEXR
import pytest

from denoise.exr import read_frame
from denoise.frame import Frame, Part
from denoise.lossy import lossy_channels, warnings
from tests import exr_samples as samples
from tests.test_fuzz import FIXTURES

NAMES = (*"RrGYAaXZIV", "RY", "BY", "id", "layer.R", "layer.r", "layer.red", "layer.A")


def noise(dtype: str) -> np.ndarray:
    """Random bits without NaN and Inf, which no lossy encoder could store near enough to pass for exact."""
    rng = np.random.default_rng(0)
    if dtype == "float16":
        return rng.integers(0, 30000, (64, 64), dtype=np.uint16).view(np.float16)
    bits = rng.integers(0, 2**32, (64, 64), dtype=np.uint32)
    return bits if dtype == "uint32" else (bits & ~np.uint32(1 << 30)).view(np.float32)


@pytest.mark.parametrize("kind", samples.LOSSLESS + samples.LOSSY)
@pytest.mark.parametrize("dtype", ["float16", "float32", "uint32"])
def test_the_rules_are_those_of_the_library(tmp_path, kind, dtype):
    plane = noise(dtype)
    source = samples.write(
        tmp_path / "a.exr", [({"compression": samples.compression(kind)}, {name: plane.copy() for name in NAMES})]
    )
    stored = OpenEXR.File(str(source), separate_channels=True).channels()
    changed = {name for name in NAMES if stored[name].pixels.tobytes() != plane.tobytes()}
    assert changed == set(lossy_channels(read_frame(source).parts[0]))
    assert not changed or kind in samples.LOSSY


def frame(kind: str, channels: dict[str, np.ndarray]) -> Frame:
    return Frame([Part({"compression": samples.compression(kind)}, channels)])


def test_ids_that_are_changed_are_named():
    ids = {f"CryptoObject0{i}.{c}": samples.pixels(3, 7, "float32") for i in (0, 1) for c in "RGBA"}
    half = {f"prim.{c}": samples.pixels(3, 7, "float16") for c in "I"}
    (line,) = warnings(frame("DWAA", ids))
    assert line.startswith("DWAA is a lossy compression, and changes ids: CryptoObject00, CryptoObject01;")
    assert "render with ZIP" in line
    assert "changes ids: CryptoObject00" in warnings(frame("PXR24", ids))[0]
    assert "changes ids: prim" in warnings(frame("B44", half))[0]
    assert "keeps these ids exact" in warnings(frame("B44", ids))[0]
    assert not warnings(frame("ZIP", ids))


def test_a_cryptomatte_is_told_by_its_attribute():
    plain = frame("DWAB", {f"who00.{c}": samples.pixels(3, 7, "float32") for c in "RGBA"})
    assert not warnings(plain)
    plain.parts[0].header["cryptomatte/1234567/name"] = "who"
    assert "changes ids: who00;" in warnings(plain)[0]


def test_without_ids_there_is_no_warning():
    assert not warnings(frame("DWAA", {c: samples.pixels(3, 7, "float16") for c in "RGB"}))


@pytest.mark.parametrize("name", ["cycles-4.5-float-dwaa.exr", "cycles-5.0-float-dwaa.exr"])
def test_a_real_frame_with_lossy_cryptomattes(name):
    (line,) = warnings(read_frame(FIXTURES / name))
    assert line.startswith("DWAA is a lossy compression; it keeps these ids exact")
    assert "ViewLayer.CryptoObject00" in line


def test_real_frames_without_loss():
    for name in ("cycles-4.5.exr", "cycles-5.0.exr", "mitsuba-aov.exr"):
        assert not warnings(read_frame(FIXTURES / name))
