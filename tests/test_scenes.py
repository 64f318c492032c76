"""scenes/ is what tools/make_scenes.py makes, the manifest tells the truth, and every scene loads."""

import json
import re
import struct
import subprocess
import sys
import xml.etree.ElementTree as ET
import zlib
from pathlib import Path

import numpy as np
import pytest

from render.procedural.kit import meshes, patterns
from tools import make_scenes
from tools.contact_sheet import COLUMNS, NAME, TILE, chosen, fit, sheet
from tools.make_scenes import build, differences, write
from tools.scene_kit import texture
from tools.scene_kit.document import Scene
from tools.scene_kit.materials import matte
from tools.scene_kit.ply import ply

ROOT = Path(__file__).parents[1]
SCENES = ROOT / "scenes"
ENTRIES = json.loads((SCENES / "manifest.json").read_text(encoding="utf-8"))["scenes"]


@pytest.fixture(scope="module")
def made() -> dict[str, bytes]:
    return build()


def references(entry: dict) -> set[str]:
    """The files a scene's XML names."""
    text = (SCENES / entry["file"]).read_text(encoding="utf-8")
    return set(re.findall(r'name="filename" value="([^"]+)"', text))


def test_scenes_are_regenerated_byte_for_byte(made):
    assert differences(made, SCENES) == []


def test_a_changed_a_missing_and_a_foreign_file_are_named(made, tmp_path):
    write(made, tmp_path)
    assert differences(made, tmp_path) == []
    (tmp_path / "attic.xml").write_bytes(b"changed")
    (tmp_path / "cafe.xml").unlink()
    (tmp_path / "meshes" / "old.ply").write_bytes(b"")
    assert differences(made, tmp_path) == [
        "missing: cafe.xml",
        "not made by this script: meshes/old.ply",
        "differs: attic.xml",
    ]
    write(made, tmp_path)
    assert differences(made, tmp_path) == []


def test_the_command_checks_and_writes(made, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(make_scenes, "build", lambda: made)
    monkeypatch.setattr(sys, "argv", ["make_scenes", "--output", str(tmp_path), "--check"])
    assert make_scenes.main() == 1
    assert "missing: manifest.json" in capsys.readouterr().out
    monkeypatch.setattr(sys, "argv", ["make_scenes", "--output", str(tmp_path)])
    assert make_scenes.main() == 0
    monkeypatch.setattr(sys, "argv", ["make_scenes", "--output", str(tmp_path), "--check"])
    assert make_scenes.main() == 0
    assert "all as made here" in capsys.readouterr().out


def test_the_manifest_names_every_scene_once():
    assert sorted(e["file"] for e in ENTRIES) == sorted(p.name for p in SCENES.glob("*.xml"))
    assert len({e["name"] for e in ENTRIES}) == len(ENTRIES)
    for entry in ENTRIES:
        assert entry.keys() == {"name", "file", "purpose", "split", "width", "height"}
        assert entry["file"] == f"{entry['name']}.xml"
        assert entry["purpose"].endswith(".") and "\n" not in entry["purpose"]
    splits = [e["split"] for e in ENTRIES]
    assert (splits.count("demo"), splits.count("validation"), splits.count("probe")) == (1, 3, 5)
    assert splits.count("train") == len(splits) - 9 >= 18


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry["name"])
def test_a_scene_is_plain_and_small(entry):
    path = SCENES / entry["file"]
    root = ET.parse(path).getroot()
    sensors = root.findall("sensor")
    assert (len(sensors), len(root.findall("integrator")), len(root.findall(".//film"))) == (1, 1, 1)
    film = {e.get("name"): e.get("value") for e in sensors[0].findall("film/integer")}
    assert (film["width"], film["height"]) == (str(entry["width"]), str(entry["height"]))
    files = references(entry)
    assert files and all((SCENES / name).is_file() for name in files)
    assert path.stat().st_size + sum((SCENES / name).stat().st_size for name in files) < 1_000_000


def test_every_file_belongs_to_a_scene():
    used = set().union(*(references(entry) for entry in ENTRIES))
    there = {p.relative_to(SCENES).as_posix() for p in SCENES.rglob("*.*") if p.parent != SCENES}
    assert there == used


LOAD = """
import json, sys
import mitsuba as mi
mi.set_variant("scalar_rgb")
mi.set_log_level(mi.LogLevel.Error)
from pathlib import Path
sizes = {}
for path in sys.argv[1:]:
    scene = mi.load_file(path)
    assert scene.emitters() and scene.bbox().valid()
    sizes[Path(path).stem] = list(map(int, scene.sensors()[0].film().size()))
print(json.dumps(sizes))
"""


