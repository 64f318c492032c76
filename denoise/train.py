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

from denoise.checkpoint import load_model, save_model
from denoise.clipping import Clipper
from denoise.data import StoredView, worth_learning
from denoise.distributed import ALONE, Group
from denoise.errors import TrainingError
from denoise.features import Inputs
from denoise.losses import LOSSES, multiscale_l2
from denoise.muon import optimizer_for
from denoise.network import DirectNetwork, KernelNetwork, ModelConfig, build
from denoise.pool import WatchedFolder
from denoise.precision import mixed
from denoise.prefetch import Prefetcher
from denoise.training_state import TrainingState, state_path
from denoise.transfer import expose, exposure
from denoise.validation import validate

Network = KernelNetwork | DirectNetwork


@dataclass(frozen=True)
class TrainConfig:
    """How to train. Exactly one of `steps` and `minutes` is set.

    Attributes:
        steps: optimiser steps.
        minutes: wall time of training, interruptions not counted.
        loss: a name in `losses.LOSSES`; views with yardsticks have `losses.multiscale_l2` in its place.
        relative_to: name of the model that the views' yardsticks are of, if they have any.
        batch: crops a step, of all processes together.
        crop: side of a crop in pixels, a multiple of 32; of some, twice as large (`prefetch.Prefetcher`).
        optimizer: "muon" or "adamw" (`denoise.muon`).
        learning_rate: at its height; None for 2e-3 where Muon trains, 1e-3 where AdamW does alone, and a quarter of
            that where a model is gone on from.
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
    relative_to: str | None = None
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
    highest = config.learning_rate or (2e-3 if hidden else 1e-3) * (1 if start is None else 0.25)
    clipper = Clipper(network.parameters(), config.clip)
    state = TrainingState(network, averaged, optimizer, clipper)
    if resume:
        state.restore(state_path(out), dataclasses.asdict(config))

    def checkpoint() -> None:
        if not group.main:
            return
        state.store(state_path(out), dataclasses.asdict(config))
        facts = {"steps": state.step, "seconds": round(state.seconds), "pixels": _pixels(config, state)}
        learned = worth_learning([*training, *(watched.views() if watched else ())])
        facts |= {"processes": group.size, "views": len(learned)}
        save_model(out, _with_weights(network, averaged), {**provenance, **dataclasses.asdict(config), **facts})

    warmup = max(1, min(config.warmup, config.steps // 10 if config.steps else config.warmup))
    replica = group.replica(network)
    batches = Prefetcher(training, watched, config.batch, share, config.crop, config.seed, state.step)
    saved = clock = time.monotonic()
    try:
        while (progress := group.of_main(_progress(config, state))) < 1:
            crops, weights, jitter, wait = batches.next()
            inputs = Inputs._make(plane.to(device, non_blocking=True) for plane in crops.inputs)
            factor = exposure(inputs.radiance) * jitter.to(device)  # from the input alone

            rate = highest * min(1, (state.step + 1) / warmup) * (1 + math.cos(math.pi * progress)) / 2
            for parameters in optimizer.param_groups:
                parameters["lr"] = rate
            with mixed(device, config.precision):
                output = replica(inputs.exposed(factor))
            target = expose(crops.target.to(device, non_blocking=True), factor)
            if crops.yardstick is None:
                losses = [loss_function(f, y) for f, y in zip(output, target, strict=True)]
            else:
                measures = expose(crops.yardstick.to(device, non_blocking=True), factor)
                losses = [multiscale_l2(f, y, m) for f, y, m in zip(output, target, measures, strict=True)]
            loss = (torch.stack(losses) * weights.to(device)).mean()
            optimizer.zero_grad()
            loss.backward()
            norm = clipper.clip()
            if not math.isfinite(norm):
                raise TrainingError(_blame(crops.views, losses, state.step, group))
            optimizer.step()
            decay = min(config.ema, (1 + state.step) / (10 + state.step))
            for name, tensor in network.state_dict().items():
                averaged[name].lerp_(tensor, 1 - decay)

            now = time.monotonic()
            state.step, state.seconds, state.waited = state.step + 1, state.seconds + now - clock, state.waited + wait
            clock = now
            record = {
                "step": state.step,
                "seconds": state.seconds,
                "progress": _progress(config, state),
                "loss": group.mean(loss),
                "lr": rate,
                "grad_norm": norm,
                "pixels": _pixels(config, state),
                "waited": state.waited / state.seconds,
            }
            if held_out and group.main and (state.step % config.validate_every == 0 or record["progress"] >= 1):
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


def _progress(config: TrainConfig, state: TrainingState) -> float:
    if config.steps:
        return min(1.0, state.step / config.steps)
    return min(1.0, state.seconds / (60 * (config.minutes or 0) + 1e-9))


def _pixels(config: TrainConfig, state: TrainingState) -> int:
    return state.step * config.batch * config.crop**2


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
