"""What a data set is made of: noise, light, fireflies, time; a table and a picture.

    python -m tools.dataset_statistics DIR... [-o statistics.png] [--views 500]

DIR is what render-pairs wrote, shards included. At most --views views are read, evenly over each set; all of them are
counted. A family of procedural scenes is a line of its own, all other scenes are one.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter, defaultdict
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from denoise.errors import McdenoiseError
from denoise.pairs import SHARDS, View, open_pairs, read_manifest, view_planes

#: A pixel counts as a firefly that is so many times brighter than the brightest of its eight neighbours in the other
#: pass and in its own: no detail of a picture, since another seed does not have it.
_FIREFLY = 8.0
_LUMINANCE = np.array([0.2126, 0.7152, 0.0722], np.float32)  # of linear sRGB, ITU-R BT.709


@dataclass(frozen=True)
class Figures:
    """Of one view.

    Attributes:
        spp: samples a pixel of each pass.
        luminance: mean of all passes.
        variance: of one sample a pixel, relative to the squared mean, over the picture.
        fireflies: share of the pixels of the two passes that are compared.
        rate: seconds a sample (one pixel, once).
        bytes: of its files.
        megapixels: of one pass.
    """

    spp: tuple[int, ...]
    luminance: float
    variance: float
    fireflies: float
    rate: float
    bytes: int
    megapixels: float


def figures(view: View) -> Figures:
    """The figures of a view, from its two passes of most samples.

    Raises:
        PairsError: a file is missing or broken.
    """
    spp = tuple(record.spp or 1 for record in view.passes)
    first, second = sorted(range(len(spp)), key=lambda index: spp[index])[-2:]
    a, b = (view_planes(view, index)["radiance"] @ _LUMINANCE for index in (first, second))
    mean = (spp[first] * a + spp[second] * b) / (spp[first] + spp[second])
    noise = float(np.mean((a - b) ** 2)) / (1 / spp[first] + 1 / spp[second])
    samples = sum(spp) * view.width * view.height
    return Figures(
        spp=spp,
        luminance=float(mean.mean()),
        variance=noise / max(float(mean.mean()) ** 2, 1e-20),
        fireflies=float(np.mean([_fireflies(a, b), _fireflies(b, a)])),
        rate=sum(record.seconds for record in view.passes) / samples,
        bytes=sum(record.bytes for record in view.passes),
        megapixels=view.width * view.height / 1e6,
    )


def _fireflies(picture: np.ndarray, other: np.ndarray) -> float:
    """Share of pixels (H, W) that stand out of their neighbours and of the same place in the other pass."""
    height, width = picture.shape
    around = np.pad(picture, 1, mode="edge")
    shifts = [(y, x) for y in range(3) for x in range(3) if (y, x) != (1, 1)]
    beside = np.max([around[y : y + height, x : x + width] for y, x in shifts], axis=0)
    return float(np.mean(picture > _FIREFLY * np.maximum(np.maximum(beside, other), 1e-6)))


def picked(views: list[View], most: int) -> list[View]:
    """At most so many of the views, evenly spread."""
    return views if len(views) <= most else [views[i * len(views) // most] for i in range(most)]


def table(groups: dict[str, list[Figures]]) -> list[str]:
    """A heading and a line a group: medians, and the quartiles of what varies most."""
    lines = [
        f"{'scenes':14} {'views':>6} {'spp':>10} {'luminance':>22} {'variance of a sample / mean^2':>30} "
        f"{'fireflies':>10} {'us/sample':>10} {'MB/view':>8}"
    ]
    for name, rows in groups.items():
        spp = sorted({n for row in rows for n in row.spp})
        light, noise = ([getattr(row, key) for row in rows] for key in ("luminance", "variance"))
        lines.append(
            f"{name:14} {len(rows):6} {f'{spp[0]}..{spp[-1]}':>10} {_quartiles(light):>22} {_quartiles(noise):>30} "
            f"{np.mean([row.fireflies for row in rows]):10.4%} {1e6 * np.median([row.rate for row in rows]):10.2f} "
            f"{np.mean([row.bytes for row in rows]) / 1e6:8.2f}"
        )
    return lines


def _quartiles(values: list[float]) -> str:
    low, middle, high = np.quantile(values, [0.25, 0.5, 0.75])
    return f"{middle:.3g} ({low:.2g} .. {high:.2g})"


def draw(groups: dict[str, list[Figures]], path: Path) -> None:
    """Histograms of luminance, relative variance, fireflies and seconds a sample, a colour for each group."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    shown = (
        ("luminance", "mean luminance of a view"),
        ("variance", "variance of a sample / mean luminance squared"),
        ("fireflies", "share of fireflies"),
        ("rate", "seconds a sample"),
    )
    figure, axes = pyplot.subplots(2, 2, figsize=(10, 6.5), layout="constrained")
    for axis, (key, label) in zip(axes.flat, shown, strict=True):
        columns = {name: np.maximum([getattr(row, key) for row in rows], 1e-9) for name, rows in groups.items()}
        everything = np.concatenate(list(columns.values()))
        low, high = everything.min(), max(everything.max(), 1.01 * everything.min())
        axis.hist(list(columns.values()), np.geomspace(low, high, 33), stacked=True, label=list(columns))
        axis.set_xscale("log")
        axis.set_xlabel(label)
        axis.set_ylabel("views")
    axes[0, 0].legend()
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=110)
    pyplot.close(figure)


def dropped(directory: Path) -> Counter[str]:
    """Why views of a data set were dropped, and how many for each reason."""
    folders = [directory, *sorted(directory.glob(SHARDS))]
    return Counter(view.dropped for folder in folders for view in read_manifest(folder) if view.dropped)


def main() -> None:
    """Print the table and draw the picture."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("directories", nargs="+", type=Path, metavar="DIR")
    parser.add_argument("-o", "--output", type=Path, help="picture to write (PNG)")
    parser.add_argument("--views", type=int, default=500, help="to read of each set (default: 500)")
    arguments = parser.parse_args()
    if arguments.views < 1:
        parser.error("--views must be 1 or more")
    groups: dict[str, list[Figures]] = defaultdict(list)
    try:
        for directory in arguments.directories:
            views, gone = open_pairs(directory), dropped(directory)
            reasons = "".join(f", {count} dropped as {reason}" for reason, count in gone.most_common())
            print(f"{directory}: {len(views)} views of {len({view.scene for view in views})} scenes{reasons}")
            for view in picked(views, arguments.views):
                groups[view.family or "scenes"].append(figures(view))
    except McdenoiseError as error:
        sys.exit(f"dataset_statistics: {error}")
    print("\n".join(table(groups)))
    if arguments.output:
        draw(groups, arguments.output)
        print(arguments.output)


if __name__ == "__main__":
    main()
