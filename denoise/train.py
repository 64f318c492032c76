"""The training loop, top to bottom: Noise2Noise on passes, nothing else.

Every crop is a function of (seed, step, its place in the batch) alone, so that a resumed training sees what an
uninterrupted one would have seen, several processes see together what one would see, and a fixed seed on the CPU gives
the same weights. With a watched folder it depends on what is there as well.
"""

from __future__ import annotations

import dataclasses
import math
import time
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from denoise.checkpoint import load_model, load_state, save_model, save_state
from denoise.clipping import Clipper
from denoise.data import StoredView
from denoise.distributed import ALONE, Group
from denoise.errors import TrainingError
from denoise.features import Inputs
from denoise.losses import LOSSES
from denoise.muon import optimizer_for
from denoise.network import DirectNetwork, KernelNetwork, ModelConfig, build
from denoise.pool import WatchedFolder
from denoise.precision import mixed
from denoise.prefetch import Prefetcher
from denoise.transfer import expose, exposure
from denoise.validation import validate

Network = KernelNetwork | DirectNetwork


@dataclass(frozen=True)
class TrainConfig:
    """How to train. Exactly one of `steps` and `minutes` is set.

    Attributes:
        steps: optimiser steps.
        minutes: wall time of training, interruptions not counted.
        loss: a name in `losses.LOSSES`.
        batch: crops a step, of all processes together.
        crop: side of a crop in pixels, a multiple of 32.
        optimizer: "muon" or "adamw" (`denoise.muon`).
        learning_rate: at its height; None for 2e-3 where Muon trains, and 1e-3 where AdamW does alone.
        warmup: steps until it is reached, at most a tenth of `steps`.
        weight_decay: decoupled from the gradient.
        ema: decay of the averaged weights, which are the ones kept.
        clip: largest norm of a tensor's gradient, in units of its usual one (`denoise.clipping`).
        seed: of weights and batches.
        validate_every: steps between validations.
        checkpoint_seconds: wall time between checkpoints.
        precision: "float32", "bfloat16" or "auto", of the convolutions (`denoise.precision`).
    """

    steps: int | None = None
    minutes: float | None = None
    loss: str = "log-l2"
    batch: int = 8
    crop: int = 128
    optimizer: str = "muon"
    learning_rate: float | None = None
    warmup: int = 200
    weight_decay: float = 1e-4
    ema: float = 0.999
    clip: float = 3.0
    seed: int = 0
    validate_every: int = 500
    checkpoint_seconds: float = 60.0
    precision: str = "auto"


def state_path(out: Path) -> Path:
    """Where the state of the training that writes the model `out` is kept."""
    return out.with_suffix(".state.safetensors")


