"""The tone-mapped preview."""

from __future__ import annotations

import os

import imageio.v3 as iio
import numpy as np
import pytest

from denoise.errors import FrameError
from denoise.preview import auto_exposure, tone_map, write_png


def grey(*values: float) -> np.ndarray:
    return np.repeat(np.array(values, np.float32)[None, :, None], 3, axis=-1)  # (1, N, 3)


def test_the_curve_is_srgb_below_the_shoulder():
    # sRGB of 0.001, 0.18 and 0.5 by the standard's formula: 12.92 * 0.001, 0.4614, 0.7354, times 255
    np.testing.assert_array_equal(tone_map(grey(0, 0.001, 0.18, 0.5), exposure=1)[0, :, 0], [0, 3, 118, 188])


def test_highlights_roll_off_and_never_wrap():
    shown = tone_map(grey(0.7, 0.8, 1, 2, 10, 65504, 1e38), exposure=1)[0, :, 0].astype(int)
    assert (np.diff(shown) >= 0).all()
    assert shown[2] < 250 and shown[-1] == 255


def test_bad_pixels_show_black_or_white():
    np.testing.assert_array_equal(tone_map(grey(np.nan, -1, -np.inf, np.inf), exposure=1)[0, :, 0], [0, 0, 0, 255])


def test_auto_exposure_brings_the_log_average_to_mid_grey():
    assert auto_exposure(grey(1, 4)) == pytest.approx(0.18 / 2)
    assert auto_exposure(grey(0, 0)) == 1
    assert auto_exposure(grey(1, np.nan, 4, -1)) == pytest.approx(0.18 / 2)


def test_exposure_does_not_change_the_picture():
    image = np.random.default_rng(0).exponential(1, (23, 37, 3)).astype(np.float32)
    np.testing.assert_allclose(tone_map(image).astype(int), tone_map(image * 1024).astype(int), atol=1)


def test_png_round_trip(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (23, 37, 3), dtype=np.uint8)
    write_png(tmp_path / "a.png", pixels)
    np.testing.assert_array_equal(iio.imread(tmp_path / "a.png"), pixels)
    assert os.listdir(tmp_path) == ["a.png"]


def test_an_unwritable_png_is_named(tmp_path):
    with pytest.raises(FrameError, match="none/a.png: the preview cannot be written"):
        write_png(tmp_path / "none" / "a.png", np.zeros((3, 7, 3), np.uint8))
