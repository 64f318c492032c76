"""From the names of layers to the view layers of a frame and the roles in each; `roles.py` makes use of it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from denoise.beauties import by_table, no_beauty, unnamed
from denoise.conventions import AUXILIARY, CHOICES, COMMON, ROLES, Convention, by_name, told_by_header
from denoise.frame import Frame
from denoise.layer_kinds import kind_of
from denoise.layers import ALPHA, COLOUR, Channels, Choices, Layer, layers_of
from denoise.overrides import beauties_named, check, mapped

#: Of layers with "alb" in their names, those that are no albedo of the surface as a whole.
_PART_OF_ALBEDO = ("specular", "transmission", "coat", "sheen", "indirect", "m2_", "var", "mse")


_SAMPLE = 1 << 16  # pixels of a layer that are looked at


@dataclass(frozen=True)
class Match:
    """One view layer: its beauty's layer, and the channels of each role with the reason why.

    Attributes:
        eye: of a stereo frame, else "".
        prefix: what stands before the names of the view layer's layers, with its dot; "" where nothing does.
        foreign: the prefixes of the other view layers, in lower case.
        renderer: whose naming it is.
        beauty: the layer that the beauty is read from.
        found: channels by role.
        reasons: by role, and `renderer`.
        output: the renderer's own place for a denoised beauty, where it is another.
        own: how much the names tell that they are the renderer's.
    """

    eye: str
    prefix: str
    foreign: tuple[str, ...]
    renderer: str
    beauty: Layer
    found: dict[str, Channels]
    reasons: dict[str, str]
    output: Channels | None
    own: int


def match_all(frame: Frame, overrides: Mapping[str, str]) -> list[Match]:
    """Every view layer of a frame, in the file's order.

    Raises:
        FrameError: as `roles.find_all_roles`.
    """
    layers = layers_of(frame)
    for role, wanted in overrides.items():
        check(layers, role, wanted)
    matches: list[Match] = []
    for eye in dict.fromkeys(layer.eye for layer in layers):
        matches += _match_eye(frame, eye, [layer for layer in layers if layer.eye == eye], overrides)
    if not matches:
        raise no_beauty(layers)
    place = {id(layer): index for index, layer in enumerate(layers)}
    return sorted(matches, key=lambda match: place.get(id(match.beauty), 0))


def _match_eye(frame: Frame, eye: str, layers: list[Layer], overrides: Mapping[str, str]) -> list[Match]:
    told = told_by_header(frame)
    table = by_table(layers, told[0] if told else None)
    prefixes = [prefix for prefix in table if prefix]
    beauties = table or unnamed(layers)
    if "beauty" in overrides:
        beauties = beauties_named(layers, overrides["beauty"], prefixes)
    best: dict[int, Match] = {}  # by beauty: one layer may seem to be of two view layers
    for prefix, choices in beauties.items():
        foreign = tuple(other.lower() for other in prefixes if other.lower() != prefix.lower())
        scope = _Scope(frame, layers, prefix, foreign, len(beauties) == 1)
        tried = (_match(scope, convention, layer, told, overrides) for convention, layer in choices)
        match = max(tried, key=lambda one: one.own)
        if "normal" not in match.found and by_name(match.renderer).free_names:
            match = _with_normal(match, scope)
        other = best.get(id(match.beauty))
        if other is None or len(match.found) > len(other.found):
            best[id(match.beauty)] = match
    return [replace(match, eye=eye) for match in best.values()]


@dataclass(frozen=True)
class _Scope:
    """Where the layers of a view layer are looked for."""

    frame: Frame
    layers: list[Layer]
    prefix: str
    foreign: tuple[str, ...]
    sole: bool  # no other view layer could have them

    def named(self, name: str) -> list[Layer]:
        """The layers of a name; where there is one view layer, also with anything before it."""
        wanted = (self.prefix + name).lower() if name else self.prefix.lower().rstrip(".")
        exact = [layer for layer in self.layers if layer.name.lower() == wanted]
        if exact or not (self.sole and name):
            return exact
        anywhere = (layer for layer in self.layers if f".{layer.name.lower()}".endswith(f".{name.lower()}"))
        return [layer for layer in anywhere if kind_of(layer.name) != "second moment"]

    def first(self, names: tuple[str, ...], choices: Choices) -> Channels | None:
        # `N.X` and `n.X` are two layers: several may go by a name.
        fitting = (layer for name in names if name for layer in self.named(name))
        return next((got for layer in fitting if (got := layer.pick(choices))), None)

    def own(self) -> list[tuple[Layer, str]]:
        """The view layer's layers, each with its name in it."""
        inside = (layer for layer in self.layers if layer.name.lower().startswith(self.prefix.lower()))
        return [(layer, layer.name[len(self.prefix) :]) for layer in inside]


