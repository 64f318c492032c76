"""The trainings that are compared: each differs from `as-shipped` in one thing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np

from denoise.data import StoredView
from denoise.frame import Planes
from denoise.network import ModelConfig
from denoise.train import TrainConfig
from tools.search_model import parts

#: First channels of the planes of a stored pass, of three channels each.
_ALBEDO, _NORMAL, _VARIANCE = 3, 6, 9


@dataclass(frozen=True)
class Variant:
    """One training.

    Attributes:
        model: the network.
        config: how it is trained; `steps` and `seed` are set for all alike.
        seen: what it sees of a view in training.
        shown: what it is shown of a frame that it is judged by, by the frame's planes and samples.
        parts: by their names in `denoise`, what stands in the place of parts of it.
    """

    model: ModelConfig = ModelConfig()
    config: TrainConfig = TrainConfig()
    seen: Callable[[StoredView], StoredView] = lambda view: view
    shown: Callable[[Planes, int], Planes] = lambda planes, spp: planes
    parts: Mapping[str, Any] = field(default_factory=dict)


def without(*firsts: int) -> Callable[[StoredView], StoredView]:
    """Takes planes away, by their first channels."""

    def seen(view: StoredView) -> StoredView:
        passes = view.passes.copy()
        for first in firsts:
            passes[:, first : first + 3] = np.nan
        return replace(view, passes=passes)

    return seen


def only(view: StoredView, count: int) -> StoredView:
    """The passes with most samples, so many of them."""
    kept = np.sort(np.argsort(view.spp, kind="stable")[-count:])
    return replace(view, passes=view.passes[kept], spp=view.spp[kept])


def filtered_by(function: Callable[..., Any]) -> dict[str, Any]:
    """The parts that have a network's predictions applied otherwise, in training and after it."""
    return {"network.filter_pyramid": function, "filtering.filter_pyramid": function}


def built_by(network: Callable[[ModelConfig], Any]) -> dict[str, Any]:
    """The parts that have another network built, in training and after it."""
    return {"train.build": network, "checkpoint.build": network}


_MODEL, _CONFIG = ModelConfig(), TrainConfig()
_UNDIVIDED = {"network.modulation": parts.undivided, "features.modulation": parts.undivided}
_IN_TORCH = {"network.find": lambda *_: None, "features.find": lambda *_: None}  # what is divided by is compiled there
_COUNTED = {"crops.merge_passes": parts.merged_and_counted, "crops._DROP_VARIANCE": 0.0}

VARIANTS = {
    "as-shipped": Variant(),
    # the network
    "direct": Variant(model=ModelConfig(network="direct")),
    "four-levels": Variant(model=replace(_MODEL, widths=_MODEL.widths[:3])),
    "five-levels": Variant(model=replace(_MODEL, widths=_MODEL.widths[:4])),
    "half-the-width": Variant(model=replace(_MODEL, widths=tuple(w // 2 for w in _MODEL.widths), head=40)),
    "narrower-above": Variant(model=replace(_MODEL, widths=(48, 72, 96, 128, 128), head=64)),
    "wider-above": Variant(model=replace(_MODEL, widths=(96, 120, 112, 72, 48), head=112)),
    "full-resolution": Variant(model=replace(_MODEL, head=64), parts=built_by(parts.FullResolution)),
    # its kernels
    "kernels-3-5": Variant(model=replace(_MODEL, fine_kernel=3, kernel=5)),
    "kernels-5-5": Variant(model=replace(_MODEL, kernel=5)),
    "kernels-7-7": Variant(model=replace(_MODEL, fine_kernel=7)),
    "splat": Variant(parts=filtered_by(parts.partition)),
    "no-guides": Variant(parts={"network.edge_stopping": parts.unguided, "network.corner_stopping": parts.bilinear}),
    "no-weights": Variant(parts=filtered_by(parts.unweighed)),
    "no-demodulation": Variant(parts={**_UNDIVIDED, **_IN_TORCH}),
    # what it sees
    "no-variance": Variant(seen=without(_VARIANCE)),
    "spp-for-variance": Variant(shown=parts.counted, parts={**_COUNTED, **built_by(parts.Counting)}),
    "no-albedo-no-normal": Variant(seen=without(_ALBEDO, _NORMAL)),
    # what it learns from
    "two-passes": Variant(seen=partial(only, count=2)),
    "no-halved-crops": Variant(parts={"crops._HALVED": 0.0, "crops._QUARTERED": 0.0}),
    "no-fireflies": Variant(parts={"crops._FIREFLIES": 0.0}),
    "crop-64-batch-32": Variant(config=replace(_CONFIG, crop=64, batch=32)),
    "crop-256-batch-2": Variant(config=replace(_CONFIG, crop=256, batch=2)),
    # how it learns
    "adamw": Variant(config=replace(_CONFIG, optimizer="adamw")),
    "lr-1e-3": Variant(config=replace(_CONFIG, learning_rate=1e-3)),
    "lr-5e-3": Variant(config=replace(_CONFIG, learning_rate=5e-3)),
    "ema-0.99": Variant(config=replace(_CONFIG, ema=0.99)),
    "loss-l-hdr": Variant(config=replace(_CONFIG, loss="l-hdr")),
    "loss-l2": Variant(config=replace(_CONFIG, loss="l2")),
}
