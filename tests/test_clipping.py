import pytest
import torch
from torch import nn

from denoise.clipping import Clipper


def test_each_tensor_is_clipped_by_what_is_usual_for_it():
    small, large = nn.Parameter(torch.zeros(4)), nn.Parameter(torch.zeros(2, 2))
    clipper = Clipper([small, large], limit=3)

    def step(a, b):
        small.grad, large.grad = torch.full((4,), a / 2), torch.full((2, 2), b / 2)  # norms a and b
        return clipper.clip(), small.grad.norm().item(), large.grad.norm().item()

    for _ in range(30):
        assert step(0.01, 10) == pytest.approx(((0.01**2 + 10**2) ** 0.5, 0.01, 10))
    assert step(1, 20) == pytest.approx(((1 + 20**2) ** 0.5, 0.03, 20), rel=1e-4)  # the norm before it was clipped
    assert clipper.usual.tolist() == pytest.approx([0.01 * 3**0.05, 10 * 2**0.05], rel=1e-4)
    for _ in range(200):  # a new size becomes usual, where the old one was small too
        step(1, 10)
    assert step(1, 10)[1] == pytest.approx(1)


def test_nothing_is_clipped_before_anything_is_usual():
    parameter = nn.Parameter(torch.zeros(1))
    clipper = Clipper([parameter], limit=2)
    for size in (0.0, 1.0, 1e6):
        parameter.grad = torch.tensor([size])
        clipper.clip()
        assert parameter.grad.item() == size
