"""Where bfloat16 is computed in, and where it is only what planes are kept in."""

import platform

import pytest
import torch

from denoise import precision
from denoise import processor as described

CPU = torch.device("cpu")


@pytest.fixture
def processor(monkeypatch):
    """Lets the processor be another."""

    def be(avx512_bf16, amx, intel):
        monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: avx512_bf16)
        monkeypatch.setattr(precision, "has_amx", lambda: amx)
        monkeypatch.setattr(precision, "_is_intel", lambda: intel)

    return be


@pytest.mark.parametrize(
    ("avx512_bf16", "amx", "intel", "fast"),
    [
        (False, False, True, False),
        (False, False, False, False),
        (True, False, False, True),  # AMD since Zen 4
        (True, True, True, True),  # Intel since 2023
        (True, False, True, False),  # the same, AMX hidden from a virtual machine
    ],
)
def test_where_bfloat16_pays(processor, avx512_bf16, amx, intel, fast):
    processor(avx512_bf16, amx, intel)
    assert precision.has_fast_bfloat16(CPU) is fast
    with precision.mixed(CPU):
        assert torch.is_autocast_enabled("cpu") is fast


@pytest.mark.parametrize("compiled", [True, False])
def test_planes_beside_bytes_are_bfloat16_where_compiled_loops_read_them(processor, monkeypatch, compiled):
    processor(False, False, True)
    monkeypatch.setattr(precision, "find", lambda *_: compiled or None)
    for wanted, enabled in {"int8": compiled, "bfloat16": True, "float32": False, "auto": False}.items():
        with precision.mixed(CPU, wanted):
            assert torch.is_autocast_enabled("cpu") is enabled, wanted


def test_the_processor_says_whose_it_is(monkeypatch, tmp_path):
    for text, intel in ("vendor_id\t: GenuineIntel\n", True), ("vendor_id\t: AuthenticAMD\n", False):
        (tmp_path / "cpuinfo").write_text(text)
        monkeypatch.setattr(described, "_CPUINFO", tmp_path / "cpuinfo")
        assert precision._is_intel.__wrapped__() is intel
        assert described.told("model name") == (platform.processor() or platform.machine())  # not in these
