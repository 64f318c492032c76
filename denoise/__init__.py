"""From a noisy frame to a clean one: the network, its training and the frames around it.

from denoise import Denoiser
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from denoise.denoiser import Denoiser

__all__ = ["Denoiser"]


def __getattr__(name: str) -> Any:
    """`Denoiser` on first use, so that the command lines need not load torch to show their help."""
    if name == "Denoiser":
        from denoise.denoiser import Denoiser

        return Denoiser
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
