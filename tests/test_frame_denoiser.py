import numpy as np
import OpenEXR
import pytest

from denoise.denoiser import Denoiser, Options
from denoise.errors import FrameError
from denoise.frame import Frame, Part
from tests.layer_samples import layered, light, off_sum, put, stack
from tests.test_denoiser import model  # noqa: F401  the fixture


@pytest.mark.parametrize("size", [(1, 1), (3, 7), (1, 40)])
@pytest.mark.parametrize("options", [Options(), Options(firefly_clamp=3)])
def test_tiny_frames(model, size, options):  # noqa: F811
    lights = {f"LG_{i}": light(*size, i) for i in range(2)}
    frame = layered(*size, lights)
    done, (report,) = Denoiser(model).denoise_frame(frame, options)
    assert report.groups[0].name == "LG_*" and off_sum(done, lights) <= 1
    assert done.parts[0].channels["R"].shape == size


def test_black_frames_stay_black(model):  # noqa: F811
    frame = layered(9, 14, {"LG_0": np.zeros((9, 14, 3), np.float32)})
    denoiser = Denoiser(model)
    for options in (Options(), Options(firefly_clamp=2), Options(passes=(frame,))):
        done, _ = denoiser.denoise_frame(frame, options)
        for name, pixels in frame.parts[0].channels.items():
            np.testing.assert_array_equal(done.parts[0].channels[name], pixels)


def test_attributes_say_what_was_done_and_the_preview_goes(model):  # noqa: F811
    preview = OpenEXR.PreviewImage(np.zeros((2, 3, 4), np.uint8))
    frame = layered(
        9, 14, {"LG_0": light(9, 14, 0), "LG_1": light(9, 14, 1)}, header={"preview": preview, "owner": "x"}
    )
    alone = Part({"preview": preview}, {"other.R": np.ones((9, 14), np.float16)})
    frame.parts.append(alone)
    done, _ = Denoiser(model).denoise_frame(frame)
    header = done.parts[0].header
    assert header["mcdenoise:roles"] == "R G B with albedo normal; along: LG_*"
    assert header["mcdenoise:model"] == "m.safetensors" and header["mcdenoise:version"]
    assert "preview" not in header and header["owner"] == "x"
    assert done.parts[1].header == alone.header  # nothing in it has changed
    assert "preview" in frame.parts[0].header


def test_what_was_denoised_is_not_denoised_again(model):  # noqa: F811
    frame = layered(9, 14, {"LG_0": light(9, 14, 0)})
    denoiser = Denoiser(model)
    done, _ = denoiser.denoise_frame(frame)
    with pytest.raises(FrameError, match="denoised already"):
        denoiser.denoise_frame(done)
    denoiser.denoise_frame(done, Options(force=True))


def test_each_view_layer_is_denoised_with_its_own_planes(model):  # noqa: F811
    channels = {}
    for index, view in enumerate(("Near", "Far")):
        put(channels, f"{view}.Combined", light(20, 31, index))
        put(channels, f"{view}.Denoising Albedo", light(20, 31, 9 + index).clip(0, 1))
    both, reports = Denoiser(model).denoise_frame(Frame([Part({}, channels)]))
    assert [report.used for report in reports] == [("albedo",), ("albedo",)]
    for view in ("Near", "Far"):
        own = {name: pixels for name, pixels in channels.items() if name.startswith(view)}
        alone, _ = Denoiser(model).denoise_frame(Frame([Part({}, own)]))
        np.testing.assert_array_equal(stack(both, f"{view}.Combined"), stack(alone, f"{view}.Combined"))


def test_extra_planes_come_before_the_frames_own(model):  # noqa: F811
    frame = layered(20, 31, {"LG_0": light(20, 31, 0)})
    other = np.random.default_rng(5).random((20, 31, 3), dtype=np.float32)
    denoiser = Denoiser(model)
    own, _ = denoiser.denoise_frame(frame)
    done, (report,) = denoiser.denoise_frame(frame, Options(extra={"albedo": other}))
    assert report.used == ("albedo", "normal")
    expected = denoiser.denoise(stack(frame, "").astype(np.float32), other, frame.parts[0].stack(("N.X", "N.Y", "N.Z")))
    np.testing.assert_allclose(stack(done, ""), expected, rtol=1e-3)
    assert not np.allclose(stack(own, ""), expected, rtol=1e-2)


def test_a_pass_may_lack_auxiliary_planes(model):  # noqa: F811
    lights = [{"LG_0": light(20, 31, 0) * np.float32(1 + seed / 9)} for seed in range(2)]
    full, bare = layered(20, 31, lights[0]), layered(20, 31, lights[1], aux=False)
    done, (report,) = Denoiser(model).denoise_frame(full, Options(passes=(bare,)))
    assert report.used == ("albedo", "normal") and report.passes == 2
    assert np.isfinite(stack(done, "")).all()


def test_values_beyond_half_are_clamped(model):  # noqa: F811
    frame = layered(9, 14, {"LG_0": np.full((9, 14, 3), 65504, np.float32)})
    done, _ = Denoiser(model).denoise_frame(frame)
    for name in ("", "LG_0"):
        assert stack(done, name).max() == 65504
