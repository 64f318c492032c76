import math

import numpy as np
import pytest

from denoise.metrics import energy, psnr, relmse, tonemap


def test_relmse_by_hand():
    # a constant reference scales to 0.5; 10 % off is 0.05 there; over 0.25 + 0.01
    reference = np.full((9, 13, 3), 8.0, np.float32)
    assert relmse(reference * 1.1, reference, reference) == pytest.approx(0.05**2 / 0.26, rel=1e-4)


def test_relmse_does_not_count_the_noise_of_the_reference():
    rng = np.random.default_rng(3)
    truth = np.full((128, 128, 3), 1.0)
    r1, r2 = (truth + rng.normal(0, 0.5, truth.shape) for _ in range(2))
    noise_alone = 0.25 * 0.5**2 / 0.26  # what a single noisy reference would add
    assert abs(relmse(truth, r1, r2)) < 0.02 * noise_alone
    test = truth + rng.normal(0, 0.2, truth.shape)
    assert relmse(test, r1, r2) == pytest.approx(0.25 * 0.2**2 / 0.26, rel=0.05)


def test_psnr_by_hand_and_independent_of_exposure():
    reference = np.full((9, 13, 3), 2.0)
    expected = -20 * math.log10(float(tonemap(np.array(0.6)) - tonemap(np.array(0.5))))
    assert psnr(reference * 1.2, reference, reference) == pytest.approx(expected)
    assert psnr(reference * 120, reference * 100, reference * 100) == pytest.approx(expected)


def test_energy():
    reference = np.full((9, 13, 3), 2.0)
    assert energy(reference * 0.9, reference, reference) == pytest.approx(-0.1)
