"""Capital letters of five by seven dots, and pages printed with them: text that is the same on every machine."""

from collections.abc import Sequence

import numpy as np

_A_TO_M = (
    ".###. ####. .#### ####. ##### ##### .#### #...# .###. ..### #...# #.... #...#",
    "#...# #...# #.... #...# #.... #.... #.... #...# ..#.. ...#. #..#. #.... ##.##",
    "#...# #...# #.... #...# #.... #.... #.... #...# ..#.. ...#. #.#.. #.... #.#.#",
    "##### ####. #.... #...# ####. ####. #.### ##### ..#.. ...#. ##... #.... #.#.#",
    "#...# #...# #.... #...# #.... #.... #...# #...# ..#.. ...#. #.#.. #.... #...#",
    "#...# #...# #.... #...# #.... #.... #...# #...# ..#.. #..#. #..#. #.... #...#",
    "#...# ####. .#### ####. ##### #.... .###. #...# .###. .##.. #...# ##### #...#",
)
_N_TO_Z = (
    "#...# .###. ####. .###. ####. .#### ##### #...# #...# #...# #...# #...# #####",
    "##..# #...# #...# #...# #...# #.... ..#.. #...# #...# #...# #...# #...# ....#",
    "##..# #...# #...# #...# #...# #.... ..#.. #...# #...# #...# .#.#. .#.#. ...#.",
    "#.#.# #...# ####. #...# ####. .###. ..#.. #...# #...# #.#.# ..#.. ..#.. ..#..",
    "#..## #...# #.... #.#.# #.#.. ....# ..#.. #...# .#.#. #.#.# .#.#. ..#.. .#...",
    "#..## #...# #.... #..#. #..#. ....# ..#.. #...# .#.#. ##.## #...# ..#.. #....",
    "#...# .###. #.... .##.# #...# ####. ..#.. .###. ..#.. #...# #...# ..#.. #####",
)

_WIDE, _TALL = 5, 7
_GAP, _LEADING = 1, 3  # dots between letters, and between lines
_MARGIN = 6  # dots around the text


def letter(character: str) -> np.ndarray:
    """The dots of a letter, (7, 5) bool, True where there is ink; a space has none.

    Raises:
        KeyError: neither a space nor one of A to Z.
    """
    if character == " ":
        return np.zeros((_TALL, _WIDE), bool)
    if not "A" <= character <= "Z" or len(character) != 1:
        raise KeyError(f"no letter {character!r}: there are A to Z and the space")
    half, place = divmod(ord(character) - ord("A"), 13)
    rows = [row.split()[place] for row in (_A_TO_M, _N_TO_Z)[half]]
    return np.array([[dot == "#" for dot in row] for row in rows])


def page(lines: Sequence[str], texels: int = 2) -> np.ndarray:
    """Lines of text, flush left, on a page as large as they need.

    Args:
        lines: of A to Z and spaces.
        texels: sides of a dot.

    Returns:
        (H, W) float64: 0 is ink, 1 is paper.
    """
    columns = max(map(len, lines)) * (_WIDE + _GAP) - _GAP + 2 * _MARGIN
    paper = np.ones((len(lines) * (_TALL + _LEADING) - _LEADING + 2 * _MARGIN, columns))
    for number, line in enumerate(lines):
        top = _MARGIN + number * (_TALL + _LEADING)
        for place, character in enumerate(line):
            left = _MARGIN + place * (_WIDE + _GAP)
            paper[top : top + _TALL, left : left + _WIDE][letter(character)] = 0
    return paper.repeat(texels, 0).repeat(texels, 1)
