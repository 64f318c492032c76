"""What `--map ROLE=LAYER` means in a frame: a layer's name, with or without its view layer's, or channels."""

from __future__ import annotations

from denoise.beauties import Beauties
from denoise.conventions import CHOICES, COMMON, ROLES
from denoise.errors import FrameError
from denoise.layers import Channels, Choices, Layer, listed


def check(layers: list[Layer], role: str, wanted: str) -> None:
    """Raise FrameError where an override names nothing in the frame that can play the role."""
    if role not in ROLES:
        raise FrameError(f"--map {role}={wanted}: there is no such role; roles are {', '.join(ROLES)}")
    choices = CHOICES[role]
    named = [layer for layer in layers if layer.name.lower() == wanted.lower()]
    named += [layer for layer in layers if layer.name.lower().endswith("." + wanted.lower())]
    channels = channels_named(layers, wanted)
    if not named and channels is None:
        raise FrameError(f"--map {role}={wanted}: no such layer among its layers ({listed(layers)})")
    fits = any(layer.light if role == "beauty" else layer.pick(choices) for layer in named)
    if not fits and (channels is None or len(channels.names) not in {len(choice) for choice in choices}):
        needs = " or ".join(dict.fromkeys(" ".join(choice) for choice in choices if choice[0].isupper()))
        shown = named[0] if named else wanted
        raise FrameError(f"--map {role}={wanted}: {shown} does not have the channels of a {role}, which are {needs}")


def beauties_named(layers: list[Layer], wanted: str, prefixes: list[str]) -> Beauties:
    """The layers that an override names: in each view layer, or the one of that full name."""
    named: Beauties = {}
    for layer in layers:
        for prefix in (prefix for prefix in prefixes if layer.name.lower() == (prefix + wanted).lower()):
            named[prefix] = [(COMMON, layer)]
    if named:
        return named
    for layer in layers:
        if layer.name.lower() == wanted.lower() and layer.light:
            own = layer.name.rpartition(".")[0] + "." if "." in layer.name else ""
            return {next((one for one in prefixes if own.lower().startswith(one.lower())), own): [(COMMON, layer)]}
    channels = channels_named(layers, wanted)
    if channels is None or len(channels.names) not in (1, 3):
        return {}
    eye = next(layer.eye for layer in layers if set(channels.names) & set(layer.channels.values()))
    components = dict(zip("RGB" if len(channels.names) == 3 else "Y", channels.names, strict=True))
    return {"": [(COMMON, Layer(eye, str(channels), channels.part, components, (), True))]}


def mapped(
    layers: list[Layer], prefix: str, foreign: tuple[str, ...], wanted: str, choices: Choices
) -> Channels | None:
    """What an override names in the view layer of this prefix; None where it names something of another."""
    inside = [layer for layer in layers if layer.name.lower() == (prefix + wanted).lower()]
    full = [layer for layer in layers if layer.name.lower() == wanted.lower()]
    full = [layer for layer in full if not any(layer.name.lower().startswith(other) for other in foreign)]
    fitting = (got for layer in (*inside, *full) if (got := layer.pick(choices)))
    channels = next(fitting, None) or channels_named(layers, wanted)
    return channels if channels and len(channels.names) in {len(choice) for choice in choices} else None


def channels_named(layers: list[Layer], wanted: str) -> Channels | None:
    """Channels by their full names, with commas or spaces between, all of one part."""
    names = tuple(name.strip() for name in (wanted.split(",") if "," in wanted else wanted.split()))
    whole = (wanted.strip(),)
    for choice in (whole, names):
        for part in dict.fromkeys(layer.part for layer in layers):
            there = {name for layer in layers if layer.part == part for name in layer.channels.values()}
            if choice and set(choice) <= there:
                return Channels(part, choice)
    return None
