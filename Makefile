# Every target works from a clean clone with Go, Node, a C compiler and make. `make help` prints them.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
MAKEFLAGS += --no-print-directory

# One set of cgo flags everywhere, so that every target shares one build cache.
export CGO_CFLAGS := -O2 -g -Wno-deprecated-declarations

GO       ?= go
VERSION  ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
REVISION ?= $(shell git rev-parse HEAD 2>/dev/null || echo unknown)
BRANCH   ?= $(shell git rev-parse --abbrev-ref HEAD 2>/dev/null || echo unknown)
# The date of the commit, not of the build: the same commit builds the same bytes.
DATE     ?= $(shell git log -1 --format=%cI 2>/dev/null || echo unknown)
INFO     := github.com/prometheus/common/version
LDFLAGS  := -X $(INFO).Version=$(VERSION) -X $(INFO).Revision=$(REVISION) -X $(INFO).Branch=$(BRANCH) -X $(INFO).BuildDate=$(DATE)

.DEFAULT_GOAL := help
.PHONY: help build ui run test lint bench generate screenshots clean tools

help: ## Print this list.
	@grep -hE '^[a-z]+:.*## ' Makefile | sed -E 's/^([a-z]+):.*## /\1\t/' | column -t -s $$'\t'

# What `npm ci` installs and what Vite builds are made anew only where what they are made of changed.
UI := web/ui
UI_INSTALLED := $(UI)/node_modules/.package-lock.json
UI_SOURCES := $(shell find $(UI) -path $(UI)/node_modules -prune -o -path $(UI)/dist -prune -o -type f -print)

$(UI_INSTALLED): $(UI)/package.json $(UI)/package-lock.json
	@scripts/need node:nodejs npm:npm
	cd $(UI) && npm ci --no-audit --no-fund --loglevel=error
	@touch $@

$(UI)/dist/index.html: $(UI_INSTALLED) $(UI_SOURCES)
	cd $(UI) && npm run --silent build

ui: $(UI)/dist/index.html ## Build the web UI into web/ui/dist, which the server embeds.

build: tools ui ## Build bin/endscope and bin/endscope-agent with version information.
	$(GO) build -ldflags '$(LDFLAGS)' -o bin/ ./cmd/endscope ./cmd/endscope-agent

run: build ## Build and run the demo: a server, an agent on this machine, and a sample endpoint under load.
	bin/endscope demo $(ARGS)

# lint has vetted everything already, and without symbols, which nothing here reads, the tests' programs are linked in half the time.
test: ui ## Check and test everything, with the race detector, and drive the UI in Chromium. This is what CI runs.
	cd $(UI) && npm run --silent check && npm test --silent
	@GOFLAGS=-race $(MAKE) lint
	@scripts/need node:nodejs npm:npm python3:python3 chromium:chromium
	@scripts/go-test -race -vet=off -ldflags=-s -timeout 20m ./...
	@$(MAKE) build
	cd $(UI) && npm run --silent e2e

# With GOFLAGS=-race, vet and staticcheck read the same compiled packages as the tests do, which halves the time of a first run.
lint: tools ## Check gofmt, go vet and staticcheck.
	@bad=$$(git ls-files -co --exclude-standard '*.go' | while read -r f; do [[ -f $$f ]] && echo "$$f"; done | xargs gofmt -l); \
	if [[ -n $$bad ]]; then printf 'not formatted by gofmt:\n%s\n' "$$bad"; exit 1; fi
	$(GO) vet ./...
	@GOFLAGS= $(GO) build -o .cache/staticcheck honnef.co/go/tools/cmd/staticcheck
	.cache/staticcheck ./...

bench: build ## Run the Go benchmarks, then those of ingestion, questions and the proxy against their peers, of the logs, the agent and the alerts.
	$(GO) test -run '^$$' -bench . -benchmem -timeout 30m ./...
	scripts/debian-tools victoria-metrics nginx prometheus
	$(GO) run ./bench/ingest
	$(GO) run ./bench/query
	$(GO) run ./bench/logs
	$(GO) run ./bench/proxy -agent bin/endscope-agent
	$(GO) run ./bench/agent
	$(GO) run ./bench/alerts

generate: tools $(UI_INSTALLED) ## Write the generated files anew: example configurations, configuration reference, golden files.
	cd $(UI) && npm run --silent generate
	$(GO) test $$(git grep -lE 'Bool\("update"' -- '*_test.go' | xargs dirname | sort -u | sed 's|^|./|') -update

screenshots: build ## Draw the pictures of the user guide, docs/user-guide, from the demo.
	@scripts/need chromium:chromium
	cd $(UI) && npm run --silent screenshots

clean: ## Remove what the other targets made.
	rm -rf bin .cache $(UI)/node_modules
	find $(UI)/dist -mindepth 1 ! -name .gitkeep -delete

tools: ## Install the Debian packages that are missing (as root), or say which.
	@command -v $(GO) >/dev/null || { echo 'go is not on the PATH; install Go 1.26 or newer from https://go.dev/dl'; exit 1; }
	@scripts/need $${CC:-gcc}:gcc $${CC:-gcc}:libc6-dev curl:curl unshare:util-linux
