# The commands: `make validate`, `make test`, `make mutants` and `make bench`. Each installs what it needs first.
PYTHON ?= python3
TARGET ?= embedded
PROFILE ?= standard
BIN := .venv/bin

.PHONY: validate test test-fast mutants bench lint setup clean

validate: .setup-stamp
	$(BIN)/technogate validate --target $(TARGET) --profile $(PROFILE)

# What nox calls is written in noxfile.py, so that continuous integration and a contributor run the same.
test: .setup-stamp
	$(BIN)/python -m tests.tools
	$(BIN)/nox --stop-on-first-error -s lint types docs tests slow

# About a minute: no browser, no container, no whole run.
test-fast: .setup-stamp
	$(BIN)/nox -s tests

# The mutation score: every mutant must fail, the reference must pass.
mutants: .setup-stamp
	$(BIN)/technogate mutants

# The speed of the gate, compared with a plain load generator and another tool.
bench: .setup-stamp
	$(BIN)/python -m benchmarks.speed

lint: .setup-stamp
	$(BIN)/nox --stop-on-first-error -s lint types

setup: .setup-stamp

# A browser that cannot be had here does not stop the set-up: a validation then says what it could not exercise.
.setup-stamp: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt pip
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable ".[all]" --group dev
	-$(BIN)/technogate doctor --fix
	touch $@

clean:
	rm -rf .venv .setup-stamp .pytest_cache
