import math

import numpy as np
import pytest
import torch

from denoise import shrinkage
from denoise.denoiser import Denoiser
from denoise.filtering import Guide, filter_frame
from denoise.metrics import relmse
from denoise.network import ModelConfig, build
from denoise.pairs import open_pairs, view_planes
from tests.conftest import render_tiny
from tests.test_denoiser import model  # noqa: F401

SIGMA = 0.05


def picture(height=96, width=120, sigma=SIGMA, texture=0.0):
    """A clean picture, a noisy one, and its variance, (H, W, 3)."""
    rng = np.random.default_rng(0)
    y, x = np.indices((height, width)) / 40
    clean = np.repeat((1 + 0.5 * np.sin(y) * np.cos(x))[..., None], 3, -1)
    clean[: height // 2] += texture * rng.standard_normal((height // 2, width, 1))
    noisy = clean + sigma * clean * rng.standard_normal(clean.shape)
    return tuple(plane.astype(np.float32) for plane in (clean, noisy, (sigma * clean) ** 2))


def tensors(*planes):
    return (torch.from_numpy(plane).permute(2, 0, 1)[None] for plane in planes)


def share(noisy, filtered, variance, sure=False):
    return shrinkage.share(noisy, filtered, variance, torch.full((1, 1, 1, 1), 0.18), sure)


def error(image, clean):
    return float(((image - clean) ** 2).mean())


def test_a_filter_that_is_right_keeps_its_changes():
    clean, noisy, variance = tensors(*picture())
    kept = share(noisy, clean, variance)
    assert kept.shape == (1, 1, 96, 120)
    assert kept.mean() > 0.999 and kept.min() > 0.9


def test_a_filter_that_errs_is_held_back_as_far_as_is_best():
    clean, noisy, variance = tensors(*picture())
    wrong = clean + SIGMA  # errs by about the variance
    blended = shrinkage.blend(noisy, wrong, share(noisy, wrong, variance))
    best = 1 / (1 / error(noisy, clean) + 1 / error(wrong, clean))
    assert best < error(blended, clean) < 1.25 * best < 0.8 * error(noisy, clean)


def test_only_where_it_errs():
    clean, noisy, variance = tensors(*picture())
    wrong = clean.clone()
    wrong[..., 60:] *= 1.5
    kept = share(noisy, wrong, variance)
    assert kept[..., : 60 - shrinkage.REACH].mean() > 0.999
    assert kept[..., 60 + shrinkage.REACH :].max() < 0.1


def test_where_there_is_much_noise_nothing_is_held_back():
    clean, noisy, variance = tensors(*picture(sigma=3))
    assert share(noisy, clean + 1, variance).min() > 0.98


def test_fireflies_that_a_variance_knows_nothing_of_do_not_come_back():
    clean, noisy, variance = tensors(*picture())
    noisy[..., 8::16, 8::16] = 100
    blended = shrinkage.blend(noisy, clean, share(noisy, clean, variance))
    assert error(blended, clean) < 1e-4 * error(noisy, clean)
    blended = shrinkage.blend(noisy, clean, share(noisy, clean, variance, sure=True))
    assert error(blended, clean) > 0.9 * error(noisy, clean)


def lamps(side):
    """Squares of light 2,000 times as bright as what is around, with a twentieth of noise; the variance of it all."""
    clean, noisy, variance = tensors(*picture())
    lit = torch.zeros(1, 1, 96, 120, dtype=torch.bool)
    for y in range(side):
        for x in range(side):
            lit[..., 20 + y :: 30, 20 + x :: 30] = True
    noise = torch.from_numpy(np.random.default_rng(1).standard_normal((1, 1, 96, 120), np.float32))
    light = torch.where(lit, 2000 * (1 + 0.05 * noise), 0)
    return clean, noisy + light, variance + torch.where(lit, 100.0**2, 0), lit


@pytest.mark.parametrize("side", [1, 2, 3])
def test_lamps_of_several_pixels_that_passes_show_alike_stay(side):
    clean, noisy, variance, lit = lamps(side)
    blended = shrinkage.blend(noisy, clean, share(noisy, clean, variance, sure=True))
    left = (blended / noisy)[lit.expand_as(noisy)]
    assert left.min() > 0.99 if side > 1 else left.max() < 0.1  # one pixel may be a firefly that two passes found
    around = ~lit.expand_as(noisy)
    assert error(blended[around], clean[around]) < 0.1 * error(noisy[around], clean[around])
    blended = shrinkage.blend(noisy, clean, share(noisy, clean, variance))
    assert (blended / noisy)[lit.expand_as(noisy)].max() < 0.1  # a file's variance may be none


@pytest.mark.parametrize("away", [3, -12])
def test_lamps_where_fireflies_as_bright_fall_are_not_relied_on(away):
    clean, noisy, variance, lit = lamps(2)
    variance[..., 20 + away :: 30, 20 + away :: 30] = 1000.0**2
    blended = shrinkage.blend(noisy, clean, share(noisy, clean, variance, sure=True))
    assert (blended / noisy)[lit.expand_as(noisy)].max() < 0.1


def test_what_has_no_noise_stays():
    clean, _, variance = tensors(*picture())
    kept = share(clean, clean * 1.1, variance * 0)
    assert kept.max() == 0
    black = torch.zeros(1, 3, 20, 20)
    assert torch.isfinite(share(black, black, black)).all()


@pytest.mark.parametrize("texture", [0, 0.3])
@pytest.mark.parametrize(("size", "times"), [((96, 120), 1.6), ((1200, 1300), 1.3)], ids=["small", "large"])
def test_a_variance_that_is_too_small_is_found_out_beside_a_texture_too(size, times, texture):
    _, noisy, variance = (plane[shrinkage.sample(*size)] for plane in picture(*size, texture=texture))
    assert noisy.size < 2_000_000
    assert 1 <= shrinkage.understated(noisy, variance) < times
    assert shrinkage.understated(noisy, 10 * variance) == 1
    assert 8 < shrinkage.understated(noisy, variance / 10) < 10 * times


def leaves():
    """An albedo that differs in every block, a picture of it with little noise, and its variance, (H, W, 3)."""
    _, lit, _ = picture(sigma=0)
    rng = np.random.default_rng(3)
    albedo = rng.uniform(0.2, 0.8, lit.shape).astype(np.float32)
    clean = lit * (albedo + np.float32(0.1))
    noisy = clean + np.float32(0.01) * clean * rng.standard_normal(clean.shape, np.float32)
    return albedo, noisy, (np.float32(0.01) * clean) ** 2


def test_a_texture_that_albedo_or_normal_shows_is_not_taken_for_noise():
    albedo, noisy, variance = leaves()
    other = np.random.default_rng(4).uniform(-1, 1, albedo.shape).astype(np.float32)
    assert shrinkage.understated(noisy, variance) > 100
    assert shrinkage.understated(noisy, variance, [other]) > 100
    for guides in ([albedo], [other, albedo]):
        assert 1 <= shrinkage.understated(noisy, variance, guides) < 1.6
        assert 8 < shrinkage.understated(noisy, variance / 10, guides) < 16
        assert shrinkage.understated(noisy, variance * 10, guides) == 1


@pytest.mark.parametrize("scale", [1e-6, 1, 1e8])
def test_grey_guides_of_any_size_are_gone_by(scale):
    albedo, noisy, variance = leaves()
    grey = np.repeat(albedo[..., :1], 3, -1)
    times = shrinkage.understated(noisy, variance, [np.float32(scale) * grey, np.zeros_like(grey)])
    assert math.isfinite(times) and times >= 1
    lit = noisy / (albedo + np.float32(0.1)) * (grey + np.float32(0.1))
    of_grey = shrinkage.understated(lit, (np.float32(0.01) * lit) ** 2, [np.float32(scale) * grey])
    assert of_grey < 1.6 if scale >= 1 else of_grey > 100


@pytest.mark.parametrize("name", ["albedo", "normal"])
def test_a_frame_of_textures_with_little_noise_is_held_back_by_its_variance(name):
    albedo, noisy, variance = leaves()
    auxiliary = {"variance": variance}
    times = []
    for known in ({}, {name: albedo}):
        guide = Guide((noisy,), auxiliary | known)
        times.append(filter_frame(untrained(), torch.device("cpu"), "float32", 0, guide, lambda *_: None))
    assert times[0] > 100 and 1 <= times[1] < 1.6


def test_nothing_is_told_by_an_empty_variance_or_a_few_pixels():
    _, noisy, variance = picture()
    assert shrinkage.understated(noisy, 0 * variance) == math.inf
    for rows, columns in ((7, 120), (96, 9), (1, 1)):
        assert shrinkage.understated(noisy[:rows, :columns], variance[:rows, :columns]) == math.inf


def untrained():
    torch.manual_seed(3)
    network = build(ModelConfig(widths=(8, 8, 8), head=8, fine_kernel=3, kernel=3))
    return network.eval()


@pytest.mark.parametrize("tile", [0, 32])
@pytest.mark.parametrize("passes", [1, 3])
def test_layers_are_held_back_with_the_beauty(tile, passes, request):
    clean, noisy, variance = picture(texture=0.3)
    rng = np.random.default_rng(1)
    beauties = [noisy + np.float32(SIGMA) * rng.standard_normal(noisy.shape, np.float32) for _ in range(passes)]
    beauties = [beauty.clip(0) for beauty in beauties]
    part = rng.random(noisy.shape, np.float32)
    variance = (variance + np.float32(SIGMA**2)) / passes

    def layers(crop):
        for some in (part, 1 - part):
            yield [torch.from_numpy((beauty * some)[crop]).permute(2, 0, 1).contiguous() for beauty in beauties]

    out = [np.zeros_like(noisy) for _ in range(3)]

    def put(index, tile, image):
        out[index][tile.place] = image.permute(1, 2, 0)

    guide = Guide(tuple(beauties), {"variance": variance})
    filter_frame(untrained(), torch.device("cpu"), "float32", tile, guide, put, layers)
    np.testing.assert_allclose(out[1] + out[2], out[0], rtol=1e-4, atol=1e-5)
    held = out[0].copy()
    request.getfixturevalue("unheld")
    filter_frame(untrained(), torch.device("cpu"), "float32", tile, guide, put, layers)
    assert error(held, clean) < 0.8 * error(out[0], clean)


@pytest.mark.parametrize("looks", [1, 4])
def test_what_passes_differ_by_holds_back_too(looks, request):
    clean, noisy, _ = picture(texture=0.3)
    noise = np.random.default_rng(2).standard_normal(noisy.shape, np.float32)
    guide = Guide((noisy, (clean + np.float32(SIGMA) * noise).clip(0)))
    out = np.zeros_like(noisy)

    def put(_, tile, image):
        out[tile.place] = image.permute(1, 2, 0)

    filter_frame(untrained(), torch.device("cpu"), "float32", 0, guide, put, looks=looks)
    held = error(out, clean)
    request.getfixturevalue("unheld")
    filter_frame(untrained(), torch.device("cpu"), "float32", 0, guide, put, looks=looks)
    assert held < 0.8 * error(out, clean)


def test_tiles_are_held_back_as_the_whole_is(model):  # noqa: F811
    _, noisy, variance = picture(texture=0.3)
    whole, tiled = (Denoiser(model, tile=tile).denoise(noisy, variance=variance) for tile in (0, 40))
    np.testing.assert_allclose(tiled, whole, rtol=1e-4)


@pytest.fixture(scope="module")
def many(tmp_path_factory):
    """The tiny scene at 128 spp, as planes, and another pass of it."""
    (view,) = open_pairs(render_tiny(tmp_path_factory.mktemp("many"), "--spp", "128", "--seed", "7"))
    return view_planes(view, 0), view_planes(view, 1)["radiance"]


def test_a_real_frame_of_many_samples_comes_out_no_worse_however_bad_the_model(model, many, request):  # noqa: F811
    planes, other = many
    denoiser = Denoiser(model)
    known, unknown = (
        relmse(denoiser.denoise(planes["radiance"], variance=v), other, other) for v in (planes["variance"], None)
    )
    noisy = relmse(planes["radiance"], other, other)
    assert max(known, unknown) < 1.1 * noisy
    request.getfixturevalue("unheld")
    assert relmse(denoiser.denoise(planes["radiance"]), other, other) > 3 * noisy


@pytest.mark.parametrize("times", [0, 0.01, 0.1])
def test_a_variance_that_means_something_else_does_not_leave_the_noise_in(tiny_pairs, tiny_reference, times):
    planes = view_planes(open_pairs(tiny_pairs)[0], 3)
    denoiser = Denoiser()
    guides = planes["albedo"], planes["normal"]
    right = relmse(denoiser.denoise(planes["radiance"], *guides, planes["variance"]), *tiny_reference)
    wrong = relmse(denoiser.denoise(planes["radiance"], *guides, planes["variance"] * times), *tiny_reference)
    assert wrong < 1.25 * right < 0.5 * relmse(planes["radiance"], *tiny_reference)
