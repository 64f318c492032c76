import numpy as np
import pytest
import torch
from click.testing import CliRunner

from denoise.cli import main
from denoise.denoiser import Denoiser, Options
from denoise.exr import read_frame, write_frame
from denoise.orientations import ORIENTATIONS, Orientation
from tests.layer_samples import off_sum, stack
from tests.test_denoiser import model, planes  # noqa: F401  model is a fixture
from tests.test_passes import render


@pytest.mark.parametrize("orientation", [*ORIENTATIONS, Orientation(flip_x=True), Orientation(True, True, False)])
def test_back_undoes_turn(orientation):
    plane = torch.rand(2, 3, 5, 8)
    turned = orientation.turn(plane)
    assert turned.shape[-2:] == ((8, 5) if orientation.transposed else (5, 8))
    assert torch.equal(orientation.back(turned), plane)


def test_turns_by_hand():
    plane = torch.tensor([[1, 2, 3], [4, 5, 6]])
    turned = [orientation.turn(plane).tolist() for orientation in ORIENTATIONS]
    assert turned == [
        [[1, 2, 3], [4, 5, 6]],
        [[6, 5, 4], [3, 2, 1]],
        [[1, 4], [2, 5], [3, 6]],
        [[6, 3], [5, 2], [4, 1]],
    ]


def test_best_is_the_mean_over_the_orientations(model):  # noqa: F811
    frame = planes(48, 32)  # on the network's grid, so that padding is the same whichever way it is turned
    best = Denoiser(model, quality="best").denoise(**frame)
    each = []
    for orientation in ORIENTATIONS:
        turned = {
            name: orientation.turn(torch.from_numpy(plane).permute(2, 0, 1)).permute(1, 2, 0).numpy()
            for name, plane in frame.items()
        }
        out = torch.from_numpy(Denoiser(model).denoise(**turned)).permute(2, 0, 1)
        each.append(orientation.back(out).permute(1, 2, 0).numpy())
    np.testing.assert_allclose(best, np.mean(each, 0), rtol=1e-4)
    assert not np.allclose(best, each[0], rtol=0.01)


def test_tiles_agree_with_the_whole_in_all_orientations(model):  # noqa: F811
    frame = planes(61, 53)
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
