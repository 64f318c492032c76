"""Frames with layers that sum to the beauty, made by rule."""

import numpy as np

from denoise.frame import Frame, Part


def light(height, width, seed, dim=1.0):
    """Noisy light, with an edge across it: (H, W, 3) float32."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:height, :width]
    smooth = dim * (0.2 + (3 * x + 2 * y + 7 * seed) % 29 / 29)[..., None] * rng.uniform(0.3, 1, 3)
    return (smooth * rng.gamma(2.0, 0.5, (height, width, 3))).astype(np.float32)


def put(channels, name, plane, dtype=np.float16, components="RGB"):
    for i, component in enumerate(components):
        full = f"{name}.{component}" if name else component
        channels[full] = np.ascontiguousarray(plane[..., i].astype(dtype))


def layered(height, width, layers, *, dtype=np.float16, header=None, aux=True, seed=100):
    """A frame whose beauty is the sum of the layers as they were before they were rounded.

    Besides: albedo, normals, depth and ids.
    """
    rng = np.random.default_rng(seed)
    channels = {}
    put(channels, "", sum(layers.values()), dtype)
    for name, plane in layers.items():
        put(channels, name, plane, dtype)
    if aux:
        put(channels, "albedo", rng.random((height, width, 3)))
        normal = rng.standard_normal((height, width, 3))
        put(channels, "N", normal / np.linalg.norm(normal, axis=-1, keepdims=True), components="XYZ")
    channels["Z"] = rng.random((height, width), dtype=np.float32)
    channels["id"] = rng.integers(0, 9, (height, width), dtype=np.uint32)
    return Frame([Part(dict(header or {}), channels)])


def stack(frame, name, part=0):
    names = [f"{name}.{c}" if name else c for c in "RGB"]
    return frame.parts[part].stack(tuple(names)).astype(np.float64)


def off_sum(frame, names, part=0):
    """By how many roundings to half the layers miss the beauty: 1 is the most that rounding each of them makes."""
    beauty, layers = stack(frame, "", part), [stack(frame, name, part) for name in names]
    allowed = 2.0**-11 * (np.abs(beauty) + sum(map(np.abs, layers))) + 2.0**-25 * (1 + len(layers)) + 1e-7
    return float((np.abs(beauty - sum(layers)) / allowed).max())
