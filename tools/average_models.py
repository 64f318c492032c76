"""The mean of the weights of several models: of checkpoints of one training, or of one and of what it began with.

    python -m tools.average_models MODEL... -o MODEL

They lie around the middle of a flat region of the loss, and its middle does best on pictures unlike those trained on
(Izmailov et al. 2018, "Averaging weights leads to wider optima and better generalization"). A model named
twice counts twice. Trainings that began from nothing, each on its own, have no such middle. Means have smaller hidden
weights than what they are of, and larger heads in their place; all are brought to one scale before they are averaged.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch

from denoise.checkpoint import load_model, save_model
from denoise.errors import McdenoiseError, ModelError


def average(models: list[Path], out: Path) -> None:
    """Write the mean of models' weights, with the provenance of the last and the steps of all.

    Raises:
        ModelError: a file that is no model, or models of different networks.
    """
    loaded = [load_model(path) for path in models]
    network, provenance = loaded[-1]
    for path, (other, _) in zip(models, loaded, strict=True):
        if other.config != network.config:
            raise ModelError(f"{path}: is of another network than {models[-1]}; average checkpoints of one training")
    for other, _ in loaded:  # what they compute stays as it is
        other.balance()
    every = [other.state_dict() for other, _ in loaded]
    network.load_state_dict({name: torch.stack([one[name] for one in every]).mean(0) for name in every[-1]})
    save_model(out, network, {**provenance, "averaged_steps": [facts.get("steps") for _, facts in loaded]})


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="+", type=Path, metavar="MODEL")
    parser.add_argument("-o", "--output", type=Path, required=True)
    arguments = parser.parse_args()
    try:
        average(arguments.models, arguments.output)
    except McdenoiseError as error:
        raise SystemExit(f"average_models: {error}") from error


if __name__ == "__main__":
    main()
