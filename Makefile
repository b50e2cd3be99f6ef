# Sets up .venv with the locked requirements, then runs things in it. `make help` lists the targets.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

PYTHON ?= python3
BIN := .venv/bin

PYTHON_OLD = rheostat needs Python 3.11 or newer with venv, and `$(PYTHON)` is not that. \
	Install one (Debian: apt install python3 python3-venv) or name one: make PYTHON=/path/to/python3.12 $(MAKECMDGOALS)

.PHONY: help
help: ## say what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: setup
setup: .venv/installed ## make .venv ready; the other targets do this themselves

.PHONY: demo
demo: .venv/installed ## review a sample contract with the embedded model: no key, no account
	@$(BIN)/rheostat demo && echo "In this checkout rheostat is $(BIN)/rheostat; or run: source $(BIN)/activate"

.PHONY: test
test: .venv/installed ## run the tests
	@$(BIN)/python -m pytest

.PHONY: check
check: .venv/installed ## format, lint, types, arrows between rooms, size limits
	@step() { echo "== $$*"; "$(BIN)/$$@"; }; \
	step ruff format --check .; \
	step ruff check .; \
	step pyright --pythonpath $(BIN)/python; \
	step lint-imports --no-logo; \
	step python -m pytest tests/test_architecture.py

.PHONY: format
format: .venv/installed ## format the code and mend what ruff can mend
	@$(BIN)/ruff check --fix-only --quiet .
	@$(BIN)/ruff format .

.PHONY: lock
lock: .venv/locked ## write requirements.txt anew from pyproject.toml
	@$(BIN)/uv pip compile pyproject.toml --group dev --universal --python-version 3.11 --upgrade \
		--generate-hashes --no-annotate --no-emit-index-url --no-emit-find-links \
		--custom-compile-command "make lock" --quiet --output-file requirements.txt
	@echo "requirements.txt holds $$(grep -c == requirements.txt) packages"

# The peers of benchmarks/ in environments of their own, since some want other versions than we do or than each other.
# One that can't be installed is left out: its figures are then missing, not wrong.
.PHONY: bench-deps
bench-deps: $(patsubst benchmarks/peers/%.txt,.venv-bench/%/installed,$(wildcard benchmarks/peers/*.txt))
bench-deps: .venv-bench/node/installed ## install what benchmarks compare with

.venv-bench/%/installed: benchmarks/peers/%.txt
	@echo "Setting up $(@D)"; rm -rf $(@D)
	@$(PYTHON) -m venv $(@D) \
		&& $(@D)/bin/python -m pip install --disable-pip-version-check --quiet --only-binary :all: -r $< \
		&& touch $@ || { echo "$< can't be installed here; benchmarks go without" >&2; rm -rf $(@D); }

.venv-bench/node/installed: benchmarks/peers/package.json
	@echo "Setting up $(@D)"; rm -rf $(@D); mkdir -p $(@D); cp $< $(@D)
	@npm install --prefix $(@D) --silent --no-audit --no-fund --no-package-lock --ignore-scripts && touch $@ \
		|| { echo "$< needs Node.js with npm; benchmarks go without" >&2; rm -rf $(@D); }

.PHONY: clean
clean: ## remove all that was made here
	@rm -rf .venv .venv-bench .pytest_cache .ruff_cache .hypothesis .import_linter_cache build dist out rheostat-demo*
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Two stamps, so that a change of pyproject.toml costs a second, not a new environment.
.venv/installed: .venv/locked pyproject.toml
	@$(BIN)/uv pip install --python $(BIN)/python --quiet --no-deps --no-build-isolation --editable .
	@touch $@

# pip brings uv, and uv the rest in seconds. Where it can't (a mirror that only pip knows), pip does it in minutes.
.venv/locked: requirements.txt
	@$(PYTHON) -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
		|| { echo '$(PYTHON_OLD)' >&2; exit 1; }
	@echo "Setting up .venv with $$($(PYTHON) --version)"; \
	$(PYTHON) -m venv --clear .venv; \
	locked="--require-hashes --only-binary :all: -r"; \
	awk '/^[a-z]/ { uv = /^uv==/ } uv' $< > .venv/uv.txt; \
	$(BIN)/python -m pip install --disable-pip-version-check --quiet $$locked .venv/uv.txt; \
	$(BIN)/uv pip install --python $(BIN)/python $$locked $< 2>&1 | sed '/^ [+-] /d' \
		|| { echo "uv could not; trying pip"; $(BIN)/python -m pip install --disable-pip-version-check $$locked $<; }; \
	touch $@; \
	echo ".venv is ready after $$SECONDS s"
