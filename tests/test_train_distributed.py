"""Two real processes train together: the same weights as one, one error for both, and both stop at a signal."""

import dataclasses
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import weakref
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.multiprocessing

from denoise.checkpoint import load_model, load_state
from denoise.crops import draw_batch
from denoise.data import StoredView, load_views
from denoise.distributed import ALONE, Group, joined
from denoise.errors import TrainingError
from denoise.network import ModelConfig, build
from denoise.pairs import open_pairs
from denoise.train import TrainConfig, train
from denoise.training_state import state_path

SMALL = ModelConfig(widths=(8, 8, 8), head=8, kernel=3)
QUICK = TrainConfig(steps=5, batch=4, crop=32, warmup=2, validate_every=3, precision="float32")
CPU = torch.device("cpu")


def load(pairs: Path) -> list[StoredView]:
    return [dataclasses.replace(view, held_out=i == 0) for i, view in enumerate(load_views(open_pairs(pairs)))]


def of_two(rank: int, port: int, pairs: Path, folder: Path) -> None:
    """What each of two processes does; what it has to say goes to `folder/said.RANK`."""
    torch.set_num_threads(1)
    os.environ |= {"RANK": str(rank), "WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
    views = load(pairs)
    lent: list[weakref.ref[torch.Tensor]] = []
    with joined(CPU) as (group, device):
        said = []
        records = list(train(QUICK, SMALL, views, folder / "two.safetensors", device, {}, group=group))
        said.append(f"{len(records)} {sum('val_db' in record for record in records)} {records[-1]['loss']}")

        by_time = dataclasses.replace(QUICK, steps=None, minutes=(0.02, 9.0)[rank])  # the first process's clock counts
        records = list(train(by_time, SMALL, views, folder / "timed.safetensors", device, {}, group=group))
        said.append(str(len(records)))

        try:
            list(train(dataclasses.replace(QUICK, batch=3), SMALL, views, folder / "m", device, {}, group=group))
        except TrainingError as error:
            said.append(str(error))

        broken = views[1].passes.copy()
        broken[:, :3, 1:, 1:] = np.inf
        spoiled = [dataclasses.replace(view, passes=broken, name=f"set/{rank}") for view in views[1:]]
        try:
            list(train(QUICK, SMALL, spoiled, folder / "nan.safetensors", device, {}, group=group))
        except TrainingError as error:
            said.append(str(error))

        held_longer(lent)
        said.append(" ".join(group.all_words(["äö"] * rank + [""])))
    said.append(f"{len(lent)} lent, {sum(tensor() is not None for tensor in lent)} not given back")
    (folder / f"said.{rank}").write_text("\n".join(said))


def held_longer(lent: list[weakref.ref[torch.Tensor]]) -> None:
    """From here on, a thread keeps the tensors that are given to gloo for a while, as gloo's own sometimes do."""
    all_reduce = torch.distributed.all_reduce

    def held(tensor: torch.Tensor, *args: object) -> None:
        lent.append(weakref.ref(tensor))
        threading.Thread(target=lambda _: time.sleep(0.5), args=(tensor,), daemon=True).start()
        all_reduce(tensor, *args)

    torch.distributed.all_reduce = held


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def test_two_processes_train_as_one_does_with_the_same_batch(tiny_pairs, tmp_path):
    one = list(train(QUICK, SMALL, load(tiny_pairs), tmp_path / "one.safetensors", CPU, {}))
    torch.multiprocessing.spawn(of_two, (free_port(), tiny_pairs, tmp_path), nprocs=2)
    alone, together = (load_state(state_path(tmp_path / f"{name}.safetensors"))[0] for name in ("one", "two"))
    _, provenance = load_model(tmp_path / "two.safetensors")
    torch.manual_seed(QUICK.seed)
    begin = build(SMALL).state_dict()
    moved = sum((alone[f"network.{name}"] - tensor).square().sum() for name, tensor in begin.items())
    apart = sum((alone[f"network.{name}"] - together[f"network.{name}"]).square().sum() for name in begin)
    # not weight by weight: Adam takes full steps along gradients that are zero but for rounding
    assert 0.03 < moved.sqrt() and apart.sqrt() < 0.01 * moved.sqrt()
    assert provenance["processes"] == 2 and provenance["batch"] == 4

    said = [(tmp_path / f"said.{rank}").read_text().splitlines() for rank in (0, 1)]
    for words, validations in zip(said, (2, 0), strict=True):
        steps, validated, loss = map(float, words[0].split())
        assert (steps, validated) == (5, validations)
        assert loss == pytest.approx(one[-1]["loss"], rel=1e-5)  # the mean of both
    assert said[0][1] == said[1][1] and int(said[0][1]) >= 1
    assert said[0][2] == said[1][2] == "a batch of 3 is no multiple of the 2 processes; give --batch one"
    assert said[0][3] == said[1][3] and said[0][3].startswith("set/0, set/1: the loss became NaN or Inf at step 0")
    assert not (tmp_path / "nan.safetensors").exists()
    assert said[0][4] == said[1][4] == " äö "
    assert said[0][5] == said[1][5] == "2 lent, 0 not given back"  # else the end of the process may abort it


def test_shares_make_up_the_batch(tiny_pairs):
    views = load(tiny_pairs)
    _, whole, target, _, fractions = draw_batch(2 * views, 32, np.random.default_rng((1, 2)))
    parts = [draw_batch(2 * views, 32, np.random.default_rng((1, 2)), Group(rank, 3).share(6)) for rank in range(3)]
    assert torch.equal(torch.cat([inputs.radiance for _, inputs, *_ in parts]), whole.radiance)
    assert torch.equal(torch.cat([inputs.present for _, inputs, *_ in parts]), whole.present)
    assert torch.equal(torch.cat([own for _, _, own, *_ in parts]), target)
    assert torch.equal(torch.cat([own for *_, own in parts]), fractions)


def test_each_process_begins_at_another_item_and_all_have_them_in_order():
    calls: list[list[int]] = [[], [], []]

    def square(rank: int, item: int) -> int:
        calls[rank].append(item)
        return item**2

    for rank in range(3):
        assert Group(rank, 3).mapped(partial(square, rank), range(7)) == [0, 1, 4, 9, 16, 25, 36]
    assert calls == [[0, 1, 2, 3, 4, 5, 6], [2, 3, 4, 5, 6, 0, 1], [4, 5, 6, 0, 1, 2, 3]]
    assert Group(1, 3).mapped(str, []) == []


def test_alone_nothing_is_asked_of_others():
    with joined(CPU) as (group, device):
        assert group is ALONE and device == CPU
    assert ALONE.main and ALONE.share(5) == slice(0, 5)
    assert ALONE.of_main(0.5) == 0.5 and ALONE.most(3) == 3 and ALONE.all_words(["a"]) == ["a"]
    assert ALONE.mean(torch.tensor(0.25)) == 0.25


def torchrun(*arguments: str) -> list[str]:
    launcher = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    return [*launcher, "-m", "denoise.training_cli", *arguments, "--batch", "2", "--crop", "32", "--device", "cpu"]


def test_under_torchrun_sigterm_stops_both_with_the_state_saved(tiny_pairs, tmp_path):
    out = tmp_path / "m.safetensors"
    command = torchrun(str(tiny_pairs), "-o", str(out), "--steps", "100000", "--checkpoint-seconds", "0.2")
    with open(tmp_path / "stderr", "w+") as stderr:
        process = subprocess.Popen(command, stderr=stderr, text=True)
        until = time.monotonic() + 90
        while not out.exists() and time.monotonic() < until:
            time.sleep(0.05)
        process.send_signal(signal.SIGTERM)
        process.wait(60)
        stderr.seek(0)
        said = stderr.read()
    assert process.returncode != 0 and "FutureWarning" not in said
    stopped = re.findall(r"train-denoiser: stopped at step (\d+); --resume goes on from there", said)
    assert len(stopped) == 1, said  # both ended: torchrun waits for them; one speaks
    step = int(stopped[0])
    assert load_state(state_path(out))[1]["step"] == step >= 1

    command[command.index("100000")] = str(step + 2)
    again = subprocess.run([*command, "--resume"], capture_output=True, text=True)
    assert again.returncode == 0, again.stderr
    assert load_model(out)[1]["steps"] == step + 2
    assert len(re.findall("views to train on", again.stderr)) == 1


def test_a_batch_that_cannot_be_shared_gets_one_line(tiny_pairs, tmp_path):
    command = [*torchrun(str(tiny_pairs), "-o", str(tmp_path / "m.safetensors")), "--batch", "3"]
    ran = subprocess.run(command, capture_output=True, text=True)
    assert ran.returncode != 0
    assert ran.stderr.count("train-denoiser: a batch of 3 is no multiple of the 2 processes") == 1
