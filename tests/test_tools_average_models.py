"""Weights of several models averaged into one."""

import copy
import dataclasses

import pytest
import torch
from torch.testing import assert_close

from denoise.checkpoint import load_model, save_model
from denoise.errors import ModelError
from denoise.network import ModelConfig, build
from tools.average_models import average

SMALL = ModelConfig(widths=(8, 12), head=8)


def test_the_mean_of_two_models(tmp_path):
    networks = []
    for index, steps in enumerate((100, 200)):
        torch.manual_seed(index)
        networks.append(build(SMALL))
        networks[-1].balance()
        save_model(tmp_path / f"{steps}.safetensors", networks[-1], {"steps": steps, "seed": 3})
    average([tmp_path / "100.safetensors", tmp_path / "200.safetensors"], tmp_path / "mean.safetensors")
    mean, facts = load_model(tmp_path / "mean.safetensors")
    for name, tensor in mean.state_dict().items():
        first, second = (network.state_dict()[name] for network in networks)
        assert_close(tensor, (first + second) / 2, rtol=1e-3, atol=1e-3)  # half floats
    assert facts == {"steps": 200, "seed": 3, "averaged_steps": [100, 200]}


def test_the_mean_with_itself_in_another_scale_is_the_same_network(tmp_path):
    """ReLU lets a layer be halved where the next is doubled: weights of such models differ, and nothing else does."""
    one = build(SMALL)
    for parameter in one.parameters():
        torch.nn.init.normal_(parameter, std=0.1)
    other = copy.deepcopy(one)
    with torch.no_grad():
        for parameter in other.enter[0].parameters():
            parameter.mul_(0.5)
        other.enter[2].weight.mul_(2)
    for name, network in (("one", one), ("other", other)):
        save_model(tmp_path / f"{name}.safetensors", network, {})
    average([tmp_path / "one.safetensors", tmp_path / "other.safetensors"], tmp_path / "mean.safetensors")
    mean = load_model(tmp_path / "mean.safetensors")[0]
    x = torch.rand(1, 47, 16, 16)
    assert_close(mean.enter(x) / mean.enter(x).norm(), one.enter(x) / one.enter(x).norm(), rtol=1e-2, atol=1e-4)
    one.balance()
    for name, tensor in mean.state_dict().items():
        assert_close(tensor, one.state_dict()[name], rtol=2e-3, atol=2e-3)


def test_models_of_different_networks_have_no_mean(tmp_path):
    paths = [tmp_path / "small.safetensors", tmp_path / "smaller.safetensors"]
    for path, config in zip(paths, (SMALL, dataclasses.replace(SMALL, head=4)), strict=True):
        save_model(path, build(config), {})
    with pytest.raises(ModelError, match=r"small.safetensors: is of another network than .*smaller.safetensors"):
        average(paths, tmp_path / "mean.safetensors")
    assert not (tmp_path / "mean.safetensors").exists()
