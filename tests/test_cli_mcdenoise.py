"""`mcdenoise` from file to file, as its users call it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import imageio.v3 as iio
import numpy as np
import pytest
from click.testing import CliRunner, Result

from denoise.cli import main
from denoise.exr import read_frame
from tests import exr_samples as samples

SCRIPT = Path(sys.executable).with_name("mcdenoise")


@pytest.fixture(scope="module")
def model(tmp_path_factory) -> Path:
    """An untrained network: what it does to pixels is tested elsewhere."""
    import torch

    from denoise.checkpoint import save_model
    from denoise.network import KernelNetwork, ModelConfig

    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("model") / "untrained.safetensors"
    save_model(path, KernelNetwork(ModelConfig(widths=(8, 8, 8, 8), head=8)), {})
    return path


@pytest.fixture
def run(model, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)

    def call(*arguments: object) -> Result:
        options = ["--model", str(model), "--device", "cpu", "--threads", "1"]
        result = CliRunner().invoke(main, [*options, *map(str, arguments)])
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        return result

    return call


def noisy(name: str, height: int = 23, width: int = 37, header: dict | None = None, seed: int = 0) -> Path:
    return samples.write(Path(name), [(header or {}, samples.beauty_channels(height, width, seed))])


def test_the_beauty_is_replaced_and_all_else_kept(run):
    header = samples.many_attributes() | {"compression": samples.compression("PIZ")}
    del header["preview"]
    header |= {"dataWindow": samples.window(-5, 9, 37, 23), "displayWindow": samples.window(0, 0, 64, 36)}
    source = noisy("shot.0001.exr", header=header)
    before = source.read_bytes()
    result = run(source)
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith("shot.0001.exr -> shot.0001.denoised.exr  ")
    assert result.stderr == ""
    assert sorted(os.listdir()) == ["shot.0001.denoised.exr", "shot.0001.exr"]
    assert source.read_bytes() == before

    (old,), (new,) = read_frame(source).parts, read_frame("shot.0001.denoised.exr").parts
    assert list(old.channels) == list(new.channels)
    for name in old.channels:
        assert old.channels[name].dtype == new.channels[name].dtype
        same = old.channels[name].tobytes() == new.channels[name].tobytes()
        assert same == (name not in "RGB"), name
        assert np.isfinite(new.channels[name]).all()
    (raw_old,), (raw_new,) = samples.raw_attributes(source), samples.raw_attributes(Path("shot.0001.denoised.exr"))
    added = {name: raw_new.pop(name) for name in set(raw_new) - set(raw_old)}
    assert raw_new == raw_old
    assert {"mcdenoise:version", "mcdenoise:model"} <= set(added)
    assert all(name.startswith("mcdenoise:") for name in added)


def test_a_copy_of_the_beauty_stays_one(run):
    channels = samples.beauty_channels(23, 37)
    channels |= {f"path.{c}": channels[c].copy() for c in "RGB"}
    samples.write(Path("a.exr"), [({"generatedBy": "Mitsuba version 3.9.1"}, channels)])
    assert run("a.exr").exit_code == 0
    (part,) = read_frame("a.denoised.exr").parts
    for c in "RGB":
        assert part.channels[c].tobytes() == part.channels[f"path.{c}"].tobytes() != channels[c].tobytes()


@pytest.mark.parametrize("size", samples.ODD_SIZES)
def test_odd_sizes(run, size):
    noisy("a.exr", *size)
    assert run("a.exr", "-o", "b.exr").exit_code == 0
    assert read_frame("b.exr").parts[0].size == size


def test_a_frame_without_auxiliary_layers(run):
    samples.write(Path("a.exr"), [({}, {c: samples.pixels(9, 14, "float32") for c in "RGBA"})])
    result = run("-v", "a.exr")
    assert result.exit_code == 0
    assert "albedo: none" in result.stdout
    assert "beauty: R G B" in result.stdout


def test_tiles_give_the_same_frame(run):
    noisy("a.exr", 150, 213)
    assert run("a.exr", "-o", "whole.exr", "--tile", 0).exit_code == 0
    assert run("a.exr", "-o", "tiled.exr", "--tile", 64).exit_code == 0
    whole, tiled = (read_frame(name).parts[0].stack(("R", "G", "B")) for name in ("whole.exr", "tiled.exr"))
    np.testing.assert_allclose(tiled, whole, rtol=2e-3)  # two steps of a half


def test_bad_pixels_are_repaired_and_counted(run):
    channels = samples.beauty_channels(23, 37)
    channels["R"][4, 5], channels["G"][7, 7], channels["B"][9:11, 3] = np.nan, np.inf, -1
    channels["albedo.R"][3, 3] = np.nan
    samples.write(Path("a.exr"), [({}, channels)])
    result = run("a.exr")
    assert result.exit_code == 0
    assert "4 bad pixels repaired (1 nan, 1 inf, 2 negative)" in result.stdout
    (part,) = read_frame("a.denoised.exr").parts
    assert np.isfinite(part.stack(("R", "G", "B"))).all()
    assert np.isnan(part.channels["albedo.R"][3, 3])  # what is not denoised stays as it is


def test_a_preview_is_written_beside(run):
    noisy("a.exr")
    assert run("a.exr", "-o", "out/", "--png").exit_code == 0
    assert sorted(os.listdir("out")) == ["a.exr", "a.png"]
    assert iio.imread("out/a.png").shape == (23, 37, 3)


# Several frames ------------------------------------------------------------------------------------------------


def test_one_bad_frame_does_not_cost_the_others(run):
    for index in (1, 3):
        noisy(f"{index}.exr", seed=index)
    Path("2.exr").write_bytes(Path("1.exr").read_bytes()[:-200])
    samples.write(Path("4.exr"), [({}, {"Z": samples.pixels(3, 7, "float32")})])
    result = run("1.exr", "2.exr", "3.exr", "4.exr", "none.exr", "-o", "out")
    assert result.exit_code == 1
    assert sorted(os.listdir("out")) == ["1.exr", "3.exr"]
    assert [line.split(" -> ")[0] for line in result.stdout.splitlines()] == ["1.exr", "3.exr"]
    lines = result.stderr.splitlines()
    assert len(lines) == 4
    assert "mcdenoise: 2.exr: the file is incomplete" in lines[0]
    assert "mcdenoise: 4.exr: no beauty among its layers (Z)" in lines[1]
    assert "mcdenoise: none.exr: cannot be read: No such file" in lines[2]
    assert "3 of 5 frames failed, 2 written" in lines[3]


def test_errors_that_are_not_ours_cost_one_line_too(run, monkeypatch):
    noisy("a.exr")
    noisy("b.exr")
    errors = iter([RuntimeError("DefaultCPUAllocator: can't allocate memory: 1\n2"), KeyError("oh")])

    def broken(*_: object) -> None:
        raise next(errors)

    monkeypatch.setattr("denoise.denoiser.Denoiser.denoise_frame", broken)
    result = run("a.exr", "b.exr")
    assert result.exit_code == 1
    assert result.stderr.splitlines()[:2] == [
        "mcdenoise: a.exr: out of memory; use --tile 512, or a smaller number",
        "mcdenoise: b.exr: unexpected KeyError: 'oh'; run it with -v and report it",
    ]
    assert sorted(os.listdir()) == ["a.exr", "b.exr"]


def test_a_model_or_device_that_cannot_be_used_ends_the_batch(run, model):
    noisy("a.exr")
    noisy("b.exr")
    Path("broken.safetensors").write_bytes(b"nonsense")
    for arguments in (["--model", "none.safetensors"], ["--model", "broken.safetensors"], ["--device", "mps"]):
        result = run("a.exr", "b.exr", *arguments)
        assert result.exit_code == 1
        assert len(result.stderr.splitlines()) == 1
        assert result.stderr.startswith("mcdenoise: ")
    assert sorted(os.listdir()) == ["a.exr", "b.exr", "broken.safetensors"]


# Outputs --------------------------------------------------------------------------------------------------------


def usage_error(result: Result) -> str:
    assert result.exit_code == 2
    assert result.stdout == ""
    return " ".join(result.stderr.split())


def test_the_input_is_replaced_only_with_overwrite(run):
    source = noisy("a.exr")
    before = source.read_bytes()
    Path("link.exr").symlink_to("a.exr")
    for target in ("a.exr", "./a.exr", "link.exr"):
        assert "use --overwrite" in usage_error(run("a.exr", "-o", target))
    assert "use --overwrite" in usage_error(run("a.exr", "-o", "."))
    assert source.read_bytes() == before
    assert run("a.exr", "-o", "a.exr", "--overwrite").exit_code == 0
    assert source.read_bytes() != before


def test_outputs_never_collide(run):
    for folder in ("one", "two"):
        Path(folder).mkdir()
        noisy(f"{folder}/a.exr")
    noisy("b.exr")
    assert "would both be written to" in usage_error(run("one/a.exr", "two/a.exr", "-o", "out"))
    noisy("b.denoised.exr")
    assert "would replace the input b.denoised.exr" in usage_error(run("b.exr", "b.denoised.exr", "--overwrite"))
    assert "must be a folder, and it is a file" in usage_error(run("one/a.exr", "b.exr", "-o", "b.exr"))
    assert not Path("out").exists()


def test_an_older_output_is_replaced(run):
    noisy("a.exr")
    Path("a.denoised.exr").write_text("old")
    assert run("a.exr").exit_code == 0
    read_frame("a.denoised.exr")


def test_nothing_is_denoised_twice_by_mistake(run):
    noisy("a.exr")
    assert run("a.exr").exit_code == 0
    result = run("a.denoised.exr")
    assert result.exit_code == 1
    assert "was already denoised by mcdenoise" in result.stderr
    assert run("a.denoised.exr", "--force").exit_code == 0


def test_an_output_folder_that_cannot_be(run):
    noisy("a.exr")
    Path("file").write_text("")
    result = run("a.exr", "-o", "file/a.exr")
    assert result.exit_code == 1
    assert result.stderr.startswith("mcdenoise: file/a.exr: its folder cannot be made: ")


# The program ----------------------------------------------------------------------------------------------------


def test_help_answers_without_loading_what_is_heavy():
    code = (
        "import sys\nfrom denoise.cli import main\n"
        "try:\n    main(['--help'])\nexcept SystemExit as end:\n    assert end.code == 0\n"
        "heavy = {'torch', 'numpy', 'OpenEXR', 'mitsuba', 'imageio', 'rich'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert "--overwrite" in done.stdout


def test_the_installed_script(tmp_path, model):
    if not SCRIPT.exists():
        pytest.skip("mcdenoise is not installed in this environment")
    noisy(str(tmp_path / "a.exr"))
    arguments = [str(SCRIPT), "--model", str(model), "--threads", "1", "a.exr", "none.exr"]
    done = subprocess.run(arguments, cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert done.returncode == 1
    assert done.stdout.startswith("a.exr -> a.denoised.exr")
    assert "\x1b" not in done.stdout + done.stderr  # no progress bar where there is no terminal
    assert len(done.stderr.splitlines()) == 2
    version = subprocess.run([str(SCRIPT), "--version"], capture_output=True, text=True, timeout=60)
    assert version.stdout.startswith("mcdenoise, version ")
    assert subprocess.run([str(SCRIPT)], capture_output=True, timeout=60).returncode == 2


def test_a_corrupt_frame_costs_one_line_although_the_library_prints(tmp_path):
    channels = {name: np.round(plane).astype(plane.dtype) for name, plane in samples.beauty_channels(64, 64).items()}
    data = samples.write(tmp_path / "a.exr", [({"compression": samples.compression("ZIP")}, channels)]).read_bytes()
    middle = len(data) * 2 // 3
    (tmp_path / "a.exr").write_bytes(data[:middle] + bytes(64) + data[middle + 64 :])
    arguments = [sys.executable, "-m", "denoise.cli", str(tmp_path / "a.exr")]
    done = subprocess.run(arguments, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1
    assert "the pixels are corrupt" in done.stderr


def test_sigterm_leaves_no_temporary_file(tmp_path, model):
    """A farm ends a task at any instant; here, as soon as the output is being written."""
    noisy(str(tmp_path / "a.exr"), 540, 960, header={"compression": samples.compression("ZIP")})
    arguments = [sys.executable, "-m", "denoise.cli", "--model", str(model), "--threads", "1", str(tmp_path / "a.exr")]
    process = subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    deadline = time.monotonic() + 60
    while process.poll() is None and not list(tmp_path.glob(".mcdenoise*")) and time.monotonic() < deadline:
        time.sleep(0.001)
    process.send_signal(signal.SIGTERM)
    _, stderr = process.communicate(timeout=60)
    assert process.returncode == 128 + signal.SIGTERM, stderr
    assert not list(tmp_path.glob(".mcdenoise*"))
    assert b"Traceback" not in stderr
