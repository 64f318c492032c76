"""How long it takes and how much memory: as ratios, since the machine and its other users set the seconds.

The candidates run in turn, again and again, so that a busy machine is busy for all; each is run once before, uncounted.
A filter alone is run uncounted right before each timed run too: as in a batch of frames, and what another candidate
left in the caches counts for nobody. Ours is divided by another's neighbour in time.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rich.console import Console

from denoise.denoiser import Denoiser
from denoise.errors import McdenoiseError
from denoise.frame import Planes
from denoise.pairs import write_pass
from tools.benchmark import oidn
from tools.benchmark.comparison import Spread

OURS = "mcdenoise"
FIELDS = ("wall", "cpu", "peak")
NO_FILTER = "read and write alone"
_ROOT = Path(__file__).parents[2]
_PLANES = ("radiance", "albedo", "normal")


@dataclass(frozen=True)
class Run:
    """One run.

    Attributes:
        wall: seconds.
        cpu: processor seconds, of all threads.
        peak: the most memory that the process held, in bytes; None where it was not a process of its own.
    """

    wall: float
    cpu: float
    peak: int | None = None


#: The runs of each candidate, in order; the same number for all.
Runs = dict[str, list[Run]]


def timed_frame(planes: Planes, width: int, height: int) -> Planes:
    """A frame of any size of a real one: radiance, albedo and normal, mirrored at the edges as often as it takes.

    Raises:
        McdenoiseError: the frame has no albedo or no normal.
    """
    missing = [name for name in _PLANES if name not in planes]
    if missing:
        raise McdenoiseError(f"speed is measured with albedo and normal; the first frame has no {missing[0]}")
    large = {}
    for name in _PLANES:
        rows, columns = (max(0, want - have) for want, have in zip((height, width), planes[name].shape, strict=False))
        padded = np.pad(planes[name], ((0, rows), (0, columns), (0, 0)), mode="symmetric")
        large[name] = np.ascontiguousarray(padded[:height, :width])
    return large


def time_filters(planes: Planes, denoiser: Denoiser, repeats: int, console: Console) -> Runs:
    """The filter alone, in this process: no reading, no writing, no loading of models."""

    def run(function: Callable[[], object]) -> Run:
        function()
        wall, cpu = time.perf_counter(), time.process_time()
        function()
        return Run(time.perf_counter() - wall, time.process_time() - cpu)

    candidates: dict[str, Callable[[], object]] = {OURS: lambda: denoiser.denoise(*(planes[name] for name in _PLANES))}
    for mode in oidn.MODES:
        candidates[f"OIDN {mode}"] = lambda mode=mode: oidn.denoise(planes, mode)
    return _in_turn({name: lambda f=f: run(f) for name, f in candidates.items()}, repeats, console)


def time_programs(planes: Planes, repeats: int, console: Console, options: tuple[str, ...] = ()) -> Runs:
    """From the start of the program to the written file, and the memory it takes; a file of half floats, ZIP.

    Args:
        planes: of the frame.
        repeats: timed runs of each.
        console: says what runs.
        options: of `mcdenoise`.
    """
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder, "frame.exr"), Path(folder, "clean.exr")
        write_pass(source, planes, {})
        commands = {OURS: ("-m", "denoise.cli", str(source), "-o", str(target), *options)}
        for mode in (*oidn.MODES, "none"):
            name = NO_FILTER if mode == "none" else f"OIDN {mode}"
            commands[name] = ("-m", "tools.benchmark.oidn_file", str(source), str(target), mode)

        def run(command: tuple[str, ...]) -> Run:
            target.unlink(missing_ok=True)
            taken = run_program([sys.executable, *command])
            if not target.is_file():
                raise McdenoiseError(f"{' '.join(command)}: wrote nothing")
            return taken

        return _in_turn({name: lambda c=c: run(c) for name, c in commands.items()}, repeats, console)


def run_program(command: list[str]) -> Run:
    """Run a program to its end, its output thrown away.

    Raises:
        McdenoiseError: it failed.
    """
    through = [sys.executable, str(Path(__file__).with_name("child.py")), *command]
    ran = subprocess.run(through, capture_output=True, text=True, cwd=_ROOT, check=False)
    taken = json.loads(ran.stdout or '{"status": 1}')
    if taken["status"]:
        last = (ran.stderr.strip().splitlines() or ["it said nothing"])[-1]
        raise McdenoiseError(f"{' '.join(command)}: failed: {last}")
    return Run(taken["wall"], taken["cpu"], taken["peak"])


def ratios(runs: Runs, field: str) -> dict[str, Spread]:
    """Ours over each other candidate, run by run; `field` is one of Run's."""
    ours = [getattr(run, field) for run in runs[OURS]]
    return {
        name: Spread.of([a / getattr(run, field) for a, run in zip(ours, theirs, strict=True)])
        for name, theirs in runs.items()
        if name not in (OURS, NO_FILTER)
    }


def medians(runs: Runs) -> dict[str, dict[str, float]]:
    """Of each candidate: wall, cpu and, where it was measured, peak."""
    return {
        name: {
            field: statistics.median(getattr(run, field) for run in each)
            for field in FIELDS
            if getattr(each[0], field) is not None
        }
        for name, each in runs.items()
    }


def _in_turn(candidates: Mapping[str, Callable[[], Run]], repeats: int, console: Console) -> Runs:
    runs: Runs = {name: [] for name in candidates}
    for repeat in range(repeats + 1):
        for name, run in candidates.items():
            label = f"{name}, {repeat} of {repeats}" if repeat else f"{name}, to warm up"
            with console.status(label):
                taken = run()
            if repeat:
                runs[name].append(taken)
    return runs
