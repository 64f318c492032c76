"""The C allocator's settings for large tensors that come and go."""

from __future__ import annotations

import ctypes
import sys

_M_TRIM_THRESHOLD, _M_TOP_PAD, _M_MMAP_MAX = -1, -2, -4  # glibc's malloc.h
_TOP_PAD_BYTES = 512 << 20


def tune() -> bool:
    """Keep freed memory in the process instead of giving it back to the system at each free.

    glibc maps every large block anew, so that each layer's output costs a page fault for each 4 KiB of it: more
    time than the convolution at half resolution itself. Call it before the first large allocation.

    Returns:
        Whether the settings took; False where the C library is not glibc.
    """
    if not sys.platform.startswith("linux"):
        return False
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError):
        return False
    return bool(
        mallopt(_M_MMAP_MAX, 0) and mallopt(_M_TRIM_THRESHOLD, -1) and mallopt(_M_TOP_PAD, _TOP_PAD_BYTES)
    )
