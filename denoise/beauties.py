"""Which layers are beauties, and so which view layers a frame has: by the table, or as the only one possible."""

from __future__ import annotations

from collections.abc import Iterator

from denoise.conventions import COMMON, CONVENTIONS, Convention
from denoise.errors import FrameError
from denoise.layer_kinds import is_denoised, kind_of
from denoise.layers import COLOUR, Layer, listed

#: By the prefix of a view layer, the conventions whose beauty is there and its layer.
Beauties = dict[str, list[tuple[Convention, Layer]]]

#: Names of beauties that may have a view layer's before them; in `diffuse.color` stands a lobe's.
_AFTER_A_VIEW_LAYER = ("noisy image", "combined", "rgba", "beauty")

#: What Blender's compositor made of a view layer, perhaps with its denoiser: never a view layer itself.
_COMPOSITED = "composite."


def by_table(layers: list[Layer], told: Convention | None) -> Beauties:
    """By prefix, the conventions whose beauty is there and its layer; of the renderer alone that the header tells."""
    lights = [layer for layer in layers if layer.light and not is_denoised(layer.name)]
    found: Beauties = {}
    for convention in (one for one in CONVENTIONS if one is told or not one.told_only):
        taken: set[str] = set()
        for wanted in convention.beauty:
            for layer, prefix in _called(lights, layers, wanted):
                if prefix.lower() != _COMPOSITED and prefix not in taken:
                    taken.add(prefix)
                    found.setdefault(prefix, []).append((convention, layer))
    bare = [layer.part for choices in found.values() for _, layer in choices if layer.name == ""]
    # A renderer that writes no bare channels has them from a compositor.
    if told and "" not in told.beauty and any(one is told for choices in found.values() for one, _ in choices):
        found = {prefix: choices for prefix, choices in found.items() if any(one is told for one, _ in choices)}
    elif bare:
        # Beside bare R G B, a prefix is no view layer but a light or a lobe of this one.
        found = {prefix: each for prefix, each in found.items() if not prefix or each[0][1].part not in bare}
    if told:
        for prefix, choices in found.items():
            layer = next((layer for convention, layer in choices if convention is told), choices[0][1])
            found[prefix] = [(told, layer)]
    return found


def _called(lights: list[Layer], layers: list[Layer], wanted: str) -> Iterator[tuple[Layer, str]]:
    """The layers that go by a beauty's name, each with what stands before it."""
    wanted = wanted.lower()
    for layer in lights:
        name = layer.name.lower()
        if name == wanted:
            yield layer, ""
        elif wanted in _AFTER_A_VIEW_LAYER and name.endswith("." + wanted):
            yield layer, layer.name[: -len(wanted)]
        elif not wanted and layer.bare and any(other.name.lower().startswith(name + ".") for other in layers):
            # A part with layers of its own beside its R G B is a view layer.
            yield layer, layer.name + "."


def unnamed(layers: list[Layer]) -> Beauties:
    """The only layer that can be a beauty, where none goes by a name that is known; else those denoised already."""
    possible = _possible(layers)
    if len(possible) != 1:
        return {}
    (layer,) = possible
    return {layer.name.rpartition(".")[0] + "." if "." in layer.name else "": [(COMMON, layer)]}


def _possible(layers: list[Layer]) -> list[Layer]:
    """Colour layers whose names allow that they are a beauty; of denoised ones only if there are no others."""
    lights = [layer for layer in layers if layer.pick(COLOUR)]
    return [layer for layer in lights if not kind_of(layer.name)] or [
        layer for layer in lights if is_denoised(layer.name)
    ]


def no_beauty(layers: list[Layer]) -> FrameError:
    """The error of a frame in which no layer, or more than one, can be the beauty."""
    possible = _possible(layers)
    if len(possible) > 1:
        return FrameError(
            f"which of its layers is the beauty? It may be {listed(possible)}; choose with --map beauty=LAYER"
        )
    return FrameError(
        f"no beauty among its layers ({listed(layers)}); it should be R G B, or a layer named as Combined, beauty, "
        "rgba, C or Ci: name it with --map beauty=LAYER, or in the renderer's output settings"
    )
