"""A folder of data sets that come and go, as a training sees it."""

import dataclasses
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from denoise.checkpoint import load_model
from denoise.data import StoredView, load_sets
from denoise.distributed import Group
from denoise.errors import PairsError, TrainingError
from denoise.packed import write_packed
from denoise.pool import WatchedFolder
from denoise.prefetch import Batch, Prefetcher


def pack(folder: Path, name: str, level: float, split: str = "train", views: int = 2) -> Path:
    """A set of tiny views all of whose pixels have one value, renamed into place."""
    passes = np.full((2, 12, 33, 41), level, np.float16)
    facts = {"scene": name, "spp": [1, 1], "split": split, "weight": lambda passes: 1 + level}
    described = (({"name": f"{name}.{i:04d}", **facts}, lambda: passes) for i in range(views))
    for _ in write_packed(folder / f".{name}", described):
        pass
    return (folder / f".{name}").rename(folder / name)


def levels(views) -> list[float]:
    return sorted({float(view.passes[0, 0, 0, 0]) for view in views})


def test_sets_come_and_go(tmp_path):
    watched = WatchedFolder(tmp_path, rescan_seconds=0)
    assert not watched.views()
    (tmp_path / ".unfinished").mkdir()
    (tmp_path / "a file").touch()
    assert not watched.views()

    first = pack(tmp_path, "1", 0.5)
    views = watched.views()
    assert [Path(view.name).name for view in views] == ["1.0000", "1.0001"]
    assert not any(view.held_out for view in views) and views[0].weight == 1.5
    assert watched.views() is views  # nothing has changed

    pack(tmp_path, "2", 0.25)
    assert levels(watched.views()) == [0.25, 0.5]
    lighter = WatchedFolder(tmp_path, rescan_seconds=0, measure=lambda view: dataclasses.replace(view, weight=0.5))
    assert [view.weight for view in lighter.views()] == [0.5] * 4
    shutil.rmtree(first)
    assert levels(watched.views()) == [0.25]
    assert levels(views) == [0.5]  # deleted, and still readable where it is mapped
    shutil.rmtree(tmp_path / "2")
    assert levels(watched.views()) == [0.25]  # better than nothing
    assert not watched.notices


def test_of_two_processes_that_measure_views_the_second_begins_in_the_middle(tmp_path):
    pack(tmp_path, "1", 0.5)
    began = []

    def measure(view: StoredView) -> StoredView:
        began.append(Path(view.name).name)
        return view

    views = WatchedFolder(tmp_path, measure=measure, group=Group(1, 2)).views()
    assert began == ["1.0001", "1.0000"]
    assert [Path(view.name).name for view in views] == ["1.0000", "1.0001"]


def test_it_looks_only_now_and_then(tmp_path):
    watched = WatchedFolder(tmp_path, rescan_seconds=3600)
    assert not watched.views()
    pack(tmp_path, "1", 0.5)
    assert not watched.views()


def test_views_to_validate_by_are_never_trained_on(tmp_path):
    pack(tmp_path, "1", 0.5, split="validation")
    pack(tmp_path, "2", 0.25, views=40)  # of which a data set alone would hold some out
    assert len(WatchedFolder(tmp_path).views()) == 40
    assert all(view.held_out for view in load_sets([tmp_path / "1"], sample=False))
    assert not all(view.held_out for view in load_sets([tmp_path / "1"]))


def test_a_broken_set_is_passed_over_with_one_line(tmp_path):
    pack(tmp_path, "1", 0.5)
    bad = pack(tmp_path, "2", 0.25)
    with open(bad / "pack-0000.bin", "r+b") as file:
        file.truncate(100)
    watched = WatchedFolder(tmp_path, rescan_seconds=0)
    assert levels(watched.views()) == [0.5]
    watched.views()
    (line,) = watched.notices
    assert str(bad) in line and "has 100 bytes" in line and line.endswith("passed over")


def test_no_such_folder_is_refused(tmp_path):
    with pytest.raises(PairsError, match="nowhere: no such folder to watch"):
        WatchedFolder(tmp_path / "nowhere")


def test_batches_are_of_fixed_and_watched_views_and_weigh_as_much_as_these(tmp_path):
    pack(tmp_path, "1", 1.0)
    watched = WatchedFolder(tmp_path, rescan_seconds=0)
    passes = np.full((2, 12, 33, 41), 3.0, np.float16)
    fixed = [StoredView(f"fixed/{i}", passes, np.ones(2, np.float32), False, weight=4.0) for i in range(2)]
    batches = Prefetcher(fixed, watched, batch=64, share=slice(16, 48), crop=32, seed=0, step=0)
    try:
        batch = batches.next()
        names = {view.name.split("/")[-1] for view in batch.crops.views}
        assert names == {"0", "1", "1.0000", "1.0001"}
        assert len(batch.crops.views) == len(batch.crops.target) == len(batch.jitter) == 32
        # weights 2 and 4, two views each
        want = np.array([2 / 3 if view.weight == 2 else 4 / 3 for view in batch.crops.views])
        np.testing.assert_allclose(batch.weights.numpy(), want * weight_of(1 / 2), rtol=1e-6)
        pack(tmp_path, "2", 2.0, views=50)
        later = [name for _ in range(8) for name in (view.name for view in batches.next().crops.views)]
        assert any("2.00" in name for name in later)
    finally:
        batches.close()


