"""Short real trainings on real passes: they learn, repeat, resume, and stop where they must."""

import dataclasses
import json
import math
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner

from denoise.checkpoint import load_model, load_state, save_model
from denoise.data import StoredView, load_views
from denoise.denoiser import Denoiser
from denoise.errors import PairsError, TrainingError
from denoise.metrics import relmse
from denoise.network import ModelConfig, build
from denoise.pairs import open_pairs, view_planes
from denoise.train import TrainConfig, train
from denoise.training_cli import main
from denoise.training_log import draw_curve, read_log
from denoise.training_state import state_path
from denoise.yardsticks import measured_by

ROOT = Path(__file__).parent.parent
SMALL = ModelConfig(widths=(8, 8, 8), head=8, kernel=3)
QUICK = TrainConfig(steps=6, batch=2, crop=32, warmup=2, validate_every=3)
CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def views(tiny_pairs):
    stored = load_views(open_pairs(tiny_pairs))
    return [dataclasses.replace(view, held_out=i == 0) for i, view in enumerate(stored)]


def weights(path):
    return load_model(path)[0].state_dict()


def same(a, b):
    return all(torch.equal(a[name], b[name]) for name in a)


def test_the_same_seed_gives_the_same_weights(views, tmp_path):
    for name, seed in (("a", 4), ("b", 4), ("c", 5)):
        config = dataclasses.replace(QUICK, seed=seed)
        list(train(config, SMALL, views, tmp_path / f"{name}.safetensors", CPU, {}))
    a, b, c = (weights(tmp_path / f"{name}.safetensors") for name in "abc")
    assert same(a, b) and not same(a, c)


def test_a_stopped_training_resumes_to_the_same_weights(views, tmp_path):
    whole, parts = tmp_path / "whole.safetensors", tmp_path / "parts.safetensors"
    list(train(QUICK, SMALL, views, whole, CPU, {}))
    records = train(QUICK, SMALL, views, parts, CPU, {})
    for record in records:
        if record["step"] == 2:
            records.close()
    assert load_state(state_path(parts))[1]["step"] == 2
    steps = [record["step"] for record in train(QUICK, SMALL, views, parts, CPU, {}, resume=True)]
    assert steps == [3, 4, 5, 6]
    assert same(weights(whole), weights(parts))


def test_resume_with_other_settings_is_refused(views, tmp_path):
    out = tmp_path / "m.safetensors"
    list(train(QUICK, SMALL, views, out, CPU, {}))
    other = dataclasses.replace(QUICK, batch=3, steps=8)
    with pytest.raises(TrainingError, match="batch 2, not 3"):
        list(train(other, SMALL, views, out, CPU, {}, resume=True))
    with pytest.raises(TrainingError, match="another network"):
        wider = dataclasses.replace(SMALL, head=16)
        list(train(dataclasses.replace(QUICK, steps=8), wider, views, out, CPU, {}, resume=True))


def test_records_and_validation(views, tmp_path):
    records = list(train(QUICK, SMALL, views, tmp_path / "m.safetensors", CPU, {"data": ["tiny"]}))
    assert [record["step"] for record in records if "val_db" in record] == [3, 6]
    assert records[-1]["pixels"] == 6 * 2 * 32 * 32 and records[-1]["progress"] == 1
    assert all(0 <= record["waited"] < 1 for record in records)
    provenance = load_model(tmp_path / "m.safetensors")[1]
    assert provenance["steps"] == 6 and provenance["data"] == ["tiny"] and provenance["loss"] == "log-l2"


def test_a_nan_stops_with_the_name_of_the_view_and_keeps_the_last_checkpoint(views, tmp_path):
    out = tmp_path / "m.safetensors"
    list(train(QUICK, SMALL, views, out, CPU, {}))
    before = out.read_bytes()
    broken = views[1].passes.copy()
    broken[:, :3, 1:, 1:] = np.inf  # from the second pixel on: the first says which planes there are
    broken[:, 9:] = np.nan
    spoiled = [StoredView("set/broken", broken, np.full(4, 2, np.float32), held_out=False), views[2]]
    with pytest.raises(TrainingError, match=r"^set/broken: the loss became NaN"):
        list(train(dataclasses.replace(QUICK, steps=60), SMALL, spoiled, out, CPU, {}, resume=True))
    assert out.read_bytes() == before


