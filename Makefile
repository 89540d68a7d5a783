.DEFAULT_GOAL := help
SWIFT_SOURCES := Package.swift Sources Tests Benchmarks Fuzz
PREFIX ?= /usr/local

.PHONY: help quickstart test bench chaos fuzz apifuzz format lint docs install

help: ## what each target does
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/\1|\2/' | awk -F'|' '{printf "  make %-11s %s\n", $$1, $$2}'

quickstart: ## install what is missing, build, and run the demo; leaves nothing running
	@scripts/setup
	swift build -c release --product kin
	"$$(swift build -c release --show-bin-path)/kin" demo

test: ## install what is missing, run every test
	@scripts/setup
	@scripts/test

bench: ## measure, beside peers in the same run; prints the table of docs/benchmarks.md
	@scripts/setup redis-server nats-server nginx-light wrk curl socat
	@Benchmarks/run

chaos: ## make every kind of trouble for real processes, for longer than the tests do (KILLS=1000 SEED=1)
	@scripts/setup
	swift build -c release --product kin
	"$$(scripts/python)" Chaos/chaos.py --kin "$$(swift build -c release --show-bin-path)/kin" --seed $(or $(SEED),1) $(if $(KILLS),--kills $(KILLS))

fuzz: ## feed every parser damaged bytes (SECONDS=60 SEED=1); findings go to Fuzz/findings
	@scripts/setup
	swift build --product kin-fuzz
	"$$(swift build --show-bin-path)/kin-fuzz" --seconds $(or $(SECONDS),60) --seed $(or $(SEED),1)

apifuzz: ## ask a real daemon whatever its OpenAPI document allows and forbids (EXAMPLES=100 SEED=1)
	@scripts/setup
	swift build --product kin
	"$$(scripts/python)" Interop/fuzz_api.py --kin "$$(swift build --show-bin-path)/kin" --max-examples $(or $(EXAMPLES),100) --seed $(or $(SEED),1)

format: ## format the Swift code in place
	swift format --in-place --recursive --parallel $(SWIFT_SOURCES)

lint: ## check the format
	swift format lint --strict --recursive --parallel $(SWIFT_SOURCES)

docs: ## build the documentation of the library targets
	scripts/docs

install: ## build in release and copy kin to $(PREFIX)/bin
	@scripts/setup
	swift build -c release --product kin
	install -d "$(PREFIX)/bin"
	install -m 755 "$$(swift build -c release --show-bin-path)/kin" "$(PREFIX)/bin/kin"
