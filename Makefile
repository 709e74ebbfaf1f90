# make test   all tests, with what they need installed first
# make unit   the tests that need no server and no browser
# make lint   formatters and linters, pinned in tools/go.mod
# make fuzz   each fuzz test for FUZZTIME
# make bench  benchmarks
GO       ?= go
TOOL      = $(GO) tool -modfile=tools/go.mod
KILLS    ?= 300
FUZZTIME ?= 10s

.PHONY: build test unit lint fuzz bench needs

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

lint:
	$(TOOL) golangci-lint run ./...
	$(GO) mod tidy -diff
	$(GO) mod verify

fuzz:
	@set -e; for package in $$($(GO) list ./...); do \
		for name in $$($(GO) test -list '^Fuzz' $$package | grep '^Fuzz' || true); do \
			echo "$$package $$name"; \
			$(GO) test -run '^$$' -fuzz "^$$name\$$" -fuzztime $(FUZZTIME) $$package; \
		done; \
	done

bench:
	$(GO) test -run '^$$' -bench . -benchmem ./core/...
