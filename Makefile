# Two commands matter: `make report` and `make test`. Both set up what they need, once.
SHELL  := /bin/sh
VENV   := .venv
BIN    := $(VENV)/bin
STUDY  ?= cdnow nordtel
PYTHON ?= $(shell for p in python3.11 python3.12 python3.13 python3.14 python3; do \
	command -v $$p >/dev/null 2>&1 && $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)

# Bytecode is compiled at install; a shell that forbids it would make every start slow.
unexport PYTHONDONTWRITEBYTECODE

# Two processes of tests share two cores: linear algebra in threads of each would wait more than work.
ONE_THREAD := OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1

.DEFAULT_GOAL := help
.PHONY: help setup report lab test test-slow lint bench clean

help:  ## list what make can do
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

setup: $(VENV)/.ready  ## make the environment in .venv (done by the others when needed)

$(VENV)/.ready: pyproject.toml constraints.txt
	@test -n "$(PYTHON)" || { echo "make: Python 3.11 or newer is needed and was not found: install it, or name it with make PYTHON=/path/to/python3"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --compile --constraint constraints.txt --editable '.[dev]'
	@touch $@

# Several studies run side by side: of one alone, a processor would idle where one page waits for another.
report: setup  ## reports of the CDNOW purchases and a simulated operator (STUDY=path/to/study.toml for another)
	@test $(words $(STUDY)) -gt 1 && export TERM=dumb; runs=; \
	for study in $(STUDY); do $(BIN)/cxmodels run $$study & runs="$$runs $$!"; done; \
	failed=0; for run in $$runs; do wait $$run || failed=1; done; exit $$failed

lab: setup  ## open JupyterLab on the notebooks
	$(BIN)/jupyter lab --notebook-dir=. notebooks/00-start-here.ipynb

test: setup  ## quick tests: under 10 minutes on 2 cores
	$(ONE_THREAD) $(BIN)/python -m pytest -n 2 -m 'not slow'

test-slow: setup  ## the slower checks
	$(ONE_THREAD) $(BIN)/python -m pytest -n 2 --dist loadgroup -m slow

lint: setup  ## style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: setup  ## speed, memory and accuracy against lifetimes and others
	$(BIN)/python -m benchmarks

clean:  ## remove the environment and everything generated
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis benchmarks/results
	find reports -mindepth 1 ! -name README.md -delete
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
