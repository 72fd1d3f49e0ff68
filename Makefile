# `make help` lists the targets. PORT, WORKER, DATA, SAMPLE and TORCH_ARGS can be set: `make run PORT=9000`.

PORT = 8080
WORKER = demo
DATA = .local/data
SAMPLE = a big red star on blue, left
FUNCTION = queue-job
TORCH = torch==2.13.0
TORCH_ARGS =

VENV = .venv
PYTHON = $(VENV)/bin/python
SYSTEM_PYTHON := $(or $(shell command -v python3.11),$(shell command -v python3))
INSTALLED = $(VENV)/.installed
REQUIREMENTS = requirements requirements-dev gpu_workers/sdxl/requirements gpu_workers/chat/requirements
COMPILE = echo "$(TORCH)" | $(VENV)/bin/uv --quiet pip compile --python-version 3.11 --constraint - \
	--no-emit-index-url --custom-compile-command "make lock" $(UPGRADE)
# Their CPU and CUDA builds share a version number and differ in what they need.
BY_THEMSELVES = torch triton nvidia-[a-z0-9-]* cuda-[a-z0-9-]*

.DEFAULT_GOAL = help
.PHONY: help setup dev run demo test test-all bench prove lint typecheck format lock bundle emulate

help: ## List the targets
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 12

setup: $(INSTALLED) ## Make the environment in .venv (TORCH_ARGS="--index-url ..." picks a build of torch)

$(INSTALLED): requirements-dev.txt
	@$(or $(SYSTEM_PYTHON),false) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' || \
		{ echo "OurVidz needs Python 3.11, and neither python3.11 nor python3 is one here."; exit 1; }
	$(SYSTEM_PYTHON) -m venv $(VENV)
	$(PYTHON) -m pip install $(TORCH) $(TORCH_ARGS)
	$(PYTHON) -m pip install --require-hashes --no-deps -r requirements-dev.txt
	@touch $@

dev: setup ## Make the environment and the checks before each commit
	@if git rev-parse --git-dir >/dev/null 2>&1; then $(VENV)/bin/pre-commit install; fi

run: setup ## Start everything, make one picture, and serve until Ctrl-C
	@exec $(PYTHON) -m infra.local up --port $(PORT) --data $(DATA) --worker $(WORKER) --sample "$(SAMPLE)"

demo: setup ## Start everything, make one picture, put it in ./first-picture.png, and stop
	@$(PYTHON) -m infra.local up --port $(PORT) --data $(DATA) --worker $(WORKER) --sample "$(SAMPLE)" --once
	@cp $(DATA)/samples/first-picture.png first-picture.png
	@echo "The picture is ./first-picture.png"

# A database and a local system for each process; each begins with a run of neighbours.
test: setup ## Run the tests, but not the long proofs
	$(PYTHON) -m pytest -m "not slow" -n auto --maxprocesses 4 --dist worksteal

test-all: test ## Run the tests, and the long proofs
	$(PYTHON) -m pytest -m slow

bench: setup ## Measure the control plane and write docs/performance*.md
	$(PYTHON) -m tests.performance.journey
	$(PYTHON) -m tests.performance.backlog
	$(PYTHON) -m tests.performance.metrics
	$(PYTHON) -m tests.performance.streams

prove: setup ## Kill, replay and crowd a running system, and write docs/reliability.md
	$(PYTHON) -m tests.reliability.prove

lint: setup ## Check style, format and who imports whom
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/lint-imports

typecheck: setup ## Check the types
	$(VENV)/bin/mypy

format: setup ## Put the code in shape
	$(VENV)/bin/ruff format .
	$(VENV)/bin/ruff check --fix .

lock: ## Write the locked requirements from the .in files (UPGRADE=--upgrade takes newer versions)
	@set -e -f; for name in $(REQUIREMENTS); do \
		apart=$$($(COMPILE) --no-annotate --no-header $$name.in | sed -n \
			$(foreach package,$(BY_THEMSELVES),-e 's/^\($(package)\)==.*/--no-emit-package \1/p')); \
		$(COMPILE) --generate-hashes $$apart $$name.in --output-file $$name.txt >/dev/null; \
		echo "$$name.txt"; \
	done

bundle: setup ## Write dist/<name>.zip for each function
	$(PYTHON) -m infra.bundle

emulate: setup ## Serve one function with reload beside a running system: FUNCTION=queue-job PORT=8081
	@exec $(PYTHON) -m infra.local.emulate $(FUNCTION) --data $(DATA) --port $(if $(filter command line,$(origin PORT)),$(PORT),8081)
