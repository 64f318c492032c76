"""`make train-shipped` with a tiny budget: killed in the middle and started again, it ends with a model and a card."""

import fcntl
import json
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
from torch.testing import assert_close

from denoise.checkpoint import load_model, load_state
from tools import children, view_stream
from tools.model_card import write_facts
from tools.train_shipped import Plan, _machine
from tools.view_stream import Chunk, Recipe, ViewStream, chunk, number_of, read_journal

ROOT = Path(__file__).parent.parent
TINY = ROOT / "tests" / "data" / "tiny.xml"


@pytest.fixture
def scenes(tmp_path):
    """A folder of two scenes to train on, and one to validate by."""
    folder = tmp_path / "scenes"
    folder.mkdir()
    listed = [("one", "train"), ("two", "train"), ("three", "validation")]
    for name, _ in listed:
        shutil.copyfile(TINY, folder / f"{name}.xml")
    manifest = {"scenes": [{"file": f"{name}.xml", "split": split} for name, split in listed]}
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return folder


def options(one: Chunk) -> dict[str, str]:
    """What a chunk's command is told, by option; its other pairs of words do no harm."""
    return dict(zip(one.words, one.words[1:], strict=False))


def test_chunks_take_families_and_files_in_turn(scenes):
    recipe = Recipe(order=("stills", "abstract", "scenes"), scenes=scenes, views=5)
    chunks = [chunk(number, recipe) for number in range(12)]
    assert [one.name for one in chunks[:6]] == [
        "000000-stills-000000", "000001-abstract-000000", "000002-one-000000",
        "000003-stills-000001", "000004-abstract-000001", "000005-two-000000",
    ]  # fmt: skip
    assert [one.name[7:] for one in chunks[8::3]] == ["one-000001", "two-000001"]
    assert chunks[4].family == "abstract" and chunks[5].family == "scenes"
    assert " ".join(chunks[4].words).startswith("procedural:abstract --seeds 1-1 --split train --views 5 --spp 8,8,8 ")
    for one in map(options, chunks):
        assert one["--spp"] in (recipe.spp if one["--sampler"] == "independent" else recipe.stratified_spp)
    samplers = [options(chunk(3 * nth, recipe))["--sampler"] for nth in range(9)]
    assert samplers[::2] == ["independent"] * 5  # every other one of a family
    assert samplers[1::2] == ["stratified", "multijitter", "orthogonal", "ldsampler"]
    of_one_file = [options(chunk(2 + 6 * nth, recipe))["--sampler"] for nth in range(9)]
    assert sorted(of_one_file) == sorted(samplers)
    assert chunks[8].words[:3] == (str(scenes / "one.xml"), "--seed", "1")
    assert len({one.words for one in chunks}) == 12  # none is rendered twice


class _Done:
    """A render that has ended."""

    returncode = 0

    def poll(self) -> int:
        return 0

    def terminate(self) -> None:
        pass

    def wait(self, timeout: float | None = None) -> int:
        return 0


@pytest.fixture
def stream(tmp_path, scenes, monkeypatch):
    """Makes streams whose renders are done at once; a chunk of scene `two` fails."""

    def start(command, lock, nice=0, environment=None, output=None):
        if not str(command[2]).endswith("two.xml"):
            Path(command[-1]).mkdir(exist_ok=True)
        return _Done()

    def described(name):
        facts = {"name": "v", "scene": "s", "spp": [1, 1], "split": "train", "weight": lambda passes: 1.0}
        yield facts, lambda: np.zeros((2, 12, 10, 10), np.float16)  # 4800 bytes, and an index

    def open_pairs(directory):
        if not directory.exists():
            raise view_stream.TrainingError(f"{directory}: no such folder")
        return directory

    monkeypatch.setattr(children, "start", start)
    monkeypatch.setattr(view_stream, "described", described)
    monkeypatch.setattr(view_stream, "open_pairs", open_pairs)
    recipe = Recipe(order=("stills", "scenes"), scenes=scenes)
    return lambda limit=15_500, recipe=recipe: ViewStream(tmp_path / "run", recipe, 1, limit, lock=0)


def numbers(stream) -> list[int]:
    return [number_of(path) for path in stream.sets()]


def test_the_pool_keeps_the_newest_sets_that_fit(stream):
    one = stream()
    for _ in range(7):
        one.tend()
    assert numbers(one) == [2, 4, 5]  # 3 failed
    lines = read_journal(one.pool.parent)
    assert [(line["number"], line["views"]) for line in lines] == [(0, 1), (1, 1), (2, 1), (3, 0), (4, 1), (5, 1)]
    assert [path.name for path in one.pool.glob(".*")] == [".render-000006"]


def test_a_killed_stream_goes_on_with_what_it_was_rendering(stream):
    one = stream()
    for _ in range(3):
        one.tend()
    assert numbers(one) == [0, 1] and (one.pool / ".render-000002").exists()
    for name in (".pack-000002", ".gone-000000-stills-000000", ".render-000001"):
        (one.pool / name).mkdir()

    again = stream()
    assert [path.name for path in again.pool.glob(".*")] == [".render-000002"]
    for _ in range(3):
        again.tend()
    assert numbers(again) == [0, 1, 2]
    assert [line["number"] for line in read_journal(one.pool.parent)] == [0, 1, 2, 3]


def test_where_nothing_renders_it_says_so(stream, scenes):
    two = json.loads((scenes / "manifest.json").read_text())
    two["scenes"] = [scene for scene in two["scenes"] if scene["file"] == "two.xml"]
    (scenes / "manifest.json").write_text(json.dumps(two))
    one = stream(recipe=Recipe(order=("scenes",), scenes=scenes))
    with pytest.raises(view_stream.TrainingError, match=r"render.log: the first 10 renders failed"):
        for _ in range(12):
            one.tend()
    assert "no such folder" in (one.pool.parent / "render.log").read_text()


