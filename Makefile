# make test   all tests, with what they need installed first
# make unit   the tests that need no server and no browser
# make lint   formatters and linters, pinned in tools/go.mod
# make fuzz   each fuzz test for FUZZTIME: a number of runs such as 20000x, or a time
# make prove  what the proofs sample in make test, as a whole, within 30 minutes
# make mutate each guard of e2e/guards/guards.txt broken on purpose; a test has to notice, within 30 minutes
# make bench  benchmarks
# make template   the deployment's template and the examples': SAM CLI's own checks, cfn-lint, checkov, what SAM makes of it
# make sam-local  the deployment on this machine, until Ctrl-C; EXAMPLE=attach-http-api: that example; TEMPLATE=FILE: one of yours
# make dynamodb   DynamoDB Local on this machine
SHELL    := /bin/bash
.SHELLFLAGS := -euo pipefail -c
GO       ?= go
TOOL      = $(GO) tool -modfile=tools/go.mod
KILLS    ?= 300
LOADING   = ./core/store/dynamo/servertest
FUZZTIME ?= 20000x
GUARDS   ?= 12
MOST     ?= 30m

# The functions of template.yaml, by logical id; Demo is for local trials.
FUNCTIONS     = Login Authorize Admin Monitor Events Demo
GOARCH_LAMBDA ?= arm64

TEMPLATES = template.yaml $(wildcard examples/*/template.yaml examples/*/local.yaml)

.PHONY: build test race unit lint fuzz prove proofs mutate bench needs template sam-local dynamodb $(FUNCTIONS:%=build-%) $(TEMPLATES:%=template/%)

build:
	CGO_ENABLED=0 $(GO) build -trimpath -o bin/coatcheck ./local

needs:
	@echo "About to fetch the Go modules of go.sum; from Debian what is missing of chromium, curl, java, maven, node, prometheus, python3,"
	@echo "and an engine for containers; with Maven DynamoDB Local; with pip moto, AWS SAM CLI and checkov. Each says so itself."
	$(GO) mod download
	@tools/need chromium chromium
	@tools/need curl curl
	@tools/need node nodejs
	@tools/prometheus
	@tools/dynamodb-local fetch
	@tools/moto install
	@tools/sam venv
	@tools/checkov venv

# The race detector slows hashing down and makes pools allocate, so the crash test
# and the counts of allocations run without it. A package that left its tests out for
# want of a server is a failure here. The suite that loads the databases runs by
# itself, and first: a cold or busy DynamoDB Local takes longer than the product waits.
test: needs
	log=$$(mktemp); trap 'rm -f $$log' EXIT; \
	COATCHECK_TEST_CHROMIUM=$$(command -v chromium) COATCHECK_TEST_CURL=$$(command -v curl) \
		COATCHECK_TEST_NODE=$$(command -v node) COATCHECK_TEST_PROMETHEUS=$$(command -v prometheus) \
		COATCHECK_TEST_SAM=$$(tools/sam venv) COATCHECK_TEST_GUARDS=$(GUARDS) tools/with-databases $(MAKE) race 2>&1 | tee $$log; \
	! grep 'no tests to run' $$log
	$(GO) test -count=1 -run Allocates ./core/... ./functions/internal/xray
	COATCHECK_TEST_KILLS=$(KILLS) $(GO) test -count=1 -timeout 20m -run TestKill -v ./local
	COATCHECK_TEST_SCAN=100000 $(GO) test -count=1 -timeout 20m -run TestNothingSecret -v ./e2e/secrets
	$(MAKE) template
	tools/sam-local test
	@echo "ran: memory and bolt in process; core/store/dynamo on DynamoDB Local 3.1.0 and on moto; local on bolt and on DynamoDB Local"
	@echo "ran: login, authorize and admin as binaries on DynamoDB Local, behind sam local start-api, and behind SAM's emulators;"
	@echo "     the examples' functions, page and program, too"

