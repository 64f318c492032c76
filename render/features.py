"""One pass in a JIT variant: the radiance by the scene's integrator and the auxiliary buffers, sample by sample.

Mitsuba's own way to these buffers is `aov` within `moment`; it gives the same values for the same seed, and the scalar
variant uses it (see backend.py). Here the samples are laid out in memory and summed pixel by pixel instead of scattered
into a film, because that
  - adds in a fixed order, so that a repeat gives the same bytes on many cores and on a GPU;
  - sees each sample, so that one NaN costs a sample and not its pixel;
  - costs no more: `aov` at the top of an integrator traces the scene twice.
"""

from __future__ import annotations

import math
from typing import Any

import drjit
import mitsuba as mi
import numpy as np

#: Its stubs do not know that Mitsuba's colours and vectors are arrays of its own.
dr: Any = drjit

#: What `trace` returns for each pixel, in this order: sums over its samples.
SUMS = ("radiance", "squares", "albedo", "normal", "depth", "valid")
_WIDTHS = (3, 3, 3, 3, 1, 1)


def trace(
    scene: Any, sensor: Any, integrator: Any, spp: int, seed: int, first: int, count: int
) -> dict[str, np.ndarray]:
    """Sample a run of pixels and sum over each pixel's samples.

    Args:
        scene: a loaded scene.
        sensor: one of its sensors, with a box-filtered film; its sampler has been set to `spp`.
        integrator: anything with Mitsuba's `SamplingIntegrator.sample`.
        spp: samples a pixel.
        seed: 32 bits; the whole image in one run gives what `mi.render` gives for this seed.
        first: index of the first pixel, row by row.
        count: pixels.

    Returns:
        For each name of `SUMS` a (count, C) float32 array. Samples whose radiance is not finite count as zero there and
        in `squares`, and `valid` says how many others there were.
    """
    width, height = sensor.film().crop_size()
    sampler = sensor.sampler()
    sampler.set_samples_per_wavefront(spp)
    sampler.seed(seed, count * spp)

    # opaque: literals would be baked into the kernel, and each ladder step and run of pixels compiled anew
    pixel = dr.arange(mi.UInt32, count * spp) // dr.opaque(mi.UInt32, spp) + dr.opaque(mi.UInt32, first)
    row = pixel // dr.opaque(mi.UInt32, width)
    corner = mi.Vector2f(pixel - row * dr.opaque(mi.UInt32, width), row)
    # The order of random numbers is that of SamplingIntegrator::render_sample in Mitsuba (src/render/integrator.cpp).
    position = (corner + sampler.next_2d()) * mi.Vector2f(
        dr.opaque(mi.Float, 1 / width), dr.opaque(mi.Float, 1 / height)
    )
    aperture = sampler.next_2d() if sensor.needs_aperture_sample() else mi.Point2f(0.5)
    time = mi.Float(sensor.shutter_open())
    if sensor.shutter_open_time() > 0:
        time += sampler.next_1d() * sensor.shutter_open_time()
    ray, weight = sensor.sample_ray_differential(time, 0, position, aperture)
    ray.scale_differential(dr.opaque(mi.Float, 1 / math.sqrt(spp)))

    spectrum, _, _ = integrator.sample(scene, sampler, ray, sensor.get_medium())
    radiance = mi.Color3f(weight * spectrum)
    finite = dr.all(dr.isfinite(radiance))
    radiance = dr.select(finite, radiance, 0)

    hit = scene.ray_intersect(ray)
    there = hit.is_valid()
    albedo = mi.Color3f(hit.bsdf(ray).eval_diffuse_reflectance(hit, there))
    albedo = dr.select(there & dr.all(dr.isfinite(albedo)), dr.clip(albedo, 0, 1), 0)
    normal = mi.Vector3f(hit.sh_frame.n)
    normal = dr.select(there & dr.all(dr.isfinite(normal)), normal, 0)
    depth = dr.select(there, hit.t, 0)

    samples = [*radiance, *(radiance * radiance), *albedo, *normal, depth, dr.select(finite, mi.Float(1), mi.Float(0))]
    dr.eval(samples)
    sums = [dr.block_reduce(dr.ReduceOp.Add, channel, spp) for channel in samples]
    dr.eval(sums)
    stacked = np.stack([np.array(channel, dtype=np.float32) for channel in sums], axis=-1)
    return dict(zip(SUMS, np.split(stacked, np.cumsum(_WIDTHS)[:-1], axis=-1), strict=True))


def cast(scene: Any, origins: np.ndarray, directions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """First hits of (N, 3) rays: distances (N,), infinite on a miss, and geometric normals (N, 3)."""
    ray = mi.Ray3f(mi.Point3f(origins.T.astype(np.float32)), mi.Vector3f(directions.T.astype(np.float32)))
    hit = scene.ray_intersect(ray)
    distance = dr.select(hit.is_valid(), hit.t, dr.inf)
    normal = dr.select(hit.is_valid(), hit.n, 0)
    dr.eval(distance, normal)
    return np.array(distance), np.array(normal).T


def cast_scalar(scene: Any, origins: np.ndarray, directions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """As `cast`, one ray at a time, for the scalar variant."""
    distances, normals = np.full(len(origins), np.inf, np.float32), np.zeros((len(origins), 3), np.float32)
    for i, (origin, direction) in enumerate(zip(origins, directions, strict=True)):
        hit = scene.ray_intersect(mi.Ray3f(mi.Point3f(origin), mi.Vector3f(direction)))
        if hit.is_valid():
            distances[i], normals[i] = hit.t, np.array(hit.n)
    return distances, normals
