"""Denoiser: load a model once, denoise frames of any size, whole or in tiles.

frame ──> roles, repair ──> exposure of the whole frame ──> tiles with their surroundings ──> network ──> frame
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from denoise.checkpoint import load_model
from denoise.errors import FrameError, ModelError
from denoise.frame import Frame, Part
from denoise.network import DirectNetwork, Inputs, KernelNetwork
from denoise.repair import Repairs, clean_planes
from denoise.roles import Roles, find_all_roles, read_planes
from denoise.transfer import exposure, unexpose

_LARGEST_WHOLE = 3_000_000  # pixels; larger frames are denoised in tiles unless told otherwise
_TILE = 1024


class Denoiser:
    """A model, ready to denoise.

    Args:
        model: model file; None for the shipped one.
        device: "cpu", "cuda", "mps", or "auto" for the best there is.
        threads: CPU threads of the whole process; None leaves them as they are (torch takes all).
        tile: side of the tiles in pixels, 0 for none; None to choose by the frame's size. Memory is bounded by the
            tile, the result is the same to float precision.

    Raises:
        ModelError: the model cannot be used, or the device is not there.
    """

    def __init__(
        self,
        model: str | Path | None = None,
        device: str = "auto",
        threads: int | None = None,
        tile: int | None = None,
    ) -> None:
        self.device = pick_device(device)
        if threads is not None:
            torch.set_num_threads(threads)
        network, self.provenance = load_model(model)
        self.model_name = Path(model).name if model else f"shipped, {self.provenance.get('steps', 0)} steps"
        self._network = network.to(self.device)
        self._tile = tile

    def denoise(
        self,
        beauty: np.ndarray,
        albedo: np.ndarray | None = None,
        normal: np.ndarray | None = None,
        variance: np.ndarray | None = None,
    ) -> np.ndarray:
        """Denoise one image.

        Args:
            beauty: (H, W, 3) float, linear radiance, finite, any exposure and any size.
            albedo: (H, W, 3) in [0, 1], or None.
            normal: (H, W, 3) in [-1, 1], any space, or None.
            variance: (H, W, 3) of the pixel mean, in units of the beauty squared, or None.

        Returns:
            (H, W, 3) float32, linear radiance in the beauty's exposure.

        Raises:
            FrameError: a plane of another shape than the beauty's, or not (H, W, 3), or not finite.
        """
        planes = {"radiance": beauty, "albedo": albedo, "normal": normal, "variance": variance}
        inputs = to_inputs({name: _checked(name, plane, beauty) for name, plane in planes.items() if plane is not None})
        return denoise_inputs(self._network, inputs, self.device, self._tile)[0].permute(1, 2, 0).numpy()

    def denoise_frame(self, frame: Frame, roles: Roles | None = None) -> tuple[Frame, list[Report]]:
        """Denoise the beauty of a whole frame, as `exr.read_frame` gives it; everything else is kept.

        Args:
            frame: left as it is.
            roles: what to denoise; None for every view layer that has a beauty.

        Returns:
            A new frame with the beauty replaced (and its bit-identical copies with it) and attributes `mcdenoise:*`
            that say what was done; and a report for each view layer.

        Raises:
            FrameError: no beauty in the frame.
        """
        done = Frame([Part(dict(part.header), dict(part.channels)) for part in frame.parts])
        reports = []
        for one in [roles] if roles else find_all_roles(frame):
            part = done.parts[one.part]
            planes, repairs = clean_planes(read_planes(frame.parts[one.part], one))
            used = [str(name) for name in ("albedo", "normal", "variance") if name in planes]
            clean = self.denoise(planes["radiance"], *(planes.get(name) for name in ("albedo", "normal", "variance")))
            for target in one.targets:
                part.replace(target, clean)
            reports.append(Report(_layer_of(one.beauty), used, repairs))
            part.header.pop("preview", None)  # it shows the noise
            part.header["mcdenoise:version"] = version("mcdenoise")
            part.header["mcdenoise:model"] = self.model_name
            part.header["mcdenoise:roles"] = ", ".join(map(str, reports))
        return done, reports


@dataclass(frozen=True)
class Report:
    """What was done to one view layer: which beauty, with which auxiliary planes, and the pixels repaired first."""

    layer: str
    used: list[str]
    repairs: Repairs

    def __str__(self) -> str:
        return f"{self.layer} with {' '.join(self.used) or 'nothing'}"


def _layer_of(channels: tuple[str, ...]) -> str:
    return channels[0].rpartition(".")[0] or " ".join(channels)


def pick_device(name: str) -> torch.device:
    """The torch device for "auto", "cpu", "cuda" or "mps". Raises ModelError where it is not there."""
    there = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if name == "auto":
        name = next(device for device in ("cuda", "mps", "cpu") if there[device])
    if not there.get(name):
        raise ModelError(f"device {name}: not available on this machine; use auto or cpu")
    return torch.device(name)


def to_inputs(planes: dict[str, np.ndarray]) -> Inputs:
    """A frame's planes as a batch of one, absent ones zero and marked.

    Args:
        planes: (H, W, 3) float32 each: radiance, and albedo, normal, variance where known.
    """
    zero = np.zeros_like(planes["radiance"])
    names = ("radiance", "albedo", "normal", "variance")
    tensors = [torch.from_numpy(np.ascontiguousarray(planes.get(n, zero).transpose(2, 0, 1)))[None] for n in names]
    present = torch.tensor([[float(name in planes) for name in names[1:]]])
    return Inputs._make([*tensors, present])


def denoise_inputs(
    network: KernelNetwork | DirectNetwork, inputs: Inputs, device: torch.device, tile: int | None = 0
) -> Tensor:
    """A whole frame through a network: exposure, padding to the network's grid, tiles, and back.

    Args:
        network: on `device`.
        inputs: (1, ., H, W) of any size, raw scene units, on the CPU.
        device: where to compute.
        tile: as for `Denoiser`.

    Returns:
        (1, 3, H, W) radiance in scene units on the CPU.
    """
    height, width = inputs.radiance.shape[-2:]
    if tile is None:
        tile = _TILE if height * width > _LARGEST_WHOLE else 0
    factor = exposure(inputs.radiance)  # of the whole frame, so that tiles agree
    out = torch.empty_like(inputs.radiance)
    with torch.inference_mode():
        for inner, outer in _tiles(height, width, tile, network.align, network.reach):
            (top, bottom), (left, right) = outer
            planes = [_pad(p[..., top:bottom, left:right], network.align).to(device) for p in inputs[:4]]
            piece = Inputs._make([*planes, inputs.present.to(device)]).exposed(factor.to(device))
            result = unexpose(network(piece).cpu(), factor)
            (y0, y1), (x0, x1) = inner
            out[..., y0:y1, x0:x1] = result[..., y0 - top : y1 - top, x0 - left : x1 - left]
    return out


Span = tuple[int, int]


def _tiles(height: int, width: int, tile: int, align: int, reach: int) -> Iterator[tuple[tuple[Span, Span], ...]]:
    """Inner rectangles that cover the frame, each with an outer one that holds all that influences it.

    Outer rectangles begin on the network's grid, so that every tile is cut into 2 x 2 blocks as the whole frame is.
    """
    if tile <= 0:
        tile = max(height, width)
    tile = -(-tile // align) * align
    halo = -(-reach // align) * align
    for y in range(0, height, tile):
        for x in range(0, width, tile):
            inner = (y, min(y + tile, height)), (x, min(x + tile, width))
            outer = (max(y - halo, 0), min(y + tile + halo, height)), (max(x - halo, 0), min(x + tile + halo, width))
            yield inner, outer


def _pad(plane: Tensor, align: int) -> Tensor:
    height, width = plane.shape[-2:]
    return F.pad(plane, (0, -width % align, 0, -height % align), mode="replicate")


def _checked(name: str, plane: np.ndarray, beauty: np.ndarray) -> np.ndarray:
    what = "beauty" if name == "radiance" else name
    if plane.ndim != 3 or plane.shape[2] != 3 or plane.shape != beauty.shape:
        raise FrameError(f"{what} has shape {plane.shape}; planes must all be (H, W, 3), as the beauty {beauty.shape}")
    if not np.isfinite(plane).all():
        raise FrameError(f"{what} has NaN or Inf pixels; repair them first (denoise.repair)")
    return np.asarray(plane, dtype=np.float32)
