"""The HTML page: every image of the run to be looked at, and the figures; one file, which needs no network."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from denoise.preview import auto_exposure, tone_map
from tools.benchmark import maps, notes
from tools.benchmark.frames import Case
from tools.benchmark.measure import Measured
from tools.benchmark.methods import Method
from tools.benchmark.outcome import Outcome

_HERE = Path(__file__).parent

#: What each way of showing needs to be told; page.js has the ways.
_HINTS = {
    "picture": "All pictures of a frame have one exposure and one tone map, and {loss} from compression.",
    "flip": "FLIP: how far a viewer would see the picture differ from the reference when he flips between the two.",
    "signed": "Brightness: too little light blue, too much orange, as a share of the reference's; means of 5x5 pixels.",
}


class Page:
    """Collects pictures while the benchmark runs; they are kept compressed.

    Args:
        methods: in the order in which they are shown.
        lossy: compress with a little loss, to a third of the size.
    """

    def __init__(self, methods: Sequence[Method], lossy: bool = False) -> None:
        self._lossy = lossy
        self._methods = [method.name for method in methods]
        self._ours = next(method.name for method in methods if method.kind == "ours")
        self._described = [{"name": one.name, "kind": one.kind, "passes": one.passes} for one in methods]
        self._cases: list[dict[str, Any]] = []
        self._case: Case | None = None
        self._exposure = 1.0
        self._references: dict[str, str] = {}
        self._pictures: dict[str, bytes] = {}

    def add(self, one: Measured) -> None:
        """The next image; those of a case come one after the other."""
        if one.case != self._case:
            self._begin(one.case, one.loaded.reference)
        case, name = self._cases[-1], one.method.name
        figures = ("relmse", "psnr", "flip", "energy", "wall", "cpu")
        case["figures"][name] = {figure: getattr(one.result, figure) for figure in figures}
        case["flip_floor"] = one.result.flip_floor
        layers = {
            "picture": tone_map(one.image, self._exposure),
            "flip": maps.FLIP.colour(one.flip),
            "signed": maps.SIGNED.colour(maps.signed_error(one.image, one.loaded.reference)),
        }
        for layer, pixels in layers.items():
            self._pictures[f"{case['pictures']}/{self._methods.index(name)}/{layer}"] = self._webp(pixels)
        if name == self._ours:
            case["look"] = maps.worst_place(one.flip)

    def _begin(self, case: Case, reference: np.ndarray) -> None:
        self._case = case
        self._exposure = auto_exposure(reference)
        if case.name not in self._references:
            self._references[case.name] = f"reference/{len(self._references)}"
            self._pictures[self._references[case.name]] = self._webp(tone_map(reference, self._exposure))
        height, width = reference.shape[:2]
        self._cases.append(
            {
                "frame": case.name,
                "spp": case.spp,
                "width": width,
                "height": height,
                "pictures": str(len(self._cases)),
                "reference": self._references[case.name],
                "figures": {},
            }
        )

    def _webp(self, pixels: np.ndarray) -> bytes:
        """(H, W, 3) uint8, compressed; with loss, colour has half the resolution."""
        options = {"quality": 90, "use_sharp_yuv": True} if self._lossy else {"lossless": True, "quality": 40}
        stream = io.BytesIO()
        Image.fromarray(pixels).save(stream, "WEBP", method=3, **options)
        return stream.getvalue()

    def html(self, figures: dict[str, Any], outcome: Outcome) -> str:
        """The page.

        Args:
            figures: the outcome as JSON takes it.
            outcome: the same.
        """
        speed = []
        for name, heading in (("filters", "Time of the filter alone"), ("programs", "From file to file, and memory")):
            if figures[name]:
                told = notes.speed(outcome) if name == "programs" else ()
                speed.append({"heading": heading, "notes": told, **figures[name]})
        data = {
            "methods": self._described,
            "cases": self._cases,
            "hints": {
                **_HINTS,
                "picture": _HINTS["picture"].format(loss="a little loss" if self._lossy else "no loss"),
            },
            "scales": {"flip": asdict(maps.FLIP), "signed": asdict(maps.SIGNED)},
            "verdict": notes.verdict(outcome),
            "ratios": figures["ratios"],
            "summaries": figures["summaries"],
            "speed": speed,
            "notes": {
                "ratios": notes.RATIOS,
                "summaries": notes.SUMMARIES,
                "about": (*notes.METHODS, *_made_by(outcome)),
            },
        }
        parts = {
            "style": (_HERE / "page.css").read_text(encoding="utf-8"),
            # `</script>` in a name would end the data early
            "data": json.dumps(data, allow_nan=False).replace("<", "\\u003c"),
            "script": "\n".join((_HERE / name).read_text(encoding="utf-8") for name in ("viewer.js", "figures.js")),
            "pictures": "\n".join(
                f'<script type="text/plain" id="{key}">{base64.b64encode(data).decode()}</script>'
                for key, data in self._pictures.items()
            ),
        }
        text = (_HERE / "page.html").read_text(encoding="utf-8")
        before, *rest = text.split("{{")
        return before + "".join(parts[name] + after for name, after in (piece.split("}}", 1) for piece in rest))


def _made_by(outcome: Outcome) -> tuple[str, str]:
    machine = dict(outcome.machine)
    hardware = f"{machine.pop('processor')}, {machine.pop('cores')} cores, {machine.pop('system')}"
    return (
        f"Model: {outcome.model['name']}, on {outcome.model['device']}. Frames: {outcome.folder}.",
        f"{hardware}. {', '.join(f'{name} {version}' for name, version in machine.items())}.",
    )
