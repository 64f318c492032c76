"""The rules of the structure: who may import whom, and that `--help` answers at once."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SOURCES = sorted(path for package in ("render", "denoise") for path in (ROOT / package).rglob("*.py"))
FROM_RENDER = {"denoise.errors", "denoise.files", "denoise.frame", "denoise.exr", "denoise.pairs"}


def imports(path: Path, inside_functions: bool = True) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    nodes = ast.walk(tree) if inside_functions else iter(tree.body)
    found = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            module = node.module or ""
            found |= {f"{module}.{alias.name}" for alias in node.names} if module in ("denoise", "render") else {module}
    return found


def uses(path: Path, package: str, **where) -> bool:
    return any(name.split(".")[0] == package for name in imports(path, **where))


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_import_rules(path):
    inside = path.relative_to(ROOT)
    if uses(path, "mitsuba") or uses(path, "drjit"):
        assert str(inside) in ("render/backend.py", "render/features.py")
    if inside.parts[0] == "denoise":
        assert not uses(path, "render")
    else:
        theirs = {name for name in imports(path) if name.split(".")[0] == "denoise"}
        assert theirs <= FROM_RENDER
        assert not uses(path, "torch")
    if not path.stem.endswith("cli"):
        assert not uses(path, "click")
    else:
        for heavy in ("torch", "mitsuba", "numpy", "OpenEXR", "rich", "matplotlib"):
            assert not uses(path, heavy, inside_functions=False)


@pytest.mark.parametrize("module", ["render.cli", "denoise.cli", "denoise.training_cli"])
def test_help_loads_nothing_heavy(module):
    code = f"""
import sys, importlib
from click.testing import CliRunner
result = CliRunner().invoke(importlib.import_module({module!r}).main, ["--help"])
assert result.exit_code == 0, result.output
print([name for name in ("torch", "mitsuba", "numpy", "OpenEXR", "matplotlib") if name in sys.modules])
"""
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert ran.stdout.strip() == "[]"
