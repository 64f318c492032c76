import numpy as np
import pytest
import torch

from denoise import bootstrap, shrinkage
from denoise.denoiser import Denoiser
from denoise.filtering import Guide, filter_frame
from denoise.means import box_mean
from tests.test_denoiser import model  # noqa: F401
from tests.test_shrinkage import error, picture, tensors, untrained

FACTOR = torch.full((1, 1, 1, 1), 0.18)


def board():
    """A chess board, clean and noisy, (96, 120, 3): edges are what untrained means of pixels err by."""
    y, x = np.indices((96, 120)) // 16
    clean = np.repeat((1 + 0.5 * ((y + x) % 2))[..., None], 3, -1).astype(np.float32)
    return clean, clean * np.random.default_rng(0).normal(1, 0.02, clean.shape).astype(np.float32)


def blurred(image):
    return box_mean(image, 3)


def share(noisy, filtered, filter):
    return bootstrap.share(noisy, filtered, filter(bootstrap.resampled(noisy, filtered)), FACTOR)


def test_residuals_keep_their_pixels_and_their_size_and_half_of_them_change_sign():
    clean, noisy, _ = tensors(*picture())
    change, resampled = noisy - clean, bootstrap.resampled(noisy, clean) - clean
    torch.testing.assert_close(resampled.abs(), change.abs(), rtol=0, atol=1e-6)
    same = (resampled * change > 0).all(1) | (change == 0).all(1)
    assert 0.45 < same.float().mean() < 0.55
    assert ((resampled * change < 0).all(1) | same).all()  # all three channels alike
    assert bootstrap.resampled(noisy, clean).equal(bootstrap.resampled(noisy, clean))


def test_light_is_never_negative():
    noisy, filtered = torch.full((1, 3, 8, 8), 5.0), torch.ones(1, 3, 8, 8)
    assert sorted(set(bootstrap.resampled(noisy, filtered).flatten().tolist())) == [0, 5]


def test_a_filter_that_is_right_keeps_its_changes():
    _, noisy, _ = tensors(*picture())
    assert share(noisy, blurred(noisy), blurred) is None


def test_a_filter_that_takes_texture_for_noise_is_held_back():
    clean, noisy, _ = tensors(*picture(sigma=0.01, texture=0.2))

    def half(image):
        """Takes away half of what is fine, be it noise or texture."""
        return (image + blurred(image)) / 2

    filtered = half(noisy)
    kept = share(noisy, filtered, half)
    assert kept.shape == (1, 1, 96, 120) and 0 <= kept.min() and kept.max() <= 1
    held = shrinkage.blend(noisy, filtered, kept)
    assert error(held, clean) < 1.1 * error(noisy, clean) < 0.1 * error(filtered, clean)


def test_only_where_it_errs():
    _, noisy, _ = tensors(*picture(sigma=0.01))

    def smeared(image):
        """Right on the left, and shifted on the right."""
        return torch.cat([blurred(image)[..., :60], image.roll(9, -1)[..., 60:]], -1)

    kept = share(noisy, smeared(noisy), smeared)
    assert kept[..., : 60 - shrinkage.REACH].mean() > 0.5
    assert kept[..., 60 + shrinkage.REACH :].max() < 0.1


def test_where_it_errs_nearly_everywhere_nothing_stays():
    flat = torch.ones(1, 3, 96, 120)
    noisy, again = flat + 0.1, flat + 0.1 * 0.5**0.5  # errors of half the changes, squared
    again[..., :5] = 1  # but for a few pixels
    assert bootstrap.share(noisy, flat, again, FACTOR).max() == 0
    again[..., :40] = 1
    kept = bootstrap.share(noisy, flat, again, FACTOR)
    assert kept[..., : 40 - shrinkage.REACH].min() == 1 and kept[..., 40 + shrinkage.REACH :].max() == 0


