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
CLIENTS = tests/clients/js
TERRAFORM ?= terraform
ENVIRONMENT = staging
TF = $(TERRAFORM) -chdir=infra/terraform
VARIABLES = -var-file=environments/$(ENVIRONMENT)/terraform.tfvars
TAG = $(shell git rev-parse --short=12 HEAD)
WORKERS = $(patsubst gpu_workers/%/requirements.in,%,$(wildcard gpu_workers/*/requirements.in))
IMAGES = $(WORKERS) $(patsubst functions/%/Dockerfile,%,$(wildcard functions/*/Dockerfile)) operator
REQUIREMENTS = requirements requirements-dev $(WORKERS:%=gpu_workers/%/requirements) \
	infra/images/operator/requirements infra/checkov/requirements infra/audit/requirements
COMPILE = echo "$(TORCH)" | $(VENV)/bin/uv --quiet pip compile --python-version 3.11 --constraint - \
	--no-emit-index-url --custom-compile-command "make lock" $(UPGRADE)
# Not locked: their CPU and CUDA builds share a version number and differ in their requirements.
UNLOCKED = torch triton nvidia-[a-z0-9-]* cuda-[a-z0-9-]*

.DEFAULT_GOAL = help
.PHONY: help setup clients dev run demo test test-all test-random bench bench-peers bench-more reliability prove security audit scan-secrets secrets sbom lint typecheck format lock bundle emulate images plan deploy migrate infra-test infra-mutations checkov

help: ## List the targets
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 17

setup: $(INSTALLED) ## Create the environment in .venv (TORCH_ARGS="--index-url ..." selects a build of torch)

$(INSTALLED): requirements-dev.txt
	@$(or $(SYSTEM_PYTHON),false) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' || \
		{ echo "OurVidz needs Python 3.11, and neither python3.11 nor python3 is one here."; exit 1; }
	$(SYSTEM_PYTHON) -m venv $(VENV)
	$(PYTHON) -m pip install $(TORCH) $(TORCH_ARGS)
	$(PYTHON) -m pip install --require-hashes --no-deps -r requirements-dev.txt
	@touch $@

clients: $(CLIENTS)/node_modules/.package-lock.json

$(CLIENTS)/node_modules/.package-lock.json: $(CLIENTS)/package-lock.json
	@if command -v npm >/dev/null; then \
		npm ci --prefix $(CLIENTS) --no-audit --no-fund --ignore-scripts --loglevel error; \
	else echo "Node is not here: the supabase-js client's tests will not run."; fi

dev: setup ## Create the environment and install the pre-commit hooks
	@if git rev-parse --git-dir >/dev/null 2>&1; then $(VENV)/bin/pre-commit install; fi

run: setup ## Start the local system, generate one picture, and serve until Ctrl-C
	@exec $(PYTHON) -m infra.local up --port $(PORT) --data $(DATA) --worker $(WORKER) --sample "$(SAMPLE)"

demo: setup ## Start the local system, generate ./first-picture.png, and stop
	@$(PYTHON) -m infra.local up --port $(PORT) --data $(DATA) --worker $(WORKER) --sample "$(SAMPLE)" --once
	@cp $(DATA)/samples/first-picture.png first-picture.png
	@echo "The picture is ./first-picture.png"

# Each test process has its own database and local system, and starts with consecutive tests.
test: setup clients ## Run the tests, without the slow ones
	$(PYTHON) -m pytest -m "not slow" -n auto --maxprocesses 4 --dist worksteal

test-all: test ## Run all tests, including the slow ones
	$(PYTHON) -m pytest -m slow

test-random: setup clients ## Run the tests in random order five times under CPU load, and once on one core
	$(PYTHON) -m tests.reliability.random_order $(ROUNDS)

bench: setup ## Measure the control plane against its baselines, and write docs/reports/performance.md (BENCH=--quick takes two minutes)
	$(PYTHON) -m tests.performance.bench $(BENCH)

bench-peers: setup ## Compare other queues and servers with ours, and write docs/reports/performance-peers.md
	$(PYTHON) -m tests.performance.peers $(BENCH)

bench-more: setup ## Measure backlog, metrics and realtime, and write docs/reports/performance-*.md
	$(PYTHON) -m tests.performance.backlog
	$(PYTHON) -m tests.performance.metrics
	$(PYTHON) -m tests.performance.realtime

