"""The demos from end to end, at a size that takes seconds."""

import io
from pathlib import Path

import imageio.v3 as iio
import numpy as np
import pytest
import torch
from rich.console import Console

from denoise.checkpoint import load_model, save_model
from denoise.errors import FrameError
from denoise.exr import read_frame
from denoise.frame import Frame, Part
from denoise.network import KernelNetwork, ModelConfig
from denoise.pairs import open_pairs, view_planes
from denoise.train import TrainConfig
from denoise.training_log import read_log
from denoise.training_state import state_path
from tools import noise2noise
from tools.commands import run
from tools.demo import SCENE, average, make_demo
from tools.noise2noise import Data, make_train_demo
from tools.reference import REFERENCES, half_path, is_current, read_reference, render_reference

BOX = Path(__file__).parents[1] / "scenes" / "sphere-box.xml"
SMALL = ModelConfig(widths=(8, 8), head=8, kernel=3)


@pytest.fixture(scope="module")
def reference(tmp_path_factory):
    folder = tmp_path_factory.mktemp("reference")
    render_reference(BOX, folder, "48x27", 64, Console(file=io.StringIO()))
    return folder


def test_the_committed_reference_is_of_the_scene_as_it_is():
    first, second, spp = read_reference(REFERENCES, SCENE)
    assert first.shape == second.shape == (270, 480, 3) and spp >= 256
    assert is_current(REFERENCES, SCENE)
    assert all(half_path(REFERENCES, SCENE, index).stat().st_size < 1e6 for index in (0, 1))


def test_the_halves_of_a_reference_are_independent_and_agree(reference):
    first, second, spp = read_reference(reference, BOX)
    assert spp == 64 and first.shape == (27, 48, 3)
    assert not np.array_equal(first, second)
    assert abs(first.mean() / second.mean() - 1) < 0.05
    assert is_current(reference, BOX)


def test_a_reference_that_is_not_there_is_named(tmp_path):
    with pytest.raises(FrameError, match="sphere-box.ref1.exr"):
        read_reference(tmp_path, BOX)


def test_demo(reference, tmp_path):
    torch.manual_seed(0)
    model = tmp_path / "untrained.safetensors"
    save_model(model, KernelNetwork(SMALL), {})
    folder, output = tmp_path / "demo", io.StringIO()
    (folder / "passes").mkdir(parents=True)
    (folder / "passes" / "stale.exr").touch()

    scores = make_demo(folder, Console(file=output, width=100), BOX, reference, spp=4, model=model)

    (view,) = open_pairs(folder / "passes")
    assert [record.spp for record in view.passes] == [4, 4]
    assert not (folder / "passes" / "stale.exr").exists()
    noisy = [view_planes(view, index)["radiance"] for index in (0, 1)]
    part = read_frame(folder / "clean.exr").parts[0]
    clean = part.stack(("R", "G", "B"))
    assert clean.shape == (27, 48, 3)
    assert abs(clean.mean() / np.mean(noisy) - 1) < 0.2
    assert "variance.R" not in part.channels and "albedo.R" in part.channels
    assert "2 passes" in part.header["mcdenoise:average"]

    one_noisy, both_noisy, one_clean, both_clean = scores
    assert both_noisy.relmse < one_noisy.relmse
    assert both_clean.relmse < one_clean.relmse
    assert iio.imread(folder / "side-by-side.png").shape[1] == 3 * (5 * 48 + 8) + 8
    text = output.getvalue()
    assert text.count("$ ") == 2 and "mcdenoise" in text
    for one in scores:
        assert one.name in text and f"{one.relmse:.4f}" in text and f"{one.psnr:.2f}" in text


def test_average_by_hand():
    one = Frame([Part({"owner": "a studio"}, {"R": np.full((2, 3), 1, np.float16), "variance.R": np.ones((2, 3))})])
    other = Frame([Part({}, {"R": np.full((2, 3), 4, np.float16), "variance.R": np.ones((2, 3))})])
    part = average([one, other]).parts[0]
    assert part.header["owner"] == "a studio" and list(part.channels) == ["R"]
    assert part.channels["R"].dtype == np.float16 and (part.channels["R"] == 2.5).all()


def test_train_demo_goes_on_after_an_interruption_and_begins_anew_after_the_end(tmp_path, monkeypatch):
    data = Data(scene=BOX, size="48x27", views=3, spp=2, reference_spp=16)
    training = TrainConfig(steps=16, batch=2, crop=32, warmup=2, validate_every=8)
    folder, console = tmp_path / "training", Console(file=io.StringIO(), width=100)
    model = folder / "model.safetensors"

    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(noise2noise, "draw_curve", interrupted)  # all is done but the end
    with pytest.raises(KeyboardInterrupt):
        make_train_demo(tmp_path, console, data, training, SMALL)
    assert state_path(model).exists()
    monkeypatch.undo()
    looks = sorted(path.name for path in folder.glob("after-*.exr"))
    assert looks == ["after-1-steps.exr", "after-16-steps.exr", "after-4-steps.exr"]
    times = [path.stat().st_mtime_ns for path in (folder / "pairs").glob("*.exr")]

    scores = make_train_demo(tmp_path, console, data, training, SMALL)

    assert [path.stat().st_mtime_ns for path in (folder / "pairs").glob("*.exr")] == times
    assert [one.name for one in scores] == ["noisy, 2 spp"] + [f"after {n} steps of training" for n in (1, 4, 16)]
    assert scores[-1].relmse < scores[0].relmse
    assert load_model(model)[1]["steps"] == 16 and load_model(model)[1]["held_out_views"] == 1
    assert [record["step"] for record in read_log(model.with_suffix(".jsonl")) if "val_db" in record] == [8, 16]
    assert iio.imread(folder / "before-after.png").shape[1] == 5 * (5 * 48 + 8) + 8
    assert iio.imread(folder / "curve.png").ndim == 3
    assert not state_path(model).exists()


def test_a_command_that_fails_ends_the_tool_with_its_status(tmp_path, capfd):
    output = io.StringIO()
    with pytest.raises(SystemExit) as ended:
        run(Console(file=output, width=40), "mcdenoise", tmp_path / "not there.exr")
    assert ended.value.code == 1
    assert "not there.exr" in capfd.readouterr().err
    assert output.getvalue() == f"$ mcdenoise '{tmp_path}/not there.exr'\n"
