"""Where convolutions run in bfloat16: on processors that multiply it, two to seven times as fast as float32.

What is filtered, the guides and the kernels stay float32; of the U-Net's sums only the factors are rounded.
"""

from __future__ import annotations

from functools import cache

import torch

from denoise import processor
from denoise.compiled import find


def has_fast_bfloat16(device: torch.device) -> bool:
    """Whether bfloat16 pays on a device: CUDA since Ampere, CPUs with AMX, AMD's with AVX512-BF16 (since Zen 4).

    Intel's with AVX512-BF16 alone, of which AMX may be hidden from a virtual machine, multiply it at half the rate of
    float32.
    """
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    avx512 = torch.cpu._is_avx512_bf16_supported() and not _is_intel()  # public in no torch yet
    return device.type == "cpu" and (avx512 or has_amx())


def has_amx() -> bool:
    """Whether the CPU multiplies matrices of bfloat16: Intel's since 2023."""
    return torch.cpu._is_amx_tile_supported()


def mixed(device: torch.device, wanted: str = "auto") -> torch.autocast:
    """The context to predict kernels in.

    Args:
        device: where.
        wanted: "float32", "bfloat16", or "auto" for the faster; "int8" (`denoise.quantized`) is bfloat16 for all else,
            which compiled loops read and write at half the cost of float32 wherever it is multiplied.
    """
    beside_bytes = wanted == "int8" and find("fused_convolutions", ()) is not None
    enabled = beside_bytes or wanted == "bfloat16" or wanted != "float32" and has_fast_bfloat16(device)
    return torch.autocast(device.type, torch.bfloat16, enabled=enabled)


@cache
def _is_intel() -> bool:
    return "GenuineIntel" in processor.told("vendor_id")
