import numpy as np
import pytest

from denoise.bits import has_sign, is_finite, is_plain, ordered

FLOATS = (np.float16, np.float32, np.float64)


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize(
    ("values", "plain", "finite", "signed"),
    [
        ([0, 1, 65504], True, True, False),
        ([0, 1, -1], False, True, True),
        ([-0.0], False, True, True),
        ([-1, -65504, 6e-8], False, True, True),
        ([np.inf], False, False, False),
        ([-1, np.inf], False, False, True),
        ([1, -np.inf], False, False, True),
        ([-1, np.nan], False, False, True),
        ([1, -np.nan], False, False, True),
        ([], True, True, False),
    ],
)
def test_what_bits_say_of_floats(dtype, values, plain, finite, signed):
    pixels = np.array(values, dtype)
    assert (is_plain(pixels), is_finite(pixels), has_sign(pixels)) == (plain, finite, signed)


@pytest.mark.parametrize("dtype", FLOATS)
def test_every_second_column_of_a_plane_is_looked_at_alone(dtype):
    plane = np.ones((3, 7), dtype)
    plane[:, 1::2] = np.nan
    assert is_plain(plane[:, ::2]) and not is_finite(plane[:, 1::2])


@pytest.mark.parametrize("dtype", FLOATS)
def test_integers_are_in_the_order_of_the_floats(dtype):
    positive = np.sort(np.random.default_rng(0).exponential(9, 101).astype(dtype))
    assert (np.diff(ordered(positive)) >= 0).all()
    assert ordered(np.array([-3, 0, 1], dtype)).tolist()[1] == 0 > ordered(np.array([-3], dtype))[0]
