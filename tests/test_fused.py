"""The compiled loops against torch's, with and without gradients."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec

import numpy as np
import pytest
import torch
from torch.testing import assert_close

from denoise import compiled, convolutions, kernels, network
from denoise.features import Inputs
from denoise.strips import Rows

needs_numba = pytest.mark.skipif(find_spec("numba") is None, reason="numba is not installed: pip install '.[fast]'")

SIZES = [(1, 1), (1, 7), (9, 1), (3, 5), (67, 33), (19, 2054)]  # the last is wider than a block
EVEN_SIZES = [(2, 2), (2, 14), (10, 2), (6, 10), (70, 34), (18, 2054)]


@pytest.fixture(autouse=True)
def seeded():
    torch.manual_seed(0)


@pytest.fixture
def fused(monkeypatch):
    """The compiled loops, while `kernels` computes in torch."""
    from denoise import fused

    monkeypatch.setattr(compiled, "_loaded", lambda module: None)
    return fused


@pytest.fixture
def fused_backward(fused):
    from denoise import fused_backward

    return fused_backward


@pytest.fixture(params=[1, 2])
def threads(request):
    before = torch.get_num_threads()
    torch.set_num_threads(request.param)
    yield request.param
    torch.set_num_threads(before)


def equal(fast, reference):
    assert fast.is_contiguous()
    assert_close(fast, reference, rtol=1e-5, atol=1e-7)


def edges(size: int, height: int, width: int, batch: int = 2):
    return (
        3 * torch.randn(batch, size * size, height, width),
        10 * torch.rand(batch, 3, height, width),
        torch.rand(batch, 9, height, width),
    )


@needs_numba
@pytest.mark.parametrize("size", [3, 5])
@pytest.mark.parametrize(("height", "width"), SIZES)
def test_edge_stopping(fused, threads, size, height, width):
    planes = edges(size, height, width)
    equal(fused.edge_stopping(*planes), kernels.edge_stopping(*planes))


@needs_numba
@pytest.mark.parametrize("size", [3, 7])
@pytest.mark.parametrize(("height", "width"), SIZES)
def test_edge_stopping_in_bfloat16(fused, threads, size, height, width):
    logits, *guides = edges(size, height, width)
    logits = logits.bfloat16()
    out, exact = fused.edge_stopping(logits, *guides), kernels.edge_stopping(logits.float(), *guides)
    assert out.is_contiguous() and out.dtype is torch.bfloat16
    assert_close(out.float(), exact, rtol=2**-8, atol=1e-37)  # rounded to eight digits of two, once
    assert kernels.edge_stopping(logits, *guides).dtype is torch.bfloat16


@needs_numba
@pytest.mark.parametrize(("height", "width"), EVEN_SIZES)
def test_corner_stopping(fused, threads, height, width):
    planes = edges(3, height, width)[1:]
    coarse = torch.rand(2, 9, height // 2, width // 2)
    equal(fused.corner_stopping(*planes, coarse), kernels.corner_stopping(*planes, coarse))


@needs_numba
@pytest.mark.parametrize("predicted", [1, 2])
@pytest.mark.parametrize("size", [3, 5])
@pytest.mark.parametrize(("height", "width"), EVEN_SIZES)
def test_filter_level(fused, threads, predicted, size, height, width):
    image, coarse = torch.rand(2, 3, height, width), torch.rand(2, 3, height // 2, width // 2)
    weights = [torch.rand(predicted, taps, height, width).softmax(1) for taps in (size * size, 4)]
    alpha = torch.rand(predicted, 1, height, width)
    reference = kernels.blend(kernels.gather(image, weights[0]), kernels.upsample(coarse, weights[1]), alpha)
    equal(fused.filter_level(image, coarse, *weights, alpha), reference)
    halves, upsampler = weights[0].bfloat16(), weights[1]
    of_halves = fused.filter_level(image, coarse, halves, upsampler, alpha)
    equal(of_halves, fused.filter_level(image, coarse, halves.float(), upsampler, alpha))


@needs_numba
def test_filter_level_by_hand(fused):
    image, coarse = torch.arange(4.0).view(1, 1, 1, 4).repeat(1, 1, 2, 1), torch.tensor([[10.0, 30.0]]).view(1, 1, 1, 2)
    weights, upsampler = torch.zeros(1, 9, 2, 4), torch.zeros(1, 4, 2, 4)
    weights[:, 5] = 1  # the right neighbour
    upsampler[:, 1] = 1  # the nearest coarse pixel beside
    out = fused.filter_level(image, coarse, weights, upsampler, torch.full((1, 1, 2, 4), 0.25))
    assert out[0, 0, 1].tolist() == [0.75 * 1 + 2.5, 0.75 * 2 + 7.5, 0.75 * 3 + 2.5, 0.75 * 3 + 7.5]


@needs_numba
def test_pixel_shuffle(fused, threads):
    coarse = torch.rand(2, 8, 35, 7)
    for planes in coarse, coarse.bfloat16():
        assert torch.equal(fused.pixel_shuffle(planes), kernels.pixel_shuffle(planes))
    coarse[0, 0, 0, 0], coarse[1, 4, 2, 3] = torch.nan, -torch.inf
    planes = coarse.bfloat16()
    assert_close(fused.pixel_shuffle(planes), kernels.pixel_shuffle(planes), rtol=0, atol=0, equal_nan=True)


def channels_last(kind: torch.dtype, *shape: int):
    planes = torch.rand(shape) * (255 if kind is torch.uint8 else 1)
    return planes.to(kind).contiguous(memory_format=torch.channels_last)


@needs_numba
@pytest.mark.parametrize("kind", [torch.float32, torch.bfloat16, torch.uint8])
@pytest.mark.parametrize(("height", "width"), EVEN_SIZES)
def test_what_lies_between_convolutions(fused, threads, height, width, kind):
    from denoise import fused_convolutions

    below, skip = channels_last(kind, 2, 5, height // 2, width // 2), channels_last(kind, 2, 3, height, width)
    with torch.inference_mode():
        for fast, planes in (fused_convolutions.join, (below, skip)), (fused_convolutions.pool, (skip.relu(),)):
            reference = getattr(convolutions, fast.__name__)(*planes)
            assert fast(*planes).is_contiguous(memory_format=torch.channels_last)
            assert torch.equal(fast(*planes), reference)


@needs_numba
@pytest.mark.parametrize("width", [70, 32, 1, 7])
@pytest.mark.parametrize("top", [0, 3])
def test_channels_side_by_side_to_planes(fused, threads, top, width):
    from denoise import fused_convolutions

    pixels = torch.randn(1, 8, 35, width).bfloat16().contiguous(memory_format=torch.channels_last)[0]
    planes, larger = torch.zeros(8, 40, width).bfloat16(), torch.zeros(2, 80, 2 * width).bfloat16()
    fused_convolutions.part(pixels, planes, top, shuffled=False)
    fused_convolutions.part(pixels, larger, top, shuffled=True)
    assert (
        torch.equal(planes[:, top : top + 35], pixels) and not planes[:, top + 35 :].any() and not planes[:, :top].any()
    )
    assert torch.equal(larger[:, 2 * top : 2 * top + 70], torch.nn.functional.pixel_shuffle(pixels, 2))


@needs_numba
@pytest.mark.parametrize("kind", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize(("height", "width"), SIZES)
def test_what_a_head_says_of_weights_is_read(fused, threads, height, width, kind):
    floor, logit = (20 * torch.randn(2, 1, height, width).to(kind) for _ in range(2))
    floor[0, 0, 0, 0] = logit[1, 0, 0, 0] = -200
    planes = (torch.rand(2, 3, height, width) for _ in range(4))
    inputs = Inputs(*planes, torch.tensor([[1.0, 0, 0], [0, 0, 0]]))
    prominent = torch.randn(2, 1, height, width).exp()
    prominent[1, 0, -1, -1] = 1e18
    with torch.inference_mode():
        reference = network._read_weight(floor, logit, inputs, prominent)
    said, known = (floor, logit, inputs.albedo), inputs.present[:, 0]
    divisor, weight = fused.read_weight(*said, known, prominent, network._LEAST_WEIGHT)
    equal(divisor, reference[0])
    equal(weight, reference[1])
    assert (divisor[1] == 1).all() and weight.min() > 0 and divisor.min() > 0


@needs_numba
@pytest.mark.parametrize("kind", [torch.float32, torch.bfloat16])
def test_some_rows_in_their_place(fused, threads, kind):
    """What stands around them is left as it was."""
    logits, sharpness, guides = edges(3, 70, 33)
    logits, coarse = logits.to(kind), fused.halve(guides[..., :32])
    for function, planes in (
        (fused.edge_stopping, (logits, sharpness, guides)),
        (fused.corner_stopping, (sharpness[..., :32].contiguous(), guides[..., :32].contiguous(), coarse)),
    ):
        whole = function(*planes)
        into = torch.full((len(whole), whole.shape[1], 100, whole.shape[3]), 7, dtype=whole.dtype)
        assert function(*planes, rows=Rows(5, 64, into, 20)) is into
        assert torch.equal(into[:, :, 20:79], whole[:, :, 5:64])
        assert (into[:, :, :20] == 7).all() and (into[:, :, 79:] == 7).all()


@needs_numba
@pytest.mark.parametrize("kind", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize(("height", "width"), SIZES)
def test_what_a_head_says_is_read(fused, threads, height, width, kind):
    correction, sharp, logit = (20 * torch.randn(2, c, height, width).to(kind) for c in (9, 3, 1))
    guides = torch.randn(2, 9, height, width)
    corrected, sharpness, alpha = fused.read(correction, sharp, logit, guides, (1.0, 20.0, 10.0))
    equal(corrected, guides + correction.float())
    scales = torch.tensor([1.0, 20.0, 10.0]).view(1, 3, 1, 1)
    equal(sharpness, sharp.float().clamp_max(6).exp() * scales)
    equal(alpha, logit.float().sigmoid())
    logit[0, 0, 0, 0] = torch.nan
    assert fused.read(correction, sharp, logit, guides, (1.0, 1.0, 1.0))[2][0, 0, 0, 0].isnan()


@needs_numba
@pytest.mark.parametrize(("height", "width"), EVEN_SIZES)
def test_halve(fused, threads, height, width):
    plane = torch.rand(2, 3, height, width)
    equal(fused.halve(plane), torch.nn.functional.avg_pool2d(plane, 2))


@needs_numba
def test_planes_may_be_views_in_any_order(fused):
    logits, sharpness, guides = edges(3, 6, 10)
    others = logits.contiguous(memory_format=torch.channels_last), sharpness[:, :, :1, :1].expand(-1, -1, 6, 10), guides
    mirrored = [plane.flip(-1) for plane in others]
    equal(fused.edge_stopping(*others), kernels.edge_stopping(*others))
    equal(fused.edge_stopping(*mirrored), kernels.edge_stopping(*mirrored))


@needs_numba
def test_far_apart_is_zero_and_nan_stays_nan(fused):
    logits, sharpness, guides = torch.zeros(1, 9, 3, 3), torch.ones(1, 3, 3, 3), torch.zeros(1, 9, 3, 3)
    guides[..., 2] = 1e4
    logits[0, 7, 0, 0] = torch.nan
    half = fused.edge_stopping(logits.bfloat16(), sharpness, guides)
    assert half[0, :, 0, 0].isnan().all() and half[0, :, 1:].isfinite().all()
    out = fused.edge_stopping(logits, sharpness, guides)
    assert out[0, 5, 1, 1] < 1e-37
    assert_close(out[0, :, 1, 1].sum(), torch.tensor(1.0))
    assert out[0, :, 0, 0].isnan().all()
    assert out[0, :, 1:].isfinite().all()


@needs_numba
def test_exponential_is_exact_to_two_ten_millionths(fused):
    x = np.linspace(-86.9, 80, 5003, dtype=np.float32)
    ours = np.array([fused._exp(value) for value in x])
    assert np.abs(ours / np.exp(x.astype(np.float64)) - 1).max() < 2e-7


@needs_numba
def test_callers_in_several_threads_do_not_meet(fused, threads):
    several = [edges(3, 70, 34, batch=1) for _ in range(6)]
    with ThreadPoolExecutor(3) as pool:
        for fast, planes in zip(pool.map(lambda planes: fused.edge_stopping(*planes), several), several, strict=True):
            equal(fast, kernels.edge_stopping(*planes))


@needs_numba
def test_without_a_cache_folder_code_is_compiled_in_memory(monkeypatch):
    from numba.core.caching import FunctionCache

    from denoise.machine_code import compiled

    def nowhere(self, function):
        raise RuntimeError("cannot cache function: no locator available")

    monkeypatch.setattr(FunctionCache, "__init__", nowhere)
    assert compiled("int64(int64)")(lambda x: x + 1)(2) == 3


def with_gradients(function, planes):
    """What a function returns, and the gradients of a random sum of it."""
    leaves = [plane.clone().requires_grad_() for plane in planes]
    out = function(*leaves)
    out.backward(torch.randn(out.shape, generator=torch.Generator().manual_seed(0)))
    return [out.detach(), *(leaf.grad for leaf in leaves)]


def equal_gradients(fast, reference, planes):
    for a, b in zip(with_gradients(fast, planes), with_gradients(reference, planes), strict=True):
        assert_close(a, b, rtol=1e-4, atol=2e-6 * max(1.0, b.abs().max().item()))


@needs_numba
@pytest.mark.parametrize("size", [3, 5])
@pytest.mark.parametrize(("height", "width"), SIZES)
def test_gradients_of_edge_stopping(fused_backward, threads, size, height, width):
    equal_gradients(fused_backward.edge_stopping, kernels.edge_stopping, edges(size, height, width))


@needs_numba
@pytest.mark.parametrize(("height", "width"), EVEN_SIZES)
def test_gradients_of_corner_stopping(fused_backward, threads, height, width):
    planes = *edges(3, height, width)[1:], torch.rand(2, 9, height // 2, width // 2)
    equal_gradients(fused_backward.corner_stopping, kernels.corner_stopping, planes)


@needs_numba
@pytest.mark.parametrize("predicted", [1, 2])
@pytest.mark.parametrize("size", [3, 5])
@pytest.mark.parametrize(("height", "width"), EVEN_SIZES)
def test_gradients_of_filter_level(fused_backward, threads, predicted, size, height, width):
    image, coarse = torch.rand(2, 3, height, width), torch.rand(2, 3, height // 2, width // 2)
    shares = [torch.rand(predicted, taps, height, width).softmax(1) for taps in (size * size, 4)]

    def reference(image, coarse, weights, upsampler, alpha):
        return kernels.blend(kernels.gather(image, weights), kernels.upsample(coarse, upsampler), alpha)

    planes = image, coarse, *shares, torch.rand(predicted, 1, height, width)
    equal_gradients(fused_backward.filter_level, reference, planes)


@needs_numba
def test_gradients_of_pixel_shuffle(fused_backward):
    equal_gradients(fused_backward.pixel_shuffle, kernels.pixel_shuffle, [torch.rand(2, 8, 5, 7)])


@needs_numba
def test_gradients_through_planes_in_any_order(fused_backward):
    logits, sharpness, guides = edges(3, 6, 10)
    mirrored = logits.contiguous(memory_format=torch.channels_last).flip(-1), sharpness, guides.flip(-2)
    equal_gradients(fused_backward.edge_stopping, kernels.edge_stopping, mirrored)


@needs_numba
def test_what_is_chosen():
    from denoise import fused, fused_backward

    plane = torch.rand(1, 4, 3, 3)
    assert kernels._fused(plane) is fused
    assert kernels._fused(plane, plane.clone().requires_grad_()) is fused_backward
    assert kernels._fused(plane.double()) is None
    with torch.inference_mode():
        assert kernels._fused(plane) is fused
        assert kernels._fused(plane, plane.double()) is None
        assert kernels._fused(plane.to("meta")) is None


def test_without_numba_torch_filters(monkeypatch):
    planes = edges(3, 6, 10)
    reference = kernels.edge_stopping(*planes)
    for module in ("fused", "fused_backward"):  # importing them fails, as it does without numba
        monkeypatch.setitem(sys.modules, f"denoise.{module}", None)
    compiled._loaded.cache_clear()
    try:
        assert kernels._fused(*planes) is None
        with torch.inference_mode():
            assert kernels._fused(*planes) is None
            assert_close(kernels.edge_stopping(*planes), reference)
    finally:
        compiled._loaded.cache_clear()


def test_numba_is_loaded_when_something_is_filtered_and_not_before():
    code = "import sys, denoise.denoiser; print('numba' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "False"
