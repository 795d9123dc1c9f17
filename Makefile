# Every target creates the environment it needs in .venv; you only need make and Python 3.11 or newer.

VENV := .venv
BIN := $(VENV)/bin
STAMPS := $(VENV)/stamps
PIP := $(BIN)/python -m pip install --quiet --quiet --disable-pip-version-check

# The first of these interpreters that is new enough; `make PYTHON=/path/to/python3.12 test` overrides it.
NEW_ENOUGH := import sys; sys.exit(sys.version_info < (3, 11))
PYTHON ?= $(shell for name in python3 python3.13 python3.12 python3.11 python3.14; do \
	if $$name -c '$(NEW_ENOUGH)' 2>/dev/null; then command -v $$name; break; fi; done)

# Extras in pyproject.toml; a target that needs one depends on its stamp.
PLOT := $(STAMPS)/plot
TEST := $(STAMPS)/test
SLOW := $(STAMPS)/slow
DOCS := $(STAMPS)/docs

# The tests multiply small matrices, and waiting for BLAS threads costs more than they gain: an epoch of
# LeNet-5 on two busy cores took 3.5 s with two threads and 0.8 s with one.
unit check test-slow golden: export OPENBLAS_NUM_THREADS := 1

.PHONY: help demo test check test-slow fix golden docs bench graph clean
.PHONY: format lint types contracts unit
.NOTPARALLEL:
.DELETE_ON_ERROR:

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)/\1|\2/p' $(MAKEFILE_LIST) | awk -F'|' '{ printf "make %-10s %s\n", $$1, $$2 }'

demo: $(PLOT) ## train LeNet-5 on handwritten digits; save model and pictures in striate-output/
	$(BIN)/striate train digits

test: format lint types contracts unit ## run everything that a change must pass

check: format lint types contracts $(TEST) ## run the fast part of it
	$(BIN)/pytest -q tests/test_sizes.py tests/test_public_names.py tests/test_language.py tests/maths tests/nests tests/functions

test-slow: $(TEST) $(SLOW) $(DOCS) ## run slow tests and comparisons with PyTorch
	STRIATE_REQUIRE_TORCH=1 $(BIN)/pytest -m slow tests
	$(BIN)/pytest -q --check-shapes tests/contract tests/maths tests/functions tests/books

fix: $(TEST) ## format, and fix what the linter can fix
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

golden: $(TEST) ## rewrite golden files and generated pages; read the diff
	$(BIN)/python tools/write_stubs.py
	$(BIN)/python tools/write_pages.py
	$(BIN)/python tools/draw_floors.py
	$(BIN)/pytest -q tests --update-golden

docs: $(DOCS) ## build the documentation: docs/_build/html/index.html
	$(BIN)/sphinx-build -q -W --keep-going -b html docs docs/_build/html
	$(BIN)/python tools/foreign_hosts.py docs/_build/html
	@echo "Open docs/_build/html/index.html."

bench: $(SLOW) ## measure imports, first steps, training and inference, and compare installed libraries
	$(BIN)/python benchmarks/import_time.py
	$(BIN)/python benchmarks/first_step.py
	$(BIN)/python benchmarks/compiled_engine.py

graph: $(TEST) ## redraw the import graph: docs/images/floors.dot and .svg
	$(BIN)/python tools/draw_floors.py

clean: ## remove all generated files except .venv
	rm -rf striate-output dist build docs/_build docs/reference/api docs/reference/internals docs/auto_examples
	rm -rf .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	find src tests docs tools examples benchmarks -name __pycache__ -type d -exec rm -rf {} +

format: $(TEST)
	$(BIN)/ruff format --check --quiet

lint: $(TEST)
	$(BIN)/ruff check --quiet

types: $(TEST)
	$(BIN)/pyright

contracts: $(TEST)
	$(BIN)/lint-imports --no-logo

# One process per core, at most eight; the tests of a file stay together, since they share fixtures.
unit: $(TEST)
	$(BIN)/pytest -q -n auto --maxprocesses 8 --dist loadfile

$(BIN)/python:
	@if [ -z "$(PYTHON)" ]; then \
		echo "striate needs Python 3.11 or newer, which was not found on the PATH."; \
		echo "Install it, or specify its path: make PYTHON=/path/to/python3.12 test"; \
		exit 1; \
	fi
	@"$(PYTHON)" -c '$(NEW_ENOUGH)' 2>/dev/null || { echo "$(PYTHON) is not Python 3.11 or newer."; exit 1; }
	@echo "Creating $(VENV) with $$("$(PYTHON)" --version)"
	@"$(PYTHON)" -m venv $(VENV) || { \
		rm -rf $(VENV); \
		echo "This Python has no venv module. On Debian and Ubuntu, install the package python3-venv."; \
		exit 1; \
	}

$(STAMPS)/%: pyproject.toml | $(BIN)/python
	@echo "Installing striate with its extra '$*'"
	@$(PIP) --editable '.[$*]'
	@mkdir -p $(STAMPS)
	@touch $@
