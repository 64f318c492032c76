import numpy as np
import pytest

from denoise.data import StoredView
from denoise.denoiser import Denoiser
from tools.compare_sets import _case, ratios

pytest.importorskip("pyoidn")


def view(spp, seed=0):
    """A grey ramp with noise of so many samples in each pass, and albedo and normal."""
    rng = np.random.default_rng(seed)
    ramp = np.linspace(0.2, 1, 64, dtype=np.float32)
    passes = np.full((len(spp), 12, 48, 64), np.nan, np.float16)
    for one, n in zip(passes, spp, strict=True):
        one[:3] = ramp * rng.gamma(n, 1 / n, (3, 48, 64))
        one[3:9] = 0.5
    return StoredView("set/view", passes, np.array(spp, np.float32), held_out=False)


def test_the_smallest_passes_are_the_input_and_the_two_largest_the_reference():
    one = view((16, 1, 2, 8, 1))
    planes, (first, second) = _case(one, 4)
    want = sum(one.passes[index, :3].astype(np.float32) * share for index, share in ((1, 0.25), (4, 0.25), (2, 0.5)))
    np.testing.assert_allclose(planes["radiance"], want.transpose(1, 2, 0), rtol=1e-5)
    assert set(planes) == {"radiance", "albedo", "normal"}  # one of the passes has no variance
    np.testing.assert_array_equal(first.transpose(2, 0, 1), one.passes[3, :3])
    np.testing.assert_array_equal(second.transpose(2, 0, 1), one.passes[0, :3])
    planes, _ = _case(view((8, 8, 8)), 4)  # the smallest is larger than that
    np.testing.assert_array_equal(planes["radiance"].transpose(2, 0, 1), view((8, 8, 8)).passes[0, :3])


def test_views_can_be_taken_at_a_quarter_of_their_size():
    one = view((1, 2, 8, 16))
    planes, halves = _case(one, 4, halvings=2)
    assert all(plane.shape == (12, 16, 3) for plane in (*planes.values(), *halves))
    half = one.passes[3, :3].astype(np.float32).reshape(3, 12, 4, 16, 4).mean((2, 4)).transpose(1, 2, 0)
    np.testing.assert_allclose(halves[1], half, rtol=1e-5)


def test_each_denoiser_is_divided_by_oidn():
    class Nothing:
        def denoise(self, beauty, *_):
            return beauty

    views = [view((2, 64, 64), seed) for seed in range(2)]
    found = list(ratios([*views, view((2, 2))], [Denoiser(), Nothing()], 4))
    assert len(found) == 2
    for noise, before, theirs, (shipped, noisy) in found:
        assert noisy * theirs == pytest.approx(noise) == pytest.approx(before)
        assert 0.4 < noise < 0.6  # the variance of two samples, relative to the square of the mean, is a half
        assert 0 < shipped < 20 and noisy > 5 * shipped


def test_planes_can_be_kept_from_all():
    class Counting:
        def denoise(self, beauty, *guides):
            seen.append([guide is not None for guide in guides])
            return beauty

    seen: list[list[bool]] = []
    list(ratios([view((2, 64, 64))], [Counting()], 4))
    list(ratios([view((2, 64, 64))], [Counting()], 4, without=["normal", "variance"]))
    assert seen == [[True, True, False], [True, False, False]]


def test_errors_can_be_those_of_blocks():
    class Tinted:
        def __init__(self, by):
            self.by = by

        def denoise(self, beauty, *_):
            return beauty * 0 + np.linspace(0.2, 1, 64, dtype=np.float32)[:, None] * self.by

    ((noise, before, theirs, (little, more)),) = ratios([view((2, 64, 64))], [Tinted(1.1), Tinted(1.3)], 4, blocks=16)
    assert before < noise / 100  # 256 pixels a block
    assert more / little == pytest.approx(9, rel=0.2)  # what the noise of the reference leaves of 3 squared
    assert 0.007 < little * theirs < 0.013
