import numpy as np
import pytest

from denoise.fireflies import firefly_scale


def test_one_bright_pixel_comes_down_to_the_limit():
    radiance = np.full((9, 11, 3), 2.0, np.float32)
    radiance[4, 5] = (300, 30, 0)  # 110 on average
    scale = firefly_scale(radiance, 10)
    assert scale.shape == (9, 11) and scale.dtype == np.float32
    assert scale[4, 5] == pytest.approx(20 / 110)
    scale[4, 5] = 1
    assert (scale == 1).all()


@pytest.mark.parametrize("y, x", [(0, 0), (0, 5), (8, 10), (4, 10)])
def test_at_the_edge_of_the_frame(y, x):
    radiance = np.ones((9, 11, 1), np.float32)
    radiance[y, x] = 100
    scale = firefly_scale(radiance, 5)
    assert scale[y, x] == pytest.approx(0.05) and (scale < 1).sum() == 1


def test_a_blotch_of_four_is_cut_and_a_lamp_is_not():
    radiance = np.ones((40, 60, 3), np.float32)
    radiance[5:7, 5:7] = 1000  # a firefly as a pixel filter spreads it
    radiance[20:30, 20:40] = 1000
    scale = firefly_scale(radiance, 10)
    np.testing.assert_allclose(scale[5:7, 5:7], 0.01, rtol=1e-6)
    assert (scale < 1).sum() == 4


def test_stars_on_black_are_held_by_the_mean_of_the_frame():
    radiance = np.zeros((50, 50, 3), np.float32)
    radiance[:25] = 1.0
    radiance[40, 40] = 0.04  # around it all is black; the floor is 0.01 of the mean 0.5
    assert firefly_scale(radiance, 10)[40, 40] == 1
    assert firefly_scale(radiance, 4)[40, 40] == pytest.approx(0.5, rel=1e-3)


def test_rows_taken_together_do_not_show():
    rng = np.random.default_rng(0)
    radiance = rng.lognormal(0, 2, (300, 17, 3)).astype(np.float32)
    whole = firefly_scale(radiance, 3)
    np.testing.assert_array_equal(firefly_scale(radiance.transpose(1, 0, 2), 3).T, whole)
    y, x = np.argwhere(whole < 1)[100]
    around = radiance.mean(-1)[max(y - 2, 0) : y + 3, max(x - 2, 0) : x + 3].ravel()
    others = np.sort(np.delete(around, np.flatnonzero(around == radiance.mean(-1)[y, x])))
    assert radiance.mean(-1)[y, x] * whole[y, x] == pytest.approx(3 * others[-(len(others) // 3)])


@pytest.mark.parametrize("size", [(1, 1), (3, 7), (1, 9)])
def test_tiny_and_black(size):
    rng = np.random.default_rng(1)
    scale = firefly_scale(rng.random((*size, 3), dtype=np.float32), 2)
    assert scale.shape == size and ((scale > 0) & (scale <= 1)).all()
    assert (firefly_scale(np.zeros((*size, 3), np.float32), 2) == 1).all()
