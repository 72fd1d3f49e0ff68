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
IN_CLOUD = $(TERRAFORM) -chdir=infra/terraform
VARIABLES = -var-file=environments/$(ENVIRONMENT)/terraform.tfvars
TAG = $(shell git rev-parse --short=12 HEAD)
IMAGES = $(patsubst gpu_workers/%/Dockerfile,%,$(wildcard gpu_workers/*/Dockerfile)) \
	$(patsubst functions/%/Dockerfile,%,$(wildcard functions/*/Dockerfile)) operator
REQUIREMENTS = requirements requirements-dev gpu_workers/sdxl/requirements gpu_workers/chat/requirements \
	gpu_workers/wan/requirements infra/images/operator/requirements infra/checkov/requirements infra/audit/requirements
COMPILE = echo "$(TORCH)" | $(VENV)/bin/uv --quiet pip compile --python-version 3.11 --constraint - \
	--no-emit-index-url --custom-compile-command "make lock" $(UPGRADE)
# Their CPU and CUDA builds share a version number and differ in what they need.
BY_THEMSELVES = torch triton nvidia-[a-z0-9-]* cuda-[a-z0-9-]*

.DEFAULT_GOAL = help
.PHONY: help setup clients dev run demo test test-all test-random bench bench-peers bench-more prove security audit secrets sbom lint typecheck format lock bundle emulate images plan deploy migrate infra-test infra-mutations checkov

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

clients: $(CLIENTS)/node_modules/.package-lock.json

$(CLIENTS)/node_modules/.package-lock.json: $(CLIENTS)/package-lock.json
	@if command -v npm >/dev/null; then \
		npm ci --prefix $(CLIENTS) --no-audit --no-fund --ignore-scripts --loglevel error; \
	else echo "Node is not here: the supabase-js client's tests will not run."; fi

dev: setup ## Make the environment and the checks before each commit
	@if git rev-parse --git-dir >/dev/null 2>&1; then $(VENV)/bin/pre-commit install; fi

run: setup ## Start everything, make one picture, and serve until Ctrl-C
	@exec $(PYTHON) -m infra.local up --port $(PORT) --data $(DATA) --worker $(WORKER) --sample "$(SAMPLE)"

demo: setup ## Start everything, make one picture, put it in ./first-picture.png, and stop
	@$(PYTHON) -m infra.local up --port $(PORT) --data $(DATA) --worker $(WORKER) --sample "$(SAMPLE)" --once
	@cp $(DATA)/samples/first-picture.png first-picture.png
	@echo "The picture is ./first-picture.png"

# A database and a local system for each process; each begins with a run of neighbours.
test: setup clients ## Run the tests, but not the long proofs
	$(PYTHON) -m pytest -m "not slow" -n auto --maxprocesses 4 --dist worksteal

test-all: test ## Run the tests, and the long proofs
	$(PYTHON) -m pytest -m slow

test-random: setup clients ## Run the tests in random order five times beside a busy machine, and once on one core
	$(PYTHON) -m tests.reliability.random_order $(ROUNDS)

bench: setup ## Measure the control plane beside its floors, and write docs/performance.md (BENCH=--quick takes two minutes)
	$(PYTHON) -m tests.performance.bench $(BENCH)

bench-peers: setup ## Measure other people's queues and servers beside ours, and write docs/performance-peers.md
	$(PYTHON) -m tests.performance.peers $(BENCH)

bench-more: setup ## Measure further parts: docs/performance-*.md
	$(PYTHON) -m tests.performance.backlog
	$(PYTHON) -m tests.performance.metrics
	$(PYTHON) -m tests.performance.realtime

prove: setup ## Kill, replay and crowd a running system, and write docs/reliability.md
	$(PYTHON) -m tests.reliability.run

security: setup ## Try every threat with the full corpora (SEED=1), and write docs/security.md
	$(PYTHON) -m pytest tests/security --corpora=full --threats=docs/security.md $(if $(SEED),--seed=$(SEED))

audit: setup ## Ask the index's advisories about every locked package (2: not run)
	@infra/audit/run

secrets: setup ## Look for secrets in what the repository holds
	$(PYTHON) -m infra.audit.secret_scan

sbom: setup ## Write what each bundle and image holds to dist/sbom, as CycloneDX
	$(PYTHON) -m infra.sbom

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
	@exec $(PYTHON) -m infra.local.dev_server $(FUNCTION) --data $(DATA) --port $(if $(filter command line,$(origin PORT)),$(PORT),8081)

# The cloud: ENVIRONMENT=staging or production, a folder of infra/terraform/environments.

images: ## Build and push an image for each worker, each service and the operator (TAG: the commit)
	@set -e; registry=$$($(IN_CLOUD) output -raw registry); for name in $(IMAGES); do \
		file=$$(ls gpu_workers/$$name/Dockerfile functions/$$name/Dockerfile infra/images/$$name/Dockerfile 2>/dev/null); \
		docker build --platform linux/amd64 --file $$file --tag $$registry/$$name:$(TAG) .; \
		docker push $$registry/$$name:$(TAG); \
	done

plan: bundle ## Say what would change in the cloud, and keep it as the plan
	$(IN_CLOUD) init -reconfigure -backend-config=environments/$(ENVIRONMENT)/backend.hcl
	$(IN_CLOUD) plan $(VARIABLES) -var=image_tag=$(TAG) -out=$(ENVIRONMENT).tfplan

deploy: ## Do what `make plan` said
	$(IN_CLOUD) apply $(ENVIRONMENT).tfplan

migrate: ## Apply this commit's migrations, inside the cloud's network
	@set -e; job=$$($(IN_CLOUD) output -raw operator_job); registry=$$($(IN_CLOUD) output -raw registry); \
	place="--project=$$($(IN_CLOUD) output -raw project) --region=$$($(IN_CLOUD) output -raw region)"; set -x; \
	gcloud run jobs update $$job $$place --image=$$registry/operator:$(TAG); \
	gcloud run jobs execute $$job $$place --wait

infra-test: setup ## Test what would be deployed, without a cloud (TERRAFORM=terraform)
	@if ! command -v $(TERRAFORM) >/dev/null; then echo "infra-test: not run, for there is no $(TERRAFORM) here"; else \
		set -ex; $(PYTHON) -m infra.bundle >/dev/null; \
		$(IN_CLOUD) fmt -check -recursive; \
		$(IN_CLOUD) init -backend=false -input=false >/dev/null; \
		$(IN_CLOUD) validate; \
		for name in staging production; do \
			$(IN_CLOUD) test -filter=tests/root.tftest.hcl -var-file=environments/$$name/terraform.tfvars; \
		done; \
		$(IN_CLOUD) test -var-file=environments/production/terraform.tfvars; \
		TERRAFORM=$(TERRAFORM) $(PYTHON) -m pytest tests/infra; \
	fi

infra-mutations: setup ## Plant faults in the configuration, and see whether its tests find them
	TERRAFORM=$(TERRAFORM) $(PYTHON) -m tests.infra.mutations

checkov: ## Look the configuration over with checkov, in an environment of its own
	@infra/checkov/run
