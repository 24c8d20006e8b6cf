# The commands: `make validate`, `make test`, `make mutants` and `make bench`. Each installs what it needs first.
PYTHON ?= python3
TARGET ?= embedded
PROFILE ?= standard
BIN := .venv/bin

.PHONY: validate test mutants bench lint setup clean

validate: .setup-stamp
	$(BIN)/technogate validate --target $(TARGET) --profile $(PROFILE)

test: .setup-stamp lint
	$(BIN)/pytest tests -n 2 --dist worksteal -q

# The mutation score: every mutant must fail, the reference must pass.
mutants: .setup-stamp
	$(BIN)/technogate mutants

# The speed of the gate, compared with a plain load generator and another tool.
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
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable . --group dev
	-$(BIN)/technogate doctor --fix
	touch $@

clean:
	rm -rf .venv .setup-stamp .pytest_cache .mypy_cache .ruff_cache .hypothesis
