import dataclasses

import pytest
import torch
from torch.testing import assert_close

from denoise import network as network_module
from denoise.checkpoint import load_model, load_state, save_model, save_state
from denoise.errors import ModelError
from denoise.features import Inputs
from denoise.network import DirectNetwork, KernelNetwork, ModelConfig, build
from denoise.precision import mixed
from denoise.transfer import log_encode

SMALL = ModelConfig(widths=(8, 8, 8, 8), head=8, fine_kernel=3, kernel=3)


def random_inputs(height: int, width: int, present=(1.0, 1.0, 1.0)) -> Inputs:
    planes = torch.rand(4, 1, 3, height, width)
    return Inputs(*planes, torch.tensor([present]))


def roughened(network):
    """Heads start at zero; give them something to say."""
    torch.manual_seed(1)
    for head in [network.full_head, *network.heads]:
        torch.nn.init.normal_(head.weight, std=0.3)
    return network


@pytest.mark.parametrize("config", [ModelConfig(), ModelConfig(network="direct")])
def test_shapes_in_and_out(config):
    network = build(config)
    assert isinstance(network, DirectNetwork if config.network == "direct" else KernelNetwork)
    height, width = 3 * network.align, 2 * network.align
    assert network(random_inputs(height, width)).shape == (1, 3, height, width)


def test_a_model_of_our_size_stays_under_four_megabytes(tmp_path):
    _, provenance = load_model()  # text as long as that of the shipped one
    save_model(tmp_path / "model.safetensors", build(ModelConfig()), provenance)
    assert (tmp_path / "model.safetensors").stat().st_size < 4e6


def test_predictions_are_convex():
    predictions = roughened(KernelNetwork(dataclasses.replace(SMALL, kernel=5))).predict(random_inputs(48, 32))
    shapes = [tuple(level.kernels.shape[1:]) for level in predictions.levels]
    assert shapes == [(9, 48, 32), (25, 24, 16), (25, 12, 8), (25, 6, 4)]
    assert predictions.coarsest.shape == (1, 25, 3, 2)
    for level in predictions.levels:
        assert level.kernels.min() >= 0
        assert_close(level.kernels.sum(1), torch.ones_like(level.kernels[:, 0]))
        assert_close(level.upsampler.sum(1), torch.ones_like(level.upsampler[:, 0]))
        assert 0 <= level.alpha.min() and level.alpha.max() <= 1
    assert_close(predictions.coarsest.sum(1), torch.ones(1, 3, 2))
    assert predictions.weight.min() > 0 and predictions.modulation.min() > 0


def test_full_resolution_kernels_belong_to_their_pixel():
    # a head that reads one unshuffled position must speak for that pixel of the 2 x 2 block alone
    network = roughened(KernelNetwork(SMALL))
    with torch.no_grad():
        network.full_head.weight.zero_()
        network.full_head.bias.zero_()
        first_tap = 2 + 9 + 3 + 1  # after floor, weight, corrections, sharpness and alpha
        network.full_head.bias[first_tap * 4 + 3] = 9.0  # lower right pixel of each block
    flat = Inputs(*torch.full((4, 1, 3, 16, 16), 0.5), torch.ones(1, 3))  # nowhere an edge
    kernels = network.predict(flat).levels[0].kernels
    assert kernels[0, 0, 1::2, 1::2].min() > 0.99
    assert_close(kernels[0, 0, ::2, ::2], torch.full((8, 8), 1 / 9))


def test_kernels_of_an_untrained_network_stop_at_edges_of_albedo_and_normal():
    inputs = Inputs(*torch.full((4, 1, 3, 32, 32), 0.5), torch.ones(1, 3))
    inputs.albedo[..., 16:] = 0.9  # 0.16 apart, squared, three times: exp(-20 * 0.48)
    kernels = KernelNetwork(SMALL).predict(inputs).levels[0].kernels[0, :, 8]  # (9, 32) along a row
    across = torch.exp(torch.tensor(-20 * 3 * 0.4**2))
    # light is radiance over albedo and floor: its log differs too
    light = log_encode(torch.tensor([0.5 / 0.75, 0.5 / 1.15])).diff() ** 2
    across = across * torch.exp(-3 * light)[0]
    assert_close(kernels[5, 15], across / (6 + 3 * across))
    assert_close(kernels[5, 8], torch.tensor(1 / 9))


def test_the_network_can_correct_what_its_inputs_show():
    inputs = Inputs(*torch.full((4, 1, 3, 32, 32), 0.5), torch.ones(1, 3))
    network = KernelNetwork(SMALL)
    with torch.no_grad():
        for pixel, correction in enumerate((0.0, 1.0, 0.0, 1.0)):  # of the first guide, in the odd columns of a block
            network.full_head.bias[2 * 4 + pixel] = correction
    kernels = network.predict(inputs).levels[0].kernels[0, :, 8, 8]
    apart = torch.exp(torch.tensor(-1.0))
    assert_close(kernels[[4, 5]], torch.stack([torch.tensor(1.0), apart]) / (3 + 6 * apart))


def test_strips_change_nothing(monkeypatch):
    network = roughened(KernelNetwork(SMALL))
    inputs = random_inputs(144, 48)
    whole = network(inputs)
    monkeypatch.setattr(network_module, "_STRIP", 48 * 20)
    with torch.inference_mode():
        assert_close(network(inputs), whole)


