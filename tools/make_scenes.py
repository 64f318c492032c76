"""Write everything under scenes/: the scene files, meshes, textures and the manifest, from seeds, byte for byte.

python -m tools.make_scenes            write scenes/
python -m tools.make_scenes --check    compare with what is there, exit 1 where it differs
"""

import argparse
import json
import sys
from pathlib import Path

from tools.scene_kit import held_back, homes, lamplight, library, outdoors, probes, rooms, stills, workplaces

SCENES = Path(__file__).parents[1] / "scenes"


def build() -> dict[str, bytes]:
    """Every file of scenes/ by its path in it."""
    modules = (rooms, lamplight, homes, workplaces, stills, outdoors, held_back, probes)
    scenes = [make() for module in modules for make in module.SCENES]
    order = {"train": 0, "validation": 1, "demo": 2, "probe": 3}
    scenes.sort(key=lambda scene: (order[scene.split], scene.name))
    files: dict[str, bytes] = {}
    for scene in scenes:
        files |= scene.files()
    xml = "".join(data.decode() for name, data in files.items() if name.endswith(".xml"))
    files |= {f"textures/{name}": data for name, data in library.textures().items() if f'"textures/{name}"' in xml}
    entries = [
        {"name": s.name, "file": f"{s.name}.xml", "purpose": s.purpose, "split": s.split}
        | {"width": s.size[0], "height": s.size[1]}
        for s in scenes
    ]
    lines = ",\n".join("  " + json.dumps(entry, ensure_ascii=False) for entry in entries)
    return files | {"manifest.json": f'{{"scenes": [\n{lines}\n]}}\n'.encode()}


def differences(files: dict[str, bytes], folder: Path) -> list[str]:
    """One line for each file under `folder` that is missing, extra, or not what `files` says."""
    there = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    lines = [f"missing: {name}" for name in sorted(files.keys() - there)]
    lines += [f"not made by this script: {name}" for name in sorted(there - files.keys())]
    return lines + [f"differs: {n}" for n in sorted(files.keys() & there) if (folder / n).read_bytes() != files[n]]


def write(files: dict[str, bytes], folder: Path) -> None:
    """Write the files under `folder` and delete meshes, textures and scenes that are no longer made."""
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists() or path.read_bytes() != data:
            path.write_bytes(data)
    for line in differences(files, folder):
        stale = folder / line.split(": ", 1)[1]
        if stale.suffix in (".ply", ".png", ".hdr", ".xml"):
            stale.unlink()


def main() -> int:
    """Run the command; the exit status."""
    parser = argparse.ArgumentParser(description="Write or check everything under scenes/.")
    parser.add_argument("--check", action="store_true", help="compare instead of writing")
    parser.add_argument("--output", type=Path, default=SCENES, help="the folder (default: scenes/ of this repository)")
    arguments = parser.parse_args()
    files = build()
    if arguments.check:
        lines = differences(files, arguments.output)
        print("\n".join(lines) or f"{arguments.output}: {len(files)} files, all as made here")
        return 1 if lines else 0
    write(files, arguments.output)
    print(f"{arguments.output}: {len(files)} files, {sum(map(len, files.values())) / 1e6:.1f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
