"""Networks of other widths that compute the same."""

import pytest
import torch
from torch.testing import assert_close

from denoise.errors import ModelError
from denoise.features import Inputs
from denoise.network import KernelNetwork, ModelConfig
from tools.reshape_model import reshaped

SMALL = ModelConfig(down=(8, 12, 8), up=(12, 8), fine_kernel=3, kernel=3)


@pytest.fixture
def network():
    torch.manual_seed(2)
    made = KernelNetwork(SMALL).eval()
    for parameter in made.parameters():
        torch.nn.init.normal_(parameter, std=0.2)
    with torch.no_grad():  # units that nothing brings above zero
        for block, first, second in ((made.down[0], 3, 7), (made.up[1], 2, 5)):
            block[0].bias[first] = block[2].bias[second] = -1e4
    return made


@pytest.fixture
def inputs():
    planes = torch.rand(4, 2, 3, 64, 64, generator=torch.Generator().manual_seed(3))
    return Inputs(*planes, torch.ones(2, 3))


def at_work(network, inputs):
    """The share of pixels that each unit is above zero in, as `idle_units.activity` finds it."""
    shares = {}
    hooks = [
        module.register_forward_hook(
            lambda _module, _inputs, out, name=name: shares.__setitem__(name, (out > 0).float().mean((0, 2, 3)))
        )
        for name, module in network.named_modules()
        if isinstance(module, torch.nn.ReLU)
    ]
    network(inputs)
    for hook in hooks:
        hook.remove()
    return shares


@pytest.mark.parametrize(
    ("down", "up"), [((16, 24, 16), (24, 16)), ((8, 11, 8), (12, 7)), ((12, 11, 24), (13, 8)), (SMALL.down, SMALL.up)]
)
def test_what_is_computed_stays(network, inputs, down, up):
    work = at_work(network, inputs)
    assert [work["down.0.1"][3], work["down.0.3"][7], work["up.1.1"][2], work["up.1.3"][5]] == [0, 0, 0, 0]
    with torch.no_grad():
        before = network(inputs)
        other = reshaped(network, down, up, work)
        assert (other.config.down, other.config.up) == (down, up)
        assert (other.config.kernel, other.config.fine_kernel) == (3, 3)
        assert_close(other(inputs), before, rtol=1e-3, atol=1e-4)


def test_new_units_read_and_learn(network, inputs):
    """A gradient reaches the weights by which new units are read, and after a step those that they read by."""
    other = reshaped(network, (12, 16, 12), (16, 12), at_work(network, inputs)).train()
    optimizer = torch.optim.SGD(other.parameters(), lr=1e-2)
    for _ in range(2):
        optimizer.zero_grad()
        other(inputs).square().mean().backward()
        optimizer.step()
    new = other.up[0][2].weight.grad[12:]  # units beyond the old twelve
    assert new.abs().sum() > 0 and other.full_head.weight.grad[:, 12:].abs().sum() > 0


def test_units_at_work_that_have_no_place_are_the_rarest(network, inputs):
    work = at_work(network, inputs)
    rarest = work["up.0.3"].argmin().item()
    other = reshaped(network, SMALL.down, (11, 8), work)
    kept = [unit for unit in range(12) if unit != rarest]
    first, second = network.full_head.weight[:, kept], other.full_head.weight
    assert_close(second / second.norm(), first / first.norm())


def test_other_levels_are_refused(network, inputs):
    with pytest.raises(ModelError, match="3 levels down and 2 up"):
        reshaped(network, (8, 8), (8,), at_work(network, inputs))
