"""What a whole frame is denoised with, and what is reported of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from denoise.additive import Group
from denoise.frame import Frame, Planes
from denoise.repair import Repairs


@dataclass(frozen=True)
class Options:
    """How to denoise a frame.

    Attributes:
        overrides: layers by role, as for `find_all_roles`.
        extra: auxiliary planes from elsewhere, (H, W, 3) float32; they come before the frame's own.
        passes: further passes of the same picture, with other seeds.
        pass_files: where they come from, for messages; () where they come from no files.
        firefly_clamp: how many times as bright as its neighbours a pixel may be (`firefly_scale`); None for no limit.
        layers: to denoise along with the beauty, as for `find_groups`: None for those that sum to it, () for none.
        force: also view layers that are denoised already.
    """

    overrides: Mapping[str, str] = field(default_factory=dict)
    extra: Planes = field(default_factory=dict)
    passes: tuple[Frame, ...] = ()
    pass_files: tuple[str, ...] = ()
    firefly_clamp: float | None = None
    layers: tuple[str, ...] | None = None
    force: bool = False


@dataclass(frozen=True)
class Report:
    """What was done to one view layer.

    Attributes:
        layer: name of the beauty.
        used: names of the auxiliary planes.
        repairs: bad pixels of the beauty and the layers.
        groups: the layers that were denoised along.
        passes: how many passes it was made of.
        notes: lines for those who want to know more.
    """

    layer: str
    used: tuple[str, ...]
    repairs: Repairs
    groups: tuple[Group, ...] = ()
    passes: int = 1
    notes: tuple[str, ...] = ()

    def __str__(self) -> str:
        of = f" of {self.passes} passes" if self.passes > 1 else ""
        along = f"; along: {', '.join(group.name for group in self.groups)}" if self.groups else ""
        return f"{self.layer}{of} with {' '.join(self.used) or 'nothing'}{along}"
