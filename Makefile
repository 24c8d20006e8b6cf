# The commands: `make validate`, `make test`, `make score` and `make bench`. Each sets up all it needs first.
PYTHON ?= python3
TARGET ?= embedded
PROFILE ?= standard
BIN := .venv/bin

.PHONY: validate test score bench lint setup clean

validate: .setup-stamp
	$(BIN)/technogate validate --target $(TARGET) --profile $(PROFILE)

test: .setup-stamp lint
	$(BIN)/pytest tests -n 2 --dist worksteal -q

# The gate against programs that are wrong on purpose: what it sees, and whether it errs.
score: .setup-stamp
	$(BIN)/technogate score

# How fast the gate is, beside a plain load generator and another tool.
bench: .setup-stamp
	$(BIN)/python -m benchmarks.speed

lint: .setup-stamp
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

setup: .setup-stamp

# A browser that cannot be had here does not stop the set-up: a validation then says what it could not exercise.
.setup-stamp: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt pip
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable ".[all]" --group dev
	-$(BIN)/technogate doctor --fix
	touch $@

clean:
	rm -rf .venv .setup-stamp .pytest_cache .mypy_cache .ruff_cache .hypothesis
