"""Which channels of a frame play which role: beauty, alpha, albedo, normal, depth, variance.

Renderers name their layers differently; `conventions.py` is the one table of them. A view layer is a name that
stands before all of a renderer's layer names, as Cycles' `ViewLayer.` in `ViewLayer.Combined.R`, or an eye of a
stereo frame; each has roles of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from denoise.conventions import AUXILIARY, ROLES, by_name
from denoise.frame import Frame, Planes
from denoise.layer_kinds import is_denoised, kind_of
from denoise.layers import Channels, Layer, in_window, layers_of, window
from denoise.matching import Match, match_all

#: Pixels at which the length of normals is looked at; a median needs no more.
_SAMPLE = 1 << 16


@dataclass(frozen=True)
class Roles:
    """The channels of one view layer that play a role.

    Attributes:
        view: name of the view layer; "" where the frame has one that bears no name.
        renderer: whose naming it is.
        beauty: the three channels to denoise, or the one of a luminance frame.
        alpha, albedo, normal, depth, variance: channels of the role, or None where the frame has none. They may stand
            in a part of another data window than the beauty's.
        targets: what takes the denoised beauty: the beauty itself and every layer that is bit for bit the same
            (Mitsuba writes the beauty a second time under its integrator's name), so that they still agree
            afterwards; or the layer that the renderer means for a denoised beauty.
        reasons: why each role was given, by role; and by `renderer`, how that was told.
        denoised: why the beauty counts as denoised already; "" if it does not.
        prefix: what stands before the names of this view layer's layers.
        foreign: what stands before those of other view layers, in lower case.
        eye: of a stereo frame, else "".
    """

    view: str
    renderer: str
    beauty: Channels
    alpha: Channels | None = None
    albedo: Channels | None = None
    normal: Channels | None = None
    depth: Channels | None = None
    variance: Channels | None = None
    targets: tuple[Channels, ...] = ()
    reasons: Mapping[str, str] = field(default_factory=dict)
    denoised: str = ""
    prefix: str = ""
    foreign: tuple[str, ...] = ()
    eye: str = ""

    @property
    def found(self) -> tuple[str, ...]:
        """Names of the auxiliary roles that the frame has."""
        return tuple(name for name in AUXILIARY if getattr(self, name))


def find_roles(frame: Frame) -> Roles:
    """The roles of the frame's main view layer: the one with most of them, the first of equals.

    Raises:
        FrameError: without a beauty; the message lists the layers.
    """
    return max(find_all_roles(frame), key=lambda roles: len(roles.found))


def find_all_roles(frame: Frame, overrides: Mapping[str, str] = {}) -> list[Roles]:
    """The roles of every view layer, in the file's order.

    Args:
        frame: any frame.
        overrides: layers by role, which come before those of the table: a layer's name, with or without the view
            layer's before it, or full channel names with spaces or commas between. Where a beauty is given by its
            full name, it alone is denoised.

    Raises:
        FrameError: without a beauty, or with several layers that may be it, or where an override names no layer that
            can play its role; the message lists the layers and proposes --map.
    """
    return [_to_roles(frame, match) for match in match_all(frame, overrides)]


def radiance_layers(frame: Frame, roles: Roles) -> list[Channels]:
    """The colour layers that may be summands of a view layer's beauty, in the file's order.

    Light groups, light path expressions, lobes. Not among them: the beauty and its copies, what plays a role or is
    denoised already, what names or attributes tell to be no light (`denoise.layer_kinds`), ids, layers of other
    view layers, and layers of another data window than the beauty's.
    """
    return [light for layer, kind in _others(frame, roles) if not kind and (light := layer.light)]


def left_alone(frame: Frame, roles: Roles) -> list[tuple[Layer, str]]:
    """The view layer's layers that are never touched, each with what it holds in a word."""
    return [(layer, kind) for layer, kind in _others(frame, roles) if kind]


def read_planes(frame: Frame, roles: Roles, notes: list[str] | None = None) -> Planes:
    """The planes that the frame has, each (H, W, C) float32, by the names of `denoise.frame.PLANES`.

    Values are as in the file, except that a beauty of one channel is repeated to three, a variance of one channel
    likewise, normals stored as 0.5 n + 0.5 are brought to [-1, 1], a variance of samples is divided by their number,
    and planes of another data window are cut to the beauty's, with 0 where they have nothing.

    Args:
        frame: the frame that the roles are of.
        roles: as `find_all_roles` gives them.
        notes: takes a line for each plane that was changed.
    """
    notes = [] if notes is None else notes
    beauty = frame.parts[roles.beauty.part]
    planes = {"radiance": three(roles.beauty.read(frame))}
    for name in roles.found:
        channels: Channels = getattr(roles, name)
        part = frame.parts[channels.part]
        plane = in_window(channels.read(frame), part, beauty)
        if window(part) != window(beauty):
            notes.append(f"{name} moved to the data window of the beauty")
        planes[name] = plane if name == "depth" else three(plane)
    if "normal" in planes and (decoded := decode_normal(planes["normal"])) is not planes["normal"]:
        planes["normal"] = decoded
        notes.append("normals decoded from [0, 1]")
    if "variance" in planes and (samples := _samples(frame, roles)) > 1:
        planes["variance"] = planes["variance"] / np.float32(samples)
        notes.append(f"variance of the samples divided by their number, {samples}")
    return planes


def read_alpha(frame: Frame, roles: Roles) -> np.ndarray | None:
    """The alpha as in the file, (H, W) float32, in the beauty's data window; None where the frame has none."""
    if roles.alpha is None:
        return None
    part, beauty = frame.parts[roles.alpha.part], frame.parts[roles.beauty.part]
    return in_window(roles.alpha.read(frame), part, beauty)[..., 0]


def decode_normal(normal: np.ndarray) -> np.ndarray:
    """Normals (H, W, 3) in [-1, 1], whether they come so or stored as 0.5 n + 0.5 in [0, 1].

    Unit length tells: a plane without a negative value that has unit length only after decoding is encoded. Black
    and grey (0, or 0.5 in all three) say that nothing was hit.
    """
    with np.errstate(invalid="ignore"):
        if (normal < 0).any():
            return normal
    known = np.isfinite(normal).all(axis=-1) & (normal != 0).any(axis=-1)
    values = normal[known]
    if not len(values) or values.max() > 1.001:
        return normal
    sample = values[:: -(-len(values) // _SAMPLE)]
    lengths = np.linalg.norm(2 * sample - 1, axis=-1)
    # Halves of 0.5 n + 0.5 are good to 0.0005: what is so short is the grey of a miss.
    hit = lengths > 0.01
    if not hit.any():
        return normal
    off_plain = np.median(np.abs(np.linalg.norm(sample[hit], axis=-1) - 1))
    if np.median(np.abs(lengths[hit] - 1)) >= min(off_plain, 0.1):
        return normal
    result = np.zeros_like(normal)
    result[known] = 2 * values - 1
    return result


def _to_roles(frame: Frame, match: Match) -> Roles:
    found = match.found
    targets = _targets(frame, match)
    return Roles(
        " ".join(filter(None, (match.prefix.rstrip("."), match.eye))),
        match.renderer,
        found["beauty"],
        found.get("alpha"),
        found.get("albedo"),
        found.get("normal"),
        found.get("depth"),
        found.get("variance"),
        targets,
        reasons=match.reasons,
        denoised=_denoised(frame, match, targets),
        prefix=match.prefix,
        foreign=match.foreign,
        eye=match.eye,
    )


def _denoised(frame: Frame, match: Match, targets: tuple[Channels, ...]) -> str:
    for channels in (match.found["beauty"], *targets):
        version = frame.parts[channels.part].header.get("mcdenoise:version")
        if version is not None:
            return f"by mcdenoise {version}"
    return "as the layer's name says" if is_denoised(match.beauty.name.removeprefix(match.prefix)) else ""


def _targets(frame: Frame, match: Match) -> tuple[Channels, ...]:
    """What takes the denoised beauty: the renderer's layer for it or the beauty, and the layers with the same bits.

    A black beauty has no copies: every unlit layer is like it.
    """
    beauty, first = match.found["beauty"], match.output or match.found["beauty"]
    if len(first.names) != len(beauty.names) or _window(frame, first) != _window(frame, beauty):
        first = beauty
    if not any(frame.parts[first.part].channels[name].any() for name in first.names):
        return (first,)
    near = (layer for layer in layers_of(frame) if layer.eye == match.eye and not _is_foreign(layer, match))
    lights = (light for layer in near if (light := layer.light) and light not in (first, beauty))
    return (first, *(light for light in lights if _same(frame, light, first)))


def _same(frame: Frame, a: Channels, b: Channels) -> bool:
    if len(a.names) != len(b.names) or _window(frame, a) != _window(frame, b):
        return False
    pairs = zip(_pixels(frame, a), _pixels(frame, b), strict=True)
    return all(_same_bits(one, other) for one, other in pairs)


def _pixels(frame: Frame, channels: Channels) -> list[np.ndarray]:
    return [frame.parts[channels.part].channels[name] for name in channels.names]


def _same_bits(a: np.ndarray, b: np.ndarray) -> bool:
    if a.dtype != b.dtype:
        return False
    a, b = a.view(f"u{a.itemsize}"), b.view(f"u{b.itemsize}")
    # A few rows tell nearly all layers apart, at a fraction of the cost.
    return np.array_equal(a[::64], b[::64]) and np.array_equal(a, b)


def _window(frame: Frame, channels: Channels) -> tuple[int, int, int, int]:
    return window(frame.parts[channels.part])


def _others(frame: Frame, roles: Roles) -> list[tuple[Layer, str]]:
    """Every layer of the view layer that is not its beauty nor takes it, with what it holds; "" for light."""
    taken = [*(channels for name in ROLES if (channels := getattr(roles, name))), *roles.targets]
    playing = {(channels.part, name) for channels in taken for name in channels.names}
    not_radiance = {name.lower() for name in by_name(roles.renderer).not_radiance}
    cryptomattes = _cryptomattes(frame)
    others = []
    for layer in layers_of(frame):
        name = layer.name.lower()
        if layer.eye != roles.eye or not name.startswith(roles.prefix.lower()) or _is_foreign(layer, roles):
            continue
        # Alpha and depth may be channels of the beauty's own layer.
        if playing & {(layer.part, channel) for channel in layer.channels.values()}:
            continue
        light = layer.light
        own = layer.name[len(roles.prefix) :]
        kind = kind_of(own)
        if layer.ids or layer.name.lower().startswith(cryptomattes):
            kind = kind or "id"
        elif light is None or len(light.names) != len(roles.beauty.names):
            kind = kind or "data"
        elif own.lower() in not_radiance:
            kind = kind or "albedo"
        elif _window(frame, light) != _window(frame, roles.beauty):
            kind = kind or "another data window"
        others.append((layer, kind))
    return others


def _is_foreign(layer: Layer, of: Match | Roles) -> bool:
    """Whether a layer is of another view layer; that of `fg.` may be within that of no name."""
    others = (prefix for prefix in of.foreign if not of.prefix.lower().startswith(prefix))
    return layer.name.lower().startswith(tuple(others))


def _cryptomattes(frame: Frame) -> tuple[str, ...]:
    """Names that cryptomattes' attributes declare, in lower case; the layers add a number to them."""
    attributes = ((name, value) for part in frame.parts for name, value in part.header.items())
    return tuple(
        value.lower()
        for name, value in attributes
        if name.startswith("cryptomatte/") and name.endswith("/name") and isinstance(value, str) and value
    )


def _samples(frame: Frame, roles: Roles) -> int:
    """How many samples the variance is to be divided by; 1 where it is of the mean already."""
    attribute = by_name(roles.renderer).variance_of_samples
    samples = frame.parts[roles.beauty.part].header.get(attribute, 1)
    return samples if isinstance(samples, int) and samples > 0 else 1


def three(plane: np.ndarray) -> np.ndarray:
    """A plane (H, W, 1) repeated to (H, W, 3); any other as it is."""
    return np.repeat(plane, 3, axis=-1) if plane.shape[-1] == 1 else plane
