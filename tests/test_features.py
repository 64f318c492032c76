"""What the network sees, in torch and compiled."""

from importlib.util import find_spec

import pytest
import torch
from torch.testing import assert_close

from denoise import compiled
from denoise.features import BRIGHTEST, Inputs, features, guides_of, prominence
from denoise.heads import Head
from denoise.network import ModelConfig, build
from denoise.precision import mixed
from denoise.transfer import EPS, LOG_OF_ONE, log_encode

needs_numba = pytest.mark.skipif(find_spec("numba") is None, reason="numba is not installed: pip install '.[fast]'")


def inputs(height: int, width: int, present: tuple[int, int, int]) -> Inputs:
    """Two images with seven decades of light and one broken pixel; what is absent is zero and takes no memory."""
    generator = torch.Generator().manual_seed(height + width)

    def plane(known: int) -> torch.Tensor:
        return (
            torch.rand(2, 3, height, width, generator=generator)
            if known
            else torch.zeros(1).expand(2, 3, height, width)
        )

    radiance = plane(1) * 10 ** (7 * torch.rand(2, 3, height, width, generator=generator) - 4)
    radiance[0, 0, 0, 0] = -0.5  # an odd filter's
    radiance[1, :, -1, -1] = 1e30
    albedo, normal, variance = (plane(known) for known in present)
    return Inputs(radiance, albedo, 2 * normal - present[1], variance, torch.tensor([present] * 2).float())


def test_features_by_hand():
    frame = inputs(4, 6, (1, 1, 1))
    seen = features(frame, prominence(frame))
    assert seen.shape == (2, 47, 2, 3) and seen.is_contiguous(memory_format=torch.channels_last)
    light = frame.radiance[1, 2, 3, 4] / (frame.albedo[1, 2, 3, 4] + 0.25)
    assert_close(seen[1, 4 * 2 + 2 * 1 + 0, 1, 2], log_encode(light))  # third channel, second row, first column
    assert_close(seen[1, 4 * 4 + 1, 0, 1], frame.albedo[1, 1, 0, 3])
    assert_close(seen[1, 4 * 6 + 3, 1, 0], frame.normal[1, 0, 3, 1])
    assert_close(seen[1, 36, 1, 1], log_encode(frame.variance[1, :, 2, 2].mean().sqrt()))
    assert_close(seen[1, 40 + 2, 1, 1], prominence(frame)[1, 0, 3, 2].log() / LOG_OF_ONE)
    assert_close(seen[:, 44:], torch.ones(2, 3, 2, 3))


def test_nothing_looks_brighter_than_the_brightest():
    frame = inputs(4, 6, (1, 1, 1))
    brighter = frame._replace(radiance=frame.radiance.clone(), variance=frame.variance.clone())
    brighter.radiance[1, :, -1, -1], brighter.variance[1, :, -1, -1] = 1e34, 1e34
    frame.variance[1, :, -1, -1] = 1e30
    assert prominence(brighter)[1, 0, -1, -1] > prominence(frame)[1, 0, -1, -1] > BRIGHTEST
    assert prominence(brighter)[1, 0, -2, -2] < prominence(frame)[1, 0, -2, -2] < 1 / BRIGHTEST
    brightest = log_encode(torch.tensor(BRIGHTEST))
    for one in (brighter, frame):
        seen = features(one, prominence(one))
        assert seen.isfinite().all() and seen[1, 3, 1, 2] == seen[1, 36 + 3, 1, 2] == brightest
    assert torch.equal(guides_of(brighter), guides_of(frame))
    assert torch.equal(features(brighter, prominence(brighter)), features(frame, prominence(frame)))