def _match(
    scope: _Scope,
    convention: Convention,
    beauty: Layer,
    told: tuple[Convention, str] | None,
    overrides: Mapping[str, str],
) -> Match:
    light = beauty.light
    assert light is not None  # only such layers are candidates
    renderer, why = (told[0], told[1]) if told else (convention, "layer names")
    if told and convention is COMMON:
        convention = told[0]
    found: dict[str, Channels] = {"beauty": light}
    reasons = {"renderer": why, "beauty": "--map" if "beauty" in overrides else _why(convention, beauty, scope)}
    for role in ROLES[1:]:
        got, reason = _find(scope, convention, role, beauty, overrides.get(role))
        if got:
            found[role], reasons[role] = got, reason
    own = sum(_told_by(scope, convention, role, found[role]) for role in AUXILIARY if role in found)
    output = None if "beauty" in overrides else scope.first(convention.output, COLOUR)
    if renderer is COMMON:
        reasons["renderer"] = "neither attributes nor layer names tell"
    return Match(beauty.eye, scope.prefix, scope.foreign, renderer.renderer, beauty, found, reasons, output, own)


def _told_by(scope: _Scope, convention: Convention, role: str, channels: Channels) -> int:
    """How much a role's name tells that the frame is of this renderer: more if it is not a name that all use."""
    if scope.first(getattr(convention, role), CHOICES[role]) != channels:
        return 0
    return 1 if scope.first(getattr(COMMON, role), CHOICES[role]) == channels else 2


def _why(convention: Convention, layer: Layer, scope: _Scope) -> str:
    name = layer.name[len(scope.prefix) :].lower()
    if name in (one.lower() for one in convention.beauty) and convention is not COMMON:
        return f"named as by {convention.renderer}"
    if name in (one.lower() for one in COMMON.beauty) or layer.bare:
        return "a common name"
    return "the only layer of colour"


def _find(
    scope: _Scope, convention: Convention, role: str, beauty: Layer, wanted: str | None
) -> tuple[Channels | None, str]:
    """The channels of a role, and why these."""
    choices = CHOICES[role]
    if wanted is not None and (got := mapped(scope.layers, scope.prefix, scope.foreign, wanted, choices)):
        return got, "--map"
    if role == "alpha":
        beside = (layer for name in convention.beauty for layer in scope.named(name))
        for layer in (beauty, *beside):
            if got := layer.pick(ALPHA):
                return got, "beside the beauty"
    for names, reason in ((convention, f"named as by {convention.renderer}"), (COMMON, "a common name")):
        if got := scope.first(getattr(names, role), choices):
            return got, reason if names is not COMMON else "a common name"
    if role == "depth" and (got := beauty.pick((("Z",), ("z",)))):
        return got, "beside the beauty"
    if role == "albedo" and (got := _albedo_by_name(scope)):
        return got, "its name has albedo in it"
    return None, ""


def _albedo_by_name(scope: _Scope) -> Channels | None:
    for layer, name in scope.own():
        name = name.lower()
        if "alb" in name and kind_of(name) == "albedo" and not any(part in name for part in _PART_OF_ALBEDO):
            if got := layer.pick(COLOUR):
                return got
    return None


def _with_normal(match: Match, scope: _Scope) -> Match:
    """With a vector layer of unit vectors, if there is one. Positions and XYZ colours are not of one length."""
    for layer, name in scope.own():
        channels = layer.pick((("X", "Y", "Z"), ("x", "y", "z")))
        if channels is None or kind_of(name) not in ("", "normal"):
            continue
        part = scope.frame.parts[channels.part]
        step = max(1, math.isqrt(math.prod(part.size) // _SAMPLE))
        planes = [part.channels[name][::step, ::step].astype(np.float32) for name in channels.names]
        length = np.linalg.norm(planes, axis=0)
        hit = length[np.isfinite(length) & (length > 0)]
        # Edges average over several normals and are shorter, so most pixels must be of unit length, not all.
        if len(hit) and hit.max() < 1.02 and np.median(hit) > 0.97:
            found, reasons = match.found | {"normal": channels}, match.reasons | {"normal": "unit vectors"}
            return replace(match, found=found, reasons=reasons)
    return match
