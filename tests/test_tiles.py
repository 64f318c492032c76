import numpy as np
import pytest

from denoise.tiles import tiles


@pytest.mark.parametrize("height, width", [(1, 1), (3, 7), (131, 217), (64, 64)])
@pytest.mark.parametrize("tile", [0, 8, 40, 500])
def test_tiles_cover_the_frame_once_with_what_influences_them(height, width, tile):
    covered = np.zeros((height, width), int)
    numbers = np.arange(height * width).reshape(height, width)
    for one in tiles(height, width, tile, align=16, reach=21):
        covered[one.place] += 1
        np.testing.assert_array_equal(numbers[one.crop][one.within], numbers[one.place])
        for (low, high), (outer_low, outer_high), end in zip(one.inner, one.outer, (height, width), strict=True):
            assert outer_low % 16 == 0
            assert outer_low == max(0, outer_low) <= max(0, low - 21)
            assert outer_high >= min(end, high + 21)
    assert (covered == 1).all()


def test_no_tile_size_is_one_tile():
    (one,) = tiles(131, 217, 0, align=16, reach=500)
    assert one.inner == one.outer == ((0, 131), (0, 217))
