# Every target makes the virtual environment by itself; a second call installs nothing.
PYTHON ?= python3
VENV ?= .venv
ifeq ($(OS),Windows_NT)
RUN := $(VENV)/Scripts/python
else
RUN := $(VENV)/bin/python
endif
STAMP := $(VENV)/.installed
DOCS_STAMP := $(VENV)/.installed-docs

.DEFAULT_GOAL := help
.PHONY: help demo test test-quick test-processors notebooks docs lint format format-check types clean

help:  ## show this list
	@echo "make demo          train on drawn clips, evaluate and ask: needs no network once installed"
	@echo "make test          all tests"
	@echo "make test-quick    the tests that take no more than a second or so"
	@echo "make test-processors  the quick tests and all with a numeric bound, as other processors compute them"
	@echo "make format        rewrite the code in the project's format (format-check: only look)"
	@echo "make lint          look for likely mistakes"
	@echo "make types         check the types"
	@echo "make notebooks     run the notebooks and keep their outputs"
	@echo "make docs          build the documentation site in build/docs and check its links, without network"
	@echo "make clean         remove the virtual environment and build leftovers"
	@echo "Choose an interpreter with PYTHON=python3.12 (Python 3.11 or newer)."

demo: $(STAMP)
	$(RUN) -m videoqa demo

# Test files run side by side (`tests/conftest.py`: in how many processes). The longest begin.
test: $(STAMP)
	$(RUN) -m pytest -n auto --dist loadfile --no-loadscope-reorder

test-quick: $(STAMP)
	$(RUN) -m pytest -m "not slow" -n auto --dist loadfile

# Instructions that oneDNN may use, and one core: what another machine may have. All are run; any failure counts.
PROCESSORS := default TF_ENABLE_ONEDNN_OPTS=0 ONEDNN_MAX_CPU_ISA=AVX2 ONEDNN_MAX_CPU_ISA=SSE41 one-core
ONE_CORE := $(shell command -v taskset >/dev/null && echo taskset -c 0)
test-processors: $(STAMP)
	@failed=; for processor in $(PROCESSORS); do \
	    echo "== $$processor"; \
	    case $$processor in default) change=env;; one-core) change="$(ONE_CORE)";; *) change="env $$processor";; esac; \
	    $$change $(RUN) -m pytest -q -m "not slow or numeric" -n auto --dist loadfile \
	        || failed="$$failed $$processor"; \
	done; test -z "$$failed" || { echo "Failed:$$failed"; exit 1; }

notebooks: $(STAMP)
	$(RUN) notebooks/run.py

# Every page anew, so that none is left of a file that is gone. A warning is an error.
docs: $(DOCS_STAMP)
	rm -rf build/docs
	$(RUN) -m sphinx -q -E -W --keep-going -n -d build/doctrees docs build/docs
	$(RUN) docs/site/check_pages.py build/docs
	@echo "The site is in build/docs: open build/docs/index.html"

lint: $(STAMP)
	$(RUN) -m ruff check .

format: $(STAMP)
	$(RUN) -m ruff format .
	$(RUN) -m ruff check --fix .

format-check: $(STAMP)
	$(RUN) -m ruff format --check .

types: $(STAMP)
	$(RUN) -m mypy

clean:
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .pytest_cache .ruff_cache

# The stamp holds the checkout's path: a copied or moved checkout installs itself again.
ifneq ($(shell cat $(STAMP) 2>/dev/null),$(CURDIR))
.PHONY: $(STAMP)
endif
ifneq ($(shell cat $(DOCS_STAMP) 2>/dev/null),$(CURDIR))
.PHONY: $(DOCS_STAMP)
endif

$(STAMP): EXTRA := dev
$(DOCS_STAMP): EXTRA := docs
$(STAMP) $(DOCS_STAMP): setup.cfg pyproject.toml
	@$(PYTHON) -c "import sys; sys.exit(sys.version_info < (3, 11))" || { \
	    echo "videoqa needs Python 3.11 or newer, found as '$(PYTHON)': $$($(PYTHON) --version 2>&1)."; \
	    echo "Name a newer one: make $(MAKECMDGOALS) PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { \
	    echo "'$(PYTHON) -m venv' failed; on Debian and Ubuntu it needs: apt install python3-venv"; exit 1; }
	@echo "Installing videoqa and its dependencies into $(VENV): some minutes, once."
	$(RUN) -m pip install --disable-pip-version-check --progress-bar off --quiet -e ".[$(EXTRA)]"
	@printf '%s\n' "$(CURDIR)" > $@
