"""Mitsuba: the variant, a scene as loaded for our passes, and one pass as arrays.

Only this file and features.py import mitsuba; call `start` before anything else.
"""

from __future__ import annotations

import os
import re
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from denoise.errors import RenderError
from denoise.frame import Planes
from render.description import Builder, edit, merge_meshes
from render.entries import PROCEDURAL_SIZE
from render.moments import Moments, finish
from render.scene_edit import Nodes, edit_integrator, edit_sensor
from render.seeds import run_seed
from render.sources import Procedural, digest
from render.variants import Choice
from render.window import Size, Window

#: Samples traced at a time, about 90 bytes each: 0.4 GB on the CPU, and 3 GB on a GPU, which needs more to be busy.
_CHUNK = {"llvm_ad_rgb": 1 << 22, "cuda_ad_rgb": 1 << 25}


def start(choice: Choice, threads: int | None = None) -> str:
    """Set the variant of this process; scenes loaded before under another one are of no use any more.

    Args:
        choice: of variant.
        threads: that a CPU variant renders with; None for all cores.

    Returns:
        The renderer's name and version.

    Raises:
        RenderError: Mitsuba cannot be imported, or was imported before with another libLLVM, which it keeps.
    """
    if choice.libllvm is not None:
        if "drjit" in sys.modules and os.environ.get("DRJIT_LIBLLVM_PATH") != choice.libllvm:
            raise RenderError(f"mitsuba is running already; start another process for {choice.libllvm}")
        os.environ["DRJIT_LIBLLVM_PATH"] = choice.libllvm
    try:
        import mitsuba as mi
    except ImportError as error:
        raise RenderError(f"mitsuba cannot be imported: {error}; pip install mitsuba") from error
    mi.set_variant(choice.variant)
    mi.set_log_level(mi.LogLevel.Error)
    if threads is not None:
        import drjit

        drjit.set_thread_count(threads)
    return f"mitsuba {mi.__version__}"


@dataclass(frozen=True)
class Camera:
    """Where the picture is taken from.

    Attributes:
        to_world: (4, 4) float64, camera to world; the camera looks along its +z.
        fov: degrees along x; None where the sensor has none.
        focus: distance of the focal plane; None where the sensor has none.
    """

    to_world: np.ndarray
    fov: float | None = None
    focus: float | None = None

    def as_json(self) -> dict[str, Any]:
        """As the manifest has it."""
        entries: dict[str, Any] = {"to_world": [[float(f"{v:.9g}") for v in row] for row in self.to_world]}
        if self.fov is not None:
            entries["fov"] = round(self.fov, 6)
        if self.focus is not None:
            entries["focus"] = float(f"{self.focus:.9g}")
        return entries


@dataclass(frozen=True)
class Pass:
    """What one pass gave.

    Attributes:
        planes: by the names of `denoise.frame.PLANES`, finite; no variance if it took one sample a pixel.
        spp: samples a pixel that were taken.
        nonfinite: samples that were NaN or infinite (pixels, with the scalar variant).
        seconds: spent rendering.
    """

    planes: Planes
    spp: int
    nonfinite: int
    seconds: float


