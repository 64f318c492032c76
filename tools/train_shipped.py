"""`make train-shipped`: from nothing to the shipped weights in a given time, on whatever machine this is.

    python -m tools.train_shipped --minutes 240 [--from MODEL] [-- OPTION... of train-denoiser]

Renders and trains at the same time: fresh views stream into a pool of bounded size (tools/view_stream.py) that the
training draws from (train-denoiser --watch), so that it does not see the same noise for long. From nothing it takes a
third of the time for a first model, and the rest for another that begins with it and measures its errors by it
(train-denoiser --relative-to). With --from the model is the mean of the training's weights, counted twice, and of
those it began with: on pictures unlike those trained on that does best (docs/trainings.md).

Stopped or killed, it goes on where it was when it is started again, and its time with it; after the end, the next run
begins a training anew, on the pool that is there. At the end the model and the facts of its card take their places.

With a GPU all cores but two render, else half of them; renders have the lower priority.
"""

from __future__ import annotations

import argparse
import json
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from denoise.errors import McdenoiseError, RenderError, TrainingError
from denoise.files import replacing
from tools import children
from tools.view_stream import ROOT, Recipe, ViewStream, number_of, read_journal

_TICK = 0.5  # seconds between looks
_END_SECONDS = 15  # the training's start and end, and the card's
_FIRST_SHARE = 1 / 3  # of the time, for a first model
_FIRST_RATE = 2e-3  # to go on from it, as from nothing
_VALIDATION_VIEWS = 2


@dataclass(frozen=True)
class Plan:
    """What to do.

    Attributes:
        minutes: wall time of everything; what an earlier run spent on the same training counts.
        folder: gets all that is made on the way.
        output: the model's place; the card is README.md beside it.
        recipe: what to render.
        pool_bytes: what the pool may have.
        start: model to begin with, and to measure errors by; None to make one first.
        options: further ones of train-denoiser.
        renders: chunks rendered at once; None for as the machine is.
        threads: of the training; None for as the machine is.
        command: that the card shall name.
    """

    minutes: float
    folder: Path = ROOT / "runs" / "shipped"
    output: Path = ROOT / "denoise" / "weights" / "mcdenoise.safetensors"
    recipe: Recipe = field(default_factory=Recipe)
    pool_bytes: int = 8_000_000_000
    start: Path | None = None
    options: tuple[str, ...] = ()
    renders: int | None = None
    threads: int | None = None
    command: str = "make train-shipped"


class _Stopped(Exception):
    """A signal came; its number."""


def train_shipped(plan: Plan) -> None:
    """Do it all.

    Raises:
        TrainingError: another run is at work in the folder, nothing renders, or the training ended with an error.
        ModelError: the model to begin with cannot be used.
        RenderError: no variant of Mitsuba works here, or a scene to validate by failed.
        _Stopped: SIGINT or SIGTERM came; the state is saved.
    """

    def interrupt(number: int, _: object) -> None:
        for each in (signal.SIGINT, signal.SIGTERM):
            signal.signal(each, signal.SIG_IGN)  # what follows is in order, and bounded
        raise _Stopped(number)

    with children.locked(plan.folder) as lock:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, interrupt)
        _Run(plan, lock).go()