race:
	$(GO) test -race -count=1 -timeout 30m $(LOADING)
	$(GO) test -race -count=1 -timeout 30m $$($(GO) list ./... | grep -v '/$(notdir $(LOADING))$$\|/e2e/guards$$\|/e2e/samlocal$$')
	$(GO) test -count=1 -v ./e2e/guards

unit:
	$(GO) test ./...
	@$(GO) test -v ./e2e/... ./functions/e2e ./core/store/dynamo/servertest | grep '^left out'

lint:
	$(TOOL) golangci-lint run ./...
	$(GO) mod tidy -diff
	$(GO) mod verify

fuzz:
	@set -e; for package in $$($(GO) list ./...); do \
		for name in $$($(GO) test -list '^Fuzz' $$package | grep '^Fuzz' || true); do \
			echo "$$package $$name"; \
			$(GO) test -run '^$$' -fuzz "^$$name\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 10x $$package; \
		done; \
	done

PROOFS = TestHistory|TestRaces|TestFaults|TestLimits|TestMachine|TestRotation

prove:
	tools/within $(MOST) $(MAKE) --no-print-directory proofs

proofs:
	COATCHECK_TEST_PROVE=1 $(GO) test -count=1 -timeout $(MOST) -v -run '$(PROOFS)' \
		./proof ./core/session ./core/store/memory ./core/store/bolt | grep -v '^=== '
	COATCHECK_TEST_PROVE=1 tools/with-databases $(GO) test -count=1 -timeout $(MOST) -v -run 'TestLocalHistory|TestLocalMetricsAreTrue|TestLocalPurge|TestLocalLife$$' \
		./core/store/dynamo/servertest | grep -v '^=== '
	COATCHECK_TEST_KILLS=2000 $(GO) test -count=1 -timeout $(MOST) -v -run 'TestKill|TestReady' ./local

mutate:
	COATCHECK_TEST_GUARDS=all tools/within $(MOST) tools/with-databases $(GO) test -count=1 -timeout $(MOST) -v ./e2e/guards

bench:
	$(GO) test -run '^$$' -bench . -benchmem ./core/...
	$(GO) test -run '^$$' -bench . ./functions/bench

# What sam build runs for each function: Login is functions/login. It hands over
# ARTIFACTS_DIR and not the architecture, so GOARCH_LAMBDA has to agree with the
# template's parameter. The same sources give the same bytes, in whichever folder.
$(FUNCTIONS:%=build-%): build-%:
	CGO_ENABLED=0 GOOS=linux GOARCH=$(GOARCH_LAMBDA) $(GO) build -trimpath -buildvcs=false -tags lambda.norpc -ldflags '-s -w' \
		-o "$(ARTIFACTS_DIR)/bootstrap" ./functions/$(shell echo $* | tr A-Z a-z)

# No check covers the others: the first one passes unknown properties of CloudFormation,
# the second one what SAM cannot translate, both a circle of references, which stands
# only in what the template becomes, where SAM may have put a parameter's value into its
# place (W2001). checkov looks for what is allowed and unwise.
template:
	@tools/sam venv >/dev/null
	$(MAKE) --no-print-directory --jobs=2 --output-sync $(TEMPLATES:%=template/%)
	"$$(tools/sam venv)/bin/cfn-lint" $(TEMPLATES)
	made=$$(mktemp -d); trap 'rm -rf $$made' EXIT; \
	for file in $(TEMPLATES); do "$$(tools/sam venv)/bin/python" tools/translate.py $$file >$$made/$${file//\//-}.json; done; \
	"$$(tools/sam venv)/bin/cfn-lint" $$made/* --ignore-checks W2001
	tools/checkov $(TEMPLATES)
	COATCHECK_TEST_SAM=$$(tools/sam venv) $(GO) test -count=1 ./e2e/template/... # a run without the variable may be cached

$(TEMPLATES:%=template/%): template/%:
	tools/sam validate --template-file $*
	tools/sam validate --lint --template-file $*

sam-local:
	@tools/sam-local $(if $(EXAMPLE),--template examples/$(EXAMPLE)/local.yaml,$(if $(TEMPLATE),--template $(TEMPLATE)))

dynamodb:
	@tools/dynamodb-local start
