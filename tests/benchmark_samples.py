"""Small real frames for the benchmark's tests."""

from pathlib import Path

import torch

from denoise.checkpoint import save_model
from denoise.network import KernelNetwork, ModelConfig
from denoise.pairs import open_pairs, view_planes, write_pass


def write_frames(folder: Path, pairs: Path, reference: tuple) -> Path:
    """Two pictures at 1 and 2 spp: the tiny scene, and a part of it; 1 spp has both passes."""
    view = open_pairs(pairs)[0]
    spps = [record.spp for record in view.passes]
    assert spps[:3] == [1, 1, 2]
    folder.mkdir()
    for name, rows, columns in (("tiny", 44, 52), ("corner", 37, 41)):
        for index, file in enumerate(("1spp.a", "1spp.b", "2spp.a")):
            planes = {key: plane[:rows, :columns] for key, plane in view_planes(view, index).items()}
            write_pass(folder / f"{name}.{file}.exr", planes, {})
        for index, half in enumerate(reference):
            write_pass(folder / f"{name}.ref{index + 1}.exr", {"radiance": half[:rows, :columns]}, {})
    return folder


def write_model(path: Path) -> Path:
    """An untrained network, which is a cross-bilateral filter."""
    torch.manual_seed(0)
    save_model(path, KernelNetwork(ModelConfig(widths=(8, 8), head=8, kernel=3)), {})
    return path
