"""Environments for renderers that pip can install, apart from ours: their licences and their versions are their own.

They lie in `.renderers/` (git ignores it), about 2.5 GB in all, and are made when they are first needed.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / ".renderers"

#: Package of each environment. The versions are those whose files the tests know; these wheels are for Python 3.11.
PACKAGES = {"blender-4.5": "bpy==4.5.15", "blender-5.0": "bpy==5.0.1", "luxcore": "pyluxcore==2.11.2"}

#: The script that runs in each.
SCRIPTS = {"blender-4.5": "blender_scene.py", "blender-5.0": "blender_scene.py", "luxcore": "luxcore_scene.py"}

#: Of Mitsuba's film; its own default is the Gaussian.
FILTERS = ("box", "tent", "gaussian", "mitchell", "lanczos")


def install(name: str) -> Path:
    """Make an environment if it is missing; returns its python."""
    python = FOLDER / name / "bin" / "python"
    ready = FOLDER / name / ".ready"
    if not ready.exists() or ready.read_text() != PACKAGES[name]:
        subprocess.run([sys.executable, "-m", "venv", "--clear", FOLDER / name], check=True)
        pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, PACKAGES[name]], check=True)
        ready.write_text(PACKAGES[name])
    return python


def render(name: str, output: Path, *options: object) -> None:
    """Render with a renderer's script; `output` is a file, or for LuxCore a folder.

    Raises:
        RuntimeError: the script failed; with the end of what it said.
    """
    script = ROOT / "tools" / "renderers" / SCRIPTS[name]
    command = [install(name), script, output, *map(str, options)]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")
    if done.returncode:
        raise RuntimeError(f"{name} failed with status {done.returncode}: {done.stdout[-2000:]}")


def render_mitsuba(scene: Path, output: Path, *options: object) -> None:
    """Render a scene file with Mitsuba, which our own environment has.

    Raises:
        RuntimeError: the script failed; with the end of what it said.
    """
    command = [sys.executable, "-m", "tools.renderers.mitsuba_scene", scene, output, *map(str, options)]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=ROOT)
    if done.returncode:
        raise RuntimeError(f"mitsuba failed with status {done.returncode}: {done.stdout[-2000:]}")