reliability: setup ## Test a running system with kills, replays and load, and write docs/reports/reliability.md
	$(PYTHON) -m tests.reliability.run

prove: reliability

security: setup ## Run the security tests with the full corpora (SEED=1), and write docs/reports/security.md
	$(PYTHON) -m pytest tests/security --corpora=full --threats=docs/reports/security.md $(if $(SEED),--seed=$(SEED))

audit: setup ## Check every locked package for known vulnerabilities (exit status 2: not run)
	@infra/audit/run

scan-secrets: setup ## Scan the repository for secrets
	$(PYTHON) -m infra.audit.secret_scan

secrets: scan-secrets

sbom: setup ## Write CycloneDX SBOMs of each bundle and image to dist/sbom
	$(PYTHON) -m infra.sbom

lint: setup ## Check style, format and import rules
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/lint-imports

typecheck: setup ## Check the types
	$(VENV)/bin/mypy

format: setup ## Format the code
	$(VENV)/bin/ruff format .
	$(VENV)/bin/ruff check --fix .

lock: ## Write the locked requirements from the .in files (UPGRADE=--upgrade for newer versions)
	@set -e -f; for name in $(REQUIREMENTS); do \
		apart=$$($(COMPILE) --no-annotate --no-header $$name.in | sed -n \
			$(foreach package,$(UNLOCKED),-e 's/^\($(package)\)==.*/--no-emit-package \1/p')); \
		$(COMPILE) --generate-hashes $$apart $$name.in --output-file $$name.txt >/dev/null; \
		echo "$$name.txt"; \
	done

bundle: setup ## Write dist/<name>.zip for each function
	$(PYTHON) -m infra.bundle

emulate: setup ## Serve one function with reload, next to a running local system: FUNCTION=queue-job PORT=8081
	@exec $(PYTHON) -m infra.local.dev_server $(FUNCTION) --data $(DATA) --port $(if $(filter command line,$(origin PORT)),$(PORT),8081)

# The cloud: ENVIRONMENT=staging or production, a folder of infra/terraform/environments.

images: ## Build and push an image for each worker, each service and the operator (TAG: the commit)
	@set -e; registry=$$($(TF) output -raw registry); for name in $(IMAGES); do \
		file=$$(ls functions/$$name/Dockerfile infra/images/$$name/Dockerfile 2>/dev/null || echo gpu_workers/Dockerfile); \
		docker build --platform linux/amd64 --build-arg WORKER=$$name --file $$file --tag $$registry/$$name:$(TAG) .; \
		docker push $$registry/$$name:$(TAG); \
	done

plan: bundle ## Show what would change in the cloud, and save the plan
	$(TF) init -reconfigure -backend-config=environments/$(ENVIRONMENT)/backend.hcl
	$(TF) plan $(VARIABLES) -var=image_tag=$(TAG) -out=$(ENVIRONMENT).tfplan

deploy: ## Apply the plan that `make plan` saved
	$(TF) apply $(ENVIRONMENT).tfplan

migrate: ## Apply this commit's migrations, inside the cloud's network
	@set -e; job=$$($(TF) output -raw operator_job); registry=$$($(TF) output -raw registry); \
	location="--project=$$($(TF) output -raw project) --region=$$($(TF) output -raw region)"; set -x; \
	gcloud run jobs update $$job $$location --image=$$registry/operator:$(TAG); \
	gcloud run jobs execute $$job $$location --wait

infra-test: setup ## Test the terraform configuration without a cloud (TERRAFORM=terraform)
	@if ! command -v $(TERRAFORM) >/dev/null; then echo "infra-test: not run, for there is no $(TERRAFORM) here"; else \
		set -ex; $(PYTHON) -m infra.bundle >/dev/null; \
		$(TF) fmt -check -recursive; \
		$(TF) init -backend=false -input=false >/dev/null; \
		$(TF) validate; \
		for name in staging production; do \
			$(TF) test -filter=tests/root.tftest.hcl -var-file=environments/$$name/terraform.tfvars; \
		done; \
		$(TF) test -var-file=environments/production/terraform.tfvars; \
		TERRAFORM=$(TERRAFORM) $(PYTHON) -m pytest tests/infra; \
	fi

infra-mutations: setup ## Insert faults into the configuration, and check that its tests find them
	TERRAFORM=$(TERRAFORM) $(PYTHON) -m tests.infra.mutations

checkov: ## Check the configuration with checkov, in a separate environment
	@infra/checkov/run
