"""Which compiled loops can be used on planes, if numba is installed."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from importlib import import_module
from types import ModuleType

import torch
from torch import Tensor


def find(module: str, planes: Iterable[Tensor], with_gradients: str | None = None) -> ModuleType | None:
    """A module of compiled loops, where it can be used on the planes: float32 on the CPU.

    Args:
        module: of this package.
        planes: that it shall work on.
        with_gradients: the module where autograd wants the gradient; None for torch's own operations then.
    """
    planes = list(planes)
    wanted = torch.is_grad_enabled() and any(plane.requires_grad for plane in planes)
    chosen = with_gradients if wanted else module
    if chosen is None or not all(plane.dtype is torch.float32 and plane.device.type == "cpu" for plane in planes):
        return None
    return _loaded(chosen)


@cache
def _loaded(module: str) -> ModuleType | None:
    try:
        return import_module(f"denoise.{module}")
    except ImportError:  # no numba, or one for another numpy
        return None
