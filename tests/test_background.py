import numpy as np
import pytest
import torch

from denoise.background import empty
from denoise.denoiser import Denoiser
from denoise.filtering import Guide, filter_frame
from denoise.frame import Frame, Part
from denoise.network import ModelConfig, build
from denoise.options import Options
from tests.test_denoiser import model  # noqa: F401


def planes(height=40, width=60):
    """A lit square in an empty frame: beauty and normal, (H, W, 3)."""
    beauty, normal = np.zeros((2, height, width, 3), np.float32)
    beauty[10:30, 20:40] = np.random.default_rng(0).exponential(1, (20, 20, 3))
    normal[10:30, 20:40, 2] = 1
    return beauty, normal


def test_the_background_is_what_is_three_pixels_away():
    beauty, normal = planes()
    expected = np.ones((40, 60), bool)
    expected[7:33, 17:43] = False
    np.testing.assert_array_equal(empty([beauty], normal, None), expected)


def test_a_pixel_that_was_hit_is_none_however_black():
    beauty, normal = planes()
    beauty[10:30, 20:30] = 0
    np.testing.assert_array_equal(empty([beauty], normal, None), empty([planes()[0]], normal, None))


def test_alpha_tells_it_too_and_both_have_to_agree():
    beauty, normal = planes()
    covered = normal.any(-1)
    np.testing.assert_array_equal(empty([beauty], None, covered), empty([beauty], normal, None))
    covered[:, :20] = True  # a volume, which has no normal
    both = empty([beauty], normal, covered)
    np.testing.assert_array_equal(both, empty([beauty], None, covered))
    assert not both[:, :20].any() and both.any()
    assert empty([beauty], normal, np.ones_like(covered)) is None


def test_without_normals_and_alpha_it_cannot_be_told():
    assert empty([planes()[0]], None, None) is None


def test_nor_where_a_pass_has_light_that_hit_nothing():
    beauty, normal = planes()
    star = beauty.copy()
    star[2, 50, 1] = 1e-3
    assert empty([beauty, star], normal, None) is None
    assert empty([beauty, beauty], normal, None) is not None


def test_a_frame_full_of_things_has_none():
    beauty, normal = planes()
    assert empty([beauty], np.ones_like(normal), None) is None


@pytest.mark.parametrize("tile", [0, 8])
@pytest.mark.parametrize("quality", ["default", "best"])
def test_no_light_leaks_there(model, tile, quality, unheld):  # noqa: F811
    beauty, normal = planes()
    nothing = empty([beauty], normal, None)
    denoiser = Denoiser(model, tile=tile, quality=quality)
    leaking = denoiser.denoise(beauty)
    assert leaking[nothing].max() > 0
    denoised = denoiser.denoise(beauty, normal=normal)
    assert (denoised[nothing] == 0).all()
    assert denoised[~nothing].min() > 0


def test_nor_into_layers():
    beauty, normal = planes()
    torch.manual_seed(0)
    network = build(ModelConfig(widths=(8, 8), head=8)).eval()
    out = np.empty((2, *beauty.shape), np.float32)

    def put(index, tile, image):
        out[index][tile.place] = image.permute(1, 2, 0)

    def layers(crop):
        return [[torch.from_numpy(beauty[crop] / 3).permute(2, 0, 1)]]

    filter_frame(network, torch.device("cpu"), "float32", 0, Guide((beauty,), {"normal": normal}), put, layers)
    np.testing.assert_allclose(out[1], out[0] / 3, rtol=1e-5)
    assert (out[:, empty([beauty], normal, None)] == 0).all() and (out > 0).any()


def test_a_frame_with_alpha_has_no_light_where_nothing_is(model):  # noqa: F811
    beauty, normal = planes()
    hit = normal.any(-1)
    colour = {name: beauty[..., i] for i, name in enumerate("RGB")}
    first = {**colour, "A": normal[..., 2]}
    second = {name: np.roll(pixels, 5, 1) for name, pixels in first.items()}
    denoiser = Denoiser(model)
    for parts, nothing in (
        ([first], empty([beauty], None, hit)),
        ([first, second], empty([beauty], None, hit | np.roll(hit, 5, 1))),
        ([first, {name: 2 * pixels for name, pixels in colour.items()}], empty([beauty], None, hit)),
    ):
        with_alpha, without = (
            denoise_first([{name: part[name] for name in names if name in part} for part in parts], denoiser)
            for names in ("RGBA", "RGB")
        )
        assert without[nothing].max() > 0
        np.testing.assert_array_equal(with_alpha, np.where(nothing[..., None], 0, without))


def denoise_first(parts, denoiser):
    """(H, W, 3) the beauty of the first of several passes, denoised with the others."""
    frame, *passes = (Frame([Part({}, channels)]) for channels in parts)
    done, _ = denoiser.denoise_frame(frame, Options(passes=tuple(passes)))
    return done.parts[0].stack(("R", "G", "B"))
