# Everything runs from this folder with Python 3.11 and make; the table in README.md gives the same without make.
PYTHON ?= python3
CORE := .venv/.core
DEV := .venv/.dev
WORKERS ?= 2
BIN := .venv/bin

.PHONY: venv venv-dev demo test lint bench clean

venv: $(CORE)
venv-dev: $(DEV)

.venv/bin/python:
	$(PYTHON) -m venv .venv

$(CORE): pyproject.toml constraints.txt | .venv/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e .
	touch $@

$(DEV): pyproject.toml constraints.txt | .venv/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	touch $(CORE) $@

demo: $(CORE)  # the live page for a person at a terminal; else the same run without it
	@if [ -t 0 ] && [ -t 1 ]; then exec $(BIN)/testbed demo; fi; $(BIN)/testbed demo --headless && \
	cp "$$(ls -td runs/showcase-1-*/ | head -n 1)report.html" report.html && echo "The report is also at report.html."

lint: $(DEV)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/basedpyright
	$(BIN)/lint-imports

test: $(DEV) lint
	$(BIN)/pytest -n $(WORKERS) --dist loadfile

bench: $(DEV)
	@for script in benchmarks/*.py; do echo "== $$script"; $(BIN)/python $$script || exit 1; done

clean:
	rm -rf .venv build dist
