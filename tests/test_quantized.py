"""Convolutions of bytes beside those of float32: steps by hand, a block, and the shipped model on a real frame."""

import numpy as np
import pytest
import torch
from torch.testing import assert_close

from denoise import Denoiser, compiled, denoiser, quantized
from denoise.calibration import pictures
from denoise.checkpoint import load_model, save_model
from denoise.convolutions import Convs
from denoise.errors import ModelError
from denoise.heads import Head
from denoise.metrics import relmse
from denoise.network import DirectNetwork, ModelConfig
from denoise.pairs import open_pairs, view_planes
from denoise.precision import mixed

CPU = torch.device("cpu")

pytestmark = pytest.mark.skipif(not quantized.can_quantize(CPU), reason="no x86 processor since AVX2")


@pytest.fixture(params=[True, False], ids=["compiled", "torch"])
def loops(request, monkeypatch):
    if not request.param:
        monkeypatch.setattr(compiled, "_loaded", lambda _: None)


def channels_last(x):
    return x.contiguous(memory_format=torch.channels_last)


@pytest.mark.parametrize("kind", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("levels", [255, 127])
def test_steps_by_hand(loops, kind, levels):
    x = torch.tensor([0, 0.24, 0.26, 1, 31.5, 63, 1000, torch.inf]).to(kind).view(1, 2, 2, 2)
    with torch.inference_mode():
        whole = quantized.quantize(channels_last(x), 0.5, levels)
    assert whole.dtype is torch.uint8
    assert whole.flatten().tolist() == [0, 0, 1, 2, 63, 126, levels, levels]


@pytest.mark.parametrize("levels", [255, 127])
def test_a_block_is_near_the_one_it_was_made_of(loops, levels):
    """Where activations are at most two."""
    torch.manual_seed(0)
    block = Convs(24 + 16, 40, 32)
    below, skip = channels_last(2 * torch.rand(2, 24, 9, 17)), channels_last(2 * torch.rand(2, 16, 18, 34))
    step = 2 / levels
    with torch.inference_mode():
        for conv in block.convolutions():
            conv.weight.mul_(0.3)
        reference = block(below, skip)
        assert 0.5 < reference.max() < 2
        fast = quantized.QuantizedConvs(block.convolutions(), levels)
        whole = fast(*(quantized.quantize(plane, step, levels) for plane in (below, skip)))
    assert whole.dtype is torch.uint8 and whole.shape == reference.shape and whole.max() <= levels
    off = (whole * step - reference).square().mean().sqrt() / reference.std()
    assert off < 8 / levels, off


@pytest.mark.parametrize("kind", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("shuffled", [False, True])
@pytest.mark.parametrize("levels", [255, 127])
def test_a_head_is_near_the_one_it_was_made_of(loops, kind, shuffled, levels):
    torch.manual_seed(0)
    head, x = Head(40, 12), channels_last(2 * torch.rand(2, 40, 35, 34))
    torch.nn.init.normal_(head.weight)
    torch.nn.init.normal_(head.bias)
    with torch.inference_mode(), mixed(CPU, str(kind).removeprefix("torch.")):
        whole = quantized.quantize(x, 2 / levels, levels)
        said, reference = quantized.QuantizedHead(head, levels)(whole, shuffled), head(x, shuffled).float()
    assert said.is_contiguous() and said.shape == reference.shape
    assert (said - reference).abs().mean() < 3 / levels * reference.std()


@pytest.mark.parametrize("levels", [255, 127])
def test_a_network_of_bytes_says_what_it_was_made_of(loops, monkeypatch, levels):
    monkeypatch.setattr(torch.cpu, "_is_vnni_supported", lambda: levels == 255)
    network, _ = load_model(None)
    inputs = pictures()
    with torch.inference_mode():
        before = network.predict(inputs)
        said = quantized.quantized(network).predict(inputs)
        after = network.predict(inputs)
    assert torch.equal(before.coarsest, after.coarsest)  # what it was made of is left as it was
    for level, other in zip(said.levels, before.levels, strict=True):
        for one, reference in zip(level, other, strict=True):
            assert (one - reference).abs().mean() < 40 / levels * reference.abs().mean()  # else near one


def test_pictures_are_the_same_each_time_and_have_what_a_frame_may_have():
    one, other = pictures(), pictures()
    for plane, again in zip(one, other, strict=True):
        assert torch.equal(plane, again) and plane.isfinite().all()
    light = one.radiance.mean(1)
    assert light.min() == 0 and light.amax((1, 2)).min() > 100 * light.mean((1, 2)).min()
    assert {tuple(known) for known in one.present.tolist()} == {(a, a, b) for a in (0, 1) for b in (0, 1)}


def test_the_shipped_model_is_as_good_in_bytes(tiny_pairs, tiny_reference):
    planes = view_planes(open_pairs(tiny_pairs)[0], 3)
    arguments = [planes[name] for name in ("radiance", "albedo", "normal")]
    exact, fast = (Denoiser(precision=precision).denoise(*arguments) for precision in ("float32", "int8"))
    assert not np.array_equal(exact, fast)
    off = np.abs(fast - exact).mean() / exact.mean()
    assert off < 0.01, off
    assert relmse(fast, *tiny_reference) == pytest.approx(relmse(exact, *tiny_reference), rel=0.03)


def test_tiles_agree_with_the_whole(tiny_pairs):
    planes = view_planes(open_pairs(tiny_pairs)[0], 3)
    wide = np.tile(planes["radiance"], (1, 8, 1))
    whole, tiled = (Denoiser(precision="int8", tile=tile).denoise(wide) for tile in (0, 64))
    # sums of the inputs' convolution may be rounded otherwise, and one step more or less is a 255th
    assert_close(torch.from_numpy(tiled), torch.from_numpy(whole), rtol=0.02, atol=1e-3)
    assert np.abs(tiled - whole).mean() < 2e-4 * whole.mean()


def test_auto_is_bytes_where_there_is_no_amx(monkeypatch):
    def is_quantized():
        return any(isinstance(one, quantized.QuantizedConvs) for one in Denoiser()._whole.args[0].modules())

    for amx in (True, False):
        monkeypatch.setattr(denoiser, "has_amx", lambda amx=amx: amx)
        assert is_quantized() is not amx
    monkeypatch.setattr(denoiser, "can_quantize", lambda device: False)
    assert not is_quantized()


def test_what_has_no_bytes_is_told(tmp_path):
    path = tmp_path / "direct.safetensors"
    save_model(path, DirectNetwork(ModelConfig(network="direct")), {})
    with pytest.raises(ModelError, match="precision int8: not for this model on this cpu; use auto"):
        Denoiser(path, precision="int8")
    assert Denoiser(path).denoise(np.ones((8, 8, 3), np.float32)).shape == (8, 8, 3)
