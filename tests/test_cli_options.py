"""`mcdenoise` told what to denoise with: --map, files of their own, further passes, layers; and what it notes."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from denoise.cli import main
from denoise.exr import read_frame
from tests import exr_samples as samples

FIXTURES = Path(__file__).parent / "fixtures"
RGB = ("R", "G", "B")


@pytest.fixture(scope="module")
def model(tmp_path_factory) -> Path:
    """An untrained network whose kernels depend on all its inputs."""
    import torch

    from denoise.checkpoint import save_model
    from denoise.network import KernelNetwork, ModelConfig

    torch.manual_seed(3)
    network = KernelNetwork(ModelConfig(widths=(8, 8, 8), head=8, kernel=3))
    for head in [network.full_head, *network.heads]:
        torch.nn.init.normal_(head.weight, std=0.3)
    path = tmp_path_factory.mktemp("model") / "untrained.safetensors"
    save_model(path, network, {})
    return path


@pytest.fixture
def run(model, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "0")

    def call(*arguments: object) -> Result:
        options = ["--model", str(model), "--device", "cpu", "--threads", "1"]
        result = CliRunner().invoke(main, [*options, *map(str, arguments)])
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        return result

    return call


def noisy(name: str, seed: int = 0, header: dict | None = None, **more: np.ndarray) -> Path:
    """A frame of R G B, albedo and normals; `more` are channels, __ for their dot."""
    Path(name).parent.mkdir(parents=True, exist_ok=True)
    channels = samples.beauty_channels(23, 37, seed) | {key.replace("__", "."): plane for key, plane in more.items()}
    return samples.write(Path(name), [(header or {}, channels)])


def colour(name: str, seed: int, height: int = 23, width: int = 37) -> Path:
    """A file of R G B alone."""
    Path(name).parent.mkdir(parents=True, exist_ok=True)
    channels = {
        c: np.random.default_rng([seed, i]).random((height, width)).astype(np.float16) for i, c in enumerate(RGB)
    }
    return samples.write(Path(name), [({}, channels)])


def beauty(name: str) -> np.ndarray:
    return read_frame(name).parts[0].stack(RGB)


def one_line(result: Result, *parts: str) -> None:
    assert result.exit_code == 1
    assert len(result.stderr.splitlines()) == 1
    assert all(part in result.stderr for part in parts), result.stderr


def usage_error(result: Result, *parts: str) -> None:
    assert result.exit_code == 2 and result.stdout == ""
    text = " ".join(result.stderr.split())
    assert all(part in text for part in parts), text


# --map ----------------------------------------------------------------------------------------------------------


def test_a_mapped_layer_is_used(run):
    tex = {f"tex__{c}": np.random.default_rng(i).random((23, 37)).astype(np.float16) for i, c in enumerate(RGB)}
    noisy("a.exr", **tex)
    assert run("a.exr", "-o", "plain.exr").exit_code == 0
    result = run("-v", "a.exr", "-o", "mapped.exr", "--map", "albedo=tex")
    assert result.exit_code == 0, result.output
    assert "albedo: tex.R/G/B" in result.stdout
    assert not np.array_equal(beauty("plain.exr"), beauty("mapped.exr"))


def test_a_mapped_beauty_is_what_changes(run):
    key = {f"key__{c}": samples.pixels(23, 37, "float16", 40 + i) for i, c in enumerate(RGB)}
    noisy("a.exr", **key)
    assert run("a.exr", "-o", "b.exr", "--map", "beauty=key").exit_code == 0
    (old,), (new,) = read_frame("a.exr").parts, read_frame("b.exr").parts
    changed = {name for name in old.channels if old.channels[name].tobytes() != new.channels[name].tobytes()}
    assert changed == {"key.R", "key.G", "key.B"}


@pytest.mark.parametrize("text", ["albedo", "albedo=", "colour=R", "=tex"])
def test_a_map_that_is_none(run, text):
    noisy("a.exr")
    usage_error(run("a.exr", "--map", text), "must be ROLE=LAYER with a role of beauty, alpha, albedo, normal")


def test_a_role_is_mapped_once(run):
    noisy("a.exr")
    usage_error(run("a.exr", "--map", "albedo=a", "--map", "ALBEDO=b"), "albedo is mapped twice")


def test_a_map_to_what_is_not_there(run):
    noisy("a.exr")
    one_line(run("a.exr", "--map", "albedo=tex"), "mcdenoise: a.exr: --map albedo=tex: no such layer", "albedo.B/G/R")
    assert os.listdir() == ["a.exr"]


# Files of their own ---------------------------------------------------------------------------------------------


def test_luxcores_files(run):
    """[seen] The beauty and its aux outputs as LuxCore writes them, R G B each."""
    source = FIXTURES / "luxcore" / "RGBA_IMAGEPIPELINE.exr"
    aux = ["--albedo-file", source.with_name("ALBEDO.exr"), "--normal-file", source.with_name("AVG_SHADING_NORMAL.exr")]
    assert run(source, "-o", "bare.exr").exit_code == 0
    result = run("-v", source, "-o", "aux.exr", *aux)
    assert result.exit_code == 0, result.output
    assert "R G B with albedo normal" in result.stdout
    assert "albedo: from a file of its own" in result.stdout
    assert not np.array_equal(beauty("bare.exr"), beauty("aux.exr"))


def test_a_file_comes_before_the_frames_own(run):
    noisy("a.exr")
    colour("ALBEDO.exr", 5)
    assert run("a.exr", "-o", "own.exr").exit_code == 0
    assert run("a.exr", "-o", "file.exr", "--albedo-file", "ALBEDO.exr").exit_code == 0
    assert not np.array_equal(beauty("own.exr"), beauty("file.exr"))


@pytest.mark.parametrize("template", ["aux/ALBEDO.####.exr", "aux/ALBEDO.%04d.exr", "aux"])
def test_each_frame_of_a_sequence_has_its_file(run, template):
    for number in (1, 2):
        noisy(f"b.{number:04d}.exr", seed=7)
        colour(f"aux/ALBEDO.{number:04d}.exr", seed=number)
    assert run("b.0001.exr", "b.0002.exr", "-o", "out", "--albedo-file", template).exit_code == 0
    assert run("b.0002.exr", "-o", "single.exr", "--albedo-file", "aux/ALBEDO.0002.exr").exit_code == 0
    assert not np.array_equal(beauty("out/b.0001.exr"), beauty("out/b.0002.exr"))
    np.testing.assert_array_equal(beauty("out/b.0002.exr"), beauty("single.exr"))


def test_a_missing_aux_file_costs_its_frame_alone(run):
    for number in (1, 2):
        noisy(f"b.{number}.exr")
    colour("aux/ALBEDO.2.exr", 0)
    result = run("b.1.exr", "b.2.exr", "-o", "out", "--albedo-file", "aux/ALBEDO.#.exr")
    assert result.exit_code == 1
    assert os.listdir("out") == ["b.2.exr"]
    assert "b.1.exr: aux/ALBEDO.1.exr: cannot be read" in result.stderr


def test_one_file_for_several_frames(run):
    noisy("a.exr")
    noisy("b.exr")
    for option in ("--albedo-file", "--normal-file", "--pass"):
        usage_error(run("a.exr", "b.exr", option, "x.exr"), f"{option} x.exr: is one file, and there are 2 frames")


def test_a_frame_is_not_its_own_aux_file(run):
    noisy("a.exr")
    one_line(run("a.exr", "-o", "b.exr", "--albedo-file", "./a.exr"), "a.exr: is given as its own aux file")


def test_a_file_of_another_size(run):
    noisy("a.exr")
    colour("ALBEDO.exr", 0, 23, 36)
    result = run("a.exr", "-o", "b.exr", "--albedo-file", "ALBEDO.exr")
    one_line(result, "ALBEDO.exr: is 36x23, but the frame is 37x23")
    assert not Path("b.exr").exists()


def test_one_file_for_several_view_layers(run):
    source = FIXTURES / "cycles-4.5.exr"
    colour("ALBEDO.exr", 0, 27, 48)
    one_line(
        run(source, "-o", "a.exr", "--albedo-file", "ALBEDO.exr"),
        "has 2 view layers (Furniture only, ViewLayer)",
        "--map beauty=LAYER",
    )
    chosen = "ViewLayer.Noisy Image"
    assert run(source, "-o", "a.exr", "--albedo-file", "ALBEDO.exr", "--map", f"beauty={chosen}").exit_code == 0


# Passes ---------------------------------------------------------------------------------------------------------


def test_passes_are_denoised_together(run):
    for seed, name in enumerate(("a.exr", "b.exr", "c.exr")):
        noisy(name, seed)
    assert run("a.exr", "-o", "alone.exr").exit_code == 0
    result = run("-v", "a.exr", "-o", "both.exr", "--pass", "b.exr", "--pass", "c.exr")
    assert result.exit_code == 0, result.output
    assert "of 3 passes" in result.stdout
    assert not np.array_equal(beauty("alone.exr"), beauty("both.exr"))


def test_passes_of_a_sequence(run):
    for number in (1, 2):
        noisy(f"a/s.{number}.exr", seed=number)
        noisy(f"b/s.{number}.exr", seed=number + 10)
    result = run("a/s.1.exr", "a/s.2.exr", "-o", "out", "--pass", "b")
    assert result.exit_code == 0, result.output
    assert sorted(os.listdir("out")) == ["s.1.exr", "s.2.exr"]


def test_a_pass_is_another_file(run):
    noisy("a.exr")
    noisy("b.exr", 1)
    one_line(
        run("a.exr", "-o", "c.exr", "--pass", "./a.exr"), "the pass a.exr is a.exr itself; give one with another seed"
    )
    one_line(run("a.exr", "-o", "c.exr", "--pass", "b.exr", "--pass", "b.exr"), "the pass b.exr is b.exr itself")


def test_a_pass_that_does_not_fit_is_named(run):
    noisy("a.exr", LG__R=np.ones((23, 37), np.float16))
    noisy("b.exr", 1, LG__R=np.ones((23, 37), np.float16))
    noisy("same.exr")
    colour("small.exr", 1, 21, 37)
    samples.write(Path("depth.exr"), [({}, {"Z": np.ones((23, 37), np.float32)})])
    for wrong, why in (
        ("same.exr", "has the same noise as the frame; render it with another seed"),
        ("small.exr", "has 37x21 pixels at 0,0, the frame 37x23 at 0,0; give passes of the same picture"),
        ("depth.exr", "has no R, G, B in part 0; give passes of the same layers"),
    ):
        one_line(run("a.exr", "-o", "c.exr", "--pass", "b.exr", "--pass", wrong), f"a.exr: the pass {wrong} {why}")
    assert not Path("c.exr").exists()


def test_an_output_never_replaces_what_it_is_made_of(run):
    noisy("a.exr")
    before = noisy("b.exr", 1).read_bytes()
    one_line(run("a.exr", "-o", "b.exr", "--pass", "b.exr"), "would replace b.exr, which it is denoised with")
    one_line(run("a.exr", "-o", "b.exr", "--overwrite", "--albedo-file", "b.exr"), "would replace b.exr")
    assert Path("b.exr").read_bytes() == before


# Layers, fireflies ----------------------------------------------------------------------------------------------


def test_layers_are_chosen_by_name(run):
    key = {f"key__{c}": samples.pixels(23, 37, "float16", 40 + i) for i, c in enumerate(RGB)}
    fill = {f"fill__{c}": samples.pixels(23, 37, "float16", 50 + i) for i, c in enumerate(RGB)}
    noisy("a.exr", **key, **fill)
    (old,) = read_frame("a.exr").parts
    for chosen, expected in (("key", {"key"}), ("key, fill", {"key", "fill"}), ("none", set())):
        assert run("a.exr", "-o", "b.exr", "--layers", chosen).exit_code == 0
        (new,) = read_frame("b.exr").parts
        changed = {
            name.split(".")[0] for name in old.channels if not np.array_equal(*(p.channels[name] for p in (old, new)))
        }
        assert changed - set(RGB) == expected
    one_line(run("a.exr", "-o", "b.exr", "--layers", "rim"), "a.exr", "no colour layer is named 'rim'")


def test_fireflies_are_clamped_only_when_asked(run):
    frame = noisy("a.exr")
    (part,) = read_frame(frame).parts
    part.channels["G"][11:13, 18:20] = 30000  # one alone hardly counts
    samples.write(frame, [({}, part.channels)])
    assert run("a.exr", "-o", "plain.exr").exit_code == 0
    result = run("-v", "a.exr", "-o", "clamped.exr", "--firefly-clamp", "500")
    assert "4 fireflies clamped" in result.stdout
    assert beauty("clamped.exr").sum() < 0.5 * beauty("plain.exr").sum()
    usage_error(run("a.exr", "--firefly-clamp", "0"), "--firefly-clamp")


# What is noted --------------------------------------------------------------------------------------------------


def test_notes_tell_what_was_changed_of_the_aux_layers(run):
    channels = samples.beauty_channels(23, 37)
    channels["albedo.R"][3, 4:6] = 96, np.inf
    for c in "XYZ":
        channels[f"N.{c}"] = (channels[f"N.{c}"] * np.float16(0.5) + np.float16(0.5)).astype(np.float16)
    samples.write(Path("a.exr"), [({}, channels)])
    quiet, loud = run("a.exr"), run("-v", "a.exr")
    assert len(quiet.stdout.splitlines()) == 1
    for note in (
        "normals decoded from [0, 1]",
        "albedo: 1 pixel without a value (NaN, Inf or a miss) set to 0",
        "albedo: 1 pixel clipped to [0, 1]",
    ):
        assert f"    {note}" in loud.stdout.splitlines(), loud.stdout


def test_a_variance_that_cannot_be_true_is_noted(run):
    rng = np.random.default_rng(0)
    grey = np.full((64, 96), 0.5, np.float32)
    light = {c: grey + np.float32(0.1) * rng.standard_normal(grey.shape, np.float32) for c in RGB}
    for name, variance in (("true", 0.01), ("small", 0.0005), ("empty", 0)):
        told = {f"variance.{c}": np.full_like(grey, variance) for c in RGB}
        samples.write(Path(f"{name}.exr"), [({}, light | told)])
    said = {name: run("-v", f"{name}.exr").stdout for name in ("true", "small", "empty")}
    assert all("variance: variance.R" in text for text in said.values()), said
    assert "too small" not in said["true"]
    (line,) = (line for line in said["small"].splitlines() if "too small for the noise" in line)
    assert 14 < float(line.split("seems to be ")[1].split()[0]) < 26
    assert "variance not relied on" in said["empty"]


def test_the_same_run_gives_the_same_bytes(run, monkeypatch):
    """The time is the only thing that differs; SOURCE_DATE_EPOCH sets it."""
    noisy("a.exr", header={"owner": "a studio"})
    for name in ("b.exr", "c.exr"):
        assert run("a.exr", "-o", name).exit_code == 0
    assert Path("b.exr").read_bytes() == Path("c.exr").read_bytes()
    assert read_frame("b.exr").parts[0].header["mcdenoise:time"] == "1970-01-01T00:00:00Z"
    monkeypatch.delenv("SOURCE_DATE_EPOCH")
    assert run("a.exr", "-o", "d.exr").exit_code == 0
    assert read_frame("d.exr").parts[0].header["mcdenoise:time"] > "2025"


# View layers ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["cycles-4.5.exr", "cycles-5.0.exr"])
def test_every_view_layer_is_denoised(run, name):
    result = run("-v", FIXTURES / name, "-o", "a.exr")
    assert result.exit_code == 0, result.output
    old, new = read_frame(FIXTURES / name).parts, read_frame("a.exr").parts
    changed = {
        channel.rpartition(".")[0]
        for before, after in zip(old, new, strict=True)
        for channel in before.channels
        if before.channels[channel].tobytes() != after.channels[channel].tobytes()
    }
    views = {"ViewLayer.Combined", "Furniture only.Combined"}
    assert changed == views | {"ViewLayer.Combined_lamps", "ViewLayer.Combined_window"}


def test_only_what_is_not_denoised_yet(run):
    """Two eyes in two parts, of which one has been done."""
    channels = samples.beauty_channels(9, 14)  # of both: equal bits in another view layer are no copy
    headers = [{"name": eye, "view": eye, "type": samples.OpenEXR.scanlineimage} for eye in ("left", "right")]
    headers[0]["mcdenoise:version"] = "0.2"
    samples.write(Path("a.exr"), [(header, channels) for header in headers])
    assert run("a.exr", "-o", "b.exr").exit_code == 0
    left, right = read_frame("b.exr").parts
    assert "mcdenoise:time" in right.header and "mcdenoise:time" not in left.header
    assert left.channels["R"].tobytes() == channels["R"].tobytes() != right.channels["R"].tobytes()
    one_line(run("b.exr", "-o", "c.exr"), "b.exr: was already denoised by mcdenoise 0.2")
    assert run("b.exr", "-o", "c.exr", "--force").exit_code == 0


def test_a_luminance_frame(run):
    samples.write(Path("a.exr"), [({}, {"Y": samples.pixels(9, 14, "float16")})])
    assert run("a.exr", "-o", "b.exr", "--png").exit_code == 0
    (part,) = read_frame("b.exr").parts
    assert list(part.channels) == ["Y"] and not np.array_equal(part.channels["Y"], samples.pixels(9, 14, "float16"))
    assert Path("b.png").exists()