@pytest.mark.parametrize("size", [(96, 120), (700, 900)])
@pytest.mark.parametrize("sigma, expected", [(0.05, 1), (1.0, 0)])
def test_where_there_is_much_noise_there_is_no_need_to_look_again(size, sigma, expected):
    clean, noisy, _ = tensors(*picture(*size, sigma=sigma))
    assert bootstrap.quiet(noisy, clean, FACTOR) == expected


def test_at_the_edge_a_frame_is_ever_less_quiet_and_less_is_held_back():
    flat = torch.ones(1, 3, 96, 120)
    quiets = [bootstrap.quiet(flat + change**0.5, flat, FACTOR) for change in (0.07, 0.085, 0.09, 0.095, 0.11)]
    assert quiets == pytest.approx([1, 0.75, 0.5, 0.25, 0], abs=0.01)
    noisy, again = flat + 0.1, flat + 0.05  # errors of a quarter of the changes
    kept = [float(bootstrap.share(noisy, flat, again, FACTOR, quiet).mean()) for quiet in quiets]
    assert kept == sorted(kept) and kept[0] < 0.3 and kept[-1] == 1


def test_a_few_rows_tell_nothing():
    clean, noisy, _ = tensors(*picture(height=7))
    assert not bootstrap.quiet(noisy, clean, FACTOR)


def test_a_firefly_makes_no_frame_noisy_and_says_nothing_of_it():
    clean, noisy, _ = tensors(*picture())
    noisy[..., 40, 40] = 1e6
    assert bootstrap.quiet(noisy, clean, FACTOR)
    wrong = clean.clone()
    wrong[..., 40, 40] = 1e6
    assert bootstrap.share(noisy, clean, wrong, FACTOR) is None


def test_pixels_too_bright_to_be_squared_do_not_spread():
    clean, noisy, _ = tensors(*picture())
    noisy[..., 40, 40] = 1e30
    wrong = clean * 1.1
    wrong[..., 40, 40] = 1e30
    kept = bootstrap.share(noisy, clean, wrong, FACTOR)
    assert kept[0, 0, 40, 40] == 1 and kept[..., 60:, 60:].max() < 0.5
    assert kept.isfinite().all()


@pytest.mark.parametrize("tile", [0, 32])
@pytest.mark.parametrize("looks", [1, 4])
@pytest.mark.parametrize("layered", [True, False])
def test_frames_without_a_variance_are_held_back_and_their_layers_with_them(tile, looks, layered, request):
    clean, noisy = board()
    part = np.random.default_rng(1).random(noisy.shape, np.float32)
    out = [np.zeros_like(noisy) for _ in range(3)]

    def layers(crop):
        for some in (part, 1 - part):
            yield [torch.from_numpy((noisy * some)[crop]).permute(2, 0, 1).contiguous()]

    def put(index, one, image):
        out[index][one.place] = image.permute(1, 2, 0)

    def run():
        how = untrained(), torch.device("cpu"), "float32", tile, Guide((noisy,))
        filter_frame(*how, put, layers if layered else None, looks)
        if layered:
            np.testing.assert_allclose(out[1] + out[2], out[0], rtol=1e-4, atol=1e-5)
        return error(out[0], clean)

    held = run()
    request.getfixturevalue("unheld")
    assert held < 0.8 * run()


@pytest.mark.parametrize("quality", ["default", "best"])
def test_tiles_are_held_back_as_the_whole_is(model, quality, request):  # noqa: F811
    _, noisy = board()
    whole, tiled = (Denoiser(model, tile=tile, quality=quality).denoise(noisy) for tile in (0, 40))
    np.testing.assert_allclose(tiled, whole, rtol=1e-4)
    request.getfixturevalue("unheld")
    assert not np.allclose(Denoiser(model, quality=quality).denoise(noisy), whole, rtol=1e-2)


def test_a_variance_that_is_not_gone_by_leaves_it_to_this(model, request):  # noqa: F811
    clean, noisy = board()
    held = error(Denoiser(model).denoise(noisy, variance=0 * noisy), clean)
    request.getfixturevalue("unheld")
    assert held < 0.8 * error(Denoiser(model).denoise(noisy, variance=0 * noisy), clean)
