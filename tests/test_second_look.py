import torch
from torch.testing import assert_close

from denoise.features import Inputs
from denoise.network import DirectNetwork, KernelNetwork, ModelConfig
from denoise.second_look import with_drafts
from denoise.variance import smoothed
from tests.test_network import roughened

SMALL = ModelConfig(widths=(8, 8), head=8, fine_kernel=3, kernel=3)


def crops() -> Inputs:
    """Four, the first two of which bring a variance."""
    present = torch.tensor([[1.0, 1, 1, 0], [1, 0, 1, 0], [0, 1, 0, 0], [1, 1, 0, 0]])
    radiance, albedo, normal, variance = torch.rand(4, 4, 3, 16, 12, generator=torch.Generator().manual_seed(0))
    known = present[:, 2].view(-1, 1, 1, 1)
    return Inputs(radiance, albedo, normal, variance * known, torch.zeros_like(radiance), present)


def test_a_second_look_sees_what_the_first_made_and_took_away():
    network, inputs = roughened(KernelNetwork(SMALL)), crops()
    seen = with_drafts(network, inputs, torch.tensor([True, False, True, False]))
    draft = network(inputs).detach()
    assert_close(seen.draft[[0, 2]], draft[[0, 2]], rtol=1e-5, atol=1e-6)
    assert_close(seen.variance[2], smoothed((inputs.radiance - draft)[2:3].square())[0], rtol=1e-4, atol=1e-6)
    assert torch.equal(seen.variance[0], inputs.variance[0])  # it had one
    assert seen.present.tolist() == [[1, 1, 1, 1], [1, 0, 1, 0], [0, 1, 1, 1], [1, 1, 0, 0]]
    for plane, before in zip(seen, inputs, strict=True):
        assert torch.equal(plane[[1, 3]], before[[1, 3]]) and not plane.requires_grad
    assert_close(seen.radiance, inputs.radiance)
    assert inputs.present[:, 3].sum() == 0  # which are left as they are


def test_where_there_is_nothing_to_draft_nothing_is_changed():
    inputs = crops()
    assert with_drafts(KernelNetwork(SMALL), inputs, torch.zeros(4, dtype=torch.bool)) is inputs
    direct = DirectNetwork(ModelConfig(network="direct"))
    assert with_drafts(direct, inputs, torch.ones(4, dtype=torch.bool)) is inputs
