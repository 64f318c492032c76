import pytest
import torch
from torch import nn

from denoise.muon import Muon, optimizer_for, orthogonal


@pytest.mark.parametrize("shape", [(7, 31), (31, 7), (16, 16), (1, 9)])
def test_orthogonal_keeps_the_directions_and_evens_out_the_lengths(shape):
    matrix = torch.randn(shape, generator=torch.Generator().manual_seed(1)) * 1e-3
    u, before, v = torch.linalg.svd(matrix, full_matrices=False)
    after = torch.diagonal(u.T @ orthogonal(matrix) @ v.T)
    assert 0.6 < after.min() and after.max() < 1.3
    assert before.max() / before.min() > after.max() / after.min() or min(shape) == 1


def test_orthogonal_of_nothing_is_nothing():
    assert orthogonal(torch.zeros(4, 6)).abs().max() == 0


def test_hidden_convolutions_get_orthogonal_steps_and_all_else_those_of_adam():
    torch.manual_seed(0)
    network = nn.Sequential(nn.Conv2d(4, 8, 3), nn.Conv2d(8, 2, 1))
    with torch.no_grad():
        network[0].weight.mul_(4 / network[0].weight.norm())
    others = [network[0].bias, *network[1].parameters()]
    reference = torch.optim.AdamW(others, lr=1e-2, weight_decay=0.1)
    ours = optimizer_for([network[0].weight], others, weight_decay=0.1)
    assert [len(group["params"]) for group in ours.param_groups] == [1, 3]
    for group in ours.param_groups:
        group["lr"] = 1e-2
    for _ in range(3):
        for parameter in network.parameters():
            parameter.grad = torch.randn_like(parameter)
        before = [parameter.detach().clone() for parameter in network.parameters()]
        ours.step()
        after = [parameter.detach().clone() for parameter in network.parameters()]
        assert after[0].norm() == pytest.approx(4)  # He's: the root of twice the channels
        # before it was brought to that norm: the factor is the one that leaves an orthogonal step
        steps = [(before[0] * (1 - 1e-3) - factor * after[0]).flatten(1) for factor in torch.linspace(0.98, 1.03, 501)]
        spread = [torch.linalg.svdvals(step) / (1e-2 * 0.2 * 36**0.5) for step in steps]
        lengths = min(spread, key=lambda values: values.max() - values.min())
        assert 0.6 < lengths.min() and lengths.max() < 1.3

        with torch.no_grad():
            for parameter, old in zip(network.parameters(), before, strict=True):
                parameter.copy_(old)
        reference.step()
        for parameter, new in list(zip(network.parameters(), after, strict=True))[1:]:
            torch.testing.assert_close(parameter.detach(), new)


def test_state_goes_on_where_it_was():
    def trained(parameter, gradients, state=None):
        optimizer = Muon([{"params": [parameter], "orthogonal": True}], weight_decay=0.0)
        if state is not None:
            optimizer.load_state_dict({"state": state, "param_groups": optimizer.state_dict()["param_groups"]})
        optimizer.param_groups[0]["lr"] = 0.1
        for gradient in gradients:
            parameter.grad = gradient
            optimizer.step()
        return optimizer.state_dict()["state"]

    gradients = list(torch.randn(4, 3, 2, 3, 3))
    whole, halves = nn.Parameter(torch.zeros(3, 2, 3, 3)), nn.Parameter(torch.zeros(3, 2, 3, 3))
    trained(whole, gradients)
    trained(halves, gradients[2:], trained(halves, gradients[:2]))
    assert torch.equal(whole, halves)
