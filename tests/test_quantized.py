"""Convolutions of bytes beside those of float32: steps by hand, a block, and the shipped model on a real frame."""

import numpy as np
import pytest
import torch
from torch.testing import assert_close

from denoise import Denoiser, compiled, denoiser, quantized
from denoise.calibration import pictures
from denoise.checkpoint import load_model, save_model
from denoise.convolutions import Convs
from denoise.digits import digits, of_digits
from denoise.errors import ModelError
from denoise.features import FEATURES, Inputs, features, prominence
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


def quantize(x, step, levels):
    return (x / step + 0.5).clamp_max(levels).to(torch.uint8, memory_format=torch.channels_last)


def seen():
    """Two images: one black, one with light, a normal and prominence that have both signs, and something broken."""
    light, guide = torch.zeros(2, 3, 4, 6), torch.zeros(2, 3, 4, 6)
    light[1], guide[1, :, :, 3:] = 0.2, 1
    light[1, :, 0, 0], light[1, :, 2, 2] = 1.0, 1e30
    normal = guide.clone()
    normal[1, 1, :, 4] = -0.5
    return Inputs(light, guide, normal, 0.1 * guide, torch.tensor([[0.0, 0, 0], [1, 1, 1]]))


@pytest.mark.parametrize("levels", [255, 127])
def test_digits_by_hand(loops, levels):
    """A step of light is a 255th of four, or a 127th; a second digit counts quarters of it."""
    inputs = seen()
    with torch.inference_mode():
        whole = digits(inputs, prominence(inputs), levels)
        x = features(inputs, prominence(inputs))
    assert whole.dtype is torch.uint8 and whole.shape == (2, 80, 2, 3) and whole.max() == levels
    assert whole.is_contiguous(memory_format=torch.channels_last)
    assert (whole[0] == 0).all() and (whole[:, 79] == 0).all()
    assert whole[1, 76:79].unique().tolist() == [127]
    # albedo and normal of the first pixel of two by two, green
    assert whole[1, 16, 0].tolist() == [0, 0, 127] and whole[1, 28, 0].tolist() == [0, 0, 0]
    assert whole[1, 60 + 4, 0].tolist() == [0, 0, 64] and x[1, 28, 0].tolist() == [0, 0, -0.5]
    light, most = x[1, 0], levels / 4
    assert light[1, 1] > 4 and (whole[1, 0, 1, 1], whole[1, 44, 1, 1]) == (levels, 0)
    assert_close((whole[1, 0] + whole[1, 44] / 4) / most, light.clamp(max=4), rtol=0, atol=1 / 8 / most + 1e-6)
    stands_out = x[1, 40:44].clamp(-4, 4)
    assert stands_out.min() < 0 < stands_out.max()
    assert_close((whole[1, 40:44].float() - whole[1, 72:76]) / most, stands_out, rtol=0, atol=1 / 2 / most + 1e-6)


@pytest.mark.parametrize("levels", [255, 127])
@pytest.mark.parametrize("height, width", [(2, 2), (18, 34), (6, 600)])
def test_compiled_digits_are_those_of_torch(monkeypatch, levels, height, width):
    torch.manual_seed(0)
    present = torch.tensor([[0.0, 1, 0], [1, 0, 1]])
    light, *guides = torch.rand(4, 2, 3, height, width)
    albedo, normal, variance = (plane * known.view(2, 1, 1, 1) for plane, known in zip(guides, present.T, strict=True))
    inputs = Inputs(1e3 * light**9, albedo, 2 * normal - present[:, 1, None, None, None], variance, present)
    with torch.inference_mode():
        fast = digits(inputs, prominence(inputs), levels)
        monkeypatch.setattr(compiled, "_loaded", lambda _: None)
        off = (fast.int() - digits(inputs, prominence(inputs), levels).int()).abs()
    assert off[:, :44].max() <= 1 and off.float().mean() < 1e-3


@pytest.mark.parametrize("levels", [255, 127])
def test_a_convolution_of_digits_is_that_of_features(levels):
    """To half a step of each feature; to half of a second digit's where there is one."""
    inputs, conv = seen(), torch.nn.Conv2d(FEATURES, 8, 3, padding=1)
    inputs = inputs._replace(radiance=inputs.radiance.clamp_max(1))
    half_steps = torch.full((1, FEATURES, 2, 3), 1 / 127 / 2)
    for logarithms, step in (slice(0, 12), 1 / levels), (slice(36, 40), 1 / levels), (slice(40, 44), 4 / levels):
        half_steps[:, logarithms] = step / 2
    with torch.inference_mode():
        x, whole = features(inputs, prominence(inputs)), digits(inputs, prominence(inputs), levels)
        off = (of_digits(conv, levels, 0.25)(0.25 * whole.float()) - conv(x)).abs()
        bound = torch.nn.functional.conv2d(half_steps, conv.weight.abs(), padding=1)
    assert off.any() and (off <= bound + 1e-5).all()


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
        whole = fast(*(quantize(plane, step, levels) for plane in (below, skip)))
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
        whole = quantize(x, 2 / levels, levels)
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
            assert (one - reference).abs().mean() < 32 / levels * reference.abs().mean()  # else near one


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
