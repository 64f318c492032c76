"""How inner loops are compiled by numba, and run over the rows of planes in several threads.

bfloat16 numba does not know: its bits come as int16.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any

import numpy as np
import torch
from numba import config, njit, types
from numba.extending import overload
from torch import Tensor

if config.DISABLE_JIT:
    raise ImportError("numba is told not to compile (NUMBA_DISABLE_JIT); interpreted, these loops take hours")

_ROWS = 16  # of a thread's share, at least; fewer, and the rows that shares have in common cost more
_PARTS = 4  # shares for each thread, for those that other processes slow down
_HIGH_HALF, _BELOW_HALF, _LAST_BIT = np.int32(16), np.int32(0x7FFF), np.int32(1)  # of a float32: bfloat16's bits


def inlined(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile when what calls it is compiled, and into it."""
    machine_code: Callable[..., Any] = njit(fastmath={"contract"}, nogil=True)(function)
    return machine_code


def compiled(*signatures: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Compile now, keeping the machine code beside the module or in the user's cache folder.

    Without wraparound, alias or error checks in the inner loops LLVM makes vector code of them: products and sums may
    be contracted, nothing else is relaxed, so NaN stays NaN.
    """

    def compile_now(function: Callable[..., Any]) -> Callable[..., Any]:
        for kept in (True, False):
            try:
                machine_code: Callable[..., Any] = njit(
                    list(signatures), fastmath={"contract"}, nogil=True, error_model="numpy", cache=kept
                )(function)
                return machine_code
            except Exception:  # of the cache: no folder to write to, a full disk, a damaged file
                if not kept:
                    raise
        raise AssertionError

    return compile_now


def wide(x):  # type: ignore[no-untyped-def]
    """A float32 as it is, or a bfloat16's bits as one."""
    raise TypeError("for compiled code only: numba takes `_typed_wide`, by the type")


@overload(wide)
def _typed_wide(x):  # type: ignore[no-untyped-def]
    if isinstance(x, types.Float):
        return lambda x: x
    return lambda x: np.int32(np.int32(x) << _HIGH_HALF).view(np.float32)


def narrow(x, like):  # type: ignore[no-untyped-def]
    """A float32 in the type of `like`: as it is, or the bits of the bfloat16 nearest to it."""
    raise TypeError("for compiled code only: numba takes `_typed_narrow`, by the type of `like`")


@overload(narrow)
def _typed_narrow(x, like):  # type: ignore[no-untyped-def]
    if isinstance(like, types.Float):
        return lambda x, like: x

    def nearest(x, like):  # type: ignore[no-untyped-def]
        bits = np.float32(x).view(np.int32)
        return np.int16((bits + _BELOW_HALF + ((bits >> _HIGH_HALF) & _LAST_BIT)) >> _HIGH_HALF)

    return nearest


def arrays(planes: Tensor) -> list[np.ndarray]:
    """The images of a batch, (C, H, W) each; bfloat16 as its bits."""
    if planes.dtype is torch.bfloat16:
        planes = planes.view(torch.int16)
    return [one.detach().contiguous().numpy() for one in planes]


def by_rows(function: Callable[..., None], planes: tuple[Any, ...], height: int | None = None, first: int = 0) -> None:
    """Call a function with the planes and each share of the rows, in as many threads as torch uses.

    Args:
        function: takes the planes, the first row and the end row.
        planes: what it shall take.
        height: rows; None for those of the last of the planes, (C, H, W).
        first: of the rows, if not all are wanted.
    """
    threads, height = torch.get_num_threads(), planes[-1].shape[1] if height is None else height
    rows = max(_ROWS, -(-(height - first) // (threads * _PARTS)))
    if threads == 1 or rows >= height - first:
        function(*planes, first, height)
        return
    tops = iter(range(first, height, rows))  # taken one by one, also by a thread that comes late or not at all

    def work() -> None:
        for top in tops:
            function(*planes, top, min(top + rows, height))

    others = [workers(threads).submit(work) for _ in range(threads - 1)]
    work()
    for other in others:
        if not other.cancel():
            other.result()


@cache
def workers(threads: int) -> ThreadPoolExecutor:
    """Threads that sleep between calls. Not numba's own: those either spin, or serve one caller at a time only."""
    return ThreadPoolExecutor(threads, "fused")


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=workers.cache_clear)  # threads do not survive a fork
