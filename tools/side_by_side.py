"""Pictures beside each other, labelled and tone-mapped alike, with details enlarged below."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from denoise.preview import auto_exposure, tone_map, write_png

_GAP = 8
_NARROWEST = 240  # pixels of a panel, so that its label fits
_TITLE_SIZE, _NOTE_SIZE = 17, 13
_LABEL_HEIGHT = 46
_BACKGROUND, _TITLE_COLOUR, _NOTE_COLOUR = (24, 24, 26), (240, 240, 240), (165, 165, 170)


@dataclass(frozen=True)
class Panel:
    """One picture and what stands above it.

    Attributes:
        image: (H, W, 3) linear radiance; all panels of a page have one size.
        title: what it is.
        note: a second, smaller line: figures, say.
    """

    image: np.ndarray
    title: str
    note: str = ""


@dataclass(frozen=True)
class Detail:
    """A part of the picture to enlarge; of the picture's proportions.

    Attributes:
        left: of its left edge, as a share of the width.
        top: of its top edge, as a share of the height.
        share: of its width in the width.
    """

    left: float
    top: float
    share: float


def side_by_side(panels: Sequence[Panel], details: Sequence[Detail] = ()) -> np.ndarray:
    """Lay out panels in a row, each with its label above and its details below.

    The last panel, usually the reference, sets the exposure of all.

    Args:
        panels: at least one.
        details: shown for each panel, beside each other, without smoothing.

    Returns:
        (H, W, 3) uint8.
    """
    height, width = panels[0].image.shape[:2]
    zoom = max(1, -(-_NARROWEST // width))
    height, width = height * zoom, width * zoom
    below = round((width - _GAP * (len(details) - 1)) / len(details) * height / width) + _GAP if details else 0
    page_size = (len(panels) * (width + _GAP) + _GAP, _LABEL_HEIGHT + height + below + _GAP)
    page = Image.new("RGB", page_size, _BACKGROUND)
    draw = ImageDraw.Draw(page)
    exposure = auto_exposure(panels[-1].image)
    for number, panel in enumerate(panels):
        x = _GAP + number * (width + _GAP)
        draw.text((x, 5), panel.title, _TITLE_COLOUR, ImageFont.load_default(_TITLE_SIZE))
        draw.text((x, 27), panel.note, _NOTE_COLOUR, ImageFont.load_default(_NOTE_SIZE))
        picture = Image.fromarray(tone_map(panel.image, exposure))
        page.paste(picture.resize((width, height), Image.Resampling.NEAREST), (x, _LABEL_HEIGHT))
        for place, detail in enumerate(details):
            _paste_detail(page, picture, detail, x, width, _LABEL_HEIGHT + height + _GAP, place, len(details))
    return np.asarray(page)


def _paste_detail(
    page: Image.Image, picture: Image.Image, detail: Detail, x: int, width: int, y: int, place: int, count: int
) -> None:
    left, top = round(detail.left * picture.width), round(detail.top * picture.height)
    size = max(1, round(detail.share * picture.width)), max(1, round(detail.share * picture.height))
    cut = picture.crop((left, top, left + size[0], top + size[1]))
    first, last = (place * (width + _GAP)) // count, ((place + 1) * (width + _GAP)) // count - _GAP
    target = last - first, page.height - _GAP - y
    page.paste(cut.resize(target, Image.Resampling.NEAREST), (x + first, y))


def write_side_by_side(path: str | Path, panels: Sequence[Panel], details: Sequence[Detail] = ()) -> None:
    """`side_by_side` as a PNG. Raises FrameError where the folder or the disk does not allow it."""
    write_png(path, side_by_side(panels, details))
