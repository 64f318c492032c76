import pytest
import torch
import torch.nn.functional as F

from denoise.means import box_max


@pytest.mark.parametrize("radius", [0, 1, 2, 16])
def test_maxima_over_squares_are_those_of_the_pixels_there(radius):
    plane = torch.randn(2, 3, 9, 40, generator=torch.Generator().manual_seed(0))
    side = 2 * radius + 1
    torch.testing.assert_close(box_max(plane, radius), F.max_pool2d(plane, side, 1, radius), rtol=0, atol=0)
