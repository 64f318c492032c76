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


#: Surfaces that a path is followed through for its auxiliary buffers: the two sides of three panes, and two more.
_DEPTH = 8


def trace(
    scene: Any, sensor: Any, integrator: Any, spp: int, seed: int, first: int, count: int, follow: bool
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
        follow: albedo and normal are those of the first surface that is not delta-like (`_surfaces`), else of the
            first one.

    Returns:
        For each name of `SUMS` a (count, C) float32 array. Samples whose radiance is not finite count as zero there and
        in `squares`, and `valid` says how many others there were.
    """
    width, height = sensor.film().crop_size()
    sampler = sensor.sampler()
    sampler.set_samples_per_wavefront(spp)
    sampler.seed(seed, count * spp)

    # opaque: literals would be baked into the kernel, and each ladder step and run of pixels compiled anew
    samples_each = dr.opaque(mi.UInt32, spp)
    index = dr.arange(mi.UInt32, count * spp)
    in_run = index // samples_each
    pixel = in_run + dr.opaque(mi.UInt32, first)
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

    # A pixel's samples are spread evenly over [0, 1), shifted by a random number (Cranley and Patterson 1976).
    turn = mi.Float(index - in_run * samples_each) / mi.Float(samples_each)
    turn += mi.sample_tea_float32(pixel, dr.opaque(mi.UInt32, seed))
    albedo, normal, depth = _surfaces(scene, ray, turn - dr.floor(turn), _DEPTH if follow else 0)

    samples = [*radiance, *(radiance * radiance), *albedo, *normal, depth, dr.select(finite, mi.Float(1), mi.Float(0))]
    dr.eval(samples)
    sums = [dr.block_reduce(dr.ReduceOp.Add, channel, spp) for channel in samples]
    dr.eval(sums)
    stacked = np.stack([np.array(channel, dtype=np.float32) for channel in sums], axis=-1)
    return dict(zip(SUMS, np.split(stacked, np.cumsum(_WIDTHS)[:-1], axis=-1), strict=True))


def _kept(albedo: Any, hit: Any, there: Any) -> tuple[Any, Any]:
    """Albedo in [0, 1] and shading normal; zero where nothing is hit or the renderer gives no number."""
    normal = mi.Vector3f(hit.sh_frame.n)
    return (
        dr.select(there & dr.all(dr.isfinite(albedo)), dr.clip(albedo, 0, 1), 0),
        dr.select(there & dr.all(dr.isfinite(normal)), normal, 0),
    )


def _surfaces(scene: Any, ray: Any, choice: Any, most: int) -> tuple[Any, Any, Any]:
    """Albedo and normal of the first surface that is not delta-like, and the distance of the first of all.

    A path goes on through mirrors, smooth glass and holes (`mask`), and is tinted by them; the albedo is multiplied by
    the tint. At glass it takes one of the two ways, by their Fresnel shares: to follow both would double the paths at
    every pane. The noise of that choice is small, since a pixel's samples divide the ways between them (`choice`).
    Where it leaves the scene, albedo and normal are zero; where it never comes to an end, the albedo is its tint.

    Args:
        scene: a loaded scene.
        ray: camera rays.
        choice: in [0, 1), which way to take at the first choice; what is left of it decides the next.
        most: surfaces to go on through; with 0 it is the first surface, with the albedo that Mitsuba's `aov` says.
    """
    limit = dr.opaque(mi.UInt32, most)  # both kinds of buffers share a kernel

    def body(ray: Any, active: Any, bounce: Any, choice: Any, tint: Any, albedo: Any, normal: Any, depth: Any) -> Any:
        hit = scene.ray_intersect(ray, active)
        there = active & hit.is_valid()
        bsdf = dr.select(there, hit.bsdf(ray), dr.zeros(mi.BSDFPtr))
        surface, passed, weight, direction, share, reflected = dr.dispatch(bsdf, _ask, hit, choice)
        onward = there & passed & dr.any(weight > 0) & (limit > 0)
        go = onward & (bounce < limit)
        here = there & ~go
        found_albedo, found_normal = _kept(dr.select(onward, mi.Color3f(1), surface) * tint, hit, here)
        albedo = dr.select(here, found_albedo, albedo)
        normal = dr.select(here, found_normal, normal)
        depth = dr.select(there & (bounce == 0), hit.t, depth)
        tint = dr.select(go, tint * weight, tint)
        rest = dr.select(reflected, choice, choice - (1 - share)) / share
        choice = dr.select(go, dr.clip(rest, 0, 1 - 1e-6), choice)
        ray = dr.select(go, hit.spawn_ray(hit.to_world(direction)), ray)
        return ray, go, bounce + 1, choice, tint, albedo, normal, depth

    state = (
        mi.Ray3f(ray), mi.Bool(True), mi.UInt32(0), choice,
        mi.Color3f(1), mi.Color3f(0), mi.Vector3f(0), mi.Float(0),
    )  # fmt: skip
    state = dr.while_loop(state, lambda *state: state[1], body, label="auxiliary buffers")
    return state[5], state[6], state[7]


def _ask(bsdf: Any, hit: Any, choice: Any) -> tuple[Any, Any, Any, Any, Any, Any]:
    """What one of the scene's materials says of a hit; called once for each of them while a kernel is traced.

    Only materials that a path may be followed through are asked for a direction. Most are not, and the code of their
    sampling would make up a third of the kernel and of the time to compile it.

    Returns:
        Diffuse albedo; whether the path passes; its tint; its direction in the hit's frame; the share of this way among
        the material's; whether it is a reflection.
    """
    flags = int(bsdf.flags())
    albedo = mi.Color3f(bsdf.eval_diffuse_reflectance(hit))
    holes = bool(flags & int(mi.BSDFFlags.Null))
    clear = not flags & int(mi.BSDFFlags.Smooth) and bool(flags & int(mi.BSDFFlags.Delta))
    if not holes and not clear:
        return albedo, mi.Bool(False), mi.Color3f(0), mi.Vector3f(0, 0, 1), mi.Float(1), mi.Bool(False)
    # Importance: the tint of glass without the squeeze of solid angles, which is no colour.
    sample, weight = bsdf.sample(mi.BSDFContext(mi.TransportMode.Importance), hit, choice, mi.Point2f(0.5))
    passed = (sample.sampled_type & int(mi.BSDFFlags.Null)) != 0
    if clear:
        passed |= (sample.sampled_type & int(mi.BSDFFlags.Delta)) != 0
    reflected = (sample.sampled_type & int(mi.BSDFFlags.Reflection)) != 0
    return albedo, passed, mi.Color3f(weight), mi.Vector3f(sample.wo), dr.clip(sample.pdf, 1e-4, 1), reflected


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