def test_bfloat16_is_near_float32():
    network, inputs = roughened(KernelNetwork(SMALL)), random_inputs(48, 32)
    with torch.inference_mode():
        exact = network(inputs)
        with mixed(torch.device("cpu"), "bfloat16"):
            rounded = network(inputs)
    assert not torch.equal(rounded, exact)
    assert (rounded - exact).abs().mean() < 0.01 * exact.abs().mean()


def test_nothing_leaks_across_an_edge_that_the_inputs_show():
    inputs = Inputs(*torch.full((4, 1, 3, 64, 64), 0.5), torch.ones(1, 3))
    inputs.normal[..., 32:] = -0.5
    inputs.albedo[..., 32:] = 0.1
    inputs.radiance[..., 32:] = 8.0
    with torch.no_grad():
        output = KernelNetwork(ModelConfig())(inputs)
    assert_close(output, inputs.radiance, rtol=1e-3, atol=1e-3)


def test_absent_inputs_do_not_matter():
    network = roughened(KernelNetwork(SMALL))
    inputs = random_inputs(32, 16, present=(0.0, 1.0, 1.0))
    other = inputs._replace(albedo=torch.zeros_like(inputs.albedo))
    assert not torch.equal(network(other._replace(present=torch.ones(1, 3))), network(other))  # the flag is seen
    assert network(other).isfinite().all()


def test_no_influence_beyond_reach():
    network = roughened(KernelNetwork(SMALL))
    size = 2 * -(-network.reach // 16) * 16 + 32
    inputs = random_inputs(size, 32)
    moved = inputs._replace(radiance=inputs.radiance.clone())
    moved.radiance[..., 0, :] *= 100
    changed = (network(inputs) != network(moved)).flatten(0, 1).any(0).any(1).nonzero().max()
    assert 16 < changed <= network.reach


def test_model_file_round_trip(tmp_path):
    network = roughened(KernelNetwork(SMALL))
    save_model(tmp_path / "m.safetensors", network, {"steps": 3})
    loaded, provenance = load_model(tmp_path / "m.safetensors")
    assert provenance == {"steps": 3}
    assert loaded.config == SMALL
    for name, tensor in network.state_dict().items():
        assert torch.equal(loaded.state_dict()[name], tensor.half().float())


def test_bad_model_files_say_what_to_do(tmp_path):
    with pytest.raises(ModelError, match="no such file"):
        load_model(tmp_path / "none.safetensors")
    (tmp_path / "text.safetensors").write_text("not a model")
    with pytest.raises(ModelError, match="cannot be read"):
        load_model(tmp_path / "text.safetensors")
    save_state(tmp_path / "state.safetensors", {"x": torch.ones(3)}, {})
    with pytest.raises(ModelError, match="made by train-denoiser"):
        load_model(tmp_path / "state.safetensors")

    @dataclasses.dataclass(frozen=True)
    class Later(ModelConfig):
        novelty: int = 1

    network = KernelNetwork(SMALL)
    network.config = Later(**dataclasses.asdict(SMALL))
    save_model(tmp_path / "later.safetensors", network, {})
    with pytest.raises(ModelError, match="novelty"):
        load_model(tmp_path / "later.safetensors")
    network.config = dataclasses.replace(SMALL, head=16)
    save_model(tmp_path / "other.safetensors", network, {})
    with pytest.raises(ModelError, match="do not fit its config"):
        load_model(tmp_path / "other.safetensors")
    network.config = dataclasses.replace(SMALL, network="transformer")
    save_model(tmp_path / "odd.safetensors", network, {})
    with pytest.raises(ModelError, match="transformer"):
        load_model(tmp_path / "odd.safetensors")
    network.config = dataclasses.replace(SMALL, kernel=2.5)
    save_model(tmp_path / "type.safetensors", network, {})
    with pytest.raises(ModelError, match="whole numbers"):
        load_model(tmp_path / "type.safetensors")


def test_state_round_trip(tmp_path):
    save_state(tmp_path / "s.safetensors", {"a.b": torch.arange(4.0)}, {"step": 7})
    tensors, facts = load_state(tmp_path / "s.safetensors")
    assert torch.equal(tensors["a.b"], torch.arange(4.0)) and facts == {"step": 7}


@pytest.mark.parametrize("widths", [(8, 8, 8), (8, 12, 16, 8)])
def test_balance_changes_norms_and_not_what_is_computed(widths):
    torch.manual_seed(5)
    network = KernelNetwork(ModelConfig(widths=widths, head=12))
    with torch.no_grad():
        for index, parameter in enumerate(network.parameters()):  # signals that grow, biases, heads that say something
            parameter.mul_(1.5 if index % 3 else 0.7).add_(0.05 * torch.randn_like(parameter))
    size = 4 * network.align
    inputs = Inputs(*torch.rand(4, 2, 3, size, size), torch.ones(2, 3))
    with torch.no_grad():
        before = network(inputs)
        network.balance()
        assert_close(network(inputs), before, rtol=1e-3, atol=1e-4)
    for weight in network.hidden():
        assert weight.norm().item() == pytest.approx((2 * len(weight)) ** 0.5, rel=1e-4)
    assert len(network.hidden()) == 2 + 2 * (len(widths) - 1) + 1 + 2 * (len(widths) - 1)
