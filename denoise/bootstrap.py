"""Where nothing tells the noise, what a filter errs by: it is shown a noisy frame whose clean one is known.

    noisy, filtered ── what was taken away, in half of the pixels with its sign changed ──> filtered + that
                       ── filtered again ── its difference from filtered, nearby: error ──┐
    noisy, filtered ── their difference, nearby: change ──────────────────────────────────┴──> share of the change

A wild bootstrap (Wu 1986, "Jackknife, bootstrap and other resampling methods in regression analysis"; Liu 1988,
"Bootstrap procedures under some non-i.i.d. models"): residuals keep their pixels and their size, and get new signs. Of
a noisy frame the filter takes the new noise away as it took the old one, and the error is a hundredth of the change. At
hundreds of samples, where there is hardly any noise and a texture was taken for it, it errs on what it has made itself
by a quarter of the change and more. What it errs by in truth is more again: the texture that it took away cannot tell.
How much more the frame as a whole says best, so both are gone by. And where there is hardly a pixel of which the filter
does not err by a good part, it is right of none.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from denoise.shrinkage import brightness, changes, sample

_QUIET = 0.08, 0.1  # changes, squared, relative to the brightness squared: below a frame is quiet, above it is not
_ENOUGH = 100_000  # pixels of a frame that tell whether it is
_RIGHT = 0.08  # error over change, of the frame, up to which nothing is held back
_TIMES = 800.0  # the cube of what is above, times this, is by how much each pixel's own counts
_MOST = 10.0  # at most
_FEWEST = 0.1  # of the pixels, those of which it errs least
_NOWHERE = 0.15, 0.25  # their error over change, from which on ever less stays, and at last nothing
_BROKEN = 1.0  # changes from which on a pixel is a firefly, and says nothing of the frame


def quiet(noisy: Tensor, filtered: Tensor, factor: Tensor) -> float:
    """How sure it is that so little was changed that texture may have been, in [0, 1]; at 0 no second look is needed.

    In between, so that frames of an animation that lie there do not flicker.

    Args:
        noisy: (1, 3, H, W), scene units, of a whole frame.
        filtered: likewise.
        factor: (1, 1, 1, 1), the exposure.
    """
    rows = sample(noisy.shape[-2], noisy.shape[-1], _ENOUGH)
    if rows.size == 0:
        return 0.0
    noisy, filtered = noisy[:, :, rows], filtered[:, :, rows]
    change = float(changes(noisy, filtered, brightness(filtered, factor)).clamp_max_(_BROKEN).mean())
    below, above = _QUIET
    return min((above - change) / (above - below), 1.0) if change < above else 0.0


def resampled(noisy: Tensor, filtered: Tensor) -> Tensor:
    """A noisy frame whose clean one is the filtered one, (1, 3, H, W); the same each time, whatever the machine."""
    signs = np.random.default_rng(0).integers(0, 2, noisy.shape[-2:], np.int8) * 2 - 1
    return torch.addcmul(filtered, noisy - filtered, torch.from_numpy(signs)).clamp_min_(0)


def share(noisy: Tensor, filtered: Tensor, again: Tensor, factor: Tensor, quiet: float = 1.0) -> Tensor | None:
    """Of each pixel's change, how much is to stay, (1, 1, H, W) in [0, 1]; None where all of it is.

    Args:
        noisy: (1, 3, H, W), scene units, of a whole frame.
        filtered: likewise.
        again: what the filter makes of the `resampled` frame.
        factor: (1, 1, 1, 1), the exposure.
        quiet: how `quiet` the frame is; less is held back where it is not.
    """
    bright = brightness(filtered, factor)
    change, error = changes(noisy, filtered, bright), changes(again, filtered, bright)
    sound = change < _BROKEN
    above = float(error[sound].sum() / change[sound].sum()) - _RIGHT
    if not above > 0:
        return None
    times = quiet * min(_TIMES * above**3, _MOST)
    ratio = error.div_(change.clamp_min_(torch.finfo(torch.float32).tiny))
    rows = sample(ratio.shape[-2], ratio.shape[-1], _ENOUGH)
    told = ratio[:, :, rows][sound[:, :, rows]]
    right, nowhere = _NOWHERE
    least = float(torch.nanquantile(told, _FEWEST)) if told.numel() else 0.0
    anywhere = 1 - quiet * min(max((least - right) / (nowhere - right), 0), 1)
    kept = 1 - (times * ratio).clamp_max_(1)
    return kept.mul_(anywhere).nan_to_num_(nan=1)  # near pixels too bright to be squared: they are fireflies