class _Run:
    """One run, with the time spent so far kept on the disk."""

    def __init__(self, plan: Plan, lock: int) -> None:
        self._plan, self._lock = plan, lock
        self._model, self._first = plan.folder / "model.safetensors", plan.folder / "first.safetensors"
        self._clock = plan.folder / "clock.json"
        self._began = time.monotonic()
        # seconds of earlier runs of this training, and the first set of the pool that it drew from
        self._facts: dict[str, Any] = {"seconds": 0.0}
        if self._clock.exists():
            self._facts |= json.loads(self._clock.read_text(encoding="utf-8"))
        elif any(_state(model).exists() for model in (self._first, self._model)):
            raise TrainingError(f"{plan.folder}: has a training without {self._clock.name}; take another folder")

    def go(self) -> None:
        from denoise.checkpoint import load_model

        plan = self._plan
        if plan.start is not None:
            load_model(plan.start)  # better now than after the first renders
        renders, threads, variant = _machine(plan)
        recipe = replace(plan.recipe, variant=variant)
        _say(f"{renders} renders at once with {variant}, {threads} threads to train, {plan.minutes:g} minutes in all")
        self._render_validation(recipe)
        stream = ViewStream(plan.folder, recipe, renders, plan.pool_bytes, self._lock)
        training: subprocess.Popen[bytes] | None = None
        try:
            while True:
                stream.tend()
                if training is None and (sets := stream.sets()):
                    self._facts.setdefault("first", number_of(sets[0]))
                    training = self._start_training(stream.pool, threads)
                elif training is not None and training.poll() is not None:
                    if training.returncode or self._beginning() is not None:
                        break
                    _state(self._first).unlink()  # done, and what to begin with
                    training = self._start_training(stream.pool, threads)
                self._save_clock()
                time.sleep(_TICK)
        finally:
            if training is not None:
                children.stop([training])
            stream.stop()
            self._save_clock()
        if training.returncode:
            raise TrainingError(f"the training ended with status {training.returncode}; see above")
        self._finish(recipe)

    def _seconds(self) -> float:
        return float(self._facts["seconds"]) + time.monotonic() - self._began

    def _save_clock(self) -> None:
        with replacing(self._clock) as temporary:
            temporary.write_text(json.dumps(self._facts | {"seconds": self._seconds()}), encoding="utf-8")

    def _render_validation(self, recipe: Recipe) -> None:
        command: list[object] = ["-m", "render.cli", recipe.scenes, "-o", self._plan.folder / "validation"]
        command += ["--split", "validation", "--views", _VALIDATION_VIEWS, "--spp", recipe.spp[0]]
        command += ["--size", recipe.crop]
        command += ["--variant", recipe.variant, "--workers", children.cores()]
        process = children.start(command, self._lock)
        try:
            while process.poll() is None:
                self._save_clock()
                time.sleep(_TICK)
        finally:
            children.stop([process])
        if process.returncode:
            raise RenderError("the scenes to validate by were not rendered; see above")

    def _beginning(self) -> Path | None:
        """The model to begin with, once there is one: a first one is done when its state is gone."""
        if self._plan.start is None and (_state(self._first).exists() or not self._first.exists()):
            return None
        return self._plan.start or self._first

    def _start_training(self, pool: Path, threads: int) -> subprocess.Popen[bytes]:
        """With the time that is left, but never less than a tenth of it all, so that there is a model."""
        from denoise.checkpoint import load_state

        plan, beginning = self._plan, self._beginning()
        model, share = (self._first, _FIRST_SHARE) if beginning is None else (self._model, 1)
        left = max(60 * plan.minutes * share - self._seconds() - _END_SECONDS, 6 * plan.minutes)
        state = _state(model)
        trained = float(load_state(state)[1]["seconds"]) if state.exists() else 0.0
        command: list[object] = ["-m", "denoise.training_cli", plan.folder / "validation", "--watch", pool]
        command += ["-o", model, "--minutes", (trained + left) / 60, "--validate-every", 1000, "--resume"]
        command += ["--from", beginning, "--relative-to", beginning] if beginning is not None else []
        if beginning == self._first:  # far from done
            command += ["--learning-rate", _FIRST_RATE]
        environment = {"OMP_NUM_THREADS": str(threads)}
        return children.start([*command, *plan.options], self._lock, environment=environment)

    def _finish(self, recipe: Recipe) -> None:
        from tools.average_models import average
        from tools.model_card import write_facts

        plan = self._plan
        facts = self._card(recipe)
        if plan.start is None:
            with replacing(plan.output) as temporary:
                shutil.copyfile(self._model, temporary)
        else:
            average([plan.start, self._model, self._model], plan.output)
        write_facts(plan.output.with_name("README.md"), facts)
        _state(self._model).unlink()  # done: the next run begins anew
        self._first.unlink(missing_ok=True)
        self._clock.unlink()
        _say(f"{plan.output} and its card are written; curve in {self._model.with_suffix('.png')}")

    def _card(self, recipe: Recipe) -> dict[str, str]:
        from denoise.checkpoint import load_model
        from denoise.training_log import read_log

        plan = self._plan
        network, told = load_model(self._model)
        weights = sum(parameter.numel() for parameter in network.parameters())
        views: Counter[str] = Counter()
        sets = 0
        for line in read_journal(plan.folder):
            if line["number"] >= self._facts["first"] and line["views"]:
                views[line["family"]] += line["views"]
                sets += 1
        kinds = ", ".join(f"{count:,} of {family}" for family, count in views.items())
        if plan.start is not None:
            begin = f"beginning with {plan.start.name}"
            mean, judged = f"; then the mean with {plan.start.name}, this training counted twice", ", before the mean"
        else:
            first = load_model(self._first)[1]
            begin = f"beginning with a model that {first['steps']:,} steps from nothing had made"
            mean = judged = ""
        validations = [record for record in read_log(self._model.with_suffix(".jsonl")) if "val_db" in record]
        gain = f"{validations[-1]['val_db']:+.2f} dB over the noisy input" if validations else "not measured"
        return {
            "Weights": f"{weights:,} in {self._model.stat().st_size / 1e6:.2f} MB",
            "Data": f"{sum(views.values()):,} views in {sets:,} sets, each there as long as the pool had room for it: "
            f"{kinds}; {recipe.crop} of {recipe.size}, passes of {_either(recipe.spp)} spp, with samplers other than "
            f"the independent one of {_either(recipe.stratified_spp)}; no clean image, no images or weights of others",
            "Training": f"Noise2Noise, squared errors relative to `{told['relative_to']}`, {begin}; "
            f"{told['steps']:,} steps of {told['batch']} crops of {told['crop']}x{told['crop']} "
            f"({told['pixels'] / 1e9:.3g} gigapixels), {told['seconds'] / 60:.3g} minutes beside the renders, on "
            f"{told['hardware']}{mean}",
            "Held out": f"{told['held_out_views']} views of the validation scenes: {gain}{judged}",
            "Commit": told["commit"] or "unknown",
            "Command": f"`{plan.command}`",
        }


