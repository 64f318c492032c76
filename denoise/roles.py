"""Which channels of a frame play which role: beauty, alpha, albedo, normal, depth, variance.

Renderers name their layers differently; `CONVENTIONS` is the one table of them. A layer is a group of channels
with one name before the last dot (`albedo.R albedo.G albedo.B` is the layer `albedo`; bare `R G B A Z` is the
layer of no name). A view layer is a prefix that stands before all of a renderer's layer names, as Cycles'
`ViewLayer.` in `ViewLayer.Combined.R`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from denoise.errors import FrameError
from denoise.frame import Frame, Part, Planes

#: Component names of a triple, in order; of the first that a layer has, the channels are taken.
_COLOUR = (("R", "G", "B"), ("r", "g", "b"), ("red", "green", "blue"))
_VECTOR = (("X", "Y", "Z"), ("x", "y", "z"))
_SCALAR = (("T",), ("Z",), ("V",), ("R",), ("X",))
_ALPHA = (("A",), ("a",), ("alpha",))


@dataclass(frozen=True)
class Convention:
    """One renderer's layer names, the most wanted first; names are compared without regard to case.

    Attributes:
        renderer: whose names these are.
        beauty, albedo, normal, depth, variance: layer names; "" is the layer of bare channels.
        output: layers that take the denoised beauty in place of the one it was read from, where they exist.
        free_names: the user chooses the layer names, so that albedo and normal may also be told by what they hold.
    """

    renderer: str
    beauty: tuple[str, ...]
    albedo: tuple[str, ...] = ()
    normal: tuple[str, ...] = ()
    depth: tuple[str, ...] = ()
    variance: tuple[str, ...] = ()
    output: tuple[str, ...] = ()
    free_names: bool = False


#: The table of renderers. Names marked in the comments as seen were seen in files of that renderer.
CONVENTIONS: tuple[Convention, ...] = (
    # What render-pairs writes: denoise.frame.PLANES.
    Convention("render-pairs", ("",), ("albedo",), ("N",), ("",), ("variance",)),
    # Seen (3.9.1). The `aov` integrator lets the user name every layer; these are usual ones. Shading normals
    # come first: bump maps show in them.
    Convention(
        "Mitsuba",
        ("",),
        ("albedo", "alb", "nested.albedo"),
        ("sh_normal", "sn", "nn", "N", "Ns", "normal", "normals", "geo_normal", "gn", "nested.nn", "nested.N"),
        ("dd", "depth", "Z", "d", "nested.dd"),
        ("variance",),
        free_names=True,
    ),
    # Seen (Blender 4.2 and 4.5). Where Cycles denoised by itself, `Combined` is its result and `Noisy Image`
    # what it rendered: read the latter, replace the former.
    Convention(
        "Cycles",
        ("Noisy Image", "Combined"),
        ("Denoising Albedo",),
        ("Denoising Normal", "Normal"),
        ("Denoising Depth", "Depth"),
        output=("Combined",),
    ),
    Convention(
        "plain names",
        ("", "rgba", "beauty", "color", "colour", "C", "Ci"),
        ("albedo", "denoise_albedo", "basecolor", "diffuse_albedo", "diffusefilter"),
        ("N", "Ns", "normal", "normals", "shading_normal"),
        ("", "Z", "depth", "zdepth"),
        ("variance",),
    ),
)


@dataclass(frozen=True)
class Roles:
    """The channels of one view layer that play a role, by full channel name.

    Attributes:
        part: index of the part they all stand in.
        beauty: the three channels to denoise.
        alpha, albedo, normal, depth, variance: channels of the role, or None where the frame has none.
        targets: triples of channels that take the denoised beauty: the beauty itself and every layer that is
            bit for bit the same (Mitsuba writes the beauty a second time under its integrator's name), so that
            they still agree afterwards; or the layer that the renderer means for a denoised beauty.
        renderer: whose naming it is.
    """

    part: int
    beauty: tuple[str, ...]
    alpha: tuple[str, ...] | None = None
    albedo: tuple[str, ...] | None = None
    normal: tuple[str, ...] | None = None
    depth: tuple[str, ...] | None = None
    variance: tuple[str, ...] | None = None
    targets: tuple[tuple[str, ...], ...] = ()
    renderer: str = ""

    @property
    def found(self) -> tuple[str, ...]:
        """Names of the auxiliary roles that the frame has."""
        return tuple(name for name in ("albedo", "normal", "depth", "variance") if getattr(self, name))


def find_roles(frame: Frame) -> Roles:
    """The roles of the frame's main view layer: the one with most of them, the first of equals.

    Raises:
        FrameError: without a beauty; the message lists the layers.
    """
    return max(find_all_roles(frame), key=lambda roles: len(roles.found))


def find_all_roles(frame: Frame) -> list[Roles]:
    """The roles of every view layer of every part, in the file's order.

    Raises:
        FrameError: if there is no beauty anywhere; the message lists the layers.
    """
    every = [roles for index, part in enumerate(frame.parts) for roles in _roles_of_part(index, part)]
    if not every:
        raise FrameError(
            f"no beauty among its layers ({_listed(frame)}); it should be R G B, or a layer named as "
            "Combined, beauty, rgba, C or Ci: name it so in the renderer's output settings"
        )
    return every


def read_planes(part: Part, roles: Roles) -> Planes:
    """The planes that the frame has, each (H, W, C) float32, by the names of `denoise.frame.PLANES`.

    Values are as in the file, except that normals stored as 0.5 n + 0.5 are brought to [-1, 1].
    """
    planes = {"radiance": part.stack(roles.beauty)}
    for name in roles.found:
        planes[name] = part.stack(getattr(roles, name))
    if "normal" in planes:
        planes["normal"] = decode_normal(planes["normal"])
    return planes


def decode_normal(normal: np.ndarray) -> np.ndarray:
    """Normals (H, W, 3) in [-1, 1], whether they come so or stored as 0.5 n + 0.5 in [0, 1].

    Unit length tells: a plane without a negative value that has unit length only after decoding is encoded.
    """
    known = np.isfinite(normal).all(axis=-1) & (normal != 0).any(axis=-1)
    values = normal[known]
    if not len(values) or values.min() < 0 or values.max() > 1.001:
        return normal
    decoded = 2 * values - 1
    off_plain = np.median(np.abs(np.linalg.norm(values, axis=-1) - 1))
    off_decoded = np.median(np.abs(np.linalg.norm(decoded, axis=-1) - 1))
    if off_decoded >= min(off_plain, 0.1):
        return normal
    result = np.zeros_like(normal)
    result[known] = decoded
    return result


@dataclass(frozen=True)
class _Layer:
    name: str
    channels: dict[str, str]  # component -> full channel name

    def pick(self, choices: tuple[tuple[str, ...], ...]) -> tuple[str, ...] | None:
        """The channels of the first choice of components that the layer has."""
        for components in choices:
            if all(component in self.channels for component in components):
                return tuple(self.channels[component] for component in components)
        return None


def _layers(part: Part) -> list[_Layer]:
    """Layers in file order; ids (uint32) are never part of a role."""
    layers: dict[str, _Layer] = {}
    for channel, pixels in part.channels.items():
        if pixels.dtype != np.uint32:
            name, _, component = channel.rpartition(".")
            layers.setdefault(name, _Layer(name, {})).channels[component] = channel
    return list(layers.values())


def _roles_of_part(index: int, part: Part) -> list[Roles]:
    """One set of roles for each view layer: that of the convention which explains most of it."""
    layers = _layers(part)
    best: dict[str, Roles] = {}
    for convention in CONVENTIONS:
        for prefix in _prefixes(layers, convention):
            roles = _match(index, part, layers, convention, prefix)
            if prefix not in best or len(roles.found) > len(best[prefix].found):
                best[prefix] = roles
    # Beside bare R G B, a prefix is no view layer but a light or a lobe of this one.
    views = [best[""]] if "" in best else list(best.values())
    return [replace(roles, targets=roles.targets or _with_copies(part, layers, roles.beauty)) for roles in views]


def _prefixes(layers: list[_Layer], convention: Convention) -> list[str]:
    """What stands before the convention's beauty names: "" or a view layer's name with its dot, in file order."""
    found: dict[str, None] = {}
    for layer in layers:
        name = layer.name.lower()
        if layer.pick(_COLOUR) is None:
            continue
        for wanted in convention.beauty:
            if name == wanted.lower():
                found[""] = None
            # The layer of bare channels has no view layers: any layer would end in its empty name.
            elif wanted and name.endswith("." + wanted.lower()):
                found[name[: -len(wanted)]] = None
    return list(found)


def _match(index: int, part: Part, layers: list[_Layer], convention: Convention, prefix: str) -> Roles:
    def first(names: tuple[str, ...], *choices: tuple[tuple[str, ...], ...]) -> tuple[str, ...] | None:
        # `N.X` and `n.X` are two layers: several may go by a name.
        named = ((layer, prefix + name.lower()) for name in names for layer in layers)
        fitting = (layer for layer, name in named if layer.name.lower() == name)
        return next((got for layer in fitting for choice in choices if (got := layer.pick(choice))), None)

    beauty_names = [name for name in convention.beauty if first((name,), _COLOUR)]
    beauty = first(tuple(beauty_names), _COLOUR)
    assert beauty is not None  # `_prefixes` gives only prefixes that have one
    alpha = first(tuple(beauty_names[:1]), _ALPHA)
    albedo = first(convention.albedo, _COLOUR)
    normal = first(convention.normal, _VECTOR, _COLOUR)
    # Of the layer of bare channels only Z can be depth: R there is the beauty's.
    depth = next((got for name in convention.depth if (got := first((name,), _SCALAR if name else (("Z",),)))), None)
    variance = first(convention.variance, _COLOUR)
    if convention.free_names:
        albedo = albedo or _albedo_by_name(layers)
        normal = normal or _normal_by_content(part, layers)
    output = first(convention.output, _COLOUR)
    targets = (output,) if output else ()
    return Roles(index, beauty, alpha, albedo, normal, depth, variance, targets, convention.renderer)


def _with_copies(part: Part, layers: list[_Layer], beauty: tuple[str, ...]) -> tuple[tuple[str, ...], ...]:
    """The beauty and the colour layers that are bit for bit the same.

    A black beauty has no copies: every unlit layer is like it.
    """
    if not any(part.channels[name].any() for name in beauty):
        return (beauty,)
    triples = [triple for layer in layers if (triple := layer.pick(_COLOUR)) and triple != beauty]
    return (beauty, *(triple for triple in triples if all(map(_same_bits, *_pixels(part, triple, beauty)))))


def _pixels(part: Part, *triples: tuple[str, ...]) -> list[list[np.ndarray]]:
    return [[part.channels[name] for name in triple] for triple in triples]


def _same_bits(a: np.ndarray, b: np.ndarray) -> bool:
    return a.dtype == b.dtype and np.array_equal(a.view(f"u{a.itemsize}"), b.view(f"u{b.itemsize}"))


def _albedo_by_name(layers: list[_Layer]) -> tuple[str, ...] | None:
    """A colour layer with "alb" in its name; not a second moment (`m2_`, of Mitsuba's moment integrator)."""
    fitting = (layer for layer in layers if "alb" in layer.name.lower() and "m2_" not in layer.name)
    return next((got for layer in fitting if (got := layer.pick(_COLOUR))), None)


def _normal_by_content(part: Part, layers: list[_Layer]) -> tuple[str, ...] | None:
    """A vector layer of unit vectors: a normal. Positions and XYZ colours are not of one length."""
    for layer in layers:
        names = layer.pick(_VECTOR)
        if names is None or "m2_" in layer.name:
            continue
        length = np.linalg.norm(part.stack(names), axis=-1)
        hit = length[np.isfinite(length) & (length > 0)]
        # Edges average over several normals and are shorter, so most pixels must be of unit length, not all.
        if len(hit) and hit.max() < 1.02 and np.median(hit) > 0.97:
            return names
    return None


def _listed(frame: Frame) -> str:
    layers = [
        f"{layer.name}.{'/'.join(layer.channels)}" if layer.name else " ".join(layer.channels)
        for part in frame.parts
        for layer in _layers(part)
    ]
    shown = ", ".join(layers[:24]) or "none but ids"
    return shown + (f", and {len(layers) - 24} more" if len(layers) > 24 else "")
