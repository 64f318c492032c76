"""What a run of the benchmark has found, and on what."""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import Any

from denoise import processor
from tools.benchmark.measure import Result
from tools.benchmark.speed import Runs
from tools.benchmark.summary import Ratio, Summary

_PACKAGES = ("mcdenoise", "torch", "pyoidn", "numpy", "OpenEXR", "flip-evaluator")


@dataclass
class Outcome:
    """All of it.

    Attributes:
        folder: of the frames.
        model: its name, the device it ran on, and what its file says of its training.
        machine: processor, cores, system, versions.
        results: every method on every frame; empty where speed alone was asked for.
        summaries: every method over all frames.
        ratios: ours against the others.
        filters: timings of the filters alone; empty where not asked for.
        programs: timings from file to file, with memory.
        speed_size: width and height of the timed frame.
    """

    folder: str
    model: dict[str, Any]
    machine: dict[str, str]
    results: list[Result] = field(default_factory=list)
    summaries: list[Summary] = field(default_factory=list)
    ratios: list[Ratio] = field(default_factory=list)
    filters: Runs = field(default_factory=dict)
    programs: Runs = field(default_factory=dict)
    speed_size: tuple[int, int] = (0, 0)


def describe_machine() -> dict[str, str]:
    """What it runs on and with."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return {
        "processor": processor.told("model name"),
        "cores": str(cores),
        "system": platform.platform(),
        "python": platform.python_version(),
        **{package: version(package) for package in _PACKAGES},
    }
