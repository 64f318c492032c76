import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from denoise.losses import LOSSES, l1, l2, l_hdr, log_l2, multiscale_l2, naive_log_l2, relative_l2
from denoise.transfer import EPS

UNBIASED = [log_l2, l_hdr, l2]
SAMPLES = 200_000


def noise(kind: str) -> tuple[torch.Tensor, float]:
    """Skewed noise and its true mean: float64, so that the fit is limited by the samples alone."""
    rng = np.random.default_rng(7)
    if kind == "exponential":
        return torch.from_numpy(rng.exponential(1.0, SAMPLES)), 1.0
    if kind == "lognormal":
        return torch.from_numpy(rng.lognormal(0.0, 1.0, SAMPLES)), math.exp(0.5)
    dim = rng.exponential(0.5, SAMPLES)  # fireflies: half the energy in one sample of a hundred
    return torch.from_numpy(dim + (rng.random(SAMPLES) < 0.01) * 50.0), 1.0


def minimiser(loss, y: torch.Tensor) -> float:
    """The constant at which the loss's gradient changes sign, by bisection."""
    low, high = 1e-3, 100.0
    for _ in range(60):
        f = torch.tensor((low * high) ** 0.5, dtype=torch.float64, requires_grad=True)
        loss(f.expand_as(y), y).backward()
        low, high = (low, f.item()) if f.grad > 0 else (f.item(), high)
    return (low * high) ** 0.5


@pytest.mark.parametrize("kind", ["exponential", "lognormal", "firefly"])
@pytest.mark.parametrize("loss", UNBIASED)
def test_unbiased_losses_find_the_mean(loss, kind):
    y, mean = noise(kind)
    standard_error = y.std().item() / SAMPLES**0.5
    assert abs(minimiser(loss, y) - mean) < 4 * standard_error


@pytest.mark.parametrize("kind", ["exponential", "lognormal", "firefly"])
def test_relative_l2_finds_the_mean_by_any_yardstick_that_does_not_know_the_noise(kind):
    y, mean = noise(kind)
    yardstick = torch.from_numpy(np.random.default_rng(8).lognormal(0.0, 1.0, SAMPLES))
    weights = 1 / (yardstick**2 + 0.01)
    standard_error = (weights * (y - mean)).std().item() / SAMPLES**0.5 / weights.mean().item()
    assert abs(minimiser(lambda f, y: relative_l2(f, y, yardstick), y) - mean) < 4 * standard_error
    assert minimiser(lambda f, y: relative_l2(f, y, y), y) < 0.7 * mean  # one that knows it is dark


def test_relative_l2_by_hand():
    f, y, yardstick = (torch.tensor(values) for values in ([1.0, 2.0], [3.0, 2.0], [0.3, 5.0]))
    assert relative_l2(f, y, yardstick).item() == pytest.approx((4 / 0.1 + 0) / 2 / 2)


@pytest.mark.parametrize("kind", ["exponential", "lognormal", "firefly"])
def test_relative_l2_finds_the_mean_where_the_yardstick_is_zero(kind):
    y, mean = noise(kind)
    nothing = torch.zeros_like(y)
    standard_error = y.std().item() / SAMPLES**0.5
    assert abs(minimiser(lambda f, y: relative_l2(f, y, nothing), y) - mean) < 4 * standard_error


def test_relative_l2_counts_light_where_nothing_is_lit():
    leak, black = torch.tensor([1e-3]), torch.zeros(1)
    assert relative_l2(black, black, black).item() == 0
    assert relative_l2(leak, black, black).item() == pytest.approx(0.03 * (math.log(11) - 10 / 11), rel=1e-4)
    assert relative_l2(leak, black, black) > 100 * relative_l2(leak, black, torch.full((1,), 1e-6))


