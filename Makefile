# Two commands to start with: `make up` and `make test`. `make help` explains the rest.

PYTHON ?= python3
VENV   := .venv/bin
PYTEST := $(VENV)/python -m pytest
LOCAL  := $(PYTHON) -m local
# Tools in environments of their own: they need older packages than ours are.
CHECKOV := .local/checkov
PIP_AUDIT := .local/pip-audit
SSLYZE := .local/sslyze

# The one that Pulumi.local.yaml names; `make up` has pulled or built it.
BASE_IMAGE ?= todo-local/python:3.13

# Thousands of examples, which measuring would make slow and would tell nothing of.
PROPERTIES := tests/infra/test_capacity_properties.py

# A stack at AWS is where your own environment says; the local one is where `make up` put it.
OPS = $(if $(filter local,$(or $(STACK),local)),$(LOCAL) $(1),$(VENV)/python -m ops.$(1) --stack "$(STACK)")

.DEFAULT_GOAL := help
.PHONY: _test-others _test-policies _test-properties _test-system _test-beside help up restore plan simulate figures rehearse schema preview policy-check policies mutants mutate-policies status down env parity sbom scan report ownership scan-config supply-chain secrets clean test test-unit coverage picture test-engine test-browser faults bench-app bench-preview bench-capacity lint format packages browser

help:  ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

up:  ## Bring the whole system up on this machine and print its URL
	@$(LOCAL) up

verify: packages  ## Check that STACK=local runs what was deployed, and as safely; URL= for another address, WAIT=60 seconds for it to become so, JSON=1
	@$(call OPS,verify) $(if $(URL),--url "$(URL)") $(if $(WAIT),--wait "$(WAIT)") $(if $(JSON),--json)

drift: packages  ## Show what others changed in STACK=local behind the sources' back; NO_TERRAFORM=1, JSON=1
	@$(call OPS,drift) $(if $(NO_TERRAFORM),--no-terraform) $(if $(JSON),--json)

restore: packages  ## Bring a backup of STACK=local's database back beside it: DO="begin --latest", then compare, cut-over, back, finish, drop; YES=1
	@$(call OPS,restore) $(if $(YES),--yes) $(DO)

plan: packages  ## Show what STACK=prod leads to, and what SET="peakRequestsPerSecond=1200" would change; PICTURE=plan.svg draws it
	@PYTHONPATH=pulumi $(VENV)/python -m ops.plan --stack "$(or $(STACK),prod)" --set '$(SET)' \
		$(if $(MARKDOWN),--markdown) $(if $(PICTURE),--picture "$(PICTURE)")

simulate: packages  ## Send SCENARIO=flash-crowd, launch or day, or CSV=traffic.csv, to the plan of STACK=prod and to plain defaults; SET=, PICTURE=, JSON=1
	@PYTHONPATH=pulumi $(VENV)/python -m ops.simulate --stack "$(or $(STACK),prod)" --set '$(SET)' \
		$(if $(CSV),--csv "$(CSV)",--scenario "$(or $(SCENARIO),flash-crowd)") \
		$(if $(SEED),--seed "$(SEED)") $(if $(JSON),--json) $(if $(PICTURE),--picture "$(PICTURE)")

figures: packages  ## Write the figures of docs/growth.md anew, by prod's config, what was measured, and prices
	@PYTHONPATH=pulumi $(VENV)/python -m ops.simulate.figures

rehearse: packages  ## Let ten times the traffic come to the local system, watch it scale, and write a page (SECONDS_PER_MINUTE=10 BASE=8)
	@PYTHONPATH=pulumi $(VENV)/python -m ops.rehearse $(if $(BASE),--base "$(BASE)") \
		$(if $(SECONDS_PER_MINUTE),--seconds-per-minute "$(SECONDS_PER_MINUTE)")

schema: packages  ## Write the schema by which editors complete and check Pulumi.<stack>.yaml
	@PYTHONPATH=pulumi $(VENV)/python -m ops.schema

preview:  ## Preview STACK=prod and judge it, on the emulator and without credentials; EVENTS=FILE keeps the events
	@$(LOCAL) preview "$(or $(STACK),local)" $(if $(EVENTS),--events "$(EVENTS)")

policy-check: preview  ## The same as `make preview`, for whoever looks for the policies

policies: packages  ## Print the rules of the policy pack as a table
	@PYTHONPATH=policies $(VENV)/python -m todo_policies

mutants: packages  ## Change prod and dev in one property after the other, and see what the policies stop
	@PYTHONPATH=pulumi:policies $(VENV)/python -m tests.policies.mutants

mutate-policies: packages  ## Change the policies' code line by line, and see what their tests notice (MODULES=reachability)
	@$(VENV)/python -m tests.policies.mutate $(MODULES)

status:  ## Show what runs and whether the page is ready
	@$(LOCAL) status

down:  ## Remove everything that `make up` started; builds stay cached
	@$(LOCAL) down

env:  ## Print the local system's environment: eval "$(make -s env)", then use pulumi, aws, terraform
	@$(LOCAL) env

parity:  ## List what a local run does not exercise of AWS
	@$(LOCAL) parity

sbom: packages  ## Write what the image holds to .local/sbom (IMAGE= or BASE_IMAGE= for another one)
	@image=$${IMAGE:-$$(docker build --quiet --build-arg BASE_IMAGE=$(BASE_IMAGE) app)} \
		&& PYTHONPATH=app $(VENV)/python -m image.sbom "$$image" .local/sbom/todo.cdx.json

