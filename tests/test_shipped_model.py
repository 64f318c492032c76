"""The model that comes with the package: small, described, and better than its input on a scene it never saw."""

import numpy as np
import pytest

from denoise import Denoiser
from denoise.checkpoint import load_model, shipped_model
from denoise.metrics import energy, psnr, relmse, tonemap
from denoise.pairs import open_pairs, view_planes
from tools.small_lamps import with_lamps


def test_size_and_provenance():
    assert shipped_model().stat().st_size < 4_000_000
    network, provenance = load_model()
    assert network.config.network == "kernels"
    assert provenance["loss"] == "log-l2" and provenance["steps"] > 0 and provenance["views"] > 0
    assert provenance["commit"] and provenance["hardware"]


@pytest.mark.parametrize("index", [0, 3], ids=["1spp", "4spp"])
@pytest.mark.parametrize(
    "known", [("albedo", "normal", "variance"), ("albedo", "normal"), ()], ids=["all", "no-variance", "beauty-alone"]
)
def test_better_than_its_input_with_whatever_is_known(tiny_pairs, tiny_reference, index, known):
    planes = view_planes(open_pairs(tiny_pairs)[0], index)
    clean = Denoiser().denoise(planes["radiance"], **{name: planes[name] for name in known if name in planes})
    gain = 10 * np.log10(relmse(planes["radiance"], *tiny_reference) / relmse(clean, *tiny_reference))
    assert gain > 4, gain
    assert psnr(clean, *tiny_reference) > psnr(planes["radiance"], *tiny_reference) + 1
    assert abs(energy(clean, *tiny_reference)) < 0.15


@pytest.mark.parametrize("index", [0, 3], ids=["1spp", "4spp"])
@pytest.mark.parametrize("known", [("albedo", "normal"), ()], ids=["albedo-normal", "beauty-alone"])
def test_black_next_to_light_stays_dark(tiny_pairs, index, known):
    planes = view_planes(open_pairs(tiny_pairs)[0], index)
    noisy = planes["radiance"].copy()
    noisy[:, 30:] = 0  # as of a mirror of the dark: albedo and normal say that something is there
    clean = Denoiser().denoise(noisy, **{name: planes[name] for name in known})
    shown = tonemap(clean * (0.5 / noisy.mean()))
    assert shown[:, 30:33].mean() < 0.04  # of a display's range
    assert shown[:, 34:].mean() < 0.002


@pytest.mark.parametrize(
    "known", [("albedo", "normal", "variance"), ("albedo", "normal"), ()], ids=["all", "no-variance", "beauty-alone"]
)
def test_lamps_of_a_few_pixels_keep_their_light(tiny_pairs, known):
    planes = view_planes(open_pairs(tiny_pairs)[0], 3)
    (lit,) = with_lamps([planes], side=3, times=3000)
    off, on = (Denoiser().denoise(one["radiance"], **{name: one[name] for name in known}) for one in (planes, lit))
    light = lit["radiance"] - planes["radiance"]
    assert (on - off)[light > 0].sum() > 0.9 * light.sum()


@pytest.mark.parametrize("times", [1e12, 1e18, 1e30])
@pytest.mark.parametrize("quality", ["default", "best"])
def test_one_broken_pixel_does_not_cost_the_frame(tiny_pairs, quality, times):
    planes = view_planes(open_pairs(tiny_pairs)[0], 3)
    broken = planes["radiance"].copy()
    broken[20, 26] = broken.mean() * times
    known = {name: planes[name] for name in ("albedo", "normal")}
    clean, other = (Denoiser(quality=quality).denoise(one, **known) for one in (planes["radiance"], broken))
    change = np.abs(other - clean).max(-1) / clean.mean()
    assert change.mean() < 0.15 and np.median(change) < 0.1, (change.mean(), np.median(change))
    assert change.max() < 10, change.max()
