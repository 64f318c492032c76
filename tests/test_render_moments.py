"""From sums over samples to planes, against numbers worked out by hand."""

import numpy as np
import pytest

from render.moments import Moments, fill, finish


def moments(samples: np.ndarray) -> Moments:
    """From (pixels, spp) samples, the same in each channel; NaN for those that are not finite."""
    finite = np.isfinite(samples)
    values = np.where(finite, samples, 0)
    three = np.ones((1, 3))
    ones = np.full((len(samples), 3), samples.shape[1], np.float32)
    return Moments(
        radiance=values.sum(1, keepdims=True) * three,
        squares=(values**2).sum(1, keepdims=True) * three,
        albedo=0.5 * ones,
        normal=-ones,
        depth=2 * ones[:, :1],
        valid=finite.sum(1, keepdims=True).astype(np.float32),
    )


def test_mean_and_variance_of_the_mean():
    planes, nonfinite = finish(moments(np.array([[1.0, 3.0, 5.0, 7.0], [2.0, 2.0, 2.0, 2.0]])), 4, (2, 1))
    assert nonfinite == 0
    assert planes["radiance"].shape == (1, 2, 3) and planes["depth"].shape == (1, 2, 1)
    assert all(plane.dtype == np.float32 for plane in planes.values())
    np.testing.assert_allclose(planes["radiance"][0, :, 0], [4, 2])
    # sample variance of 1 3 5 7 is 20/3, over n = 4
    np.testing.assert_allclose(planes["variance"][0, :, 0], [20 / 3 / 4, 0], atol=1e-6)
    np.testing.assert_allclose([planes[n][0, 0, 0] for n in ("albedo", "normal", "depth")], [0.5, -1, 2])


def test_one_sample_has_no_variance():
    planes, _ = finish(moments(np.array([[1.0], [2.0]])), 1, (1, 2))
    assert "variance" not in planes


def test_a_bad_sample_costs_a_sample_and_not_its_pixel():
    planes, nonfinite = finish(moments(np.array([[1.0, 3.0, np.nan], [2.0, 2.0, 2.0]])), 3, (2, 1))
    assert nonfinite == 1
    np.testing.assert_allclose(planes["radiance"][0, :, 0], [2, 2])
    np.testing.assert_allclose(planes["variance"][0, :, 0], [2 / 2, 0], atol=1e-6)


def test_a_pixel_without_a_finite_sample_gets_its_neighbours_mean():
    samples = np.arange(9.0)[:, None] * np.ones((1, 2))
    samples[4] = np.nan
    planes, nonfinite = finish(moments(samples), 2, (3, 3))
    assert nonfinite == 2
    assert planes["radiance"][1, 1, 0] == pytest.approx((0 + 1 + 2 + 3 + 5 + 6 + 7 + 8) / 8)
    assert np.isfinite(planes["variance"]).all()


def test_no_finite_sample_at_all():
    planes, nonfinite = finish(moments(np.full((4, 2), np.nan)), 2, (2, 2))
    assert planes is None and nonfinite == 8


def test_albedo_and_the_like_are_kept_in_their_ranges():
    wild = moments(np.ones((3, 2)))
    wild.albedo[:] = [[192, -1, np.nan], [np.inf, 1, 2], [0, 0, 0]]
    wild.normal[0, 0] = np.nan
    wild.depth[0] = np.inf
    planes, _ = finish(wild, 2, (3, 1))
    np.testing.assert_allclose(planes["albedo"][0], [[1, 0, 0], [1, 0.5, 1], [0, 0, 0]])
    assert planes["normal"][0, 0, 0] == 0 and planes["depth"][0, 0, 0] == 0


def test_squares_that_overflow_give_a_large_finite_variance():
    large = moments(np.ones((2, 2)))
    large.squares[0] = np.inf
    planes, _ = finish(large, 2, (2, 1))
    assert np.isfinite(planes["variance"]).all() and planes["variance"][0, 0, 0] > 1e38


def test_fill_reaches_inward_step_by_step():
    plane = np.zeros((1, 5, 1), np.float32)
    plane[0, 0], plane[0, 4] = 1, 5
    known = np.array([[True, False, False, False, True]])
    np.testing.assert_allclose(fill(plane, known)[0, :, 0], [1, 1, 3, 5, 5])