def test_multiscale_l2_counts_what_is_wrong_in_the_large_for_more():
    truth = torch.ones(3, 64, 64)
    side = torch.arange(64)
    fine = 0.1 * (1 - 2 * ((side[:, None] + side) % 2)).expand(3, 64, 64)  # a checkerboard of pixels
    blotch = 0.1 * (1 - 2 * ((side[:, None] // 8 + side // 8) % 2)).expand(3, 64, 64)
    tint = torch.full((3, 64, 64), 0.1)
    plain = [relative_l2(truth + error, truth, truth).item() for error in (fine, blotch, tint)]
    assert plain == pytest.approx([0.01 / 1.01 / 2] * 3, rel=1e-5)
    counted = [multiscale_l2(truth + error, truth, truth).item() for error in (fine, blotch, tint)]
    assert counted == pytest.approx([plain[0], 3 * plain[0], 7 * plain[0]], rel=1e-4)
    assert multiscale_l2(tint, 0 * truth, 0 * truth) == relative_l2(tint, 0 * truth, 0 * truth)  # nothing is lit


def test_multiscale_l2_finds_the_mean():
    y, mean = noise("lognormal")
    y = y[:196_608].view(3, 256, 256)
    yardstick = torch.from_numpy(np.random.default_rng(8).lognormal(0.0, 1.0, y.shape))
    scale = (yardstick**2 + 0.01).rsqrt()
    blocks = sum(F.interpolate(F.avg_pool2d(scale[None], side), scale_factor=side)[0] for side in (4, 16, 64))
    weights = scale * (scale + 2 * blocks)  # of y in the minimiser
    standard_error = (weights * (y - mean)).std().item() / y.numel() ** 0.5 / weights.mean().item()
    assert abs(minimiser(lambda f, y: multiscale_l2(f.expand_as(y), y, yardstick), y) - mean) < 4 * standard_error


def test_naive_log_loss_finds_the_geometric_mean_and_is_dark():
    y, mean = noise("lognormal")
    # the geometric mean of y + eps, by quadrature over the normal density
    z = np.linspace(-8, 8, 20001)
    density = np.exp(-(z**2) / 2) / math.sqrt(2 * math.pi)
    theory = math.exp(np.trapezoid(np.log(np.exp(z) + EPS) * density, z)) - EPS
    standard_error = (y + EPS).log().std().item() / SAMPLES**0.5 * (theory + EPS)
    found = minimiser(naive_log_l2, y)
    assert abs(found - theory) < 4 * standard_error
    assert found < 0.63 * mean  # exp(-1/2) is 0.607: 39 % of the light is lost


def test_l1_finds_the_median():
    y, mean = noise("exponential")
    assert abs(minimiser(l1, y) - math.log(2)) < 0.01


def test_log_l2_by_hand():
    f, y = torch.tensor([1.0 - EPS]), torch.tensor([2.0 - EPS])
    assert math.isclose(log_l2(f, y).item(), 2 - math.log(2) - 1, rel_tol=1e-5)
    assert log_l2(y, y).item() == pytest.approx(0, abs=1e-7)


def test_log_l2_is_the_log_difference_squared_for_small_differences():
    y = torch.tensor([1.0], dtype=torch.float64)
    f = y * 1.01
    u = torch.log((y + EPS) / (f + EPS))
    assert log_l2(f, y).item() == pytest.approx((u**2 / 2 + u**3 / 6).item(), rel=1e-4)


def test_log_l2_has_half_the_gradient_of_l_hdr_and_goes_on_below_zero():
    for value in (0.5, 3.0, 1e-6):
        f = torch.tensor([value], dtype=torch.float64, requires_grad=True)
        y = torch.tensor([1.7], dtype=torch.float64)
        (a,) = torch.autograd.grad(log_l2(f, y), f)
        (b,) = torch.autograd.grad(l_hdr(f, y), f)
        assert a.item() == pytest.approx(b.item() / 2, rel=1e-6)
    f = torch.tensor([-0.25], dtype=torch.float64, requires_grad=True)
    (gradient,) = torch.autograd.grad(log_l2(f, y), f)
    assert gradient.item() == pytest.approx((-0.25 - 1.7) / EPS**2)


def test_other_losses_by_hand():
    f, y = torch.tensor([1.0, 2.0]), torch.tensor([2.0, 4.0])
    assert l2(f, y).item() == pytest.approx(2.5)
    assert l1(f, y).item() == pytest.approx(1.5)
    assert l_hdr(f, y).item() == pytest.approx((1 / 1.01**2 + 4 / 2.01**2) / 2)
    assert naive_log_l2(f, y).item() == pytest.approx(
        (math.log(1.01 / 2.01) ** 2 + math.log(2.01 / 4.01) ** 2) / 2, rel=1e-5
    )


def test_every_loss_is_zero_at_the_target_only():
    y = torch.rand(3, 5, 7) + 0.1
    for loss in LOSSES.values():
        assert loss(y, y).item() == pytest.approx(0, abs=1e-6)
        assert loss(y * 1.1, y).item() > 1e-4
