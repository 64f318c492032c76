"""Where a training stands: all that its steps change, stored beside the model, and taken up again."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from denoise.checkpoint import load_state, save_state
from denoise.clipping import Clipper
from denoise.errors import TrainingError
from denoise.network import DirectNetwork, KernelNetwork

_FREE = {"steps", "minutes", "validate_every", "checkpoint_seconds"}  # a longer run may go on from a shorter one


def state_path(out: Path) -> Path:
    """Where the state of the training that writes the model `out` is kept."""
    return out.with_suffix(".state.safetensors")


@dataclass
class TrainingState:
    """All that a step changes.

    Attributes:
        network: as the last step left it.
        averaged: its weights by name, averaged over the steps.
        optimizer: with its moments.
        clipper: with the usual norms of gradients.
        step: steps so far.
        seconds: of training so far, interruptions not counted.
        waited: of them, for data.
    """

    network: KernelNetwork | DirectNetwork
    averaged: dict[str, Tensor]
    optimizer: torch.optim.Optimizer
    clipper: Clipper
    step: int = 0
    seconds: float = 0.0
    waited: float = 0.0

    def store(self, path: Path, settings: dict[str, Any]) -> None:
        """Write the state, with the settings of the training."""
        tensors = {f"network.{name}": tensor for name, tensor in self.network.state_dict().items()}
        tensors |= {f"averaged.{name}": tensor for name, tensor in self.averaged.items()}
        for index, moments in self.optimizer.state_dict()["state"].items():
            tensors |= {f"moments.{index}.{name}": tensor for name, tensor in moments.items()}
        tensors["clipper.usual"] = self.clipper.usual
        facts = {"step": self.step, "seconds": self.seconds, "waited": self.waited, "config": settings}
        save_state(path, tensors, facts)

    def restore(self, path: Path, settings: dict[str, Any]) -> None:
        """Read what `store` wrote.

        Raises:
            TrainingError: it is of another network, or of other settings.
            ModelError: it is no state of a training.
        """
        tensors, facts = load_state(path)
        for key, value in settings.items():
            if key not in _FREE and facts["config"].get(key) != value:
                raise TrainingError(
                    f"{path}: was made with {key} {facts['config'].get(key)}, not {value}; "
                    "resume with the same settings, or write another model"
                )
        groups: dict[str, dict[str, Tensor]] = {"network": {}, "averaged": {}, "moments": {}, "clipper": {}}
        for name, tensor in tensors.items():
            kind, key = name.split(".", 1)
            groups[kind][key] = tensor
        try:
            self.network.load_state_dict(groups["network"])
        except RuntimeError as error:
            raise TrainingError(f"{path}: is of another network; resume with the same settings") from error
        for key, tensor in self.averaged.items():
            tensor.copy_(groups["averaged"][key])
        moments: dict[int, dict[str, Tensor]] = {}
        for key, tensor in groups["moments"].items():
            index, moment = key.split(".")
            moments.setdefault(int(index), {})[moment] = tensor
        self.optimizer.load_state_dict({"state": moments, "param_groups": self.optimizer.state_dict()["param_groups"]})
        self.clipper.usual, self.clipper.steps = groups["clipper"]["usual"], facts["step"]
        self.step, self.seconds, self.waited = facts["step"], facts["seconds"], facts["waited"]
