"""A network learns to denoise from noise alone, in a few minutes, while one looks on (tools/train_demo.py).

Renders two noisy passes each of some views of one scene, and trains a network from nothing to predict one pass from the
other. The scene's own view is kept out of the training; it is denoised again and again as the training goes on, and
compared with a reference that the training does not see.
"""

from __future__ import annotations

import dataclasses
import shutil
import time
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from denoise.data import StoredView, load_views
from denoise.denoiser import Denoiser, pick_device
from denoise.exr import read_frame, write_frame
from denoise.network import ModelConfig
from denoise.pairs import open_pairs
from denoise.provenance import describe
from denoise.train import TrainConfig, train
from denoise.training_log import TrainingLog, draw_curve
from denoise.training_state import state_path
from tools.commands import run
from tools.demo import Score, radiance, score, table
from tools.reference import read_reference, render_reference
from tools.side_by_side import Panel, write_side_by_side

SCENE = Path(__file__).parents[1] / "scenes" / "window-room.xml"

#: Of so short a training: little warm-up, and an average over few steps, or the first minute would weigh on the last.
TRAINING = TrainConfig(minutes=4, batch=4, crop=96, warmup=40, ema=0.99, validate_every=50)

#: When the frame is denoised, as shares of the training: after 15 s, 1 min and 4 min.
_LOOKS = (1 / 16, 1 / 4, 1)
_LOG_EVERY = 5  # steps


@dataclass(frozen=True)
class Data:
    """What is rendered for the training.

    Attributes:
        scene: Mitsuba XML.
        size: `WxH`.
        views: of the scene; the first, its own, is only looked at.
        spp: samples a pixel of each of a view's two passes.
        reference_spp: samples a pixel of each half of the reference of the first view.
    """

    scene: Path = SCENE
    size: str = "240x156"
    views: int = 12
    spp: int = 8
    reference_spp: int = 144


DATA, MODEL = Data(), ModelConfig()


def make_train_demo(
    folder: Path,
    console: Console,
    data: Data = DATA,
    training: TrainConfig = TRAINING,
    model: ModelConfig = MODEL,
) -> list[Score]:
    """Render, train, show. After an interruption it goes on where it was; after the end it begins anew.

    Args:
        folder: gets `training/` with all of it: `before-after.png`, `curve.png`, `model.safetensors`, `pairs/`, ...
        console: where to print.
        data: what to render.
        training: how to train.
        model: which network.

    Returns:
        Figures of the noisy frame, and of what the network made of it each time it was looked at.
    """
    folder = folder / "training"
    pairs, references, out = folder / "pairs", folder / "reference", folder / "model.safetensors"
    if not state_path(out).exists():
        shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)

    rendering = run(
        console, "render-pairs", data.scene, "-o", pairs, "--views", data.views, "--spp", data.spp, "--size", data.size
    )
    if not references.exists():
        rendering += render_reference(data.scene, references, data.size, data.reference_spp, console)
    found = open_pairs(pairs)
    views = [dataclasses.replace(one, held_out=number == 0) for number, one in enumerate(load_views(found))]
    noisy_file = found[0].path(0)

    started = time.perf_counter()
    looks = list(_train_and_look(folder, out, views, noisy_file, training, model, console))
    seconds = time.perf_counter() - started

    *halves, _ = read_reference(references, data.scene)
    first, second = halves
    noisy = radiance(read_frame(noisy_file))
    scores = [score(f"noisy, {data.spp} spp", noisy, (first, second))]
    panels = [Panel(noisy, f"noisy, {data.spp} spp", str(scores[0]))]
    for when, path in looks:
        image = radiance(read_frame(path))
        scores.append(score(f"after {when} of training", image, (first, second)))
        panels.append(Panel(image, f"after {when}", str(scores[-1])))
    panels.append(Panel((first + second) / 2, f"reference, {2 * data.reference_spp} spp", "not seen by the training"))
    picture, curve = folder / "before-after.png", folder / "curve.png"
    write_side_by_side(picture, panels)
    draw_curve(out.with_suffix(".jsonl"), curve)
    state_path(out).unlink()  # done: the next run begins anew

    stages = [("render the pairs and the reference", rendering), ("train, and look", seconds)]
    console.print(table(f"{data.scene.stem}, {data.size}: a view kept out of the training", scores, stages))
    console.print(f"{picture}: the frame before and after. {curve}: the loss. {out}: the model.", highlight=False)
    return scores


def _train_and_look(
    folder: Path,
    out: Path,
    views: list[StoredView],
    noisy_file: Path,
    training: TrainConfig,
    model: ModelConfig,
    console: Console,
) -> list[tuple[str, Path]]:
    """Train, stopping at each of `_LOOKS` to denoise the noisy file; when, and the file that was written."""
    resume = state_path(out).exists()
    log = TrainingLog(out.with_suffix(".jsonl"), resume)
    device = pick_device("auto")
    provenance = describe([folder / "pairs"], views, device)
    looks = []
    columns = (TextColumn("training"), BarColumn(), TextColumn("{task.description}"), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task("", total=1.0)
        for share in _LOOKS:
            records = train(training, model, views, out, device, provenance, resume=resume)
            for record in records:
                if record["step"] % _LOG_EVERY == 0 or "val_loss" in record:
                    log.add(record)
                text = f"step {record['step']}, loss {record['loss']:.4f}"
                bar.update(task, completed=record["progress"], description=text)
                if record["progress"] >= share:
                    break
            records.close()  # saves the model and the state
            resume = True
            when = _when(training, share)
            path = folder / f"after-{when.replace(' ', '-')}.exr"
            if not path.exists():
                clean, _ = Denoiser(out).denoise_frame(read_frame(noisy_file))
                write_frame(path, clean)
            looks.append((when, path))
    return looks


def _when(training: TrainConfig, share: float) -> str:
    """A share of the training as a viewer would say it."""
    if training.steps:
        return f"{max(1, round(training.steps * share))} steps"
    seconds = 60 * (training.minutes or 0) * share
    return f"{seconds:.0f} s" if seconds < 60 else f"{seconds / 60:g} min"
