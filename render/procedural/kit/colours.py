"""Colours as things in rooms have them: linear sRGB reflectances, and the colours of lamps by their temperature."""

from __future__ import annotations

import colorsys
import math

import numpy as np

#: Linear sRGB of black bodies (kelvin, red, green, blue), of luminance 1: Planck's law through the CIE 1931 observer,
#: negative values of the reddest set to zero.
_BLACK_BODIES = np.array(
    [
        (1500, 3.249, 0.432, 0.000),
        (2000, 2.520, 0.647, 0.021),
        (2700, 1.935, 0.804, 0.192),
        (3500, 1.564, 0.892, 0.406),
        (4500, 1.301, 0.946, 0.653),
        (5500, 1.144, 0.971, 0.862),
        (6500, 1.043, 0.984, 1.035),
        (8000, 0.947, 0.992, 1.238),
        (10000, 0.872, 0.995, 1.431),
        (15000, 0.785, 0.993, 1.706),
        (30000, 0.716, 0.985, 1.982),
    ]
)


def random_colour(rng: np.random.Generator, low: float = 0.01, high: float = 0.93) -> np.ndarray:
    """A reflectance (3,) in [low, high]: greys, near whites, near blacks, muted and saturated hues."""
    kind = rng.random()
    if kind < 0.22:  # a grey, a little warm or cold
        colour = math.exp(rng.uniform(math.log(0.04), math.log(0.8))) * (1 + rng.normal(0, 0.04, 3))
    elif kind < 0.44:
        colour = rng.uniform(0.65, 0.92) * (1 - np.sort(np.abs(rng.normal(0, 0.07, 3))))
    elif kind < 0.54:
        colour = np.exp(rng.uniform(math.log(0.008), math.log(0.06))) * (1 + rng.normal(0, 0.15, 3))
    elif kind < 0.82:
        colour = hue(rng.random(), rng.uniform(0.15, 0.6), math.exp(rng.uniform(math.log(0.08), math.log(0.85))))
    else:
        colour = hue(rng.random(), rng.uniform(0.7, 1.0), rng.uniform(0.15, 0.9))
    return np.clip(colour, low, high)


def hue(angle: float, saturation: float, value: float) -> np.ndarray:
    """Hue, saturation and value, each in [0, 1], as a linear colour (3,)."""
    return np.array(colorsys.hsv_to_rgb(angle % 1.0, saturation, value))


def near(rng: np.random.Generator, colour: np.ndarray, spread: float = 0.15) -> np.ndarray:
    """A reflectance (3,) like another one: `spread` is the standard deviation of its logarithm, half of it grey."""
    shift = rng.normal(0, spread / math.sqrt(2)) + rng.normal(0, spread / math.sqrt(2), 3)
    return np.clip(np.asarray(colour, dtype=float) * np.exp(shift), 0.005, 0.93)


def black_body(kelvin: float) -> np.ndarray:
    """The colour (3,), linear sRGB of luminance 1, of a lamp of a temperature; clipped to 1500-30000 K."""
    place = math.log(min(max(kelvin, 1500.0), 30000.0))
    table = _BLACK_BODIES
    return np.array([np.interp(place, np.log(table[:, 0]), table[:, i]) for i in (1, 2, 3)])


def lamp_colour(rng: np.random.Generator) -> np.ndarray:
    """The colour (3,) of luminance 1 of a lamp: mostly white of 2200 to 9000 K, now and then a party's."""
    if rng.random() < 0.12:
        colour = hue(rng.random(), rng.uniform(0.3, 0.95), 1.0)
        return colour / float(colour @ (0.2126, 0.7152, 0.0722))
    return black_body(math.exp(rng.uniform(math.log(2200), math.log(9000))))
