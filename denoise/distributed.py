"""A training's processes, where it has several: torchrun starts them, each with its share of every batch.

Everything here does nothing in a process that is alone, so that the loop reads the same for one and for many. What the
processes must agree on, the first of them (`main`) says; it alone validates and writes files.
"""

from __future__ import annotations

import json
import os
import time
import weakref
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TypeVar

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from denoise.errors import TrainingError

_Item = TypeVar("_Item")
_Made = TypeVar("_Made")
_PATIENCE = timedelta(hours=2)  # the others wait while the first one decodes a data set, or validates
_RELEASED_AFTER = 2.0  # seconds; gloo's threads need some milliseconds


@dataclass(frozen=True)
class Group:
    """The processes of a training, seen from one of them.

    Attributes:
        rank: which one this is.
        size: how many there are.
    """

    rank: int = 0
    size: int = 1
    _lent: deque[weakref.ref[Tensor]] = field(default_factory=lambda: deque(maxlen=32), init=False, compare=False)

    @property
    def main(self) -> bool:
        """Whether this is the one that validates, writes and shows."""
        return self.rank == 0

    def share(self, batch: int) -> slice:
        """Which samples of a batch are this process's: equal shares, so that the mean of means is the mean.

        Raises:
            TrainingError: they cannot be equal.
        """
        if batch % self.size:
            raise TrainingError(f"a batch of {batch} is no multiple of the {self.size} processes; give --batch one")
        count = batch // self.size
        return slice(self.rank * count, (self.rank + 1) * count)

    def mapped(self, function: Callable[[_Item], _Made], items: Sequence[_Item]) -> list[_Made]:
        """What a function makes of each item, in their order.

        Each process begins at another of them, so that of what is kept on disk each makes its share and finds the rest.
        """
        first = len(items) * self.rank // self.size
        made = {i: function(items[i]) for i in (*range(first, len(items)), *range(first))}
        return [made[i] for i in range(len(items))]

    def replica(self, network: nn.Module) -> nn.Module:
        """The network to call in training: its gradients are the means over all processes."""
        return network if self.size == 1 else DistributedDataParallel(network)

    def of_main(self, value: float) -> float:
        """What the first process has here."""
        if self.size == 1:
            return value
        said = self._lend(torch.tensor(value, dtype=torch.float64))
        dist.broadcast(said, src=0)
        return said.item()

    def mean(self, value: Tensor) -> float:
        """Mean over the processes of a tensor of one number."""
        if self.size == 1:
            return value.item()
        total = self._lend(value.detach().double().cpu())
        dist.all_reduce(total)
        return total.item() / self.size

    def most(self, value: int) -> int:
        """The largest that any of them has."""
        if self.size == 1:
            return value
        largest = self._lend(torch.tensor(value))
        dist.all_reduce(largest, dist.ReduceOp.MAX)
        return int(largest.item())

    def all_words(self, words: list[str]) -> list[str]:
        """The words of all of them."""
        if self.size == 1:
            return words
        mine = torch.frombuffer(bytearray(json.dumps(words).encode()), dtype=torch.uint8)
        table = self._lend(torch.zeros(self.size, self.most(len(mine)), dtype=torch.uint8))
        table[self.rank, : len(mine)] = mine
        dist.all_reduce(table)
        return [word for row in table for word in json.loads(row.numpy().tobytes().rstrip(b"\0"))]

    @contextmanager
    def main_first(self) -> Iterator[None]:
        """The others go in when the first process has come out: what it decodes, they only map."""
        if self.size > 1 and not self.main:
            dist.barrier()
        try:
            yield
        finally:
            if self.size > 1 and self.main:
                dist.barrier()

    def await_release(self) -> None:
        """Wait until gloo's threads have let go of what they were lent.

        They do so a little after the call has returned, and need the interpreter for it: where that is being shut down,
        the process aborts (pytorch issue 190489), and `destroy_process_group` does not wait for them after DDP.
        """
        until = time.monotonic() + _RELEASED_AFTER
        while any(tensor() is not None for tensor in self._lent) and time.monotonic() < until:
            time.sleep(0.001)

    def _lend(self, tensor: Tensor) -> Tensor:
        self._lent.append(weakref.ref(tensor))
        return tensor


ALONE = Group()


@contextmanager
def joined(device: torch.device) -> Iterator[tuple[Group, torch.device]]:
    """Join the processes that torchrun started, by gloo, and by nccl between GPUs; alone without torchrun.

    Args:
        device: where the training shall run.

    Yields:
        The group, and this process's own device.

    Raises:
        TrainingError: more processes on this machine than it has GPUs, or one of them died in the context.
    """
    size = int(os.environ.get("WORLD_SIZE", 1)) if "RANK" in os.environ else 1
    if size == 1:
        yield ALONE, device
        return
    backend = "gloo"
    if device.type == "cuda":
        here, count = int(os.environ.get("LOCAL_WORLD_SIZE", 1)), torch.cuda.device_count()
        if here > count:
            raise TrainingError(f"{here} processes for {count} GPUs; start torchrun with --nproc-per-node {count}")
        device = torch.device("cuda", int(os.environ.get("LOCAL_RANK", 0)))
        torch.cuda.set_device(device)
        backend = "cpu:gloo,cuda:nccl"  # numbers on the CPU are agreed on without waiting for the GPU
    dist.init_process_group(backend, timeout=_PATIENCE)
    group = Group(dist.get_rank(), size)
    try:
        yield group, device
    except RuntimeError as error:
        if not isinstance(error, dist.DistError) and "gloo" not in str(error):
            raise
        raise TrainingError("another process of this training died; see what it said, then --resume") from error
    finally:
        dist.destroy_process_group()
        group.await_release()
