import torch

from denoise.variance import REACH, smoothed


def test_half_of_a_smoothed_variance_is_each_pixels_own():
    variance = torch.zeros(1, 3, 31, 31)
    variance[0, 1, 15, 15] = 81
    result = smoothed(variance)
    assert not result[0, ::2].any()
    expected = torch.zeros(31, 31)
    expected[15 - REACH : 16 + REACH, 15 - REACH : 16 + REACH] = 0.5
    expected[15, 15] = 41
    torch.testing.assert_close(result[0, 1], expected)


def test_smoothing_makes_a_variance_of_few_samples_surer():
    samples = torch.randn(4, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    told = samples.var(0, keepdim=True)
    assert (smoothed(told) - 1).square().mean() < 0.3 * (told - 1).square().mean()
    assert abs(smoothed(told).mean() - 1) < 0.02
