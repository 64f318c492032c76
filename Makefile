# Every target sets up .venv by itself the first time.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: demo train-demo train-shipped test test-slow test-renderers check bench benchmark scenes setup clean

setup: $(READY)

$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "mcdenoise needs python 3.11 or newer: make PYTHON=python3.11 ...")'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt torch
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[llvm,dask,bench,fast,dev]'
	touch $@

# Renders two noisy passes of a scene that no training saw, denoises them, and compares with its reference.
demo: $(READY)
	$(BIN)/python -m tools.demo demo

# Trains a network from nothing on noisy pairs of one scene, in about five minutes.
train-demo: $(READY)
	$(BIN)/python -m tools.train_demo demo

# From nothing to the shipped weights in MINUTES, rendering and training at once; goes on where it was stopped.
# FROM=denoise/weights/mcdenoise.safetensors begins with those weights, and ends with the mean of both.
MINUTES ?= 240
train-shipped: $(READY)
	$(BIN)/python -m tools.train_shipped --minutes $(MINUTES) $(if $(FROM),--from $(FROM))

# Meshes, textures and XML of scenes/, byte for byte as committed.
scenes: $(READY)
	$(BIN)/python -m tools.make_scenes

test: $(READY)
	$(BIN)/python -m pytest

test-slow: $(READY)
	$(BIN)/python -m pytest -m 'slow or bench'

# Frames of the real renderers, rendered here; installs Blender 4.5 and 5.0 and LuxCore into .renderers (2.5 GB) first.
test-renderers: $(READY)
	$(BIN)/python -m pytest -m renderers

# What the README's figures of speed and quality are made with, but for the demos'.
bench: $(READY)
	$(BIN)/python -m tools.bench_render scenes/attic.xml scenes/garden.xml scenes/kitchen.xml
	$(BIN)/python -m tools.benchmark runs/benchmark/frames --render -o runs/benchmark --speed 5
	$(BIN)/python -m tools.compare_passes runs/passes
	$(BIN)/python -m tools.bench_frame

# Ours beside Open Image Denoise on frames rendered here; look at runs/benchmark/index.html.
benchmark: $(READY)
	$(BIN)/python -m tools.benchmark runs/benchmark/frames --render -o runs/benchmark

check: $(READY)
	$(BIN)/ruff check .
	$(BIN)/mypy

clean:
	rm -rf $(VENV) .renderers build *.egg-info demo runs