class Scene:
    """A scene, loaded once for all its views and passes.

    The scene's sensor is kept but for its film (of our size, box filter, float32) and its sampler. Where `samplers`
    names several, each gets a sensor of its own: a sampler cannot be exchanged once a sensor is made.

    Args:
        source: Mitsuba XML, or a seed of a procedural family.
        size: width and height in pixels; None takes the scene's own film, 256 x 256 for a procedural scene.
        samplers: of `SAMPLERS`.
        max_depth: overrides the integrator's; -1 for unlimited.

    Raises:
        RenderError: a file that is missing or broken, without a sensor, or with an integrator that takes no samples
            along camera rays.
    """

    def __init__(
        self,
        source: str | Path | Procedural,
        size: Size | None = None,
        samplers: Sequence[str] = ("independent",),
        max_depth: int | None = None,
    ) -> None:
        import mitsuba as mi

        self.source = source if isinstance(source, Procedural) else Path(source)
        self.name = self.source.stem
        self.samplers = tuple(samplers)
        self.variant = mi.variant() or ""
        self.jit = not self.variant.startswith("scalar")
        try:
            self.sha256 = digest(self.source)
        except OSError as error:
            raise RenderError(f"{source}: cannot be read: {error.strerror}") from error
        try:
            if isinstance(self.source, Procedural):
                self._build(self.source.describe(), size or PROCEDURAL_SIZE, max_depth)
            else:
                self._load(self.source, size, max_depth)
        except RenderError:
            raise
        except LookupError as error:
            raise RenderError(f"{source}: {error.args[0]}") from error
        except Exception as error:  # Mitsuba raises RuntimeError for most, ValueError, TypeError for some
            raise RenderError(f"{source}: does not load: {one_line(error)}") from error
        if not isinstance(self._scene.integrator(), mi.SamplingIntegrator):
            raise RenderError(
                f"{source}: its integrator does not sample along camera rays, so it has no variance; "
                "use path or volpath"
            )
        self._sensors = dict(zip(self.samplers, self._scene.sensors(), strict=True))
        self._parameters = {name: mi.traverse(sensor) for name, sensor in self._sensors.items()}
        self.camera = self._own_camera()
        self._integrator = self._scene.integrator() if self.jit else self._wrapped()

    def _build(self, description: dict[str, Any], size: Size, max_depth: int | None) -> None:
        import mitsuba as mi

        edited, self.max_depth = edit(description, size, self.samplers, max_depth)
        self.size = size
        self._scene = Builder(mi, merge_meshes(edited)).scene()

    def _load(self, path: Path, size: Size | None, max_depth: int | None) -> None:
        import mitsuba as mi
        from mitsuba import parser

        config = parser.ParserConfig(self.variant)
        # Mitsuba merges meshes by the order of their addresses: lamps would change places from run to run, and with
        # them the noise of equal seeds.
        config.merge_meshes = False
        resolver: Any = mi.file_resolver()  # type: ignore[operator]  # the stub has it as a plain object
        resolver.prepend(str(path.resolve().parent))
        try:
            self._parse(parser, config, path, size, max_depth)
        finally:
            del resolver[0]  # the next scene must not find its files here

    def _parse(self, parser: Any, config: Any, path: Path, size: Size | None, max_depth: int | None) -> None:
        import mitsuba as mi

        state = parser.parse_file(config, str(path))
        parser.transform_upgrade(config, state)
        parser.transform_resolve(config, state)
        nodes = Nodes(mi, state)
        self.max_depth = edit_integrator(nodes, max_depth)
        self.size = edit_sensor(nodes, size, self.samplers)
        parser.transform_all(config, state)
        loaded: Any = parser.instantiate(config, state)
        self._scene = loaded[0] if isinstance(loaded, list) else loaded

    def _own_camera(self) -> Camera:
        parameters = next(iter(self._parameters.values()))
        if "to_world" not in parameters:
            raise RenderError(f"{self.source}: its sensor has no to_world to vary; use perspective or thinlens")
        matrix = np.array(parameters["to_world"].matrix, dtype=np.float64).reshape(4, 4)
        fov, focus = (
            float(np.array(parameters[key]).item()) if key in parameters else None
            for key in ("x_fov", "focus_distance")
        )
        return Camera(matrix, fov, focus)

    def render(
        self, camera: Camera, sampler: str, spp: int, seed: int, window: Window | None = None, aux: str | None = None
    ) -> Pass:
        """Render one pass.

        The same arguments give the same bytes on the same machine and variant.

        Args:
            camera: `self.camera` or one near it.
            sampler: one of `self.samplers`.
            spp: samples a pixel; some samplers round it up (to squares, say), `Pass.spp` has what they took.
            seed: 32 bits.
            window: resolution and crop; None for all of the scene's frame.
            aux: `follow` or `first-hit`; None follows where the variant can.

        Raises:
            RenderError: the renderer failed, no pixel of the pass is finite, or the variant cannot follow.
        """
        started = time.perf_counter()
        sensor = self._sensors[sampler]
        window = window or Window(self.size, self.size)
        follow = pick_aux(aux, self.variant) == "follow"
        try:
            self._place(camera, window)
            sensor.sampler().set_sample_count(spp)
            taken = int(sensor.sampler().sample_count())
            moments = self._trace(sensor, taken, seed, follow) if self.jit else self._film(sensor, taken, seed)
        except Exception as error:  # Dr.Jit and Mitsuba raise RuntimeError for nearly everything
            raise RenderError(f"{self.source}: does not render: {one_line(error)}") from error
        planes, nonfinite = finish(moments, taken, window.size)
        if planes is None:
            raise RenderError(f"{self.source}: every pixel is NaN or infinite; look for a broken light or mesh")
        return Pass(planes, taken, nonfinite, time.perf_counter() - started)

    def _place(self, camera: Camera, window: Window) -> None:
        """Set camera and film of every sensor. Always set, so that a view has the same bytes whatever came before."""
        import mitsuba as mi

        for parameters in self._parameters.values():
            parameters["to_world"] = mi.Transform4f(mi.ScalarTransform4f(camera.to_world))
            if camera.fov is not None:
                parameters["x_fov"] = camera.fov
            if camera.focus is not None:
                parameters["focus_distance"] = camera.focus
            # One after the other: with a new size Mitsuba sets the crop to the whole film, wherever its corner is.
            for name, value in (
                ("film.crop_offset", (0, 0)),
                ("film.size", window.frame),
                ("film.crop_size", window.size),
                ("film.crop_offset", window.corner),
            ):
                parameters[name] = list(value)
                parameters.update()
        if self.jit:
            self._forget_frame(window)

    def _forget_frame(self, window: Window) -> None:
        """Make films as large as what is rendered: Mitsuba writes their size into kernels, and each new one compiles.

        Cameras have their frame by now, and look at the size no more, but where the principal point is not the middle.
        """
        import mitsuba as mi

        for name, sensor in self._sensors.items():
            offsets = [self._parameters[name].get(f"principal_point_offset_{axis}", 0.0) for axis in "xy"]
            if not np.any(offsets):
                film = mi.traverse(sensor.film())
                film["size"], film["crop_offset"] = list(window.size), [0, 0]
                film.update()

    def _trace(self, sensor: Any, spp: int, seed: int, follow: bool) -> Moments:
        """JIT variants: runs of pixels that fit the memory, the first with the pass's seed, each other with its own."""
        from render.features import SUMS, trace

        width, height = sensor.film().crop_size()
        pixels = width * height
        run = max(1, _CHUNK[self.variant] // spp)
        runs = [
            trace(
                self._scene,
                sensor,
                self._integrator,
                spp,
                run_seed(seed, first // run),
                first,
                min(run, pixels - first),
                follow,
            )
            for first in range(0, pixels, run)
        ]
        return Moments(**{name: np.concatenate([part[name] for part in runs]) for name in SUMS})

    def _film(self, sensor: Any, spp: int, seed: int) -> Moments:
        """The scalar variant: Mitsuba's own integrators, which know the means of values and of squares only."""
        import mitsuba as mi

        image = np.array(mi.render(self._scene, sensor=sensor, integrator=self._integrator, spp=spp, seed=seed))
        flat = image.reshape(-1, image.shape[-1]).astype(np.float32) * np.float32(spp)
        names = ["R", "G", "B", *self._integrator.aov_names()]
        squares = next(i for i, name in enumerate(names) if name.startswith("m2_"))
        albedo, normal, depth = (
            next(i for i, name in enumerate(names) if name.endswith(end)) for end in ("albedo.R", "normal.X", "depth.T")
        )
        finite = np.isfinite(flat[:, :3]).all(axis=1, keepdims=True)
        return Moments(
            radiance=np.where(finite, flat[:, :3], 0),
            squares=np.where(finite, flat[:, squares : squares + 3], 0),
            albedo=flat[:, albedo : albedo + 3],
            normal=flat[:, normal : normal + 3],
            depth=flat[:, depth : depth + 1],
            valid=finite.astype(np.float32) * spp,
        )

    def _wrapped(self) -> Any:
        """The scene's integrator in `aov`, for the auxiliary buffers, in `moment`, for the squares.

        The other way round costs twice the time: an `aov` at the top traces the scene for its image and again for its
        channels.
        """
        import mitsuba as mi

        inner = {"type": "aov", "aovs": "albedo:albedo,normal:sh_normal,depth:depth", "own": self._scene.integrator()}
        return mi.load_dict({"type": "moment", "aov": inner})

    def cast(self, origins: np.ndarray, directions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """First hits of (N, 3) rays: distances (N,), infinite on a miss, and geometric normals (N, 3)."""
        from render.features import cast, cast_scalar

        return (cast if self.jit else cast_scalar)(self._scene, origins, directions)


def pick_aux(aux: str | None, variant: str) -> str:
    """Whose albedo and normal a pass gets in a variant: `follow` or `first-hit`.

    Args:
        aux: `follow` or `first-hit`; None follows where the variant can.
        variant: of Mitsuba.

    Raises:
        RenderError: the scalar variant cannot follow.
    """
    jit = not variant.startswith("scalar")
    if aux == "follow" and not jit:
        raise RenderError(f"variant {variant} cannot follow paths for albedo and normal; use --aux first-hit")
    return aux or ("follow" if jit else "first-hit")


def one_line(error: Exception) -> str:
    """Mitsuba's and Dr.Jit's messages on one line, without the places in their sources."""
    text = " ".join(line.strip() for line in str(error).splitlines() if line.strip())
    return re.sub(r"\[\w+\.(?:cpp|h):\d+\] ", "", text)[:400] or type(error).__name__
