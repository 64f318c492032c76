"""Denoiser: load a model once, denoise frames of any size, whole or in tiles.

frame ──> roles, repair ──> exposure of the whole frame ──> tiles with their surroundings ──> network ──> frame
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from denoise.bits import is_finite
from denoise.checkpoint import load_model
from denoise.errors import FrameError, ModelError
from denoise.features import SEEN, Inputs
from denoise.filtering import Guide, Network, Put, filter_frame, to_inputs
from denoise.frame import Frame
from denoise.frame_denoiser import denoise_frame
from denoise.network import KernelNetwork
from denoise.options import Options, Report
from denoise.precision import has_amx
from denoise.quantized import can_quantize, quantized
from denoise.tiles import Tile
from denoise.views import VIEWS

__all__ = ["Denoiser", "Options", "Report", "denoise_inputs", "pick_device", "to_inputs"]


#: By name, the views of a frame that kernels are predicted from.
QUALITIES = {"default": 1, "best": len(VIEWS)}


class Denoiser:
    """A model, ready to denoise.

    Args:
        model: model file; None for the shipped one.
        device: "cpu", "cuda", "mps", or "auto" for the best there is.
        threads: CPU threads of the whole process; None leaves them as they are (torch takes all).
        tile: side of the tiles in pixels, 0 for none; None to choose by the frame's size. Memory is bounded by the
            tile, the result is the same to the precision that is computed with.
        precision: of the convolutions: "float32", "bfloat16", "int8", or "auto" for the fastest on this machine.
        quality: "default", or "best" to look at each frame in four ways, for four to five times as long.

    Raises:
        ModelError: the model cannot be used, or the device or the precision is not to be had, or no such quality is.
    """

    def __init__(
        self,
        model: str | Path | None = None,
        device: str = "auto",
        threads: int | None = None,
        tile: int | None = None,
        precision: str = "auto",
        quality: str = "default",
    ) -> None:
        self.device = pick_device(device)
        if threads is not None:
            torch.set_num_threads(threads)
        if quality not in QUALITIES:
            raise ModelError(f"quality {quality}: there is {' and '.join(QUALITIES)}")
        network, self.provenance = load_model(model)
        self.model_name = Path(model).name if model else f"shipped, {self.provenance.get('steps', 0)} steps"
        self._has_kernels = isinstance(network, KernelNetwork)
        network, precision = _prepared(network.to(self.device), self.device, precision)
        looks = QUALITIES[quality]
        self._whole = partial(filter_frame, network, self.device, precision, tile, looks=looks)

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
        known = {name: _checked(name, plane, beauty) for name, plane in planes.items() if plane is not None}
        return _denoise(self._whole, Guide((known.pop("radiance"),), known))

    def denoise_frame(self, frame: Frame, options: Options | None = None) -> tuple[Frame, list[Report]]:
        """Denoise the beauty of a whole frame, as `exr.read_frame` gives it, and its layers; all else is kept.

        Args:
            frame: left as it is. Every view layer that has a beauty is denoised.
            options: roles given by hand, further passes, layers, ...; None for none of them.

        Returns:
            A new frame with the beauty replaced (and its bit-identical copies with it), the layers that sum to it
            replaced so that they still do, and attributes `mcdenoise:*` that say what was done; and a report for each
            view layer.

        Raises:
            FrameError: no beauty in the frame, or one that is denoised already; a pass that is none of this frame.
        """
        return denoise_frame(frame, options or Options(), self._whole, self.model_name, self._has_kernels)


def _prepared(network: Network, device: torch.device, precision: str) -> tuple[Network, str]:
    """The network as it computes in a precision, and which that is. Raises ModelError where it is not to be had."""
    wanted = precision == "int8" or precision == "auto" and not has_amx()
    if wanted and isinstance(network, KernelNetwork) and can_quantize(device):
        return quantized(network), "int8"
    if precision == "int8":
        raise ModelError(f"precision int8: not for this model on this {device.type}; use auto")
    return network, precision


def pick_device(name: str) -> torch.device:
    """The torch device for "auto", "cpu", "cuda" or "mps". Raises ModelError where it is not there."""
    there = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if name == "auto":
        name = next(device for device in ("cuda", "mps", "cpu") if there[device])
    if not there.get(name):
        raise ModelError(f"device {name}: not available on this machine; use auto or cpu")
    return torch.device(name)


def denoise_inputs(network: Network, inputs: Inputs, device: torch.device, tile: int | None = 0) -> Tensor:
    """A whole frame through a network.

    Args:
        network: on `device`.
        inputs: (1, ., H, W) of any size, raw scene units, on the CPU.
        device: where to compute.
        tile: as for `Denoiser`.

    Returns:
        (1, 3, H, W) radiance in scene units on the CPU.
    """
    planes = {name: getattr(inputs, name)[0].permute(1, 2, 0).numpy() for name in SEEN}
    known = zip(SEEN[1:], inputs.present[0].tolist(), strict=True)
    guide = Guide((planes["radiance"],), {name: planes[name] for name, present in known if present})
    whole = partial(filter_frame, network, device, "auto", tile)
    return torch.from_numpy(_denoise(whole, guide)).permute(2, 0, 1)[None]


def _denoise(whole: Callable[[Guide, Put], float], guide: Guide) -> np.ndarray:
    out = np.empty_like(guide.beauties[0])

    def put(index: int, tile: Tile, image: Tensor) -> None:
        torch.from_numpy(out[tile.place]).copy_(image.permute(1, 2, 0))  # in all threads

    whole(guide, put)
    return out


def _checked(name: str, plane: np.ndarray, beauty: np.ndarray) -> np.ndarray:
    what = "beauty" if name == "radiance" else name
    if plane.ndim != 3 or plane.shape[2] != 3 or plane.shape != beauty.shape:
        raise FrameError(f"{what} has shape {plane.shape}; planes must all be (H, W, 3), as the beauty {beauty.shape}")
    values = np.require(plane, np.float32, ["C", "W"])  # torch takes no flipped and no read-only arrays
    if not is_finite(values):
        raise FrameError(f"{what} has NaN or Inf pixels; repair them first (denoise.repair)")
    return values
