"""Where convolutions run in bfloat16: on processors that multiply matrices of it, several times as fast as float32.

What is filtered, the guides and the kernels stay float32; of the U-Net's sums only the factors are rounded.
"""

from __future__ import annotations

import torch


def has_fast_bfloat16(device: torch.device) -> bool:
    """Whether bfloat16 pays on a device: CUDA since Ampere, and Intel CPUs with AMX (2023 and later)."""
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    return device.type == "cpu" and torch.cpu._is_amx_tile_supported()  # public in no version of torch yet


def mixed(device: torch.device, wanted: str = "auto") -> torch.autocast:
    """The context to predict kernels in.

    Args:
        device: where.
        wanted: "float32", "bfloat16", or "auto" for the faster.
    """
    enabled = has_fast_bfloat16(device) if wanted == "auto" else wanted == "bfloat16"
    return torch.autocast(device.type, torch.bfloat16, enabled=enabled)
