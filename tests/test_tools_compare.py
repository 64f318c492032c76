import io

import numpy as np
import pytest
import torch
from rich.console import Console

from denoise.checkpoint import save_model
from denoise.network import KernelNetwork, ModelConfig
from tools import compare


def test_both_denoisers_are_judged_on_the_same_passes(tmp_path, monkeypatch):
    pytest.importorskip("pyoidn")
    torch.manual_seed(0)
    model = tmp_path / "untrained.safetensors"
    save_model(model, KernelNetwork(ModelConfig(widths=(8, 8), head=8, kernel=3)), {})
    monkeypatch.setattr(compare, "SPP", (2, 9))
    monkeypatch.setattr(compare, "_REFERENCE_SPP", 64)
    output = io.StringIO()

    figures = compare.compare(tmp_path, Console(file=output, width=100), model, "48x28", "demo")

    assert list(figures) == [
        ("studio", spp, method) for spp in (2, 9) for method in ("noisy", "OIDN best", "mcdenoise")
    ]
    for spp in (2, 9):
        assert figures["studio", spp, "OIDN best"].psnr > figures["studio", spp, "noisy"].psnr
    assert figures["studio", 9, "noisy"].psnr > figures["studio", 2, "noisy"].psnr
    ratio = figures["studio", 9, "mcdenoise"].relmse / figures["studio", 9, "OIDN best"].relmse
    assert np.isfinite(ratio) and f"9 spp: relMSE is {ratio:.2f} times OIDN's" in output.getvalue()
