# Every target makes what it needs: the first one run creates .venv from the lock.
# PYTHON=/path/to/python3.13 chooses an interpreter; T=PATH runs one part of the tests.

VENV  := .venv
BIN   := $(VENV)/bin
READY := $(VENV)/.ready
T     ?=
SCALE ?=

export SCALE BENCH_QUICK

.DEFAULT_GOAL := help
.PHONY: help demo test test-long lint serve bench clean

help:
	@echo "make demo       a guided run: from a small site to fifty inboxes, in var/demo"
	@echo "make test       all that runs in five minutes            (T=PATH for one part)"
	@echo "make test-long  faults, real servers, browser, scale     (SCALE=0.1 to shrink it)"
	@echo "make lint       style, types, import contracts, Dockerfile"
	@echo "make serve      the service on http://127.0.0.1:8080, as config/digest.toml says"
	@echo "make bench      how fast letters leave                   (BENCH_QUICK=1)"
	@echo "make clean      remove .venv, builds, caches and the demo; var/digest.db stays"

demo: $(READY)
	$(BIN)/digest demo

test: $(READY)
	$(BIN)/pytest -q -m "not long" -n 3 --dist loadfile $(T)

test-long: $(READY)
	$(BIN)/pytest -q -m long --timeout 900 $(T)

lint: $(READY)
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/hadolint Dockerfile

serve: $(READY)
	$(BIN)/digest serve

bench: $(READY)
	$(BIN)/python tests/bench

clean:
	rm -rf $(VENV) dist build var/demo .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find digest tests docs -type d -name __pycache__ -prune -exec rm -rf {} +

# The stamp is written last: an installation that was cut short is done again.
$(READY): pyproject.toml tests/requirements.lock
	@set -e; for python in $(PYTHON) python3 python3.13 python3.12 python3.11 python3.14; do \
	  command -v "$$python" >/dev/null 2>&1 || continue; \
	  "$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || continue; \
	  "$$python" -c 'import ensurepip, venv' 2>/dev/null || { missing="$$python"; continue; }; \
	  echo "Installing into $(VENV) with $$("$$python" --version)"; \
	  "$$python" -m venv $(VENV); \
	  $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r tests/requirements.lock; \
	  $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .; \
	  touch $(READY); exit 0; \
	done; \
	if [ -n "$$missing" ]; then echo "$$missing has no venv module; on Debian and Ubuntu: apt install python3-venv" >&2; \
	else echo "Digest needs Python 3.11 or newer; none was found. Name one: make $(MAKECMDGOALS) PYTHON=/path/to/python3" >&2; fi; \
	exit 1