scan: packages  ## Show what ECR found in the image of STACK=local, or in IMAGE=; fails from THRESHOLD=HIGH on
	@$(VENV)/python -m ops.scan $(if $(IMAGE),--image "$(IMAGE)",--stack "$(or $(STACK),local)") \
		$(if $(THRESHOLD),--threshold $(THRESHOLD))

scan-config: packages $(CHECKOV)/.installed  ## Hold terraform/ and app/Dockerfile to checkov's and hadolint's rules, offline
	$(VENV)/hadolint app/Dockerfile
	$(CHECKOV)/bin/checkov --config-file .checkov.yaml

.local/%/.installed: tests/%.txt
	$(PYTHON) -m venv --clear $(@D)
	$(@D)/bin/pip install --quiet --disable-pip-version-check --requirement $<
	@touch $@

supply-chain: packages $(PIP_AUDIT)/.installed  ## Known weaknesses of packages, modules and image, and secrets, as one table (IMAGE=, PARTS="python go secrets image")
	@$(VENV)/python -m ops.supply_chain $(if $(IMAGE),--image "$(IMAGE)",--base-image "$(BASE_IMAGE)") $(PARTS)

secrets: packages  ## Look for secrets in the tree and in its history
	@$(VENV)/python -m ops.supply_chain secrets

report: packages  ## Write what a pull request is told to REPORT=.local/report.md, from EVENTS=prod=prod.jsonl and BASE=main
	@mkdir -p "$(dir $(or $(REPORT),.local/report.md))"
	@PYTHONPATH=pulumi $(VENV)/python -m ops.report $(addprefix --events ,$(EVENTS)) \
		$(addprefix --folder ,$(FOLDER)) $(addprefix --check ,$(CHECKS)) \
		$(if $(BASE),--base "$(BASE)") --output "$(or $(REPORT),.local/report.md)"
	@echo "  $(or $(REPORT),.local/report.md)"

ownership: packages  ## Say whether the change from BASE=main needs the platform team's review
	@$(VENV)/python -m ops.ownership --base "$(or $(BASE),main)"

clean: down  ## `make down`, then drop caches, logs and the virtual environment
	rm -rf .local .venv

test:  ## Run every test: unit, engine, browser, and faults in their short form
	$(MAKE) --jobs 3 --output-sync=target browser $(CHECKOV)/.installed $(SSLYZE)/.installed
	$(MAKE) --jobs 2 --output-sync=target _test-others coverage _test-policies _test-properties
	$(MAKE) --jobs 2 --output-sync=target _test-system _test-beside
	$(PYTEST) -m faults

_test-others:
	$(PYTEST) -m "not engine and not browser and not faults" --ignore tests/infra --ignore tests/policies

_test-policies:
	$(PYTEST) tests/policies

_test-properties:
	$(PYTEST) $(PROPERTIES)

# Most of the time they wait for AWS's provider; what is short and needs a processor gives way.
_test-system:
	$(PYTEST) -m "engine or browser"

_test-beside:
	nice $(MAKE) lint scan-config

test-unit: packages  ## Run the quick tests: no Docker, seconds
	$(PYTEST) -m "not engine and not browser and not faults"

coverage: packages  ## Run the tests of pulumi/ and show what of it they reach; fails when that is less than before
	$(VENV)/coverage run -m pytest tests/infra --ignore $(PROPERTIES)
	$(VENV)/coverage report

picture: packages  ## Draw docs/architecture.svg anew, from what the program registers
	@PYTHONPATH=pulumi $(VENV)/python -m tests.picture

test-engine: packages $(SSLYZE)/.installed  ## Run the tests on the real engine, emulator and containers
	$(PYTEST) -m engine

test-browser: browser  ## Run the tests in Chromium against the running system
	$(PYTEST) -m browser

faults: packages  ## Kill, restart, freeze, cut off, fill up and replace under load, for an hour or more (SEED=, of an earlier run)
	$(PYTEST) tests/faults --long $(if $(SEED),--seed "$(SEED)")

bench-app: packages  ## Measure the application beside its peers (ROUNDS=3 SECONDS=5); SHORT=1 only tries it
	@$(VENV)/python -m bench.app $(if $(SHORT),--short) \
		$(if $(ROUNDS),--rounds $(ROUNDS)) $(if $(SECONDS),--seconds $(SECONDS))

bench-preview: packages  ## Measure previews beside `terraform plan`, and with policies beside without (ROUNDS=5); SHORT=1
	@$(VENV)/python -m bench.preview $(if $(SHORT),--short) $(if $(ROUNDS),--rounds $(ROUNDS))

bench-capacity: packages  ## Measure what a task of each size serves (ROUNDS=4 SECONDS=4); WRITE=1 takes the result into the plan; OVERLOAD=1 sends more; SHORT=1
	@PYTHONPATH=pulumi $(VENV)/python -m bench.capacity $(if $(SHORT),--short) $(if $(WRITE),--write) \
		$(if $(ROUNDS),--rounds $(ROUNDS)) $(if $(SECONDS),--seconds $(SECONDS)) $(if $(CGROUP),--cgroup $(CGROUP)) \
		$(if $(OVERLOAD),--overload) $(if $(BESIDE),--beside "$(BESIDE)")

lint: packages  ## Check style, types and formatting
	$(VENV)/ruff check
	$(VENV)/ruff format --check
	$(VENV)/mypy app pulumi local bench ops tests
	$(VENV)/mypy policies
	terraform -chdir=terraform fmt -check -diff

format: packages  ## Rewrite the sources in the project's format
	$(VENV)/ruff check --fix
	$(VENV)/ruff format
	terraform -chdir=terraform fmt

packages:  ## Install the Python packages of tests and checks
	@$(LOCAL) packages

browser:  ## Install those packages, and a browser for the tests
	@$(LOCAL) browser
