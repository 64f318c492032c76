"""Real frames through `mcdenoise`: nothing lost but noise, as OpenImageIO sees it, a reader that is not ours."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

import numpy as np
import OpenEXR
import pytest
import torch
from click.testing import CliRunner

from denoise.checkpoint import save_model
from denoise.cli import main
from denoise.exr import read_frame, write_frame
from denoise.lossy import lossy_channels
from denoise.network import KernelNetwork, ModelConfig
from tests import exr_samples as samples
from tests.test_fuzz import FIXTURES

oiio = pytest.importorskip("OpenImageIO", reason="OpenImageIO, the independent reader, is not installed")

LOSSY = ("cycles-4.5-float-dwaa.exr", "cycles-5.0-float-dwaa.exr")
EVERY = sorted(str(path.relative_to(FIXTURES)) for path in FIXTURES.rglob("*.exr"))

#: What may change: beauty, its copies, and layers that sum to it. `Noisy Image` is what the renderer rendered.
LIGHT = re.compile(
    r"((ViewLayer|Furniture only)\.Combined(_lamps|_window)?\.[RGB]"  # Cycles
    r"|((nested\.)?img\.)?[RGB])"  # Mitsuba, LuxCore
)

#: What must change.
BEAUTY = {"cycles": "ViewLayer.Combined.R", "mitsuba": "R", "luxcore": "R"}


class Image(NamedTuple):
    """One part as OpenImageIO reads it."""

    shape: tuple[int, ...]
    windows: tuple[int, ...]
    tiles: tuple[int, ...]
    formats: dict[str, str]
    attributes: dict[str, object]
    channels: dict[str, bytes]


def by_oiio(path: Path) -> list[Image]:
    file = oiio.ImageInput.open(str(path))
    assert file, oiio.geterror()
    images = []
    while file.seek_subimage(len(images), 0):
        spec = file.spec()
        pixels = file.read_image(len(images), 0, 0, spec.nchannels, oiio.FLOAT)
        images.append(
            Image(
                (spec.height, spec.width, spec.nchannels),
                (spec.x, spec.y, spec.full_x, spec.full_y, spec.full_width, spec.full_height),
                (spec.tile_width, spec.tile_height),
                {name: str(spec.channelformat(i)) for i, name in enumerate(spec.channelnames)},
                {attribute.name: attribute.value for attribute in spec.extra_attribs},
                {name: pixels[..., i].tobytes() for i, name in enumerate(spec.channelnames)},
            )
        )
    file.close()
    return images


def assert_only_light_changed(before: Path, after: Path, lossy: bool = False) -> set[str]:
    """Both readers' view of it; returns the channels that changed."""
    changed = set()
    old, new, frame = by_oiio(before), by_oiio(after), read_frame(before)
    assert len(old) == len(new) == len(frame.parts)
    for a, b, part in zip(old, new, frame.parts, strict=True):
        assert a[:4] == b[:4]
        ours = {name for name in b.attributes if name.startswith("mcdenoise:")}
        assert repr(a.attributes) == repr({k: v for k, v in b.attributes.items() if k not in ours})
        assert list(a.channels) == list(b.channels)
        different = {name for name in a.channels if a.channels[name] != b.channels[name]}
        changed |= different - (set(lossy_channels(part)) if lossy else set())
    for a, b in zip(samples.raw_attributes(before), samples.raw_attributes(after), strict=True):
        assert list(a.items()) == [item for item in b.items() if not item[0].startswith("mcdenoise:")]
    assert before.read_bytes()[:8] == after.read_bytes()[:8]
    others = {name for name in changed if not LIGHT.fullmatch(name)}
    assert not others
    return changed


@pytest.fixture(scope="module")
def denoise(tmp_path_factory):
    """Runs the command with an untrained network: how well it denoises is tested elsewhere."""
    torch.manual_seed(0)
    model = tmp_path_factory.mktemp("model") / "untrained.safetensors"
    save_model(model, KernelNetwork(ModelConfig(widths=(8, 8), head=8, kernel=3)), {})

    def run(source: Path, output: Path, *options: object) -> str:
        options = ("--model", model, "--device", "cpu", "--threads", "1", *options)
        result = CliRunner().invoke(main, [str(source), "-o", str(output), *map(str, options)])
        assert result.exit_code == 0, result.output
        return result.output

    return run


@pytest.mark.parametrize("name", [name for name in EVERY if name not in LOSSY])
def test_real_files_come_back_byte_for_byte(tmp_path, name):
    write_frame(tmp_path / "b.exr", read_frame(FIXTURES / name))
    assert (tmp_path / "b.exr").read_bytes() == (FIXTURES / name).read_bytes()


@pytest.mark.parametrize("name", [name for name in EVERY if not name.startswith("luxcore") and name not in LOSSY])
def test_only_light_changes_in_real_frames(tmp_path, denoise, name):
    output = denoise(FIXTURES / name, tmp_path / "b.exr")
    assert "warning" not in output
    assert BEAUTY[name.split("-")[0]] in assert_only_light_changed(FIXTURES / name, tmp_path / "b.exr")


