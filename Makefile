# make demo   grade the example file        make test   the whole test suite
# make check  ruff, mypy, import-linter, docs/commands.md (written by make commands)
# make chaos  kill a run 50 times and compare what comes of it
# make transcript   take a test in a real terminal (tmux) and show it in docs/learner.md
# make scale  memory and time of 10k, 100k and 1M rows (an hour)
# make bench  how fast, side by side with sentence-transformers; writes docs/performance.md (half an hour, be alone)
# make eval   measure the graders, write docs/consistency.md and what docs/rubric.md shows of real runs
# make eval-gate       is the default grader consistent
# make eval-baseline   what eval-agreement is held against       make eval-agreement  has it come no further from people
PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
READY = $(VENV)/.ready

.PHONY: demo test check commands chaos scale bench transcript eval eval-gate eval-agreement eval-baseline clean

demo: $(READY)
	$(BIN)/grader grade eval/examples/submissions.csv --out build/demo

test: $(READY)
	$(BIN)/pytest

check: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python tools/commands.py --check

commands: $(READY)
	$(BIN)/python tools/commands.py

chaos: $(READY)
	$(BIN)/python tools/chaos.py

transcript: $(READY)
	$(BIN)/python tools/transcript.py README.md docs/learner.md

scale: $(READY)
	$(BIN)/python tools/scale.py 10000 100000 1000000

bench: $(READY)
	$(BIN)/python tools/bench.py

eval: $(READY)
	$(BIN)/python tools/consistency.py
	$(BIN)/python tools/rubric.py

eval-gate: $(READY)
	$(BIN)/grader eval consistency eval/examples/submissions.csv --limit 12 --answers 2 \
	  --tests repeat,invariant,ceiling,floor,no_gain --min-pass .85 --junit build/eval-consistency.xml

eval-agreement: $(READY)
	$(BIN)/grader eval run eval/aws.csv --split test --min-qwk .7 --max-bias .05 \
	  --max-regression .02 --baseline eval/baseline.json --junit build/eval-agreement.xml

eval-baseline: $(READY)
	$(BIN)/grader -q eval run eval/aws.csv --split test --json > eval/baseline.json

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt torch==2.13.0
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	touch $(READY)

clean:
	rm -rf $(VENV) build
