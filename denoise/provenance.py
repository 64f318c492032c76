"""Where a model comes from: data, software, hardware."""

from __future__ import annotations

import hashlib
import os
import subprocess
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch

from denoise import processor
from denoise.data import StoredView


def describe(directories: Sequence[Path], views: Sequence[StoredView], device: torch.device) -> dict[str, Any]:
    """What a model file tells of its training's data, software and hardware; the training adds its settings.

    Args:
        directories: the data sets.
        views: all their views.
        device: where the training ran.
    """
    on_cpu = f"{os.cpu_count()} x {processor.told('model name')}"
    hardware = torch.cuda.get_device_name(device) if device.type == "cuda" else on_cpu
    names = sorted(Path(view.name).name for view in views)
    return {
        "data": [directory.name for directory in directories],
        "views": sum(not view.held_out for view in views),
        "held_out_views": sum(view.held_out for view in views),
        "views_digest": hashlib.sha256("\n".join(names).encode()).hexdigest()[:16],
        "mcdenoise": version("mcdenoise"),
        "commit": _commit(),
        "torch": torch.__version__,
        "hardware": hardware,
    }


def _commit() -> str:
    """The source's commit where it is a checkout, with a plus where files differ from it; else empty."""
    git = ["git", "-C", str(Path(__file__).parent)]
    try:
        head = subprocess.run([*git, "rev-parse", "HEAD"], capture_output=True, text=True, check=True).stdout.strip()
        changed = subprocess.run([*git, "status", "--porcelain", "-uno"], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return ""
    return head + ("+" if changed.stdout.strip() else "")
