"""What --inspect prints: stable lines, and nothing of the file left out."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from denoise.cli import main
from denoise.exr import read_frame
from denoise.inspection import inspect
from tests import exr_samples as samples

FIXTURES = Path(__file__).parent / "fixtures"


@pytest.fixture
def run(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    return lambda *arguments: CliRunner().invoke(main, ["--inspect", *map(str, arguments)])


def write(name: str, *parts: tuple[dict, dict]) -> Path:
    return samples.write(Path(name), list(parts))


def test_a_frame_in_words(run):
    channels = samples.beauty_channels(23, 37) | {"A": samples.pixels(23, 37, "float16", 9)}
    for i, c in enumerate("RGB"):
        fill = channels[c] * np.float16(0.25)
        channels |= {f"key.{c}": channels[c] - fill, f"fill.{c}": fill, f"path.{c}": channels[c].copy()}
        channels |= {f"lobe.{c}": samples.pixels(23, 37, "float16", 20 + i), f"unlit_light.{c}": 0 * fill}
    header = {"compression": samples.compression("PIZ"), "chromaticities": samples.many_attributes()["chromaticities"]}
    header |= {"dataWindow": samples.window(-5, 9, 37, 23), "displayWindow": samples.window(0, 0, 64, 36)}
    write("a.exr", (header, channels))
    result = run("a.exr")
    assert result.exit_code == 0, result.output
    assert result.stdout.splitlines() == [
        "a.exr",
        "  1 part, 27 channels of half and float and uint, PIZ",
        "  data window 37x23 at -5,9 of display window 64x36 at 0,0",
        "  colours: ACEScg (AP1); denoised as they are, nothing is converted",
        "  renderer: unknown (neither attributes nor layer names tell)",
        "",
        "  the frame",
        "    beauty    R G B  (a common name)",
        "    alpha     A  (beside the beauty)",
        "    albedo    albedo.R/G/B  (a common name)",
        "    normal    N.X/Y/Z  (a common name)",
        "    depth     Z  (beside the beauty)",
        "    variance  none",
        "    written   R G B, path.R/G/B",
        "    along     fill, key: fill, key",
        "    left noisy, as no sum of it is the beauty (see --layers): lobe",
        "    black: unlit_light",
        "    left alone",
        "      id: id",
    ]
    assert not [path for path in Path().iterdir() if path.name != "a.exr"]


def test_every_layer_of_real_frames_is_named():
    """Whatever a file holds, it says what becomes of it."""
    for path in sorted(FIXTURES.rglob("*.exr")):
        frame = read_frame(path)
        text = "\n".join(inspect(frame))
        for part in frame.parts:
            for channel in part.channels:
                layer = channel.rpartition(".")[0]
                assert (layer.rpartition(".")[2] or channel) in text, (path, channel)
        assert "of no view layer" not in text


def test_a_real_frame_of_two_view_layers(run):
    result = run(FIXTURES / "cycles-5.0.exr")
    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    assert "  renderer: Cycles (attribute BlenderMultiChannel)" in lines
    assert [line for line in lines if "view layer" in line] == ["  view layer ViewLayer", "  view layer Furniture only"]
    assert "    written   ViewLayer.Combined.R/G/B" in lines
    assert "    along     ViewLayer.Combined_*: Combined_window, Combined_lamps" in lines
    assert "      cryptomatte: CryptoObject00, CryptoObject01, CryptoMaterial00, CryptoMaterial01" in lines
    assert max(map(len, lines)) <= 104


def test_overrides_and_layers_are_shown(run):
    result = run(FIXTURES / "cycles-4.5.exr", "--map", "albedo=DiffCol", "--layers", "Diff*,Emit")
    assert result.exit_code == 0, result.output
    assert "    albedo    ViewLayer.DiffCol.R/G/B  (--map)" in result.stdout
    # That view layer has no DiffCol.
    assert "    albedo    Furniture only.Denoising Albedo.R/G/B  (named as by Cycles)" in result.stdout
    along = next(line for line in result.stdout.splitlines() if "along" in line)
    assert "does not sum to the beauty" in along and "DiffDir" in along and "Combined" not in along


def test_what_was_denoised_is_told(run):
    write("a.exr", ({"mcdenoise:version": "0.3"}, samples.beauty_channels(3, 7)))
    assert "    already denoised by mcdenoise 0.3; left alone without --force" in run("a.exr").stdout.splitlines()


def test_colours_that_are_not_known(run):
    beauty = samples.beauty_channels(3, 7)
    write("a.exr", ({"chromaticities": (0.6, 0.3, 0.2, 0.7, 0.1, 0.05, 0.3, 0.3)}, beauty))
    assert "colours: chromaticities 0.6 0.3 0.2 0.7 0.1 0.05 0.3 0.3; denoised as they are" in run("a.exr").stdout
    assert "colorInteropID lin_ap1_scene" in run(FIXTURES / "cycles-5.0-acescg.exr").stdout


def test_layers_of_no_view_layer(run):
    colour = {c: samples.pixels(3, 7, "float16", i) for i, c in enumerate("RGB")}
    channels = {f"{name}.{c}": plane for c, plane in colour.items() for name in ("fg.Combined", "bg.Combined")}
    channels = {name: plane * np.float16(1 + (name[0] == "b")) for name, plane in channels.items()}
    write("a.exr", ({}, channels | {"stray.Z": samples.pixels(3, 7, "float32")}))
    assert run("a.exr").stdout.splitlines()[-1] == "  of no view layer, left alone: stray.Z"


def test_lossy_compression_of_ids_is_warned_of(run):
    ids = {f"crypto00.{c}": samples.pixels(16, 16, "float32", i) for i, c in enumerate("RGBA")}
    header = {"compression": samples.compression("DWAA")}
    write("a.exr", (header, samples.beauty_channels(16, 16) | ids))
    assert "warning: DWAA is a lossy compression, and changes ids" in run("a.exr").stdout


def test_what_would_be_refused_is_an_error(run):
    write("a.exr", ({}, {"Z": samples.pixels(3, 7, "float32")}))
    Path("b.exr").write_bytes(b"nonsense")
    write("c.exr", ({}, samples.beauty_channels(3, 7)))
    result = run("a.exr", "b.exr", "c.exr", "none.exr")
    assert result.exit_code == 1
    assert result.stdout.startswith("c.exr\n")
    lines = result.stderr.splitlines()
    assert [line.split(": ")[1] for line in lines] == ["a.exr", "b.exr", "none.exr"]
    assert "no beauty among its layers (Z)" in lines[0] and "--map beauty=LAYER" in lines[0]
    result = run("c.exr", "--layers", "nothing")
    assert result.exit_code == 1 and "no colour layer is named 'nothing'" in result.stderr
