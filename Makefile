# make test   all tests, with what they need installed first
# make unit   the tests that need no server and no browser
# make lint   formatters and linters, pinned in tools/go.mod
# make fuzz   each fuzz test for FUZZTIME: a number of runs such as 20000x, or a time
# make bench  benchmarks
# make template   the deployment's template: SAM CLI's own checks and cfn-lint
# make sam-local  the deployment on this machine, until Ctrl-C
# make dynamodb   DynamoDB Local on this machine
GO       ?= go
TOOL      = $(GO) tool -modfile=tools/go.mod
KILLS    ?= 300
FUZZTIME ?= 20000x

# The functions of template.yaml, by logical id; Demo is for local trials.
FUNCTIONS     = Login Authorize Admin Demo
GOARCH_LAMBDA ?= arm64

.PHONY: build test unit lint fuzz bench needs template sam-local dynamodb $(FUNCTIONS:%=build-%)

build:
	CGO_ENABLED=0 $(GO) build -trimpath -o bin/coatcheck ./local

needs:
	@echo "About to fetch the Go modules of go.sum, and from Debian what is missing of: chromium, curl."
	$(GO) mod download
	@tools/need chromium chromium
	@tools/need curl curl

# The race detector slows hashing down and makes pools allocate, so the crash test
# and the counts of allocations run without it.
test: needs
	COATCHECK_TEST_CHROMIUM=$$(command -v chromium) COATCHECK_TEST_CURL=$$(command -v curl) \
		$(GO) test -race -count=1 -timeout 20m ./...
	$(GO) test -count=1 -run Allocates ./core/...
	COATCHECK_TEST_KILLS=$(KILLS) $(GO) test -count=1 -timeout 20m -run TestKill -v ./local

unit:
	$(GO) test ./...
	@$(GO) test -v ./e2e/... | grep '^left out'

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

bench:
	$(GO) test -run '^$$' -bench . -benchmem ./core/...

# What sam build runs for each function: Login is functions/login. It hands over
# ARTIFACTS_DIR and not the architecture, so GOARCH_LAMBDA has to agree with the
# template's parameter. The same sources give the same bytes, in whichever folder.
$(FUNCTIONS:%=build-%): build-%:
	CGO_ENABLED=0 GOOS=linux GOARCH=$(GOARCH_LAMBDA) $(GO) build -trimpath -buildvcs=false -tags lambda.norpc -ldflags '-s -w' \
		-o "$(ARTIFACTS_DIR)/bootstrap" ./functions/$(shell echo $* | tr A-Z a-z)

# No check covers the others: the first one passes unknown properties of CloudFormation,
# the second one what SAM cannot translate, both a circle of references, which stands
# only in what the template becomes.
template:
	tools/sam validate
	tools/sam validate --lint
	"$$(tools/sam venv)/bin/cfn-lint" template.yaml
	"$$(tools/sam venv)/bin/python" tools/translate.py template.yaml | "$$(tools/sam venv)/bin/cfn-lint"

sam-local:
	@tools/sam-local

dynamodb:
	@tools/dynamodb-local start
