"""Settings of the process for large tensors that come and go, on machines that others use too."""

from __future__ import annotations

import contextlib
import ctypes
import os
import sys

_M_TRIM_THRESHOLD, _M_TOP_PAD, _M_MMAP_MAX = -1, -2, -4  # glibc's malloc.h
_TOP_PAD_BYTES = 512 << 20


def tune() -> bool:
    """Set up threads and allocator; call it before torch is imported.

    Threads that wait for each other spin for some microseconds, then sleep: on an idle machine that is as fast as
    spinning on, and beside another process on the same cores several times faster. Settings of OpenMP that the
    environment makes are kept.

    Freed memory stays in the process instead of going back to the system at each free: glibc maps every large block
    anew, so that each layer's output costs a page fault for each 4 KiB of it, more time than a convolution at
    half resolution itself.

    Returns:
        Whether the allocator's settings took; False where the C library is not glibc.
    """
    if "OMP_WAIT_POLICY" not in os.environ:
        os.environ.setdefault("GOMP_SPINCOUNT", "10000")
    if not sys.platform.startswith("linux"):
        return False
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError):
        return False
    return bool(mallopt(_M_MMAP_MAX, 0) and mallopt(_M_TRIM_THRESHOLD, -1) and mallopt(_M_TOP_PAD, _TOP_PAD_BYTES))


def give_back() -> None:
    """Free memory back to the system, which `tune` keeps from going there by itself; nothing where that is not glibc.

    For a point from which less is needed than before: what lies in pieces between blocks in use serves no large plane.
    """
    if sys.platform.startswith("linux"):
        with contextlib.suppress(AttributeError, OSError):
            ctypes.CDLL(None).malloc_trim(0)
