# Two commands: `make run` opens Gen Studio, `make test` checks everything that CI checks.

PYTHON ?= python3
PIP_ARGS ?=
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.installed
# Tests are many small tensors: one thread each is fastest, and repeatable; on one process more than there are cores,
# since those of the window wait for timers.
WORKERS := $(shell expr $$(getconf _NPROCESSORS_ONLN) + 1)
TEST_ENV := QT_QPA_PLATFORM=offscreen OMP_NUM_THREADS=1 PYTHONDONTWRITEBYTECODE=1

.PHONY: help run install system lint types layers unit test bench screenshots clean

help:  ## what there is
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

run: install  ## install what is missing and open the window (without a display: train, and print where the results are)
	@sh packaging/run.sh $(BIN)

install: $(READY)

$(READY): pyproject.toml packaging/system_libraries.sh
	@sh packaging/system_libraries.sh $(PYTHON)
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Gen Studio needs Python 3.11 or newer: make run PYTHON=python3.11")'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet $(PIP_ARGS) -e '.[dev]'
	@touch $@

lint: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: install
	$(BIN)/mypy

layers: install
	$(BIN)/lint-imports --no-cache

unit: install
	$(TEST_ENV) $(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder

test: lint types layers unit  ## lint, types, layering and all tests, as CI runs them

bench: install  ## speed and memory, as ratios alternated in one run
	$(BIN)/gen-studio bench

screenshots: install  ## pictures of every page, made by the tests that drive the window
	$(TEST_ENV) GEN_STUDIO_SCREENSHOTS=$(CURDIR)/build/screenshots $(BIN)/python -m pytest -q tests/gui/test_screenshots.py

clean:  ## remove the environment and caches; runs and datasets are elsewhere and stay
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
