"""How near to OIDN's best mode models come on data sets: on those that they were trained on, or on others.

    python -m tools.compare_sets DIR... [--model MODEL]... [--quality best] [--spp 4] [--halvings 2] [--blocks 16]
        [--without variance]

Where a model does far better on the views that it was trained on than on others of the same kind, it needs more views;
where it does as badly on both, more time, or a larger network. Of each view the smallest passes, `--spp` together, are
the input; the two largest are the halves of a reference. That is a noisy one: single views say little, their median
more. Below stand views as noisy as most frames are, noisier ones, and those of which fireflies leave little to see, by
the input's relMSE. With --halvings 2 views are a quarter as large, with sixteen times the samples a pixel. With
--blocks 16 errors are of means over 16 x 16 pixels: blotches, and light lost or brought in.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from rich import box
from rich.console import Console
from rich.table import Table

from denoise import process
from denoise.crops import halved
from denoise.data import StoredView, load_sets, merge_passes
from denoise.denoiser import Denoiser
from denoise.errors import McdenoiseError
from denoise.frame import Planes
from denoise.metrics import relmse

#: Where one class of noise ends and the next begins, relMSE of the input.
_NOISY, _FIREFLIES = 3.0, 50.0


def ratios(
    views: Sequence[StoredView],
    denoisers: Sequence[Denoiser],
    spp: float,
    halvings: int = 0,
    blocks: int = 1,
    without: Sequence[str] = (),
) -> Iterator[tuple[float, float, float, list[float]]]:
    """View by view the input's relMSE; and of blocks the input's, OIDN best's, and each denoiser's over that.

    Views of fewer than three passes are passed over, and those whose reference is too noisy to tell OIDN's error.

    Args:
        views: with two passes that are larger than the others, best of all.
        denoisers: to compare.
        spp: that the input may have; if the smallest pass has more, it alone is the input.
        halvings: how many times views are taken at half their size.
        blocks: pixels wide, whose means are measured.
        without: of albedo, normal and variance those that nobody is given.
    """
    from tools.benchmark.oidn import denoise as oidn

    for view in views:
        if len(view.spp) < 3:
            continue
        planes, halves = _case(view, spp, halvings)
        planes = {name: plane for name, plane in planes.items() if name not in without}
        coarse = [_in_blocks(half, blocks) for half in halves]
        theirs = relmse(_in_blocks(oidn(planes, "best"), blocks), *coarse)
        if theirs > 0:
            guides = (planes.get(name) for name in ("albedo", "normal", "variance"))
            arguments = (planes["radiance"], *guides)
            images = [denoiser.denoise(*arguments) for denoiser in denoisers]
            noisy, *ours = (relmse(_in_blocks(one, blocks), *coarse) for one in (planes["radiance"], *images))
            yield relmse(planes["radiance"], *halves), noisy, theirs, [error / theirs for error in ours]


def _in_blocks(image: np.ndarray, side: int) -> np.ndarray:
    """(H, W, 3) to (H / side, W / side, 3); what is left over at the edges goes."""
    height, width = (length // side for length in image.shape[:2])
    return image[: height * side, : width * side].reshape(height, side, width, side, 3).mean((1, 3))


def _case(view: StoredView, spp: float, halvings: int = 0) -> tuple[Planes, tuple[np.ndarray, np.ndarray]]:
    """The input's planes, (H, W, 3) each, and both halves of the reference."""
    order = np.argsort(view.spp, kind="stable")
    count = max(1, int((np.cumsum(view.spp[order[:-2]]) <= spp).sum()))
    chosen = order[:count]
    planes = merge_passes(view.passes[chosen], view.spp[chosen])
    halves = {str(index): view.passes[index, :3].astype(np.float32) for index in order[-2:]}
    for _ in range(halvings):
        planes, halves = halved(planes), halved(halves)
    planes = {name: np.ascontiguousarray(plane.transpose(1, 2, 0)) for name, plane in planes.items()}
    first, second = (half.transpose(1, 2, 0) for half in halves.values())
    return planes, (first, second)


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("directories", nargs="+", type=Path, metavar="DIR")
    parser.add_argument("--model", type=Path, action="append", help="(default: the shipped one)")
    parser.add_argument("--quality", choices=("default", "best"), default="default", help="default: default")
    parser.add_argument("--spp", type=float, default=4)
    parser.add_argument("--halvings", type=int, default=0, help="times that views are taken at half their size")
    parser.add_argument("--blocks", type=int, default=1, help="pixels wide, whose means are measured")
    parser.add_argument("--without", action="append", default=[], choices=("albedo", "normal", "variance"))
    arguments = parser.parse_args()
    process.tune()
    models = arguments.model or [None]
    try:
        denoisers = [Denoiser(model, quality=arguments.quality) for model in models]
        views = load_sets(arguments.directories, sample=False)
        how = arguments.spp, arguments.halvings, arguments.blocks, arguments.without
        found = list(ratios(views, denoisers, *how))
    except McdenoiseError as error:
        raise SystemExit(f"compare_sets: {error}") from error
    if not len(found):
        raise SystemExit("compare_sets: no view has three passes; render data sets with more of them")
    noise, before, theirs, ours = (np.array(column) for column in zip(*found, strict=True))
    classes = {
        "all": np.full(len(noise), True),
        f"below {_NOISY:g}": noise < _NOISY,
        f"{_NOISY:g} to {_FIREFLIES:g}": (noise >= _NOISY) & (noise < _FIREFLIES),
        f"above {_FIREFLIES:g}": noise >= _FIREFLIES,
    }
    errors = "relMSE, times OIDN's best: median", "quartiles", "times the input's: at worst", "views above 1"
    table = Table("input's relMSE", "views", "model", *errors, box=box.SIMPLE)
    for name, chosen in classes.items():
        for model, own in zip(models, ours[chosen].T, strict=True):
            if len(own):
                low, median, high = np.percentile(own, (25, 50, 75))
                of_input = own * theirs[chosen] / before[chosen]
                worst, worse = f"{of_input.max():.3f}", str((of_input > 1).sum())
                figures = f"{median:.3f}", f"{low:.3f} {high:.3f}", worst, worse
                table.add_row(name, str(len(own)), str(model or "shipped"), *figures)
    Console(width=120).print(table)


if __name__ == "__main__":
    main()
