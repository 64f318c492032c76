import numpy as np
import pytest
import torch

from denoise.data import StoredView
from denoise.network import KernelNetwork, ModelConfig
from tools.idle_units import activity


def test_units_that_nothing_brings_above_zero_are_found():
    torch.manual_seed(0)
    network = KernelNetwork(ModelConfig(widths=(8, 8), head=8, kernel=3))
    with torch.no_grad():
        network.enter[0].bias[2] = -1e4
        network.enter[0].bias[5] = 1e4
    passes = np.random.default_rng(0).random((3, 12, 40, 40)).astype(np.float16)
    view = StoredView("set/view", passes, np.ones(3, np.float32), held_out=False)
    shares = activity(network, [view], batches=2)
    assert [name for name in shares if name.startswith("enter")] == ["enter.1", "enter.3"]
    assert shares["enter.1"][2] == 0 and shares["enter.1"][5] == 1
    assert 0 < shares["enter.1"].mean().item() < 1
    again = activity(network, [view], batches=1)  # its hooks are gone, nothing is counted twice
    assert shares["enter.1"][5] == pytest.approx(again["enter.1"][5].item())