def test_a_nan_in_a_pass_is_refused_by_name(tmp_path):
    from denoise.exr import read_frame, write_frame
    from denoise.frame import Frame, Part

    for name in ("shot.0001.passA.exr", "shot.0001.passB.exr"):
        channels = {c: np.full((9, 13), 0.5, np.float16) for c in "RGB"}
        channels["G"][4, 4] = np.nan
        write_frame(tmp_path / name, Frame([Part({}, channels)]))
    assert read_frame(tmp_path / "shot.0001.passA.exr").parts[0].size == (9, 13)
    with pytest.raises(PairsError, match=r"shot.0001.passA.exr \(view shot.0001\): NaN or Inf"):
        load_views(open_pairs(tmp_path))


def test_every_view_held_out_is_refused(views, tmp_path):
    held_out = [dataclasses.replace(view, held_out=True) for view in views]
    with pytest.raises(TrainingError, match="held out"):
        list(train(QUICK, SMALL, held_out, tmp_path / "m.safetensors", CPU, {}))


def noisy_view(seed: int, held_out: bool = False) -> tuple[StoredView, np.ndarray]:
    """Passes of exponential noise on a picture that is known, and the picture, (H, W, 3)."""
    rng = np.random.default_rng(seed)
    truth = np.kron(rng.uniform(0.1, 2.0, (3, 8, 8)), np.ones((8, 8)))
    spp = np.array([2, 2, 4], np.float32)
    passes = np.full((3, 12, 64, 64), np.nan, np.float16)
    for one, n in zip(passes, spp, strict=True):
        samples = truth * rng.exponential(1.0, (int(n), 3, 64, 64))
        one[:3], one[9:] = samples.mean(0), samples.var(0, ddof=1) / n
    return StoredView(f"synthetic/{seed}", passes, spp, held_out), truth.transpose(1, 2, 0)


@pytest.mark.parametrize("loss", ["log-l2", "l-hdr", "relative"])
def test_training_on_noise_alone_approaches_the_truth(loss, tmp_path):
    out = tmp_path / "m.safetensors"
    views = [noisy_view(seed)[0] for seed in range(4)]
    config = TrainConfig(steps=60, batch=4, crop=32, warmup=5, learning_rate=4e-3, ema=0.9)
    if loss == "relative":
        views = [measured_by(build(SMALL), CPU)(view) for view in views]
    else:
        config = dataclasses.replace(config, loss=loss)
    list(train(config, SMALL, views, out, CPU, {}))
    view, truth = noisy_view(99)
    noisy = view.passes[0, :3].astype(np.float32).transpose(1, 2, 0)
    clean = Denoiser(out).denoise(noisy, variance=view.passes[0, 9:].astype(np.float32).transpose(1, 2, 0))
    gain = 10 * np.log10(relmse(noisy, truth, truth) / relmse(clean, truth, truth))
    assert gain > 4, gain
    assert abs(clean.mean() / truth.mean() - 1) < 0.06


def test_a_short_training_on_a_real_scene_beats_its_input(tiny_pairs, tiny_reference, tmp_path):
    """A hundred steps on noisy passes alone, judged on a pass of 1 spp against a reference it never saw."""
    out = tmp_path / "m.safetensors"
    command = [str(tiny_pairs), "-o", str(out), "--steps", "100", "--batch", "4", "--crop", "32"]
    result = CliRunner().invoke(main, [*command, "--learning-rate", "2e-3", "--validate-every", "50"])
    assert result.exit_code == 0, result.output
    view = open_pairs(tiny_pairs)[0]
    planes = view_planes(view, 0)
    clean = Denoiser(out).denoise(planes["radiance"], planes["albedo"], planes["normal"])
    gain = 10 * np.log10(relmse(planes["radiance"], *tiny_reference) / relmse(clean, *tiny_reference))
    assert gain > 3, gain
    log = read_log(out.with_suffix(".jsonl"))
    assert log[-1]["step"] == 100
    assert out.with_suffix(".png").stat().st_size > 10_000


