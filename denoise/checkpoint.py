"""One safetensors file for a model, one for the state of a training; neither is ever unpickled.

A model file holds the weights as half floats, and as metadata the network's config and its provenance (JSON). Loading
it needs nothing else. The shipped model lies beside this module.
"""

from __future__ import annotations

import dataclasses
import json
from importlib import resources
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from denoise.errors import ModelError
from denoise.files import replacing
from denoise.network import DirectNetwork, KernelNetwork, ModelConfig, build

_MODEL_FORMAT = "mcdenoise-model-2"
_STATE_FORMAT = "mcdenoise-training-1"
_SHIPPED = "mcdenoise.safetensors"


def shipped_model() -> Path:
    """Path of the model that comes with the package."""
    return Path(str(resources.files("denoise.weights") / _SHIPPED))


def save_model(path: str | Path, network: KernelNetwork | DirectNetwork, provenance: dict[str, Any]) -> None:
    """Write a model file, whole or not at all.

    Args:
        path: target.
        network: its weights and config are stored.
        provenance: how it came about; anything JSON can hold.
    """
    metadata = {"config": json.dumps(dataclasses.asdict(network.config)), "provenance": json.dumps(provenance)}
    halves = {name: tensor.half() for name, tensor in network.state_dict().items()}
    _save(path, halves, {"format": _MODEL_FORMAT, **metadata})


def load_model(path: str | Path | None = None) -> tuple[KernelNetwork | DirectNetwork, dict[str, Any]]:
    """A network with its weights, in evaluation mode on the CPU, and its provenance.

    Args:
        path: model file; None for the shipped one.

    Raises:
        ModelError: not a model file of ours, or its config or weights do not fit this version.
    """
    path = Path(path) if path is not None else shipped_model()
    tensors, metadata = _load(path, _MODEL_FORMAT, "a model made by train-denoiser")
    network = build(_config(path, metadata))
    try:
        network.load_state_dict(tensors)  # to float32
    except RuntimeError as error:
        raise ModelError(f"{path}: its weights do not fit its config; train it again with this version") from error
    return network.eval(), json.loads(metadata["provenance"])


def save_state(path: str | Path, tensors: dict[str, Tensor], facts: dict[str, Any]) -> None:
    """Write the state of a training, whole or not at all: tensors by name, and facts as JSON."""
    _save(path, tensors, {"format": _STATE_FORMAT, "facts": json.dumps(facts)})


def load_state(path: str | Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """What `save_state` wrote. Raises ModelError where the file is something else."""
    tensors, metadata = _load(Path(path), _STATE_FORMAT, "the state of a training")
    return tensors, json.loads(metadata["facts"])


def _config(path: Path, metadata: dict[str, str]) -> ModelConfig:
    fields = json.loads(metadata["config"])
    known = {field.name for field in dataclasses.fields(ModelConfig)}
    if set(fields) != known:
        odd = ", ".join(sorted(set(fields) ^ known))
        raise ModelError(f"{path}: its config does not fit this version ({odd}); use the mcdenoise that made it")
    if fields["network"] not in ("kernels", "direct"):
        raise ModelError(f"{path}: is of a network {fields['network']!r}; known are kernels and direct")
    numbers = [fields["head"], fields["fine_kernel"], fields["kernel"], *fields["widths"]]
    if not all(isinstance(number, int) and number > 0 for number in numbers):
        raise ModelError(f"{path}: its config has sizes that are no positive whole numbers; train it again")
    return ModelConfig(**fields | {"widths": tuple(fields["widths"])})


def _save(path: str | Path, tensors: dict[str, Tensor], metadata: dict[str, str]) -> None:
    contiguous = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    with replacing(path) as temporary:
        mode = temporary.stat().st_mode
        save_file(contiguous, temporary, metadata)
        temporary.chmod(mode)  # safetensors makes a file of its own that only its owner may read


def _load(path: Path, kind: str, what: str) -> tuple[dict[str, Tensor], dict[str, str]]:
    if not path.is_file():
        raise ModelError(f"{path}: no such file; give {what}")
    try:
        with safe_open(path, "pt") as file:
            metadata = file.metadata() or {}
            if metadata.get("format") != kind:
                raise ModelError(f"{path}: is not {what} (format {metadata.get('format')!r}, wanted {kind!r})")
            return {name: torch.as_tensor(file.get_tensor(name)) for name in file.keys()}, metadata  # noqa: SIM118
    except (SafetensorError, OSError) as error:
        raise ModelError(f"{path}: cannot be read ({error}); give {what}") from error
