"""Every random number of a data set, from the one seed on the command line.

SHA-256 of the names, not Python's `hash` (salted for each process) nor seed + index (the views of one data set would
share passes with those of another).
"""

from __future__ import annotations

import hashlib

import numpy as np


def _digest(*parts: str | int) -> bytes:
    return hashlib.sha256("\x1f".join(str(part) for part in parts).encode("utf-8")).digest()


def pass_seed(seed: int, scene: str, view: int, index: int) -> int:
    """The renderer's 32-bit seed for one pass."""
    return int.from_bytes(_digest("pass", seed, scene, view, index)[:4], "little")


def run_seed(seed: int, run: int) -> int:
    """The 32-bit seed for one run of a pass's pixels; the first has the pass's own."""
    return seed if run == 0 else int.from_bytes(_digest("run", seed, run)[:4], "little")


def generator(seed: int, scene: str, view: int, purpose: str) -> np.random.Generator:
    """Random numbers for one purpose (`camera`, `spp`, `sampler`) of one view, whatever the other views draw."""
    return np.random.default_rng(list(_digest(purpose, seed, scene, view)))
