import numpy as np
import pytest
import torch

from denoise.checkpoint import save_model
from denoise.denoiser import Denoiser, Options
from denoise.errors import FrameError
from denoise.filtering import Guide, filter_frame
from denoise.frame import Frame, Part
from denoise.layers import Channels
from denoise.network import DirectNetwork, ModelConfig, build
from denoise.passes import check_pass, halves, merge_auxiliary, spread
from tests.layer_samples import layered, light, off_sum, put, stack
from tests.test_denoiser import model  # noqa: F401  the fixture

SIZE = (45, 71)
BEAUTY = Channels(0, ("R", "G", "B"))


def render(seed, size=SIZE, **options):
    """A pass: two lights whose noise is of this seed, in the same picture."""
    lights = {}
    for index in range(2):
        quiet = light(*size, index) * 0 + (0.5 + 2 * index)
        lights[f"LG_{index}"] = (quiet * np.random.default_rng([seed, index]).gamma(2, 0.5, quiet.shape)).astype(
            np.float32
        )
    return layered(*size, lights, seed=100 + seed, **options)


def test_spread_by_hand():
    a, b = np.full((1, 1, 3), 3.0, np.float32), np.full((1, 1, 3), 7.0, np.float32)
    np.testing.assert_allclose(spread([a, b]), 4)  # of the mean 5: (4 + 4) / (2 * 1)
    np.testing.assert_allclose(spread([a, b, b]), (64 / 9 + 2 * 16 / 9) / 6, rtol=1e-6)


def test_spread_is_the_variance_of_the_mean():
    rng = np.random.default_rng(0)
    for count in (2, 3, 5):
        passes = [rng.normal(9, 2, (200, 200, 3)).astype(np.float32) for _ in range(count)]
        np.testing.assert_allclose(spread(passes).mean(), 4 / count, rtol=0.02)


@pytest.mark.parametrize("quality", ["default", "best"])
@pytest.mark.parametrize("count", [1, 2])
def test_a_pixel_whose_square_is_too_large_for_float32_leaves_no_nan(model, quality, count):  # noqa: F811
    a, *others = (render(seed, dtype=np.float32) for seed in range(count))
    a.parts[0].channels["R"][20, 30] = 1e25
    done, _ = Denoiser(model, quality=quality).denoise_frame(a, Options(passes=tuple(others)))
    assert all(np.isfinite(plane).all() for plane in done.parts[0].channels.values())


def test_halves_are_means_of_every_second_pass():
    passes = [torch.full((3, 2, 3), value) for value in (1.0, 10.0, 3.0, 30.0, 5.0)]
    assert [half.max() for half in halves(passes)] == [3, 20]
    assert halves(passes[:1])[0] is passes[0]


def test_auxiliary_planes_of_several_passes():
    def plane(value):
        return np.full((2, 3, 3), value, np.float32)

    first = {"albedo": plane(0.2), "normal": plane(-1), "variance": plane(4)}
    second = {"albedo": plane(0.4), "variance": plane(8)}
    merged = merge_auxiliary([first, second])
    assert {name: float(values.max()) for name, values in merged.items()} == pytest.approx(
        {"albedo": 0.3, "normal": -1, "variance": 3}
    )
    assert "variance" not in merge_auxiliary([first, {"albedo": plane(0)}])  # not of both, so not of the mean
    assert first["albedo"].max() == np.float32(0.2)
    assert merge_auxiliary([first])["variance"] is first["variance"]


def test_passes_that_do_not_fit_are_refused():
    frame = render(0)
    check_pass(frame, render(1), [BEAUTY])
    with pytest.raises(FrameError, match=r"has 71x44 pixels at 0,0, the frame 71x45 at 0,0; give"):
        check_pass(frame, render(1, size=(44, 71)), [BEAUTY])
    moved = render(1, header={"dataWindow": ((5, 0), (75, 44))})
    with pytest.raises(FrameError, match="has 71x45 pixels at 5,0"):
        check_pass(frame, moved, [BEAUTY])
    with pytest.raises(FrameError, match="has no LG_9.R in part 0"):
        check_pass(frame, render(1), [BEAUTY, Channels(0, ("LG_9.R",))])
    with pytest.raises(FrameError, match="has no R, G, B in part 0"):
        check_pass(frame, Frame([]), [BEAUTY])
    with pytest.raises(FrameError, match="same noise.*another seed"):
        check_pass(frame, render(0), [BEAUTY])
    with pytest.raises(FrameError, match=r"^the pass b\.exr has the same noise"):
        check_pass(frame, render(0), [BEAUTY], "the pass b.exr")
    black = Frame([Part({}, {c: np.zeros((3, 5), np.float16) for c in "RGB"})])
    check_pass(black, black, [BEAUTY])


def test_passes_without_files_are_told_by_their_number(model):  # noqa: F811
    with pytest.raises(FrameError, match="^pass 3 has 71x44 pixels"):
        Denoiser(model).denoise_frame(render(0), Options(passes=(render(1), render(2, size=(44, 71)))))


