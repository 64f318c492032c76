"""The parts that a search puts in place of the network's, and that each of its trainings runs."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from rich.console import Console
from torch.testing import assert_close

from denoise import crops
from denoise.kernels import gather
from denoise.transfer import exposure, modulation
from tests.benchmark_samples import write_frames
from tests.test_kernels import random_predictions
from tools.search_model import __main__ as command
from tools.search_model import parts
from tools.search_model.variants import VARIANTS


def test_light_is_strewn_as_gathering_transposed():
    kernels = torch.rand(1, 25, 13, 17)
    light, other = torch.zeros(2, 1, 3, 13, 17)
    light[..., 2:-2, 2:-2], other[..., 2:-2, 2:-2] = torch.rand(2, 1, 3, 9, 13)  # no edge is repeated
    assert_close((parts._strewn(light, kernels) * other).sum(), (light * gather(other, kernels)).sum())


def test_a_partition_keeps_what_is_even_and_moves_light_by_the_giving_pixels_kernel():
    predictions = random_predictions(16, 24)
    even = torch.full((1, 3, 16, 24), 3.0)
    assert_close(parts.partition(even, predictions), even)

    kernels = torch.zeros(1, 25, 16, 24)
    kernels[:, 12] = 1
    kernels[0, :, 5, 7] = torch.eye(25)[13]  # one pixel gives all it has to its right neighbour
    finest = predictions.levels[0]._replace(kernels=kernels, alpha=torch.zeros(1, 1, 16, 24))
    still = predictions._replace(levels=[finest, *predictions.levels[1:]], weight=torch.ones(1, 1, 16, 24))
    image = torch.rand(1, 3, 16, 24)
    out = parts.partition(image, still)
    assert_close(out[..., 5, 8], (image[..., 5, 7] + image[..., 5, 8]) / 2)  # the mean of what was given
    assert_close(out[..., 9, 9], image[..., 9, 9])


def test_samples_are_told_whatever_the_exposure():
    radiance = np.random.default_rng(0).random((21, 34, 3), np.float32)
    for scale in (1, 50):
        told = parts.counted({"radiance": radiance * np.float32(scale)}, 8)["variance"]
        factor = exposure(torch.from_numpy(radiance * np.float32(scale)).permute(2, 0, 1)[None]).item()
        np.testing.assert_allclose(told * factor**2, 1 / 8, rtol=1e-5)


def test_what_is_put_in_place_takes_what_the_package_gives_it():
    albedo = torch.rand(2, 3, 5, 7)
    assert parts.undivided(albedo, torch.ones(2), 0.1).shape == modulation(albedo, torch.ones(2), 0.1).shape
    shares = parts.bilinear(torch.rand(2, 3, 6, 8), torch.rand(2, 9, 6, 8), torch.rand(2, 9, 3, 4))
    assert_close(shares.sum(1), torch.ones(2, 6, 8))


def drawn_otherwise(variant):
    """Whether all that it differs in are chances of `denoise.crops`, too small for two steps to show."""
    return all(part.startswith("crops._") for part in variant.parts)


@pytest.mark.parametrize(
    "name", [name for name, variant in VARIANTS.items() if variant.parts and drawn_otherwise(variant)]
)
def test_chances_are_put_in_place_and_back(name):
    before = vars(crops).copy()
    with command._in_place(VARIANTS[name]):
        for part, value in VARIANTS[name].parts.items():
            assert vars(crops)[part.removeprefix("crops.")] == value
    assert vars(crops) == before


@pytest.mark.parametrize("name", [name for name, variant in VARIANTS.items() if not drawn_otherwise(variant)])
def test_variants_with_parts_differ_from_what_is_shipped(tiny_pairs, tiny_reference, tmp_path, monkeypatch, name):
    """Two steps of a small network: its parts are where they should be, in training and in judging."""
    frames = write_frames(tmp_path / "frames", tiny_pairs, tiny_reference)
    small = {"widths": (8, 8), "head": 8, "kernel": 3}
    for each in ("as-shipped", name):
        variant = VARIANTS[each]
        config = replace(variant.config, crop=32, batch=2)
        monkeypatch.setitem(VARIANTS, each, replace(variant, model=replace(variant.model, **small), config=config))
    command.search(["as-shipped", name], [tiny_pairs], frames, tmp_path / "out", 2, 1, Console(quiet=True))

    models = [tmp_path / "out" / f"{each}.2.1.safetensors" for each in ("as-shipped", name)]
    with command._in_place(VARIANTS[name]):
        ours = list(command.judge(VARIANTS[name], models[1], frames))
    assert [spp for spp, _ in ours] == [1, 2, 1, 2]
    shipped = list(command.judge(VARIANTS["as-shipped"], models[0], frames))
    assert all(a != b for (_, a), (_, b) in zip(ours, shipped, strict=True))
