"""Which Mitsuba variant works on this machine, and with which libLLVM.

A probe is a tiny real render in a process of its own: an unfit libLLVM (14 to 16, say, under Mitsuba 3.9) or driver
does not raise, it aborts the process at the first compiled kernel. Answers are remembered in the user's cache folder.
"""

from __future__ import annotations

import glob
import hashlib
import importlib.metadata
import importlib.util
import json
import os
import socket
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from denoise.errors import RenderError
from denoise.files import replacing

#: In the order `auto` tries them.
VARIANTS = ("cuda_ad_rgb", "llvm_ad_rgb", "scalar_rgb")

#: A first render compiles its kernels; on a slow, busy machine that takes a while.
_PROBE_SECONDS = 180

_PROBE = """
import sys
import mitsuba as mi
mi.set_variant(sys.argv[1])
scene = mi.cornell_box()
scene["sensor"]["film"].update(width=16, height=16)
image = mi.TensorXf(mi.render(mi.load_dict(scene), spp=1)).numpy()
assert image.shape == (16, 16, 3) and image.mean() > 0, "the probe's picture is wrong"
"""


@dataclass(frozen=True)
class Choice:
    """The variant to render with.

    Attributes:
        variant: name as Mitsuba has it.
        libllvm: the library to set as DRJIT_LIBLLVM_PATH; None for the other variants.
        notice: one line saying what was taken and why.
    """

    variant: str
    libllvm: str | None
    notice: str


def choose(requested: str = "auto") -> Choice:
    """Find a variant that renders on this machine.

    Args:
        requested: `auto`, or one of `VARIANTS`.

    Raises:
        RenderError: the requested variant does not work here, with the reason.
    """
    if requested != "auto":
        choice, why = _try(requested)
        if choice is None:
            raise RenderError(f"variant {requested} does not work here: {why}; try --variant auto")
        return choice
    refused: list[str] = []
    for variant in VARIANTS:
        choice, why = _try(variant)
        if choice is not None:
            reasons = f" ({'; '.join(refused)})" if refused else ""
            return Choice(choice.variant, choice.libllvm, choice.notice + reasons)
        refused.append(f"no {variant.split('_')[0]}: {why}")
    raise RenderError(f"no Mitsuba variant works here: {'; '.join(refused)}; is mitsuba installed in {sys.prefix}?")


def _try(variant: str) -> tuple[Choice | None, str]:
    """The choice if the variant works, else why not."""
    if variant == "scalar_rgb":  # needs neither compiler nor driver, so a probe would only cost time
        if importlib.util.find_spec("mitsuba") is None:
            return None, "mitsuba is not installed"
        return Choice(variant, None, "variant scalar_rgb, slow but works everywhere"), ""
    if variant == "cuda_ad_rgb":
        if not (glob.glob("/proc/driver/nvidia/version") or glob.glob("/dev/dxg") or sys.platform == "win32"):
            return None, "no NVIDIA driver"
        why = _probe(variant, None)
        return (None, why) if why else (Choice(variant, None, "variant cuda_ad_rgb, on the GPU"), "")
    libraries = find_libllvm()
    if not libraries:
        return None, "no libLLVM found; pip install karellen-llvm-core, or set DRJIT_LIBLLVM_PATH"
    refused = []
    for library in libraries:
        why = _probe(variant, library)
        if not why:
            return Choice(variant, library, f"variant {variant} with {library}"), ""
        refused.append(f"{library} {why}")
    return None, ", ".join(refused)


def find_libllvm() -> list[str]:
    """Candidate libLLVM files, the likeliest first, each real file once.

    DRJIT_LIBLLVM_PATH alone if it is set; else the Python environment's (karellen-llvm-core puts one into its lib
    folder), then the system's, newest version first.
    """
    override = os.environ.get("DRJIT_LIBLLVM_PATH")
    if override:
        return [override]
    patterns = [
        f"{sys.prefix}/lib/libLLVM*",
        f"{sys.prefix}/Library/bin/LLVM-C.dll",
        "/usr/lib/llvm-*/lib/libLLVM*",
        "/usr/lib/x86_64-linux-gnu/libLLVM*",
        "/usr/lib/aarch64-linux-gnu/libLLVM*",
        "/usr/lib64/libLLVM*",
        "/opt/homebrew/opt/llvm/lib/libLLVM.dylib",
        "/usr/local/opt/llvm/lib/libLLVM.dylib",
    ]
    found: dict[str, str] = {}
    for pattern in patterns:
        matches = [p for p in glob.glob(pattern) if any(end in p for end in (".so", ".dylib", ".dll"))]
        for path in sorted(matches, key=_version, reverse=True):
            found.setdefault(os.path.realpath(path), path)
    return list(found.values())


def _version(path: str) -> tuple[int, ...]:
    """Numbers in the real file's path, to compare: libLLVM-9 comes before libLLVM-23."""
    digits = "".join(c if c.isdigit() else " " for c in os.path.basename(os.path.realpath(path)))
    return tuple(int(part) for part in digits.split())


def _probe(variant: str, library: str | None) -> str:
    """Empty if a tiny render in a process of its own works, else what went wrong in a few words."""
    try:
        key = _key(variant, library)
    except OSError as error:
        return f"cannot be read ({error.strerror})"
    except importlib.metadata.PackageNotFoundError:
        return "mitsuba is not installed"
    known = _read_cache()
    if key in known:
        return known[key]
    environment = dict(os.environ)
    if library is not None:
        environment["DRJIT_LIBLLVM_PATH"] = library
    try:
        done = subprocess.run(
            [sys.executable, "-c", _PROBE, variant],
            env=environment, capture_output=True, text=True, errors="replace", timeout=_PROBE_SECONDS,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return f"took over {_PROBE_SECONDS} s for a tiny render"
    if done.returncode == 0:
        why = ""
    elif done.returncode < 0:
        why = f"aborts at the first render (signal {-done.returncode})"
    else:
        lines = [line for line in done.stderr.splitlines() if line.strip()]
        why = f"fails: {lines[-1].strip()[:160]}" if lines else f"fails with exit status {done.returncode}"
    # A GPU may be lent out for the moment, so only its good answers last; a bad library stays bad.
    if not why or variant == "llvm_ad_rgb":
        _write_cache({**known, key: why})
    return why


def _key(variant: str, library: str | None) -> str:
    """What a probe's answer holds for: this machine, this Mitsuba, this library file."""
    parts = [variant, importlib.metadata.version("mitsuba"), sys.prefix, socket.gethostname()]
    if library is not None:
        stat = os.stat(library)
        parts += [os.path.realpath(library), str(stat.st_mtime_ns), str(stat.st_size)]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]


def cache_folder() -> Path:
    """Where answers and rates are remembered; it need not exist."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "mcdenoise"


def _read_cache() -> dict[str, str]:
    try:
        known = json.loads((cache_folder() / "variants.json").read_text())
        return {str(key): str(why) for key, why in known.items()}
    except (OSError, ValueError, AttributeError, RuntimeError):
        return {}


def _write_cache(known: dict[str, str]) -> None:
    """Remember; a folder that cannot be written only costs the next start a probe."""
    try:
        cache_folder().mkdir(parents=True, exist_ok=True)
        with replacing(cache_folder() / "variants.json") as temporary:
            temporary.write_text(json.dumps(known, indent=1))
    except (OSError, RuntimeError):  # RuntimeError: there is no home folder
        pass