def test_half_of_the_cores_render_without_a_gpu(monkeypatch):
    recipe = Recipe(variant="scalar_rgb")
    for cores, want in ((1, (1, 1)), (2, (1, 1)), (5, (2, 3)), (16, (8, 8))):
        monkeypatch.setattr(children, "cores", lambda cores=cores: cores)
        assert _machine(Plan(1, recipe=recipe))[:2] == want
    assert _machine(Plan(1, recipe=recipe, renders=3, threads=7)) == (3, 7, "scalar_rgb")


def test_facts_take_the_place_of_the_last_ones_in_a_card(tmp_path):
    card = tmp_path / "README.md"
    card.write_text("# A model\n\nBy hand.\n\n## Figures\n")
    write_facts(card, {"Data": "much", "Commit": "abc"})
    text = card.read_text()
    assert text.startswith("# A model\n\n<!-- written") and text.endswith("\n\nBy hand.\n\n## Figures\n")
    assert "| Data | much |\n| Commit | abc |" in text
    write_facts(card, {"Data": "more"})
    assert card.read_text() == text.replace("| Data | much |\n| Commit | abc |", "| Data | more |")
    write_facts(tmp_path / "none.md", {"Data": "new"})
    assert (tmp_path / "none.md").read_text().startswith("# Model card\n\n<!--")


def held(folder: Path) -> bool:
    with open(folder / ".lock", "a+b") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        return False


def until(condition, seconds: float = 120) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.05)


def test_killed_in_the_middle_and_started_again_it_ends_with_model_and_card(scenes, tmp_path):
    folder, output = tmp_path / "run", tmp_path / "model.safetensors"
    first, state = (folder / f"{name}.state.safetensors" for name in ("first", "model"))
    command = [sys.executable, "-m", "tools.train_shipped", "--folder", str(folder), "--output", str(output)]
    command += ["--scenes", str(scenes), "--views", "2", "--crop", "48x40", "--size", "64x48"]
    command += ["--spp", "1,1,2", "--stratified-spp", "1,1,2"]
    command += ["--variant", "scalar_rgb", "--pool-gb", "0.0006", "--order", "scenes"]
    options = ["--", "--batch", "1", "--crop", "32", "--checkpoint-seconds", "0.3"]

    process = subprocess.Popen([*command, "--minutes", "100", *options], cwd=ROOT, stderr=subprocess.PIPE, text=True)
    until(lambda: process.poll() is not None or (first.exists() and len(read_journal(folder)) >= 4))
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=60)
    assert process.returncode == -signal.SIGKILL
    until(lambda: not held(folder))  # what it had started ended with it
    step, seen = load_state(first)[1]["step"], len(read_journal(folder))
    assert step >= 1 and not output.exists() and not state.exists()

    spent = json.loads((folder / "clock.json").read_text())["seconds"] / 60
    minutes = f"{spent + 0.45:.3f}"
    ran = subprocess.run([*command, "--minutes", minutes, *options], cwd=ROOT, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    told = load_model(output)[1]
    assert told["steps"] >= 1 and told["relative_to"] == "first.safetensors" and told["learning_rate"] == 2e-3
    assert told["data"] == ["validation", "pool"] and told["held_out_views"] == 2
    card = (tmp_path / "README.md").read_text()
    before_it = re.search(r"a model that ([\d,]+) steps from nothing had made", card)
    assert before_it and int(before_it[1].replace(",", "")) > step
    assert f"{told['steps']:,} steps of 1 crops of 32x32" in card and "views of the validation scenes: " in card

    lines = [line["number"] for line in read_journal(folder)]
    assert lines == list(range(len(lines))) and len(lines) > seen
    sets = sorted((folder / "pool").glob("0*"))
    size = sum(file.stat().st_size for one in sets for file in one.iterdir())
    assert size <= 600_000 and number_of(sets[-1]) == lines[-1]
    assert len(sets) < sum(line["views"] > 0 for line in read_journal(folder))  # some had to make room
    assert not first.exists() and not state.exists() and not (folder / "clock.json").exists() and not held(folder)

    before, begun_with = os.stat(output).st_mtime_ns, load_model(output)[0].state_dict()
    command += ["--from", str(output)]
    process = subprocess.Popen([*command, "--minutes", "100", *options], cwd=ROOT, stderr=subprocess.PIPE, text=True)
    until(lambda: process.poll() is not None or state.exists())
    process.send_signal(signal.SIGTERM)
    _, stderr = process.communicate(timeout=60)
    assert process.returncode == 128 + signal.SIGTERM, stderr
    assert "train-shipped: stopped; the same command goes on where it was" in stderr and "Traceback" not in stderr
    assert load_state(state)[1]["step"] >= 1 and os.stat(output).st_mtime_ns == before and not held(folder)

    spent = json.loads((folder / "clock.json").read_text())["seconds"] / 60
    ran = subprocess.run(
        [*command, "--minutes", f"{spent + 0.3:.3f}", *options], cwd=ROOT, capture_output=True, text=True
    )
    assert ran.returncode == 0, ran.stderr
    model, told = load_model(folder / "model.safetensors")
    assert told["relative_to"] == "model.safetensors" and told["learning_rate"] is None  # a quarter of the usual one
    ended_with = model.state_dict()
    for name, tensor in load_model(output)[0].state_dict().items():
        assert_close(tensor, (begun_with[name] + 2 * ended_with[name]) / 3, rtol=1e-3, atol=1e-4)  # half floats
    assert "then the mean with model.safetensors" in (tmp_path / "README.md").read_text()
