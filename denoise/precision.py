"""Where convolutions run in bfloat16: on processors that multiply it, two to seven times as fast as float32.

What is filtered, the guides and the kernels stay float32; of the U-Net's sums only the factors are rounded.
"""

from __future__ import annotations

import torch


def has_fast_bfloat16(device: torch.device) -> bool:
    """Whether bfloat16 pays on a device: CUDA since Ampere, CPUs with AVX512-BF16 (AMD's since Zen 4) or AMX."""
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    return device.type == "cpu" and (torch.cpu._is_avx512_bf16_supported() or has_amx())  # public in no torch yet


def has_amx() -> bool:
    """Whether the CPU multiplies matrices of bfloat16: Intel's since 2023."""
    return torch.cpu._is_amx_tile_supported()


def mixed(device: torch.device, wanted: str = "auto") -> torch.autocast:
    """The context to predict kernels in.

    Args:
        device: where.
        wanted: "float32", "bfloat16", or "auto" for the faster; "int8" (`denoise.quantized`) is "auto" for all else.
    """
    enabled = has_fast_bfloat16(device) if wanted in ("auto", "int8") else wanted == "bfloat16"
    return torch.autocast(device.type, torch.bfloat16, enabled=enabled)