def test_batches_are_not_of_views_too_noisy_to_learn_from():
    passes, yardsticks = np.full((2, 12, 33, 41), 3.0, np.float16), np.ones((2, 3, 33, 41), np.float16)
    spp = np.ones(2, np.float32)
    views = [StoredView(f"{weight}", passes, spp, False, weight, yardsticks) for weight in (4.0, 2.0, 0.05)]
    batches = Prefetcher(views, None, batch=64, share=slice(None), crop=32, seed=0, step=0)
    try:
        batch = batches.next()
    finally:
        batches.close()
    assert {view.weight for view in batch.crops.views} == {4.0, 2.0}
    want = np.array([view.weight / 3 for view in batch.crops.views])
    np.testing.assert_allclose(batch.weights.numpy(), want * weight_of(1 / 2), rtol=1e-6)


def test_crops_weigh_by_what_their_inputs_have_of_samples():
    passes = np.arange(1.0, 4.0)[:, None, None, None] * np.ones((1, 12, 64, 64), np.float16)
    view = StoredView("view", passes.astype(np.float16), np.array([1, 2, 32], np.float32), False)
    batches = Prefetcher([view], None, batch=256, share=slice(None), crop=32, seed=0, step=0)
    try:
        weights = batches.next().weights.numpy()
    finally:
        batches.close()
    # one pass or the first two, at their size, halved and at a quarter
    want = np.array([weight_of(passes * smaller / 35) for passes in (1, 2, 3) for smaller in (1, 4, 16)], np.float32)
    assert all(np.isclose(weights, one, rtol=1e-5).any() for one in want)
    assert np.isclose(weights[:, None], want, rtol=1e-5).any(1).all()


def made(view: StoredView, batch: int, share: slice, steps: int) -> list[Batch]:
    batches = Prefetcher([view], None, batch=batch, share=share, crop=32, seed=0, step=0)
    try:
        return [batches.next() for _ in range(steps)]
    finally:
        batches.close()


def large_view(height: int) -> StoredView:
    passes = np.random.default_rng(0).random((3, 12, height, 72)).astype(np.float16)
    yardsticks = np.ones((2, 3, height, 72), np.float16)
    return StoredView("view", passes, np.ones(3, np.float32), False, yardsticks=yardsticks)


def test_every_other_batch_is_of_fewer_and_larger_crops():
    view = large_view(64)
    batches = made(view, 8, slice(None), 4)
    assert [batch.crops.target.shape for batch in batches] == [(2, 3, 64, 64), (8, 3, 32, 32)] * 2
    assert [len(batch.weights) for batch in batches] == [len(batch.jitter) for batch in batches] == [2, 8] * 2
    shares = [made(view, 8, share, 4) for share in (slice(0, 4), slice(4, 8))]
    for whole, *parts in zip(batches, *shares, strict=True):  # several processes see what one would see
        assert torch.equal(torch.cat([part.crops.target for part in parts]), whole.crops.target)
        assert torch.equal(torch.cat([part.jitter for part in parts]), whole.jitter)


def test_batches_without_yardsticks_of_small_views_and_odd_ones_are_all_alike():
    first = dataclasses.replace(large_view(64), yardsticks=None)
    assert {batch.crops.target.shape for batch in made(first, 8, slice(None), 2)} == {(8, 3, 32, 32)}
    assert {batch.crops.target.shape for batch in made(large_view(63), 8, slice(None), 2)} == {(8, 3, 32, 32)}
    assert {batch.crops.target.shape for batch in made(large_view(64), 6, slice(None), 2)} == {(6, 3, 32, 32)}


def test_a_batch_whose_larger_crops_cannot_be_shared_is_refused():
    with pytest.raises(TrainingError, match="2 crops for each process .* give --batch a multiple of 8"):
        made(large_view(64), 4, slice(0, 2), 1)


def weight_of(fraction: float) -> float:
    return (4 * fraction) ** 0.3


def start_training(pool: Path, out: Path, *options: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "denoise.training_cli", "--watch", str(pool), "-o", str(out), "--device", "cpu"]
    return subprocess.Popen([*command, "--batch", "1", "--crop", "32", *options], stderr=subprocess.PIPE, text=True)


def test_a_training_waits_for_its_first_set_and_takes_foreign_passes_too(tiny_pairs, tmp_path):
    pool, out = tmp_path / "pool", tmp_path / "m.safetensors"
    pool.mkdir()
    held_out = pack(tmp_path, "validation", 0.5, split="validation")
    process = start_training(pool, out, str(held_out), "--steps", "3")
    assert "waiting for a first data set" in process.stderr.readline()
    shutil.copytree(tiny_pairs, pool / ".1")
    (pool / ".1").rename(pool / "1")
    _, stderr = process.communicate(timeout=60)
    assert process.returncode == 0, stderr
    assert "0 views to train on, and those of" in stderr and "2 held out" in stderr
    provenance = load_model(out)[1]
    assert provenance["data"] == ["validation", "pool"] and provenance["steps"] == 3


def test_a_training_that_waits_can_be_stopped(tmp_path):
    process = start_training(tmp_path, tmp_path / "m.safetensors")
    process.stderr.readline()
    process.send_signal(signal.SIGTERM)
    _, stderr = process.communicate(timeout=60)
    assert process.returncode == 128 + signal.SIGTERM and not stderr


def test_neither_sets_nor_a_folder_to_watch_is_a_mistake(tmp_path):
    command = [sys.executable, "-m", "denoise.training_cli", "-o", str(tmp_path / "m.safetensors")]
    ran = subprocess.run(command, capture_output=True, text=True)
    assert ran.returncode == 2 and "--watch" in ran.stderr
