import numpy as np
import pytest
import torch
from click.testing import CliRunner

from denoise.checkpoint import load_model
from denoise.cli import main
from denoise.denoiser import Denoiser, Options
from denoise.exr import read_frame, write_frame
from denoise.variance import smoothed
from denoise.views import VIEWS, View
from tests.layer_samples import off_sum, stack
from tests.test_denoiser import model, planes  # noqa: F401  model is a fixture
from tests.test_passes import render


def smoothed_plane(plane):
    return smoothed(torch.from_numpy(plane).permute(2, 0, 1)[None])[0].permute(1, 2, 0).numpy()


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("size", [(1, 1), (3, 7), (16, 32)])
def test_back_undoes_hold(view, size):
    plane = torch.rand(2, 3, *size)
    held = view.hold(plane, 8)
    assert not any(side % 8 for side in held.shape[-2:])
    assert torch.equal(view.back(held, *size), plane)


def test_views_by_hand():
    plane = torch.tensor([[[[1.0, 2, 3], [4, 5, 6]]]])
    assert [view.hold(plane, 1)[0, 0].tolist() for view in VIEWS] == [
        [[1, 2, 3], [4, 5, 6]],
        [[6, 5, 4, 4], [3, 2, 1, 1], [3, 2, 1, 1]],
        [[1, 1, 4], [2, 2, 5], [3, 3, 6]],
        [[6, 3], [5, 2], [4, 1], [4, 1]],
    ]
    assert View().hold(plane, 4)[0, 0].tolist() == [[1, 2, 3, 3], *[[4, 5, 6, 6]] * 3]
    colours = torch.tensor([1.0, 2, 3])[None, :, None, None]
    assert [view.hold(colours, 1)[0, :, 0, 0].tolist() for view in VIEWS] == [
        [1, 2, 3],
        [3, 1, 2],
        [2, 3, 1],
        [3, 1, 2],
    ]


def test_views_see_each_edge_in_every_place_of_a_block():
    assert {(view.down % 2, view.right % 2) for view in VIEWS} == {(0, 0), (0, 1), (1, 0), (1, 1)}


def test_best_is_the_mean_over_the_views(model, unheld, monkeypatch):  # noqa: F811
    monkeypatch.setattr("denoise.filtering.exposure", lambda brightness: torch.ones(1, 1, 1, 1))  # edges repeated count
    frame = planes(48, 32)
    frame["beauty"] = frame["beauty"].clip(0.5, 1)  # nowhere three times as bright in one view as in another
    best = Denoiser(model, quality="best").denoise(**frame)
    frame["variance"] = smoothed_plane(frame["variance"])
    each, align = [], load_model(model)[0].align
    for view in VIEWS:
        held = {
            name: view.hold(torch.from_numpy(plane).permute(2, 0, 1)[None], align)[0].permute(1, 2, 0).numpy()
            for name, plane in frame.items()
        }
        out = torch.from_numpy(Denoiser(model).denoise(**held)).permute(2, 0, 1)[None]
        each.append(view.back(out, 48, 32)[0].permute(1, 2, 0).numpy())
    np.testing.assert_allclose(best, np.mean(each, 0), rtol=1e-4)
    assert not np.allclose(best, each[0], rtol=0.01)


def test_at_best_a_frame_without_a_variance_has_what_a_first_look_takes_away(model, unheld):  # noqa: F811
    frame = planes(48, 32)
    del frame["variance"]
    removed = (frame["beauty"] - Denoiser(model).denoise(**frame)) ** 2
    best = Denoiser(model, quality="best")
    np.testing.assert_allclose(best.denoise(**frame), best.denoise(**frame, variance=removed), rtol=1e-5)
    assert not np.allclose(best.denoise(**frame), best.denoise(**frame, variance=removed * 9), rtol=1e-3)


@pytest.mark.parametrize("known", [("albedo", "normal", "variance"), ("albedo", "normal")])
def test_tiles_agree_with_the_whole_in_all_views(model, known):  # noqa: F811
    frame = {name: plane for name, plane in planes(61, 53).items() if name in ("beauty", *known)}
    whole, tiled = (Denoiser(model, tile=tile, quality="best").denoise(**frame) for tile in (0, 32))
    np.testing.assert_allclose(tiled, whole, rtol=2e-4)


@pytest.mark.parametrize("passes", [1, 2])
def test_layers_sum_to_the_beauty_at_best(model, passes):  # noqa: F811
    others = tuple(render(seed) for seed in range(1, passes))
    done, _ = Denoiser(model, quality="best").denoise_frame(render(0), Options(passes=others))
    assert off_sum(done, ["LG_0", "LG_1"]) <= 1


def test_quality_on_the_command_line(model, tmp_path):  # noqa: F811
    source, out = tmp_path / "f.exr", tmp_path / "best.exr"
    write_frame(source, render(0))
    result = CliRunner().invoke(main, [str(source), "-o", str(out), "--model", str(model), "--quality", "best"])
    assert result.exit_code == 0, result.output
    expected = Denoiser(model, quality="best").denoise_frame(read_frame(source))[0]
    np.testing.assert_array_equal(stack(read_frame(out), ""), stack(expected, ""))