def test_relative_to_a_model(tiny_pairs, tmp_path):
    first, second = tmp_path / "first.safetensors", tmp_path / "second.safetensors"
    quick = [str(tiny_pairs), "--steps", "10", "--batch", "2", "--crop", "32"]
    assert CliRunner().invoke(main, [*quick, "-o", str(first)]).exit_code == 0
    again = [*quick, "-o", str(second), "--from", str(first)]
    result = CliRunner().invoke(main, [*again, "--relative-to", str(first)])
    assert result.exit_code == 0, result.output
    assert load_model(second)[1]["relative_to"] == "first.safetensors"
    losses = [record["loss"] for record in read_log(second.with_suffix(".jsonl"))]
    assert all(math.isfinite(loss) and loss > 0 for loss in losses)
    assert CliRunner().invoke(main, [*again, "--relative-to", str(tmp_path / "none")]).exit_code == 1
    result = CliRunner().invoke(main, [*again, "--resume"])
    assert result.exit_code == 1 and "relative_to first.safetensors, not None" in result.output


def test_it_is_told_how_many_views_are_too_noisy_to_learn_from(tiny_pairs, tmp_path, monkeypatch):
    model = tmp_path / "model.safetensors"
    save_model(model, build(SMALL), {})
    monkeypatch.setattr("denoise.data.MOST_NOISE", 0.0)  # so that the quieter third is left
    quick = [str(tiny_pairs), "--steps", "1", "--batch", "2", "--crop", "32", "--from", str(model)]
    out = tmp_path / "out.safetensors"
    result = CliRunner().invoke(main, [*quick, "-o", str(out), "--relative-to", str(model)])
    assert result.exit_code == 0, result.output
    said = r"(\d+) views to train on, ([1-9]\d*) of them left out as too noisy to learn from, "
    there, noisy = map(int, re.search(said, result.output).groups())
    assert load_model(out)[1]["views"] == there - noisy


def installed(name: str) -> list[str]:
    script = shutil.which(name, path=str(Path(sys.executable).parent))
    assert script, f"{name} is not installed: pip install -e ."
    return [script]


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_killed_or_interrupted_it_resumes(tiny_pairs, tmp_path, number):
    out = tmp_path / "m.safetensors"
    command = [*installed("train-denoiser"), str(tiny_pairs), "-o", str(out), "--steps", "100000"]
    command += ["--batch", "1", "--crop", "32", "--checkpoint-seconds", "0.2", "--device", "cpu"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    until = time.monotonic() + 60
    while not (state_path(out).exists() and out.exists()) and time.monotonic() < until:
        time.sleep(0.05)
    process.send_signal(number)
    _, stderr = process.communicate(timeout=60)
    assert process.returncode == (-number if number == signal.SIGKILL else 128 + number)
    assert "Traceback" not in stderr
    step = load_state(state_path(out))[1]["step"]
    assert step >= 1
    load_model(out)

    command[command.index("100000")] = str(step + 3)
    again = subprocess.run(command, capture_output=True, text=True)
    assert again.returncode == 1 and "--resume" in again.stderr and "Traceback" not in again.stderr
    again = subprocess.run([*command, "--resume"], capture_output=True, text=True)
    assert again.returncode == 0, again.stderr
    assert load_model(out)[1]["steps"] == step + 3
    assert [name for name in os.listdir(tmp_path) if name.startswith(".")] == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_interrupted_before_its_first_step_it_stops_at_once(tiny_pairs, tmp_path, monkeypatch, number):
    before, measured = {one: signal.getsignal(one) for one in (signal.SIGINT, signal.SIGTERM)}, []

    def measure(view):
        measured.append(view)
        os.kill(os.getpid(), number)
        return view

    monkeypatch.setattr("denoise.yardsticks.measured_by", lambda *_: measure)
    out = tmp_path / "m.safetensors"
    command = [str(tiny_pairs), "-o", str(out), "--steps", "2", "--batch", "1", "--relative-to", "shipped"]
    try:
        result = CliRunner().invoke(main, command)
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)
    assert result.exit_code == 128 + number, result.output
    assert len(measured) == 1 and not out.exists()


