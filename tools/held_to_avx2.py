"""The profile of the filter as it would be on a processor that has AVX2 and nothing wider.

    python -m tools.held_to_avx2 [options of tools.profile_filter]

Ours and Open Image Denoise are both held to AVX2. What that library runs it chooses when it is first used, by a number
in each of its parts that says what the processor can; there is no other way to tell it.
"""

from __future__ import annotations

import ctypes
import os
import tempfile
from pathlib import Path

#: What the compiler of Open Image Denoise's loops, ISPC, calls AVX2.
_AVX2 = 5
_CHOICE = "__system_best_isa"


def hold_ours(cache: str) -> None:
    """Hold torch's and numba's loops to AVX2; before either is imported.

    Args:
        cache: folder for what numba compiles, which is not to be found by others.
    """
    os.environ |= {"ONEDNN_MAX_CPU_ISA": "AVX2", "ATEN_CPU_CAPABILITY": "avx2"}
    os.environ |= {"NUMBA_CPU_NAME": "haswell", "NUMBA_CACHE_DIR": cache}
    import torch

    torch.cpu._is_vnni_supported = torch.cpu._is_avx512_bf16_supported = lambda: False  # asked by denoise.precision
    torch.cpu._is_amx_tile_supported = lambda: False


def hold_oidn() -> int:
    """Hold Open Image Denoise to AVX2, and return how many parts of it; before it makes its first device.

    A device lays its weights out for what the processor can, and loops for another one read them wrongly.
    """
    import pyoidn
    from elftools.elf.elffile import ELFFile

    path = next(Path(pyoidn.__file__).parent.rglob("libOpenImageDenoise_device_cpu.so*"))
    ctypes.CDLL(str(path))
    begin = next(line for line in Path("/proc/self/maps").read_text().splitlines() if path.name in line).split("-")[0]
    with open(path, "rb") as file:
        symbols = ELFFile(file).get_section_by_name(".symtab").iter_symbols()
        places = [symbol["st_value"] for symbol in symbols if symbol.name == _CHOICE]
    for place in places:
        ctypes.c_int.from_address(int(begin, 16) + place).value = _AVX2
    return len(places)


def main() -> None:
    """Run the profile."""
    with tempfile.TemporaryDirectory() as cache:
        hold_ours(cache)
        if not hold_oidn():
            raise SystemExit("held_to_avx2: this build of Open Image Denoise says nowhere what the processor can")
        from tools.profile_filter import main as profile

        profile()


if __name__ == "__main__":
    main()
