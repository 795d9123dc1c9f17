# Every recipe makes the environment it needs in .venv: Python 3.11 or newer and make are enough.

VENV := .venv
BIN := $(VENV)/bin
STAMPS := $(VENV)/stamps
PIP := $(BIN)/python -m pip install --quiet --quiet --disable-pip-version-check

# The first of these that is new enough; `make PYTHON=/path/to/python3.12 test` chooses another.
NEW_ENOUGH := import sys; sys.exit(sys.version_info < (3, 11))
PYTHON ?= $(shell for name in python3 python3.13 python3.12 python3.11 python3.14; do \
	if $$name -c '$(NEW_ENOUGH)' 2>/dev/null; then command -v $$name; break; fi; done)

# Extras of pyproject.toml; a recipe that needs one depends on its stamp.
PLOT := $(STAMPS)/plot
TEST := $(STAMPS)/test
SLOW := $(STAMPS)/slow
DOCS := $(STAMPS)/docs

# The matrices of the tests are small: BLAS threads that wait for each other cost more than they give
# (an epoch of LeNet-5 on two busy cores took 3.5 s with two threads and 0.8 s with one).
unit check test-slow golden: export OPENBLAS_NUM_THREADS := 1

.PHONY: help demo test check test-slow fix golden docs bench graph clean
.PHONY: format lint types contracts unit
.NOTPARALLEL:
.DELETE_ON_ERROR:

help: ## list these recipes
	@sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)/\1|\2/p' $(MAKEFILE_LIST) | awk -F'|' '{ printf "make %-10s %s\n", $$1, $$2 }'

demo: $(PLOT) ## train LeNet-5 on real handwritten digits; model and pictures in striate-output/
	$(BIN)/striate train digits

test: format lint types contracts unit ## all that a change must pass

check: format lint types contracts $(TEST) ## the fast part: all but the long tests
	$(BIN)/pytest -q tests/test_sizes.py tests/test_public_names.py tests/test_words.py tests/maths tests/nests tests/functions

test-slow: $(TEST) $(SLOW) ## what takes long or compares with PyTorch
	STRIATE_REQUIRE_TORCH=1 $(BIN)/pytest -m slow tests
	$(BIN)/pytest -q --check-shapes tests/contract tests/maths tests/functions tests/books

fix: $(TEST) ## put in order what tools can
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

golden: $(TEST) ## write golden files and generated pages anew: read the difference
	$(BIN)/python tools/write_pages.py
	$(BIN)/python tools/draw_floors.py
	$(BIN)/pytest -q tests --update-golden

docs: $(DOCS) ## build the pages: docs/_build/html/index.html
	$(BIN)/sphinx-build -q -W --keep-going -b html docs docs/_build/html
	@echo "Open docs/_build/html/index.html."

bench: $(SLOW) ## time imports, first steps, training steps and inference, beside what else is installed
	$(BIN)/python benchmarks/import_time.py
	$(BIN)/python benchmarks/first_step.py
	$(BIN)/python benchmarks/compiled_engine.py

graph: $(TEST) ## draw the floors anew: docs/images/floors.dot and .svg
	$(BIN)/python tools/draw_floors.py

clean: ## remove what was made, but for .venv
	rm -rf striate-output dist build docs/_build docs/api docs/auto_examples
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

unit: $(TEST)
	$(BIN)/pytest

$(BIN)/python:
	@if [ -z "$(PYTHON)" ]; then \
		echo "striate needs Python 3.11 or newer, and none was found on the PATH."; \
		echo "Install one, or name it: make PYTHON=/path/to/python3.12 test"; \
		exit 1; \
	fi
	@"$(PYTHON)" -c '$(NEW_ENOUGH)' 2>/dev/null || { echo "$(PYTHON) is not Python 3.11 or newer."; exit 1; }
	@echo "Making $(VENV) with $$("$(PYTHON)" --version)"
	@"$(PYTHON)" -m venv $(VENV) || { \
		rm -rf $(VENV); \
		echo "Python has no venv here: on Debian and Ubuntu, install the package python3-venv."; \
		exit 1; \
	}

$(STAMPS)/%: pyproject.toml | $(BIN)/python
	@echo "Installing striate with its extra '$*'"
	@$(PIP) --editable '.[$*]'
	@mkdir -p $(STAMPS)
	@touch $@
