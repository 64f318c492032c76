"""The training's log, one JSON object a line, and its picture."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

Record = dict[str, float]
_SMOOTH = 50  # log entries averaged for the drawn training loss


class TrainingLog:
    """Appends records to `PATH`, one JSON object a line; a resumed training goes on in the same file."""

    def __init__(self, path: Path, resume: bool) -> None:
        self.path = path
        if not resume:
            path.unlink(missing_ok=True)

    def add(self, record: Record) -> None:
        """Append one record, whole, at once."""
        with open(self.path, "a", encoding="utf-8") as file:
            file.write(json.dumps({key: _short(value) for key, value in record.items()}) + "\n")


def _short(value: float) -> float:
    return value if isinstance(value, int) else float(f"{value:.6g}")


def read_log(path: Path) -> list[Record]:
    """The records of a log in order of their steps; of repeated steps, after a kill, the last. Skips a torn line."""
    records: dict[float, Record] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        try:
            record = json.loads(line)
        except json.JSONDecodeError:
            continue
        records[record["step"]] = record
    return [records[step] for step in sorted(records)]


def draw_curve(log: Path, picture: Path) -> None:
    """Draw a log as a PNG: training loss, loss on held-out views, and their improvement in dB, over minutes."""
    from matplotlib.figure import Figure  # without pyplot: no display, no global state

    records = read_log(log)
    validations = [record for record in records if "val_db" in record]
    minutes = np.array([record["seconds"] / 60 for record in records])
    loss = np.array([record["loss"] for record in records])
    window = min(_SMOOTH, max(1, len(loss) // 4))
    smooth = np.convolve(loss, np.ones(window) / window, mode="valid")

    figure = Figure(figsize=(8, 4.5), dpi=120, layout="constrained")
    axes = figure.add_subplot()
    axes.plot(minutes, loss, color="tab:blue", alpha=0.2, linewidth=0.7)
    axes.plot(minutes[window - 1 :], smooth, color="tab:blue", label="training loss (against noisy passes)")
    axes.set(xlabel="minutes", ylabel="loss", yscale="log")
    handles, labels = axes.get_legend_handles_labels()
    if validations:
        when, held_out, db = zip(*((r["seconds"] / 60, r["val_loss"], r["val_db"]) for r in validations), strict=True)
        axes.plot(when, held_out, "o-", color="tab:orange", markersize=3, label="held-out loss (against noisy passes)")
        gain = axes.twinx()
        gain.plot(when, db, "s-", color="tab:green", markersize=3, label="held-out gain")
        gain.set_ylabel("improvement over the noisy input, dB")
        handles, labels = axes.get_legend_handles_labels()
        more_handles, more_labels = gain.get_legend_handles_labels()
        handles, labels = handles + more_handles, labels + more_labels
    axes.legend(handles, labels, loc="upper right", fontsize="small")
    figure.savefig(picture)