def train(
    config: TrainConfig,
    model: ModelConfig,
    views: Sequence[StoredView],
    out: Path,
    device: torch.device,
    provenance: dict[str, Any],
    resume: bool = False,
    start: Path | None = None,
    watched: WatchedFolder | None = None,
    group: Group = ALONE,
) -> Generator[dict[str, float], None, None]:
    """Train, yielding a record for each step; closing the iterator saves the state first.

    Several processes do the same steps together, each on its share of the batches; the first of them validates and
    writes. All have to close their iterators after the same step.

    Args:
        config: how.
        model: which network.
        views: what to train on; those held out serve for validation.
        out: the model file; written at each checkpoint with the averaged weights.
        device: where.
        provenance: goes into the model file, with what the training adds.
        resume: go on where the last checkpoint of `out` stood.
        start: model whose weights to begin with.
        watched: more views to train on, which come and go; some must be there if all others are held out.
        group: the processes that train together.

    Yields:
        `step`, `seconds`, `progress` in [0, 1], `loss`, `lr`, `grad_norm`, `pixels` so far, `waited` (the share of time
        spent waiting for data); after a validation also `val_loss` and `val_db`.

    Raises:
        TrainingError: no views to train on, a batch that cannot be shared, or NaN in the loss; the last checkpoint
            stays.
    """
    training = [view for view in views if not view.held_out]
    held_out = [view for view in views if view.held_out]
    if not training and not (watched and watched.views()):
        raise TrainingError("every view is held out for validation; add views that are not of a validation split")
    loss_function = LOSSES[config.loss]
    share = group.share(config.batch)

    torch.manual_seed(config.seed)
    network = build(model) if start is None else load_model(start)[0].train()
    network = network.to(device)
    network.balance()
    averaged = {name: tensor.detach().clone() for name, tensor in network.state_dict().items()}
    hidden = network.hidden() if config.optimizer == "muon" else []
    others = [parameter for parameter in network.parameters() if all(parameter is not one for one in hidden)]
    optimizer = optimizer_for(hidden, others, config.weight_decay)
    highest = config.learning_rate or (2e-3 if hidden else 1e-3)
    clipper = Clipper(network.parameters(), config.clip)
    step, seconds, waited = 0, 0.0, 0.0
    if resume:
        step, seconds, waited = _restore(out, config, network, averaged, optimizer, clipper)

    def checkpoint() -> None:
        if not group.main:
            return
        _store(out, config, network, averaged, optimizer, clipper, step, seconds, waited)
        facts = {"steps": step, "seconds": round(seconds), "pixels": step * config.batch * config.crop**2}
        facts |= {"processes": group.size, "views": len(training) + (len(watched.views()) if watched else 0)}
        save_model(out, _with_weights(network, averaged), {**provenance, **dataclasses.asdict(config), **facts})

    warmup = max(1, min(config.warmup, config.steps // 10 if config.steps else config.warmup))
    replica = group.replica(network)
    batches = Prefetcher(training, watched, config.batch, share, config.crop, config.seed, step)
    saved = clock = time.monotonic()
    try:
        while (progress := group.of_main(_progress(config, step, seconds))) < 1:
            drawn, weights, inputs, target, jitter, wait = batches.next()
            inputs = Inputs._make(plane.to(device, non_blocking=True) for plane in inputs)
            factor = exposure(inputs.radiance) * jitter.to(device)  # from the input alone

            rate = highest * min(1, (step + 1) / warmup) * (1 + math.cos(math.pi * progress)) / 2
            for parameters in optimizer.param_groups:
                parameters["lr"] = rate
            with mixed(device, config.precision):
                output = replica(inputs.exposed(factor))
            target = expose(target.to(device, non_blocking=True), factor)
            losses = [loss_function(f, y) for f, y in zip(output, target, strict=True)]
            loss = (torch.stack(losses) * weights.to(device)).mean()
            optimizer.zero_grad()
            loss.backward()
            norm = clipper.clip()
            if not math.isfinite(norm):
                raise TrainingError(_blame(drawn, losses, step, group))
            optimizer.step()
            decay = min(config.ema, (1 + step) / (10 + step))
            for name, tensor in network.state_dict().items():
                averaged[name].lerp_(tensor, 1 - decay)

            step += 1
            now = time.monotonic()
            seconds, waited, clock = seconds + now - clock, waited + wait, now
            record = {
                "step": step,
                "seconds": seconds,
                "progress": _progress(config, step, seconds),
                "loss": group.mean(loss),
                "lr": rate,
                "grad_norm": norm,
                "pixels": step * config.batch * config.crop**2,
                "waited": waited / seconds,
            }
            if held_out and group.main and (step % config.validate_every == 0 or record["progress"] >= 1):
                record |= validate(_with_weights(network, averaged), held_out, loss_function, device)
            if time.monotonic() - saved > config.checkpoint_seconds:
                checkpoint()
                saved = time.monotonic()
            yield record
            if "val_loss" in record:
                clock = time.monotonic()  # validation is not training time
    except GeneratorExit:
        checkpoint()
        raise
    finally:
        batches.close()
    checkpoint()


def _progress(config: TrainConfig, step: int, seconds: float) -> float:
    return min(1.0, step / config.steps if config.steps else seconds / (60 * (config.minutes or 0) + 1e-9))


def _with_weights(network: Network, weights: dict[str, Tensor]) -> Network:
    """A copy of the network with other weights, for evaluation."""
    copy = build(network.config).to(next(network.parameters()).device)
    copy.load_state_dict(weights)
    return copy.eval()


def _blame(drawn: list[StoredView], losses: list[Tensor], step: int, group: Group) -> str:
    bad = [view.name for view, loss in zip(drawn, losses, strict=True) if not torch.isfinite(loss)]
    names = group.all_words(bad) or group.all_words([view.name for view in drawn])
    views = ", ".join(sorted(set(names)))
    return f"{views}: the loss became NaN or Inf at step {step}; the last checkpoint is kept; look at these views"


def _store(
    out: Path,
    config: TrainConfig,
    network: Network,
    averaged: dict[str, Tensor],
    optimizer: torch.optim.Optimizer,
    clipper: Clipper,
    step: int,
    seconds: float,
    waited: float,
) -> None:
    tensors = {f"network.{name}": tensor for name, tensor in network.state_dict().items()}
    tensors |= {f"averaged.{name}": tensor for name, tensor in averaged.items()}
    for index, moments in optimizer.state_dict()["state"].items():
        tensors |= {f"moments.{index}.{name}": tensor for name, tensor in moments.items()}
    tensors["clipper.usual"] = clipper.usual
    facts = {"step": step, "seconds": seconds, "waited": waited, "config": dataclasses.asdict(config)}
    save_state(state_path(out), tensors, facts)


def _restore(
    out: Path,
    config: TrainConfig,
    network: Network,
    averaged: dict[str, Tensor],
    optimizer: torch.optim.Optimizer,
    clipper: Clipper,
) -> tuple[int, float, float]:
    """Load the state of `out` into network, averaged weights, optimiser and clipper; step, seconds, waiting so far."""
    tensors, facts = load_state(state_path(out))
    free = {"steps", "minutes", "validate_every", "checkpoint_seconds"}  # a longer run may go on from a shorter one
    for key, value in dataclasses.asdict(config).items():
        if key not in free and facts["config"].get(key) != value:
            raise TrainingError(
                f"{state_path(out)}: was made with {key} {facts['config'].get(key)}, not {value}; "
                "resume with the same settings, or write another model"
            )
    groups: dict[str, dict[str, Tensor]] = {"network": {}, "averaged": {}, "moments": {}, "clipper": {}}
    for name, tensor in tensors.items():
        kind, key = name.split(".", 1)
        groups[kind][key] = tensor
    try:
        network.load_state_dict(groups["network"])
    except RuntimeError as error:
        raise TrainingError(f"{state_path(out)}: is of another network; resume with the same settings") from error
    for key, tensor in averaged.items():
        tensor.copy_(groups["averaged"][key])
    state: dict[int, dict[str, Tensor]] = {}
    for key, tensor in groups["moments"].items():
        index, moment = key.split(".")
        state.setdefault(int(index), {})[moment] = tensor
    optimizer.load_state_dict({"state": state, "param_groups": optimizer.state_dict()["param_groups"]})
    clipper.usual, clipper.steps = groups["clipper"]["usual"], facts["step"]
    return facts["step"], facts["seconds"], facts["waited"]