def test_from_model_begins_with_its_weights(views, tmp_path):
    first, second = tmp_path / "a.safetensors", tmp_path / "b.safetensors"
    list(train(QUICK, SMALL, views, first, CPU, {}))
    still = dataclasses.replace(QUICK, steps=1, learning_rate=1e-12)
    list(train(still, SMALL, views, second, CPU, {}, start=first))
    for name, tensor in weights(first).items():
        torch.testing.assert_close(weights(second)[name], tensor)


def test_the_shipped_model_goes_by_its_name(tiny_pairs, tmp_path):
    out = tmp_path / "m.safetensors"
    command = [str(tiny_pairs), "-o", str(out), "--steps", "1", "--batch", "1", "--crop", "32"]
    command += ["--from", "shipped", "--relative-to", "shipped", "--learning-rate", "1e-12"]
    result = CliRunner().invoke(main, command)
    assert result.exit_code == 0, result.output
    noisy = np.random.default_rng(1).gamma(0.5, size=(40, 48, 3)).astype(np.float32)
    ours, shipped = (Denoiser(model, precision="float32").denoise(noisy) for model in (out, None))
    np.testing.assert_allclose(ours, shipped, rtol=2e-3)
    assert load_model(out)[1]["relative_to"] == "mcdenoise.safetensors"


def test_from_model_goes_on_at_a_quarter_of_the_rate(views, tmp_path):
    usual = dataclasses.replace(QUICK, steps=1, learning_rate=None)
    out = tmp_path / "a.safetensors"
    (first,) = train(usual, SMALL, views, out, CPU, {})
    (second,) = train(usual, SMALL, views, tmp_path / "b.safetensors", CPU, {}, start=out)
    assert (first["lr"], second["lr"]) == (2e-3, 5e-4)


def test_direct_baseline_trains(tiny_pairs, tmp_path):
    out = tmp_path / "m.safetensors"
    command = [str(tiny_pairs), "-o", str(out), "--steps", "2", "--batch", "1", "--crop", "32", "--direct"]
    result = CliRunner().invoke(main, [*command, "--loss", "l-hdr"])
    assert result.exit_code == 0, result.output
    assert load_model(out)[0].config.network == "direct"
    assert Denoiser(out).denoise(np.ones((9, 11, 3), np.float32)).shape == (9, 11, 3)


@pytest.mark.parametrize(
    ("arguments", "says", "status"),
    [
        (["nowhere", "-o", "m.safetensors"], "nowhere: no such folder", 1),
        (["PAIRS", "-o", "no/folder/m.safetensors"], "no/folder: no such folder", 1),
        (["PAIRS", "-o", "m.safetensors", "--steps", "1", "--minutes", "1"], "not both", 2),
        (["PAIRS", "-o", "m.safetensors", "--crop", "100"], "multiple of 32", 2),
        (["PAIRS", "-o", "m.safetensors", "--from", "none.safetensors"], "none.safetensors: no such file", 1),
    ],
)
def test_mistakes_get_one_line(tiny_pairs, tmp_path, monkeypatch, arguments, says, status):
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(main, [str(tiny_pairs) if a == "PAIRS" else a for a in arguments])
    assert result.exit_code == status
    assert says in result.output and "Traceback" not in result.output
    assert os.listdir(tmp_path) == []


def test_log_survives_a_torn_line_and_repeated_steps(tmp_path):
    log = tmp_path / "m.jsonl"
    lines = [{"step": 10, "seconds": 1, "loss": 2.0}, {"step": 20, "seconds": 2, "loss": 1.0}]
    again = {"step": 20, "seconds": 2, "loss": 0.9, "val_loss": 0.8, "val_db": 3.0}
    log.write_text("\n".join(map(json.dumps, [*lines, again])) + '\n{"step": 30, "sec')
    assert read_log(log) == [lines[0], again]
    draw_curve(log, tmp_path / "m.png")
    assert (tmp_path / "m.png").read_bytes().startswith(b"\x89PNG")