def test_every_scene_loads():
    paths = [str(SCENES / entry["file"]) for entry in ENTRIES]
    ran = subprocess.run([sys.executable, "-c", LOAD, *paths], capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    assert json.loads(ran.stdout) == {e["name"]: [e["width"], e["height"]] for e in ENTRIES}


@pytest.mark.parametrize(
    "shape",
    [
        meshes.box((0, 0, 0), (1, 2, 3)),
        meshes.ball((1, 2, 3), 0.5, 12),
        meshes.cylinder((0, 0, 0), (1, 1, 1), 0.2, 0.1),
        meshes.cushion((0, 0, 0), (1, 2, 0.5)),
    ],
    ids=["box", "ball", "cylinder", "cushion"],
)
def test_faces_and_normals_point_outward(shape):
    a, b, c = (shape.points[shape.faces[:, i]] for i in range(3))
    normals = np.cross(b - a, c - a)
    assert (np.sum(normals * ((a + b + c) / 3 - shape.points.mean(0)), axis=1) > 0).all()
    for corner in range(3):
        assert (np.sum(normals * shape.normals[shape.faces[:, corner]], axis=1) > -1e-9).all()
    np.testing.assert_allclose(np.linalg.norm(shape.normals, axis=1), 1, atol=1e-6)


def test_a_box_has_its_volume_after_turning_and_scaling():
    shape = meshes.box((0, 0, 0), (1, 2, 3)).turned(30).turned(20, "x").scaled(2).moved(5, 6, 7)
    a, b, c = (shape.points[shape.faces[:, i]] for i in range(3))
    assert np.sum(a * np.cross(b, c)) / 6 == pytest.approx(48)


def test_ply_by_hand():
    data = ply(meshes.quad((0, 0, 0), (2, 0, 0), (0, 1, 0)))
    header, body = data.split(b"end_header\n")
    assert b"element vertex 4" in header and b"element face 2" in header
    assert struct.unpack("<8f", body[32:64]) == (2, 0, 0, 0, 0, 1, 2, 0)
    assert struct.unpack("<B3i", body[128:141]) == (3, 0, 1, 2)
    assert len(body) == 4 * 32 + 2 * 13
    assert len(ply(meshes.quad((0, 0, 0), (2, 0, 0), (0, 1, 0)), with_uv=False)) < len(data) - 31


def test_png_by_hand():
    data = texture.png(np.array([[0.0, 1.0, 0.5]]), [(1, 0, 0), (0, 0, 1)])
    assert data.startswith(b"\x89PNG\r\n\x1a\n")
    assert struct.unpack(">II", data[16:24]) == (3, 1)
    start = data.index(b"IDAT")
    (length,) = struct.unpack(">I", data[start - 4 : start])
    assert zlib.decompress(data[start + 4 : start + 4 + length]) == b"\x00\x00\xff\x80"


def test_hdr_keeps_the_radiance():
    radiance = np.array([[[0.01, 0.2, 5.0], [0, 0, 0]]])
    header, pixels = texture.hdr(radiance).split(b"-Y 1 +X 2\n")
    r, g, b, e = pixels[:4]
    np.testing.assert_allclose(np.array([r, g, b]) * 2.0 ** (e - 136), radiance[0, 0], atol=5 / 128)
    assert pixels[4:7] == b"\0\0\0"


def test_textures_repeat_without_a_seam():
    values = patterns.clouds(np.random.default_rng(1), 64)
    inside = np.abs(np.diff(values, axis=1)).max()
    assert np.abs(values[:, 0] - values[:, -1]).max() <= inside * 1.5


def test_a_material_nobody_named_and_a_missing_camera_are_errors():
    scene = Scene("empty", "Nothing.", (4, 4))
    with pytest.raises(KeyError, match="no material 'wood'"):
        scene.put("wood", meshes.box((0, 0, 0), (1, 1, 1)))
    scene.material("wood", matte((0.5, 0.5, 0.5)))
    with pytest.raises(ValueError, match="no camera"):
        scene.files()


def test_contact_sheet_puts_pictures_in_their_places():
    assert fit((320, 200), (184, 130)) == (184, 115)
    assert fit((200, 320), (184, 130)) == (81, 130)
    red = np.full((TILE[1], TILE[0], 3), (200, 10, 10), np.uint8)
    page = sheet([("one", red)] * (COLUMNS + 1)).convert("RGB")
    pitch = TILE[0] + 6, TILE[1] + NAME + 6
    assert page.size == (COLUMNS * pitch[0] + 6, 2 * pitch[1] + 6)
    assert page.getpixel((6 + 5, 6 + 5)) == page.getpixel((6 + 5, 6 + 5 + pitch[1])) == (200, 10, 10)
    assert page.getpixel((2, 2)) == page.getpixel((11 + pitch[0], 11 + pitch[1])) == (24, 24, 26)


def test_the_contact_sheet_leaves_the_probes_out_unless_they_are_asked_for():
    probes = {entry["name"] for entry in ENTRIES if entry["split"] == "probe"}
    assert {entry.name for entry in chosen([])} == {entry["name"] for entry in ENTRIES} - probes
    assert {entry.name for entry in chosen([str(SCENES)])} >= probes