def _either(ladders: tuple[str, ...]) -> str:
    return " or ".join(dict.fromkeys(ladders))


def _state(model: Path) -> Path:
    """Where the state of a model's training stands."""
    return model.with_suffix(".state.safetensors")


def _machine(plan: Plan) -> tuple[int, int, str]:
    """Renders at once, threads of the training, and Mitsuba's variant: the given ones, or such as suit this machine."""
    import torch

    from denoise.denoiser import pick_device
    from render.variants import choose

    torch.set_num_threads(1)  # this process only packs
    cores, gpu = children.cores(), pick_device("auto").type != "cpu"
    variant = plan.recipe.variant
    if variant == "auto" and gpu:  # the GPU trains; many renders at once would only take it from the training
        try:
            variant = choose("llvm_ad_rgb").variant
        except RenderError:
            variant = "scalar_rgb"
    variant = choose(variant).variant
    renders = plan.renders or (1 if variant.startswith("cuda") else max(1, cores - 2 if gpu else cores // 2))
    return renders, plan.threads or (min(2, cores) if gpu else max(1, cores - cores // 2)), variant


def _say(line: str) -> None:
    print(f"train-shipped: {line}", file=sys.stderr, flush=True)


def _parse() -> Plan:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, required=True, help="for everything, interruptions not counted")
    parser.add_argument("--from", dest="start", type=Path, metavar="MODEL", help="begin with it, and measure by it")
    parser.add_argument("--folder", type=Path, default=Plan.folder, help="for all that is made on the way")
    parser.add_argument("--output", type=Path, default=Plan.output, help="where the model shall be; its card beside it")
    parser.add_argument("--pool-gb", type=float, help="largest pool (default: 8, or half of the free disk if less)")
    parser.add_argument("--renders", type=int, help="chunks rendered at once (default: as the machine is)")
    parser.add_argument("--threads", type=int, help="of the training (default: as the machine is)")
    parser.add_argument("--order", nargs="+", default=Recipe.order, help="families, and `scenes` for files, in turn")
    parser.add_argument("--spp", nargs="+", default=Recipe.spp, help="ladders of passes, in turn")
    stratified = "likewise, with samplers other than the independent one"
    parser.add_argument("--stratified-spp", nargs="+", default=Recipe.stratified_spp, help=stratified)
    parser.add_argument("--scenes", type=Path, default=Recipe.scenes, help="folder of scenes with a manifest.json")
    for name in ("views", "crop", "size", "variant"):
        default = getattr(Recipe, name)
        parser.add_argument(f"--{name}", type=type(default), default=default, help="as in render-pairs (%(default)s)")
    parser.add_argument("options", nargs="*", metavar="-- OPTION", help="further ones of train-denoiser")
    given = vars(parser.parse_args())
    given |= {name: tuple(given[name]) for name in ("order", "spp", "stratified_spp")}
    recipe = Recipe(**{f.name: given.pop(f.name) for f in fields(Recipe)})
    gigabytes = given.pop("pool_gb")
    given["folder"].mkdir(parents=True, exist_ok=True)
    half = shutil.disk_usage(given["folder"]).free // 2
    limit = int(1e9 * gigabytes) if gigabytes is not None else min(Plan.pool_bytes, half)
    given["command"] = shlex.join(["python", "-m", "tools.train_shipped", *sys.argv[1:]])
    return Plan(**given | {"options": tuple(given["options"])}, recipe=recipe, pool_bytes=limit)


def main() -> None:
    """Run the command."""
    plan = _parse()
    try:
        train_shipped(plan)
    except McdenoiseError as error:
        raise SystemExit(f"train-shipped: {error}") from error
    except _Stopped as stopped:
        _say("stopped; the same command goes on where it was")
        raise SystemExit(128 + stopped.args[0]) from None


if __name__ == "__main__":
    main()
