import numpy as np
import pytest
import torch

from denoise.checkpoint import save_model
from denoise.denoiser import Denoiser
from denoise.errors import FrameError, ModelError
from denoise.frame import Frame, Part
from denoise.network import KernelNetwork, ModelConfig


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """An untrained model whose kernels vary over the frame."""
    torch.manual_seed(3)
    network = KernelNetwork(ModelConfig(widths=(8, 8, 8), head=8, fine_kernel=3, kernel=3))
    for head in [network.full_head, *network.heads]:
        torch.nn.init.normal_(head.weight, std=0.3)
    path = tmp_path_factory.mktemp("model") / "m.safetensors"
    save_model(path, network, {})
    return path


def planes(height, width):
    rng = np.random.default_rng(0)
    return {
        "beauty": rng.lognormal(0, 1.5, (height, width, 3)).astype(np.float32),
        "albedo": rng.random((height, width, 3), dtype=np.float32),
        "normal": rng.random((height, width, 3), dtype=np.float32) * 2 - 1,
        "variance": rng.random((height, width, 3), dtype=np.float32),
    }


@pytest.mark.parametrize("size", [(131, 217), (1, 1), (3, 7), (250, 33)])
@pytest.mark.parametrize("tile", [8, 40, 104])
def test_tiles_agree_with_the_whole(model, size, tile):
    frame = planes(*size)
    whole = Denoiser(model, tile=0).denoise(**frame)
    tiled = Denoiser(model, tile=tile).denoise(**frame)
    assert whole.shape == (*size, 3) and whole.dtype == np.float32
    np.testing.assert_allclose(tiled, whole, rtol=1e-4)


@pytest.mark.parametrize(("precision", "near"), [("float32", 1e-5), ("auto", 1e-3)])
def test_exposure_comes_out_as_it_went_in(model, precision, near):
    frame = planes(35, 51)  # none of whose values lies where rounding makes another byte of it
    denoiser = Denoiser(model, precision=precision)
    once = denoiser.denoise(**frame)
    thousand = denoiser.denoise(frame["beauty"] * 1000, frame["albedo"], frame["normal"], frame["variance"] * 1e6)
    np.testing.assert_allclose(thousand, once * 1000, rtol=near)


def test_every_input_is_optional_and_used(model):
    frame = planes(37, 53)
    denoiser = Denoiser(model)
    full = denoiser.denoise(**frame)
    for name in ("albedo", "normal", "variance"):
        without = denoiser.denoise(**{**frame, name: None})
        assert np.isfinite(without).all()
        assert not np.allclose(without, full, rtol=1e-3)


def test_black_and_constant_frames(model):
    denoiser = Denoiser(model)
    black = np.zeros((19, 23, 3), np.float32)
    np.testing.assert_array_equal(denoiser.denoise(black), black)
    np.testing.assert_allclose(denoiser.denoise(black + 7), black + 7, rtol=1e-5)


def test_planes_may_be_flipped_and_read_only(model):
    frame = planes(12, 20)
    expected = Denoiser(model).denoise(**{name: plane[::-1].copy() for name, plane in frame.items()})
    for plane in frame.values():
        plane.setflags(write=False)
    np.testing.assert_array_equal(Denoiser(model).denoise(**{k: v[::-1] for k, v in frame.items()}), expected)
    assert np.isfinite(Denoiser(model).denoise(**frame)).all()


def test_wrong_planes_are_refused(model):
    denoiser, frame = Denoiser(model), planes(5, 7)
    with pytest.raises(FrameError, match=r"albedo has shape \(5, 6, 3\)"):
        denoiser.denoise(frame["beauty"], frame["albedo"][:, :6])
    with pytest.raises(FrameError, match="beauty has shape"):
        denoiser.denoise(frame["beauty"][..., 0])
    frame["beauty"][2, 3, 1] = np.nan
    with pytest.raises(FrameError, match="NaN"):
        denoiser.denoise(frame["beauty"])


def test_device_that_is_not_there(model):
    if torch.cuda.is_available():
        pytest.skip("this machine has a CUDA device")
    with pytest.raises(ModelError, match="cuda: not available"):
        Denoiser(model, device="cuda")


def test_frame_keeps_everything_but_the_beauty(model):
    frame = planes(21, 34)
    channels = {
        "A": np.ones((21, 34), np.float16),
        **{c: frame["beauty"][..., i].astype(np.float16) for i, c in enumerate("RGB")},
        **{f"albedo.{c}": frame["albedo"][..., i].astype(np.float16) for i, c in enumerate("RGB")},
        "id": np.arange(21 * 34, dtype=np.uint32).reshape(21, 34),
    }
    channels["G"][4, 5] = np.nan
    given = Frame([Part({"owner": "a studio"}, dict(channels))])
    done, reports = Denoiser(model).denoise_frame(given)

    part = done.parts[0]
    assert list(part.channels) == list(channels)
    for name, pixels in channels.items():
        assert part.channels[name].dtype == pixels.dtype
        assert np.array_equal(part.channels[name], pixels) == (name not in "RGB")
        assert given.parts[0].channels[name] is pixels
    assert np.isfinite(part.channels["G"]).all()
    assert reports[0].used == ("albedo",) and reports[0].repairs.nan == 1
    assert part.header["owner"] == "a studio" and part.header["mcdenoise:roles"] == "R G B with albedo"