@pytest.mark.parametrize("count", [2, 3])
def test_passes_together_are_nearer_the_truth_than_each(model, count):  # noqa: F811
    frames = [render(seed) for seed in range(count)]
    denoiser = Denoiser(model)
    truth = 3.0
    alone = [np.square(stack(denoiser.denoise_frame(one)[0], "") / truth - 1).mean() for one in frames]
    done, (report,) = denoiser.denoise_frame(frames[0], Options(passes=tuple(frames[1:])))
    assert np.square(stack(done, "") / truth - 1).mean() < min(alone) / 1.5
    assert report.passes == count and str(report).startswith(f"R G B of {count} passes with albedo normal")


@pytest.mark.parametrize("tile", [0, 32])
def test_layers_of_both_passes_sum_to_the_beauty(model, tile):  # noqa: F811
    a, b = render(0), render(1)
    b.parts[0].channels["LG_1.R"][4, 5] = b.parts[0].channels["R"][4, 5] = np.inf
    done, (report,) = Denoiser(model, tile=tile).denoise_frame(a, Options(passes=(b,)))
    assert [group.name for group in report.groups] == ["LG_*"]
    assert off_sum(done, ["LG_0", "LG_1"]) <= 1


def test_tiles_of_two_passes_agree_with_the_whole(model):  # noqa: F811
    a, b = render(0, dtype=np.float32), render(1, dtype=np.float32)
    whole, tiled = (Denoiser(model, tile=tile).denoise_frame(a, Options(passes=(b,)))[0] for tile in (0, 32))
    for name in ("", "LG_0", "LG_1"):
        np.testing.assert_allclose(stack(tiled, name), stack(whole, name), rtol=2e-4)


def test_views_are_told_a_variance_but_the_first_of_a_single_frame():
    frames = [light(45, 71, seed) for seed in range(3)]
    network = build(ModelConfig(widths=(8, 8), head=8))
    told, predict = [], network.predict

    def watched(inputs):
        told.append(inputs.present[0].tolist())
        return predict(inputs)

    network.predict = watched
    for count, looks, expected in ((1, 4, [0, *[1] * 4]), (2, 1, [1] * 3), (2, 4, [1] * 4), (3, 1, [1] * 3)):
        told.clear()
        guide = Guide(tuple(frames[:count]))
        filter_frame(network, torch.device("cpu"), "float32", 0, guide, lambda *_: None, looks=looks)
        assert told == [[0, 0, variance] for variance in expected]


@pytest.mark.parametrize("count", [2, 3])
def test_with_quality_best_passes_are_averaged_first(model, count, unheld):  # noqa: F811
    frames = [render(seed, dtype=np.float32, aux=False) for seed in range(count)]
    denoiser = Denoiser(model, quality="best")
    done, (report,) = denoiser.denoise_frame(frames[0], Options(passes=tuple(frames[1:])))
    each = [one.parts[0].channels for one in frames]
    mean = {name: sum(more[name] for more in each) / np.float32(count) for name in each[0] if name not in ("Z", "id")}
    put(mean, "variance", spread([stack(one, "") for one in frames]), np.float32)
    alone, _ = denoiser.denoise_frame(Frame([Part({}, mean)]))
    assert report.passes == count
    for name in ("", "LG_0", "LG_1"):
        np.testing.assert_allclose(stack(done, name), stack(alone, name), rtol=1e-5)


def test_header_and_all_else_are_those_of_the_first_pass(model):  # noqa: F811
    a, b = render(0, header={"owner": "first"}), render(1, header={"owner": "second"})
    done, _ = Denoiser(model).denoise_frame(a, Options(passes=(b,)))
    assert done.parts[0].header["owner"] == "first"
    for name in ("Z", "id", "albedo.R", "N.X"):
        assert done.parts[0].channels[name] is a.parts[0].channels[name]
    assert not np.array_equal(a.parts[0].channels["albedo.R"], b.parts[0].channels["albedo.R"])


@pytest.mark.parametrize(("size", "share"), [(1, 0.75), (2, 1 / 100), (3, 1 / 300)])
def test_fireflies_of_one_pass_count_less_than_averaged_first(model, size, share):  # noqa: F811
    a, b = render(0), render(1)
    for c in ("R", "G", "B", "LG_1.R", "LG_1.G", "LG_1.B"):
        a.parts[0].channels[c][20 : 20 + size, 20 : 20 + size] = 4000  # a single one hardly counts for either
    denoiser = Denoiser(model)
    both = stack(denoiser.denoise_frame(a, Options(passes=(b,)))[0], "")
    first = Frame([Part({}, dict(a.parts[0].channels))])
    put(first.parts[0].channels, "", (stack(a, "") + stack(b, "")) / 2)
    mean = stack(denoiser.denoise_frame(first, Options(layers=()))[0], "")
    assert both.max() < mean.max() * share


def test_a_model_without_kernels_averages_what_it_makes_of_each(tmp_path, unheld):
    torch.manual_seed(0)
    path = tmp_path / "direct.safetensors"
    config = ModelConfig(network="direct")
    save_model(path, DirectNetwork(config), {})
    denoiser = Denoiser(path)
    a, b = render(0, aux=False), render(1, aux=False)
    done, (report,) = denoiser.denoise_frame(a, Options(passes=(b,)))
    alone = [stack(denoiser.denoise_frame(one)[0], "") for one in (a, b)]
    np.testing.assert_allclose(stack(done, ""), sum(alone) / 2, rtol=0.1, atol=0.05)
    assert report.groups == ()
    with pytest.raises(FrameError, match="predicts no kernels"):
        denoiser.denoise_frame(a, Options(layers=("LG_0",)))
