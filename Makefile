PY ?= python3
BIN := .venv/bin
export PYTHONDONTWRITEBYTECODE :=

.DEFAULT_GOAL := help
.PHONY: help demo dev test lint bench lock

help: ## Show the targets
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /  \1\t/' | expand -t 12

demo: .venv/ready ## Take a new person through the nine states on real parts (EXIT=1 stops at the end)
	@$(BIN)/gangway demo $(if $(EXIT),--exit)

dev: .venv/ready ## The whole stack with reload, no demo
	@$(BIN)/gangway dev --reload

test: .venv/ready ## Every test, by three processes with a stack each: much of it waits
	@$(BIN)/pytest -n 3 --dist loadfile --no-loadscope-reorder $(ARGS)

lint: .venv/ready ## Format, lint, import contracts, types
	@$(BIN)/ruff format --check . && $(BIN)/ruff check . && $(BIN)/lint-imports --no-cache && $(BIN)/basedpyright

bench: .venv/ready ## Medians and ratios beside a bare Temporal loop
	@$(BIN)/python -m tests.bench $(ARGS)

lock: .venv/ready ## Re-pin requirements/*.lock from pyproject.toml
	@$(BIN)/uv pip compile --quiet --universal --no-header --no-emit-index-url --no-emit-find-links --generate-hashes --python-version 3.11 --extra embedded --extra dev -o requirements/dev.lock pyproject.toml
	@$(BIN)/uv pip compile --quiet --universal --no-header --no-emit-index-url --no-emit-find-links --generate-hashes --python-version 3.11 -c requirements/dev.lock -o requirements/runtime.lock pyproject.toml

.venv/ready: requirements/dev.lock pyproject.toml
	@$(PY) -m venv .venv
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.lock
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@
