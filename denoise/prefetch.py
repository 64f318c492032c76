"""The next batches, made in a thread of their own, so that the network does not wait for data."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from denoise.crops import Crops, draw_batch, jitter_exposure
from denoise.data import StoredView, worth_learning
from denoise.errors import TrainingError
from denoise.pool import WatchedFolder
from denoise.rounds import in_rounds

_AHEAD = 3  # batches
_LARGE_EVERY = 2  # so many batches one is of fewer crops, twice as wide
_USUAL_FRACTION = 0.25  # of a view's samples, in inputs that weigh as much as the view
_BY_SAMPLES = 0.3  # power of their samples by which others weigh more or less


class Batch(NamedTuple):
    """One process's share of a batch of B crops.

    Attributes:
        crops: what was drawn.
        weights: (B,) of each crop in the loss, about 1 on the average.
        jitter: (B, 1, 1, 1) factors on the exposure.
        waited: seconds the network waited for it.
    """

    crops: Crops
    weights: Tensor
    jitter: Tensor
    waited: float


class _Size(NamedTuple):
    """Of a batch of all processes: how many crops, how wide, which are this one's, how many as large came before."""

    crops: int
    side: int
    share: slice
    turn: int


class Prefetcher:
    """Batches from `step` on, each a function of (seed, step) and of the views there are, which come in rounds.

    Where views have yardsticks every other batch is of a quarter as many crops of twice the side, if it can be parted
    so and most views are as large: the coarsest kernels reach farther than a small crop does, and blotches are larger
    than it. A training from nothing learns more from many.

    Args:
        views: to draw from, as far as they are worth it (`worth_learning`).
        watched: more of them, which come and go.
        batch: crops a step, of all processes together.
        share: which of them to make.
        crop: side in pixels.
        seed: of the training.
        step: the first.
    """

    def __init__(
        self,
        views: Sequence[StoredView],
        watched: WatchedFolder | None,
        batch: int,
        share: slice,
        crop: int,
        seed: int,
        step: int,
    ) -> None:
        self._views, self._watched = list(views), watched
        self._batch, self._share, self._crop, self._seed = batch, share, crop, seed
        self._ready: queue.Queue[Batch | Exception] = queue.Queue(maxsize=_AHEAD)
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(step,), daemon=True)
        self._thread.start()

    def next(self) -> Batch:
        """The next one. Raises what went wrong while it was made."""
        began = time.monotonic()
        item = self._ready.get()
        if isinstance(item, Exception):
            raise item
        return item._replace(waited=time.monotonic() - began)

    def close(self) -> None:
        """Stop the thread."""
        self._stopped.set()
        while self._thread.is_alive():
            while not self._ready.empty():
                self._ready.get()
            self._thread.join(0.05)

    def _run(self, step: int) -> None:
        watched: Sequence[StoredView] | None = None
        while not self._stopped.is_set():
            try:
                found = self._watched.views() if self._watched is not None else ()
                if found is not watched:
                    watched, views = found, worth_learning([*self._views, *found])
                    mean_weight = float(np.mean([view.weight for view in views]))
                    can_be_large = self._can_be_large(views)
                item: Batch | Exception = self._make(views, mean_weight, step, self._size(step, can_be_large))
            except Exception as error:  # handed to the loop, which raises it
                item = error
            while not self._stopped.is_set():
                try:
                    self._ready.put(item, timeout=0.1)
                    break
                except queue.Full:
                    continue
            step += 1

    def _can_be_large(self, views: list[StoredView]) -> bool:
        usual = float(np.median([min(view.passes.shape[-2:]) for view in views]))
        return views[0].yardsticks is not None and self._batch % 4 == 0 and usual >= 2 * self._crop

    def _size(self, step: int, can_be_large: bool) -> _Size:
        if not can_be_large:
            return _Size(self._batch, self._crop, self._share, step)
        large = -(-step // _LARGE_EVERY)  # batches before this one
        if step % _LARGE_EVERY:
            return _Size(self._batch, self._crop, self._share, step - large)
        mine = range(self._batch)[self._share]
        if mine.start % 4 or mine.stop % 4:
            problem = f"{len(mine)} crops for each process cannot be 4 times fewer of twice the side"
            raise TrainingError(f"{problem}; give --batch a multiple of {4 * self._batch // len(mine)}")
        return _Size(self._batch // 4, 2 * self._crop, slice(mine.start // 4, mine.stop // 4), large)

    def _make(self, views: list[StoredView], mean_weight: float, step: int, size: _Size) -> Batch:
        rng = np.random.default_rng((self._seed, step))
        drawn = in_rounds(views, size.turn * size.crops, size.crops, (self._seed, size.side))
        crops = draw_batch(drawn, size.side, rng, size.share)
        of_views = torch.tensor([view.weight / mean_weight for view in crops.views])
        # errors of few samples are large, and a picture of many is to count as much as one of few
        weights = of_views * (crops.fractions / _USUAL_FRACTION) ** _BY_SAMPLES
        jitter = jitter_exposure(size.crops, rng)[size.share]
        return Batch(crops, weights, jitter, waited=0.0)