def test_prominence_by_hand():
    radiance = torch.tensor([[1.0, 2.0, 0.0], [4.0, 9.0, 0.0]]).expand(1, 3, 2, 3)
    nothing = torch.zeros(1).expand(1, 3, 2, 3)
    frame = Inputs(radiance, nothing, nothing, nothing, torch.zeros(1, 3))
    neighbours = torch.tensor([[9.0, 9.0, 9.0], [9.0, 4.0, 9.0]])
    assert_close(prominence(frame)[0, 0], (radiance[0, 0] + EPS) / (neighbours + EPS))
    alone = Inputs(*(plane[..., :1, :1] for plane in frame[:4]), torch.zeros(1, 3))
    assert_close(prominence(alone).item(), (1 + EPS) / EPS)
    paint = torch.tensor([[0.1, 0.2, 0.0], [0.4, 0.9, 0.0]]).expand(1, 3, 2, 3) - 0.25  # even light, once divided
    flat = prominence(Inputs(radiance, paint, nothing, nothing, torch.tensor([[1.0, 0, 0]])))
    assert_close(flat[..., :2], torch.ones(1, 1, 2, 2))


@needs_numba
@pytest.mark.parametrize("present", [(1, 1, 0), (1, 1, 1), (0, 1, 1), (0, 0, 0)])
@pytest.mark.parametrize(("height", "width"), [(2, 2), (6, 10), (70, 34)])
def test_compiled_features_are_those_of_torch(monkeypatch, present, height, width):
    from denoise import fused_features

    frame = inputs(height, width, present)
    monkeypatch.setattr(compiled, "_loaded", lambda module: None)  # and features are computed in torch
    with torch.inference_mode():
        for name, reference in ("guides_of", guides_of(frame)), ("prominence", prominence(frame)):
            out = getattr(fused_features, name)(frame)
            assert out.is_contiguous()
            assert_close(out, reference, rtol=1e-6, atol=1e-6)
        reference = features(frame, prominence(frame))
        out = fused_features.features(frame, prominence(frame))
        assert out.is_contiguous(memory_format=torch.channels_last)
        assert_close(out, reference, rtol=1e-6, atol=1e-6)
        with torch.autocast("cpu", torch.bfloat16):
            half = fused_features.features(frame, prominence(frame))
        assert torch.equal(half, out.bfloat16())  # to the nearest


@needs_numba
def test_what_is_chosen():
    frame = inputs(4, 6, (1, 1, 1))
    assert compiled.find("fused_features", frame).__name__ == "denoise.fused_features"
    assert compiled.find("fused_features", [*frame, frame.radiance.double()]) is None
    wanted = frame._replace(radiance=frame.radiance.requires_grad_())
    assert compiled.find("fused_features", wanted) is None
    with torch.no_grad():
        assert compiled.find("fused_features", wanted) is not None


KINDS = pytest.mark.parametrize(("kind", "error"), [(torch.bfloat16, 0.02), (torch.float32, 1e-5)])


@KINDS
def test_heads_as_planes_are_those_of_torch(kind, error):
    torch.manual_seed(0)
    head, x = Head(16, 12), torch.randn(2, 16, 5, 7).contiguous(memory_format=torch.channels_last)
    assert not head(x).any()
    torch.nn.init.normal_(head.weight, std=0.3)
    torch.nn.init.normal_(head.bias)
    with torch.inference_mode(), mixed(torch.device("cpu"), str(kind).removeprefix("torch.")):
        said, shuffled = head(x), head(x, shuffled=True)
    assert said.is_contiguous() and said.dtype is kind
    reference = torch.nn.functional.conv2d(x, head.weight, head.bias)
    assert_close(said.float(), reference, rtol=error, atol=error)
    assert_close(shuffled, torch.nn.functional.pixel_shuffle(said, 2))


@KINDS
def test_convolutions_at_once_are_those_of_torch(kind, error):
    torch.manual_seed(0)
    convolutions = build(ModelConfig(widths=(8, 8, 8), head=8)).down[0]
    x = torch.randn(1, 8, 9, 14).contiguous(memory_format=torch.channels_last)
    with mixed(torch.device("cpu"), str(kind).removeprefix("torch.")):
        reference = convolutions(x)
        with torch.inference_mode():
            at_once = convolutions(x)
    assert at_once.dtype is kind
    assert_close(at_once, reference, rtol=error, atol=error)