def test_both_view_layers_change(tmp_path, denoise):
    for name in ("cycles-4.5.exr", "cycles-5.0.exr"):
        denoise(FIXTURES / name, tmp_path / "b.exr")
        assert "Furniture only.Combined.R" in assert_only_light_changed(FIXTURES / name, tmp_path / "b.exr")


@pytest.mark.parametrize("name", LOSSY)
def test_what_lossy_compression_stores_exactly_stays_exact(tmp_path, denoise, name):
    output = denoise(FIXTURES / name, tmp_path / "b.exr")
    assert "warning: DWAA is a lossy compression" in output and "CryptoObject00" in output
    assert not assert_only_light_changed(FIXTURES / name, tmp_path / "b.exr", lossy=True)


@pytest.mark.parametrize("name", ["RGB_IMAGEPIPELINE", "RGBA_IMAGEPIPELINE"])
def test_luxcores_files(tmp_path, denoise, name):
    folder = FIXTURES / "luxcore"
    source = folder / f"{name}.exr"
    extra = ("--albedo-file", folder / "ALBEDO.exr", "--normal-file", folder / "AVG_SHADING_NORMAL.exr")
    denoise(source, tmp_path / "b.exr", *extra)
    assert assert_only_light_changed(source, tmp_path / "b.exr") == {"R", "G", "B"}


def rewritten(tmp_path: Path, name: str, header: dict[str, object]) -> Path:
    """The first part of a real frame under another header, written by the library alone."""
    part = OpenEXR.File(str(FIXTURES / name), separate_channels=True).parts[0]
    kept = {key: value for key, value in part.header.items() if key not in ("channels", "chunkCount", *header)}
    channels = {key: channel.pixels.copy() for key, channel in part.channels.items()}
    return samples.write(tmp_path / "a.exr", [(kept | header, channels)])


@pytest.mark.parametrize(
    "header",
    [
        {"dataWindow": samples.window(-17, -9, 48, 27), "displayWindow": samples.window(0, 0, 64, 36)},
        {"dataWindow": samples.window(100, 50, 48, 27), "displayWindow": samples.window(-8, -8, 300, 200)},
        {"type": OpenEXR.tiledimage, "tiles": samples.tiles(16, 8), "compression": OpenEXR.PIZ_COMPRESSION},
        {"compression": OpenEXR.ZIPS_COMPRESSION, "lineOrder": OpenEXR.DECREASING_Y},
        {"compression": OpenEXR.NO_COMPRESSION},
        {"compression": OpenEXR.RLE_COMPRESSION, "pixelAspectRatio": 2.0},
        {key: value for key, value in samples.many_attributes().items() if key != "preview"},
    ],
    ids=["cropped", "overscan", "tiled", "zips", "none", "anamorphic", "attributes"],
)
def test_windows_tiles_and_attributes_are_kept(tmp_path, denoise, header):
    source = rewritten(tmp_path, "cycles-4.5.exr", header)
    denoise(source, tmp_path / "b.exr")
    assert BEAUTY["cycles"] in assert_only_light_changed(source, tmp_path / "b.exr")


def test_attributes_that_no_library_reads_are_kept(tmp_path, denoise):
    source = tmp_path / "a.exr"
    data = (FIXTURES / "mitsuba-aov.exr").read_bytes()
    source.write_bytes(samples.splice(data, "zz_latin", "string", "Küche".encode("latin-1")))
    denoise(source, tmp_path / "b.exr")
    (before,), (after,) = map(samples.raw_attributes, (source, tmp_path / "b.exr"))
    assert before["zz_latin"] == after["zz_latin"]
    assert list(before) == [name for name in after if not name.startswith("mcdenoise:")]


def test_a_stale_preview_goes(tmp_path, denoise):
    preview = OpenEXR.PreviewImage(np.zeros((2, 3, 4), np.uint8))
    source = rewritten(tmp_path, "cycles-4.5.exr", {"preview": preview})
    denoise(source, tmp_path / "b.exr")
    (before,), (after,) = map(samples.raw_attributes, (source, tmp_path / "b.exr"))
    assert set(before) - set(after) == {"preview"}


def test_a_level_of_dwa_compression_is_used_and_kept(tmp_path, denoise):
    sizes = []
    for level in (5.0, 400.0):
        header = {"compression": OpenEXR.DWAB_COMPRESSION, "dwaCompressionLevel": level}
        source = rewritten(tmp_path, "cycles-4.5.exr", header)
        denoise(source, tmp_path / "b.exr")
        assert_only_light_changed(source, tmp_path / "b.exr", lossy=True)
        sizes.append((tmp_path / "b.exr").stat().st_size)
    assert sizes[1] < sizes[0]
