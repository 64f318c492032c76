"""The outcome as files: `benchmark.json`, `frames.csv`, `ratios.csv`, `index.html`."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from denoise.errors import FrameError
from denoise.files import replacing
from tools.benchmark.outcome import Outcome
from tools.benchmark.page import Page
from tools.benchmark.report import spp_name
from tools.benchmark.speed import medians, ratios


def save(folder: Path, outcome: Outcome, page: Page | None) -> None:
    """Write the files; without a page only `benchmark.json`.

    Raises:
        FrameError: the folder or the disk does not allow it.
    """
    files: dict[str, Callable[[], str]] = {
        "benchmark.json": lambda: json.dumps(to_json(outcome), indent=1, allow_nan=False) + "\n"
    }
    if page is not None:
        files["frames.csv"] = lambda: _csv([asdict(result) for result in outcome.results])
        files["ratios.csv"] = lambda: _csv(_flat_ratios(outcome))
        files["index.html"] = lambda: page.html(to_json(outcome), outcome)
    for name, text in files.items():
        with replacing(folder / name) as temporary:
            temporary.write_text(text(), encoding="utf-8")


def make_folder(folder: Path) -> None:
    """Make the folder for the results, before the work.

    Raises:
        FrameError: it cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FrameError(f"{folder}: cannot be made: {error.strerror or error}; give another -o") from error


def to_json(outcome: Outcome) -> dict[str, Any]:
    """All of the outcome in dictionaries, lists, strings and numbers, NaN as None; with medians and ratios of speed."""
    data = asdict(outcome)
    for name in ("filters", "programs"):
        runs = getattr(outcome, name)
        if runs:
            values = medians(runs)
            over = {field: ratios(runs, field) for field in next(iter(values.values()))}
            data[name] = {
                "runs": data[name],
                "medians": values,
                "ratios": {field: {other: asdict(one) for other, one in each.items()} for field, each in over.items()},
            }
    return _without_nan(data)


def _flat_ratios(outcome: Outcome) -> list[dict[str, Any]]:
    rows = []
    for ratio in outcome.ratios:
        row: dict[str, Any] = {"spp": spp_name(ratio.spp), "ours": ratio.ours, "theirs": ratio.theirs}
        for figure in ("relmse", "flip", "psnr"):
            row |= {f"{figure}_{key}": value for key, value in asdict(getattr(ratio, figure)).items()}
        rows.append(row)
    return rows


def _csv(rows: list[dict[str, Any]]) -> str:
    stream = io.StringIO()
    writer = csv.DictWriter(stream, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return stream.getvalue()


def _without_nan(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nan(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_without_nan(one) for one in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
