"""Bad pixels: what is filled in, with what, and how it is counted."""

from __future__ import annotations

import numpy as np
import pytest

from denoise.repair import Repairs, clean_planes, repair_radiance


def grid() -> np.ndarray:
    """3 x 5 pixels of one channel, 1 to 15."""
    return np.arange(1, 16, dtype=np.float32).reshape(3, 5, 1)


def test_a_good_plane_is_given_back_as_it_is():
    plane = grid()
    repaired, repairs = repair_radiance(plane)
    assert repaired is plane
    assert repairs == Repairs()
    assert str(repairs) == "none"


@pytest.mark.parametrize(
    ("bad", "repairs"),
    [(np.nan, Repairs(nan=1)), (np.inf, Repairs(inf=1)), (-np.inf, Repairs(inf=1)), (-3.0, Repairs(negative=1))],
)
def test_a_bad_value_becomes_the_median_of_its_neighbours(bad, repairs):
    plane = grid()
    plane[1, 2] = bad  # neighbours 2 3 4 7 9 12 13 14: median 8
    plane[0, 0] = bad  # neighbours 2 6 7: median 6
    before = plane.copy()
    repaired, found = repair_radiance(plane)
    assert repaired[1, 2, 0] == 8
    assert repaired[0, 0, 0] == 6
    assert found.total == 2
    assert {k: v // 2 for k, v in vars(found).items()} == vars(repairs)
    np.testing.assert_array_equal(plane, before)
    good = np.ones((3, 5), bool)
    good[1, 2] = good[0, 0] = False
    np.testing.assert_array_equal(repaired[good], before[good])


def test_channels_are_repaired_by_themselves():
    plane = np.concatenate([grid(), grid() * 10, grid() * 100], axis=-1)
    plane[1, 2, 1] = np.nan
    repaired, repairs = repair_radiance(plane)
    np.testing.assert_array_equal(repaired[1, 2], [8, 80, 800])
    assert repairs == Repairs(nan=1)


def test_a_firefly_next_to_it_does_not_count():
    plane = np.ones((3, 3, 1), np.float32)
    plane[0, 0], plane[1, 1] = 60000, np.nan
    assert repair_radiance(plane)[0][1, 1, 0] == 1


def test_even_counts_take_the_middle_of_two():
    plane = np.array([[[np.nan], [3.0]], [[np.nan], [5.0]]], np.float32)
    np.testing.assert_array_equal(repair_radiance(plane)[0][:, 0, 0], [4, 4])


def test_a_hole_is_filled_from_its_rim():
    plane = np.full((21, 33, 3), 2, np.float32)
    plane[4:15, 7:20] = np.nan
    plane[10, 10, 2] = np.inf
    repaired, repairs = repair_radiance(plane)
    np.testing.assert_array_equal(repaired, np.full_like(plane, 2))
    assert repairs == Repairs(nan=11 * 13)


def test_a_negative_region_becomes_black_inside():
    """Out of gamut, not broken: its surroundings must not bleed in beyond its rim."""
    plane = np.full((9, 9, 1), 5, np.float32)
    plane[2:7, 2:7] = -1
    repaired, repairs = repair_radiance(plane)
    assert repairs == Repairs(negative=25)
    np.testing.assert_array_equal(repaired[3:6, 3:6], 0)
    assert repaired[2, 2, 0] == 5


@pytest.mark.parametrize("shape", [(1, 1, 3), (3, 7, 3)])
@pytest.mark.parametrize("value", [np.nan, np.inf, -1])
def test_nothing_but_bad_pixels_is_black(shape, value):
    repaired, repairs = repair_radiance(np.full(shape, value, np.float32))
    np.testing.assert_array_equal(repaired, np.zeros(shape, np.float32))
    assert repairs.total == shape[0] * shape[1]


def test_large_values_do_not_overflow():
    largest = np.finfo(np.float32).max
    plane = np.full((2, 2, 1), largest, np.float32)
    plane[0, 0] = np.nan
    assert repair_radiance(plane)[0][0, 0, 0] == pytest.approx(largest)


def test_a_large_frame_with_many_bad_pixels(tmp_path):
    """More bad pixels than are looked at together, at random places: all are finite afterwards."""
    rng = np.random.default_rng(0)
    plane = rng.exponential(1, (301, 1003, 3)).astype(np.float32)
    bad = rng.random(plane.shape) < 0.9
    plane[bad] = np.nan
    repaired, repairs = repair_radiance(plane)
    assert np.isfinite(repaired).all() and (repaired >= 0).all()
    np.testing.assert_array_equal(repaired[~bad], plane[~bad])
    assert repairs.nan == bad.any(axis=-1).sum()
    assert repaired.mean() == pytest.approx(1, rel=0.4)  # medians of an exponential fall short, but not to black


def test_auxiliary_planes_are_brought_into_range():
    odd = np.array([[[np.nan, np.inf, -0.5], [96, 0.25, 1]]], np.float32)
    planes = {"radiance": odd, "albedo": odd, "normal": odd, "variance": odd, "depth": odd[..., :1]}
    cleaned, repairs = clean_planes(planes)
    np.testing.assert_array_equal(cleaned["albedo"], [[[0, 0, 0], [1, 0.25, 1]]])
    np.testing.assert_array_equal(cleaned["normal"], [[[0, 0, -0.5], [1, 0.25, 1]]])
    np.testing.assert_array_equal(cleaned["variance"], [[[0, 0, 0], [96, 0.25, 1]]])
    np.testing.assert_array_equal(cleaned["depth"], [[[0], [96]]])
    np.testing.assert_array_equal(cleaned["radiance"], [[[96, 0.25, 1], [96, 0.25, 1]]])
    assert repairs == Repairs(nan=1)
    assert all(plane.dtype == np.float32 for plane in cleaned.values())


def test_depth_of_a_miss_is_zero():
    """LuxCore writes Inf, Cycles 1e10."""
    depth = np.array([[[np.inf], [1e10], [7]]], np.float32)
    np.testing.assert_array_equal(clean_planes({"depth": depth})[0]["depth"], [[[0], [0], [7]]])
