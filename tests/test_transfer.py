import math

import torch

from denoise.transfer import (
    EPS,
    demodulate,
    expose,
    exposure,
    log_decode,
    log_encode,
    modulation,
    remodulate,
    unexpose,
)


def test_exposure_by_hand():
    # left 16 columns 1, right 16 columns 4: bins of 16 x 16, log-average 2, middle grey 0.18
    image = torch.ones(1, 3, 16, 32)
    image[..., 16:] = 4
    assert torch.allclose(exposure(image), torch.tensor(0.18 / 2).view(1, 1, 1, 1))


def test_exposure_leaves_black_bins_out_and_is_one_for_a_black_image():
    image = torch.zeros(2, 3, 37, 23)
    image[1, :, :16, :16] = 0.5
    factors = exposure(image).flatten()
    assert factors[0] == 1
    assert math.isclose(factors[1], 0.18 / 0.5, rel_tol=1e-5)


def test_exposure_counts_a_broken_pixel_as_a_million_times_the_middle():
    image = torch.ones(2, 3, 64, 64)  # 16 bins
    image[0, :, 5, 7] = 1e30
    image[1, :, 5, 7] = 1e4 * 256  # a lamp, and counts as it is
    expected = [0.18 / 1e6 ** (1 / 16), 0.18 / (1e4 + 255 / 256) ** (1 / 16)]
    torch.testing.assert_close(exposure(image).flatten(), torch.tensor(expected), rtol=1e-4, atol=0)


def test_exposure_scales_inversely():
    image = torch.rand(1, 3, 37, 23) + 0.01
    assert torch.allclose(exposure(image * 1000), exposure(image) / 1000, rtol=1e-4)


def test_expose_round_trip():
    image = torch.rand(2, 3, 5, 7) * 100
    factor = exposure(image)
    assert torch.allclose(unexpose(expose(image, factor), factor), image, rtol=1e-6)


def test_log_encoding_by_hand_and_round_trip():
    assert log_encode(torch.tensor(0.0)) == 0
    assert math.isclose(log_encode(torch.tensor(1.0)).item(), 1, rel_tol=1e-6)
    assert math.isclose(log_encode(torch.tensor(0.09)).item(), math.log(10) / math.log(1 + 1 / EPS), rel_tol=1e-5)
    assert log_encode(torch.tensor(-3.0)) == 0
    x = torch.tensor([0.0, 1e-4, 0.3, 1, 50, 65504])
    assert torch.allclose(log_decode(log_encode(x)), x, rtol=1e-4)


def test_demodulation_by_hand():
    radiance = torch.full((1, 3, 1, 3), 0.5)
    albedo = torch.zeros(1, 3, 1, 3)
    albedo[0, :, 0, 1] = 0.25  # plus 0.25: halved radiance over 0.5
    albedo[0, 0, 0, 2] = 0.75  # red only: the other channels are divided by the floor
    light = demodulate(radiance, modulation(albedo, torch.ones(1)))
    assert torch.allclose(light[0, :, 0, 0], torch.full((3,), 2.0))
    assert torch.allclose(light[0, :, 0, 1], torch.full((3,), 1.0))
    assert torch.allclose(light[0, :, 0, 2], torch.tensor([0.5, 2.0, 2.0]))


def test_the_floor_can_be_each_pixels_own():
    albedo, floor = torch.full((2, 3, 1, 2), 0.5), torch.tensor([0.25, 1.5]).view(1, 1, 1, 2)
    divisor = modulation(albedo, torch.tensor([1.0, 0.0]), floor)
    assert torch.equal(divisor[0, :, 0], torch.tensor([0.75, 2.0]).expand(3, 2))
    assert torch.equal(divisor[1], torch.ones(3, 1, 2))  # no albedo


def test_the_edge_of_a_lamp_lies_between_the_lamp_and_the_wall():
    covered = torch.linspace(0, 1, 101).view(1, 1, 1, -1).expand(1, 3, 1, -1)  # by a wall of albedo 0.8, radiance 3
    light = demodulate(125 * (1 - covered) + 3 * covered, modulation(0.8 * covered, torch.ones(1)))
    assert (light.diff(dim=-1) < 0).all()


def test_demodulation_round_trip_and_absent_albedo():
    radiance, albedo = torch.rand(2, 3, 5, 7), torch.rand(2, 3, 5, 7)
    divisor = modulation(albedo, torch.tensor([1.0, 0.0]))
    light = demodulate(radiance, divisor)
    assert torch.equal(light[1], radiance[1])
    assert torch.allclose(remodulate(light, divisor), radiance, rtol=1e-6)
