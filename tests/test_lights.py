import numpy as np
import pytest
import torch

from denoise.additive import Group
from denoise.layers import Channels
from denoise.lights import _STRIP, Layers, Pass

ALONE, OTHER = Channels(0, ("a.R", "a.G", "a.B")), Channels(0, ("b.R", "b.G", "b.B"))
GROUP = Group("*", (ALONE, OTHER))


def crops(beauty, lights, signed=(False, False), crop=None):
    """The two layers as they are cut, each (3, h, w)."""
    layers = tuple(tuple(np.ascontiguousarray(np.moveaxis(light, -1, 0))) for light in lights)
    cut = Layers([Pass(beauty, layers, signed)], [GROUP], [ALONE, OTHER])
    return [one for (one,) in cut.crops(crop or (slice(0, beauty.shape[0]), slice(0, beauty.shape[1])))]


def plane(*rows):
    """(H, W, 3) with the same in all channels."""
    return np.repeat(np.array(rows, np.float32)[..., None], 3, axis=-1)


def test_what_layers_miss_is_shared_in_proportion_to_their_light():
    beauty, a, b = plane([4, 8, 3]), plane([1, 2, 0]), plane([1, 6, 0])
    first, second = crops(beauty, (a, b))
    # Of 4 the layers have 2, and share what is missing alike; 8 is whole; where both are black the first has it all.
    assert first[0].tolist() == [[2, 2, 3]] and second[2].tolist() == [[2, 6, 0]]


def test_a_layer_that_takes_light_away_weighs_by_its_size():
    first, second = crops(plane([4]), (plane([3]), plane([-1])), signed=(False, True))
    assert (first[0, 0, 0].item(), second[0, 0, 0].item()) == (4.5, -0.5)  # 2 are missing, of 3 + 1


def test_light_too_faint_to_share_by_is_no_light():
    first, second = crops(plane([1, 1]), (plane([1e-42, 0.25]), plane([1e-42, 0.75])))
    assert first[0].tolist() == [[1, 0.25]] and second[0].tolist() == [[pytest.approx(0, abs=1e-40), 0.75]]


@pytest.mark.parametrize("crop", [None, (slice(1, 3), slice(40, 29_000))])
def test_strips_make_a_whole(crop):
    """One row a strip, in a frame wider than a strip is large."""
    height, width = 5, _STRIP + 17
    rng = np.random.default_rng(0)
    a, b = (rng.exponential(1, (height, width, 3)).astype(np.float32) for _ in range(2))
    a[2], b[2] = 0, 0
    beauty = (a + b) * np.float32(1.25)
    beauty[2] = 1
    first, second = crops(beauty, (a, b), crop=crop)
    expected = torch.from_numpy(beauty[crop] if crop else beauty).permute(2, 0, 1)
    torch.testing.assert_close(first + second, expected)
    assert second[:, 1 if crop else 2].abs().max() == 0
