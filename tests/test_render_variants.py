"""Finding a variant that works: real probes in processes of their own."""

import os
import socket
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from denoise.errors import RenderError
from denoise.pairs import PassRecord, View
from render import rates, variants


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_scalar_needs_no_probe(monkeypatch):
    monkeypatch.setattr(subprocess, "run", None)
    assert variants.choose("scalar_rgb") == variants.Choice(
        "scalar_rgb", None, "variant scalar_rgb, slow but works everywhere"
    )


def test_a_library_that_is_none_falls_back_to_scalar_and_says_why(tmp_path, monkeypatch):
    bad = tmp_path / "libLLVM.so"
    bad.write_bytes(b"not a library")
    monkeypatch.setenv("DRJIT_LIBLLVM_PATH", str(bad))
    monkeypatch.setattr(variants, "VARIANTS", ("llvm_ad_rgb", "scalar_rgb"))
    choice = variants.choose()
    assert choice.variant == "scalar_rgb"
    assert f"no llvm: {bad} " in choice.notice and "\n" not in choice.notice
    monkeypatch.setattr(subprocess, "run", None)  # remembered: a second probe would fail here
    assert variants.choose() == choice
    with pytest.raises(RenderError, match="variant llvm_ad_rgb does not work here"):
        variants.choose("llvm_ad_rgb")


def test_a_library_that_is_not_there(monkeypatch, tmp_path):
    monkeypatch.setenv("DRJIT_LIBLLVM_PATH", str(tmp_path / "libLLVM.so"))
    with pytest.raises(RenderError, match=r"libLLVM\.so cannot be read \(No such file"):
        variants.choose("llvm_ad_rgb")


def test_a_process_that_aborts_is_told_from_one_that_fails(monkeypatch, tmp_path):
    library = tmp_path / "libLLVM.so"
    library.write_bytes(b"")
    monkeypatch.setattr(variants, "_PROBE", "import os; os.abort()")
    assert variants._probe("llvm_ad_rgb", str(library)) == "aborts at the first render (signal 6)"
    library.write_bytes(b"another one")
    monkeypatch.setattr(variants, "_PROBE", "raise SystemExit('what a pity')")
    assert variants._probe("llvm_ad_rgb", str(library)) == "fails: what a pity"


def test_only_good_answers_of_a_gpu_are_remembered(monkeypatch):
    monkeypatch.setattr(variants, "_PROBE", "raise SystemExit('in use')")
    assert variants._probe("cuda_ad_rgb", None) == "fails: in use"
    monkeypatch.setattr(variants, "_PROBE", "")
    assert variants._probe("cuda_ad_rgb", None) == ""
    monkeypatch.setattr(subprocess, "run", None)
    assert variants._probe("cuda_ad_rgb", None) == ""


@pytest.mark.parametrize(
    "content", ["", "[]", "nonsense", '{"a": 1}', f'{{"scalar_rgb on {socket.gethostname()}": 3}}']
)
def test_a_broken_cache_is_no_error(own_cache, content, monkeypatch):
    own_cache.joinpath("mcdenoise").mkdir(parents=True)
    for name in ("variants.json", "rates.json"):
        own_cache.joinpath("mcdenoise", name).write_text(content)
    monkeypatch.setattr(variants, "_PROBE", "")
    assert variants._probe("cuda_ad_rgb", None) == ""
    assert rates.remembered("scalar_rgb") is None
    rates.remember("scalar_rgb", rates.Rate(2e6, 0.5))
    assert rates.remembered("scalar_rgb") == rates.Rate(2e6, 0.5)


def test_a_cache_that_cannot_be_written_is_no_error(monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", os.devnull + "/nowhere")
    monkeypatch.setattr(variants, "_PROBE", "")
    assert variants._probe("cuda_ad_rgb", None) == ""
    rates.remember("scalar_rgb", rates.Rate(2e6, 0.5))
    assert rates.remembered("scalar_rgb") is None


def view(scene: str, number: int, seconds: float) -> View:
    passes = (PassRecord("", 4, seconds=seconds / 2), PassRecord("", 4, seconds=seconds / 2))
    return View(f"{scene}.{number:04d}", scene, 1000, 500, passes, Path())


def test_the_rate_is_that_of_views_that_need_not_compile():
    views = [view("a", 0, 9.0), view("a", 1, 4.0), view("b", 0, 7.0), view("b", 1, 4.0)]  # 4 Msamples each
    rate = rates.measured(views, 30.0)
    assert rate == rates.Rate(1e6, (30 - 16) / 2)
    assert rate.estimate(4_000_000, 3) == 4 + 21
    assert rates.measured(views[:1], 10.0) == rates.Rate(4e6 / 9, 1.0)


def test_a_short_run_tells_no_rate():
    assert rates.measured([], 1.0) is None
    assert rates.measured([replace(view("a", 0, 1.0), width=10)], 1.0) is None


def test_candidates_newest_first_and_each_file_once(tmp_path, monkeypatch):
    lib = tmp_path / "lib"
    lib.mkdir()
    for version in ("9.0", "19.1", "23.1"):
        (lib / f"libLLVM.so.{version}").write_bytes(b"")
    (lib / "libLLVM.so").symlink_to("libLLVM.so.23.1")
    (lib / "libLLVM-notes.txt").write_bytes(b"")
    monkeypatch.delenv("DRJIT_LIBLLVM_PATH", raising=False)
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    own = [os.path.realpath(path) for path in variants.find_libllvm() if path.startswith(str(tmp_path))]
    assert [path.split("so.")[1] for path in own] == ["23.1", "19.1", "9.0"]
    monkeypatch.setenv("DRJIT_LIBLLVM_PATH", "/some/libLLVM.so")
    assert variants.find_libllvm() == ["/some/libLLVM.so"]
