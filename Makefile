# Everything here sets itself up: python3 (3.11 or newer) with venv, pip and make are all it needs.
# PYTHON: an interpreter that other users of the machine may run too, because some tests become another user.
PYTHON ?= $(shell for p in /usr/bin/python3 python3 python3.13 python3.12 python3.11; do \
	"$$p" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { command -v "$$p"; break; }; done)
VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
RUNTIME := $(VENV)/.runtime-installed
DEV := $(VENV)/.dev-installed
CLIENTS := $(VENV)/.clients-installed
AGENTS := $(VENV)/.agents-installed
WORKERS ?= 2
QUICKLY := $(if $(QUICK),--rounds 3)
PYTEST := $(BIN)/python -m pytest

.DEFAULT_GOAL := help
.PHONY: help demo build check format test test-clients conformance fuzz soak defences bench crashes full-size docs dist lock clean

help: ## Show what can be made
	@grep -E '^[a-z-]+:.*## ' $(firstword $(MAKEFILE_LIST)) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 14

demo: $(RUNTIME) ## Run the main job end to end, with a local upstream, and search everything for the values
	$(BIN)/agentsecrets demo

build: $(DEV) ## Install everything into .venv

check: $(DEV) ## Format, lint, types, architecture, and whether the generated docs are current
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(PYTEST) -q tests/architecture
	$(BIN)/python tools/reference.py --check
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet --strict --site-dir build/site

format: $(DEV) ## Format and mend what can be mended
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .
	$(BIN)/python tools/reference.py

test: $(DEV) $(CLIENTS) ## Run all tests
	@sh tools/system-packages.sh
	-@sh tools/system-packages.sh chromium-headless-shell
	-@sh tools/system-packages.sh zsh fish
	$(PYTEST) -n $(WORKERS) --dist loadfile

test-clients: $(DEV) $(AGENTS) ## Full turns of coding agents, and 1 GiB through each HTTP client; writes build/*clients.md
	AGENTSECRETS_TEST_AGENTS=1 $(PYTEST) -v tests/agents
	AGENTSECRETS_LARGE_MIB=1024 $(PYTEST) -v tests/clients/test_large_bodies.py

FUZZ ?= --runs 200000 --seconds 60
fuzz: $(DEV) ## Fuzz the parsers by coverage, from the corpus in build/fuzz (FUZZ="--runs N --seconds S TARGET")
	$(PIP) install --require-hashes -r requirements/fuzz.txt
	$(BIN)/python tools/fuzz.py $(FUZZ)

SOAK ?= --calls 1000000 --seconds 3600
soak: $(DEV) ## Soak the proxy before an upstream that says values again; goes on where it was (SOAK="--calls N --seconds S")
	$(BIN)/python tools/soak.py $(SOAK)

defences: $(DEV) ## Take each defence out in turn and see the tests turn red
	$(BIN)/python tools/defences.py

conformance: $(DEV) ## Run the tests against public corpora alone
	$(PYTEST) tests/conformance

bench: $(DEV) ## Measure the proxy beside nginx and an aiohttp pair (QUICK=1; BASELINE=revision to compare with)
	@sh tools/system-packages.sh nginx wrk
	$(BIN)/python -m bench.engines $(QUICKLY) $(if $(BASELINE),--baseline $(BASELINE))
	$(BIN)/python -m bench.streams $(QUICKLY) $(if $(BASELINE),--baseline $(BASELINE))
	$(BIN)/python -m bench.scan $(QUICKLY)
	$(BIN)/python -m bench.memory
	$(BIN)/python -m bench.startup $(if $(QUICK),--runs 7)
	$(BIN)/python -m bench.log $(QUICKLY)
	$(BIN)/python -m bench.growth $(QUICKLY) $(if $(QUICK),--secrets 500 --events 20000)

crashes: $(DEV) ## Kill the daemon 2,000 times under twenty hands, and say what was lost
	$(BIN)/python -m bench.crashes

full-size: $(DEV) ## Run every row of docs/security/results.md at full size, for hours (ROWS="NAME..."); keeps it in build/full-size
	$(PIP) install --require-hashes -r requirements/fuzz.txt
	$(BIN)/python tools/full_size.py $(ROWS)

docs: $(DEV) ## Build the documentation into build/site
	$(BIN)/python tools/reference.py
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --site-dir build/site

dist: $(DEV) ## Build wheel and sdist, and try the wheel in an empty environment
	rm -rf dist
	$(BIN)/python -m build --no-isolation --outdir dist .
	sh tools/try-wheel.sh "$(PYTHON)" dist/*.whl

lock: ## Renew the locked dependencies
	sh tools/lock.sh "$(PYTHON)"

clean: ## Remove what was built, the environment included
	rm -rf $(VENV) .make build dist site .coverage .hypothesis .mypy_cache .ruff_cache .pytest_cache

$(RUNTIME): requirements/runtime.txt requirements/build.txt pyproject.toml
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed: apt-get install python3 python3-venv" >&2; exit 1; }
	@"$(PYTHON)" -c 'import ensurepip, venv' 2>/dev/null || { echo "the venv module is needed: apt-get install python3-venv" >&2; exit 1; }
	test -x $(BIN)/python || "$(PYTHON)" -m venv $(VENV)
	$(PIP) install --require-hashes -r requirements/runtime.txt -r requirements/build.txt
	$(PIP) install --no-deps --no-build-isolation --no-index --editable .
	$(BIN)/python -m compileall -q src
	@touch $@

$(DEV): $(RUNTIME) requirements/dev.txt
	$(PIP) install --require-hashes -r requirements/dev.txt
	@touch $@

# Where npm cannot be reached, the tests that need it are skipped and say so; in continuous integration this is a failure.
$(CLIENTS): $(DEV) requirements/clients.txt tools/clients/install.sh $(wildcard tools/clients/test/*)
	$(PIP) install --require-hashes -r requirements/clients.txt
	sh tools/clients/install.sh $(VENV) test && touch $@ || test -z "$$CI"

$(AGENTS): $(CLIENTS) $(wildcard tools/clients/agents/*)
	sh tools/clients/install.sh $(VENV) agents
	@touch $@
