"""The scenes that a command line means: files, patterns, folders with a manifest, seeds of procedural families."""

from __future__ import annotations

import glob
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from denoise.errors import RenderError
from render.sources import PREFIX, Source, expand

#: Width and height of a procedural scene where nothing else is asked for.
PROCEDURAL_SIZE = (256, 256)


@dataclass(frozen=True)
class SceneEntry:
    """A scene to render.

    Attributes:
        source: its XML, or a seed of a procedural family.
        name: the file's name without its ending, or family and seed; names the views.
        split: of the manifest beside it, or empty.
        size: width and height of the manifest beside it, or None.
    """

    source: Source
    name: str
    split: str = ""
    size: tuple[int, int] | None = None


def find_scenes(
    words: Iterable[str | Path], split: str | None = None, seeds: tuple[int, int] | None = None
) -> list[SceneEntry]:
    """The scenes meant by files, patterns, folders and procedural families.

    A folder means the scenes of its manifest.json, or all its XML files if it has none. A manifest beside a file says
    of which split and size it is. A file that does not exist is still listed: it fails when its turn comes.

    Args:
        words: scene files, patterns as a shell would expand, folders, and `procedural:FAMILY`.
        split: keeps the files of this split only; procedural scenes get it.
        seeds: first and last of the procedural scenes.

    Raises:
        RenderError: nothing is found, two scenes share a name, no such family, or a manifest is broken.
    """
    words = list(words)
    made = [word for word in words if str(word).startswith(PREFIX)]
    if seeds is not None and not made:
        raise RenderError(f"--seeds is for procedural scenes; give {PREFIX}FAMILY as a scene")
    entries = _files(word for word in words if word not in made)
    if split is not None and len(made) < len(words):
        entries = [entry for entry in entries if entry.split == split]
        if not entries:
            raise RenderError(f"none of the scenes is of split {split!r}; the manifest.json beside them says of which")
    sources = (source for word in dict.fromkeys(made) for source in expand(str(word), seeds))
    entries += [SceneEntry(source, source.stem, split or "", PROCEDURAL_SIZE) for source in sources]
    by_name: dict[str, Source] = {}
    for entry in entries:
        other = by_name.setdefault(entry.name, entry.source)
        if other is not entry.source:
            raise RenderError(
                f"{entry.source} and {other}: two scenes of one name would overwrite each other; rename one"
            )
    return entries


def _files(words: Iterable[str | Path]) -> list[SceneEntry]:
    paths: list[Path] = []
    for given in words:
        path = Path(given)
        if path.is_dir():
            listed = [path / scene["file"] for scene in _manifest(path)] or sorted(path.glob("*.xml"))
            if not listed:
                raise RenderError(f"{path}: has no scenes; a folder needs a manifest.json or XML files")
        elif not path.exists() and glob.has_magic(str(given)):
            listed = [Path(match) for match in sorted(glob.glob(str(given)))]
            if not listed:
                raise RenderError(f"{given}: no file matches")
        else:
            listed = [path]
        paths += listed
    return [_entry(path) for path in {path.resolve(): path for path in paths}.values()]


def _entry(path: Path) -> SceneEntry:
    for scene in _manifest(path.parent):
        if scene["file"] == path.name:
            size = (int(scene["width"]), int(scene["height"])) if "width" in scene and "height" in scene else None
            return SceneEntry(path, path.stem, str(scene.get("split", "")), size)
    return SceneEntry(path, path.stem)


def _manifest(folder: Path) -> list[dict[str, Any]]:
    path = folder / "manifest.json"
    try:
        scenes = json.loads(path.read_text(encoding="utf-8"))["scenes"]
        return [scene for scene in scenes if str(scene["file"])]
    except FileNotFoundError:
        return []
    except OSError as error:
        raise RenderError(f"{path}: cannot be read: {error.strerror}") from error
    except (ValueError, KeyError, TypeError) as error:
        raise RenderError(f'{path}: is no list of scenes ({{"scenes": [{{"file": ...}}]}}): {error}') from error
