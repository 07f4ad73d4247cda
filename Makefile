# make demo   grade the example file        make test   the whole test suite
# make check  ruff, mypy, import-linter     make chaos  kill a run 50 times and compare what comes of it
# make scale  memory and time of 10k, 100k and 1M rows (an hour)
PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
READY = $(VENV)/.ready

.PHONY: demo test check chaos scale clean

demo: $(READY)
	$(BIN)/grader grade eval/examples/submissions.csv --out build/demo

test: $(READY)
	$(BIN)/pytest

check: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

chaos: $(READY)
	$(BIN)/python tools/chaos.py

scale: $(READY)
	$(BIN)/python tools/scale.py 10000 100000 1000000

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt torch==2.13.0
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	touch $(READY)

clean:
	rm -rf $(VENV) build
