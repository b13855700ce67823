# Everything a newcomer needs: `make run` and `make test`. CI runs the same targets.

SWIFT ?= swift
RELEASE_FLAGS := -c release --scratch-path .build-release -Xswiftc -static-stdlib
BINARY := .build-release/release/tollgate

.PHONY: help run test test-apisix test-long check format build setup setup-long docs fuzz bench bench-check check-allocations bench-algorithms bench-expressions bench-peers bench-admin clean

help:
	@echo "make run          build in release and run the demo"
	@echo "make test         all tests that take seconds"
	@echo "make test-long    those that take minutes, too"
	@echo "make setup-long   what test-long uses beside; without it the parts that need it are skipped, and say so"
	@echo "make test-apisix  the published cases of Apache APISIX against the Admin API (CASES=folder)"
	@echo "make check        formatting, import direction, generated pages"
	@echo "make fuzz         the fuzzers, one after the other (SECONDS=N in all, TARGETS='json jws')"
	@echo "make build        the release binary: $(BINARY)"
	@echo "make bench-algorithms  verifying a token against jwt-kit, per algorithm"
	@echo "make bench-expressions  rules against cel-expr-python, the C++ runtime behind Python"
	@echo "make bench-peers  beside HAProxy, nginx and Envoy; writes Docs/Performance.md (QUICK=1: a first look)"
	@echo "make bench-admin  writes of the Admin API with 100,000 consumers and 10,000 routes"
	@echo "make bench        each stage of a request by itself (make bench-check: against its thresholds;"
	@echo "                  make check-allocations: but for the times, which a busy machine spoils)"

setup:
	@Scripts/setup

setup-long: setup
	@Scripts/setup long

build: setup
	$(SWIFT) build $(RELEASE_FLAGS) --product tollgate

run: build
	$(BINARY) demo

test: setup
	$(SWIFT) build --build-tests
	$(SWIFT) test --skip-build --parallel

# The published cases of Apache APISIX against a gateway of ours; CASES names the folder they are in.
test-apisix: setup
	$(SWIFT) build --product tollgate
	Scripts/test-apisix .build/debug/tollgate $(CASES)

test-long: build test
	TOLLGATE_BINARY=$(BINARY) TOLLGATE_LONG=1 $(SWIFT) test --skip-build --filter EndToEndTests
	Scripts/end-to-end $(BINARY)
	Scripts/try-clients $(BINARY)
	Scripts/try-chaos $(BINARY)
	Scripts/probe-tls $(BINARY)
	Scripts/schemathesis $(BINARY)

check: setup
	Scripts/check

# The pages that are made from the code.
docs:
	$(SWIFT) build --product tollgate
	.build/debug/tollgate refusals > Docs/Refusals.md
	.build/debug/tollgate cel reference > Docs/Expressions.md
	.build/debug/tollgate schema agentgateway > Docs/Reference/agentgateway.schema.json
	.build/debug/tollgate schema agentgateway --markdown > Docs/Reference/Agentgateway.md
	.build/debug/tollgate schema apisix --markdown > Docs/Reference/APISIX.md
	.build/debug/tollgate schema apisix --openapi > Docs/Reference/APISIX.openapi.json

format:
	$(SWIFT) format --in-place --recursive --parallel Package.swift Sources Tests Fuzz \
		Benchmarks/Algorithms/Package.swift Benchmarks/Algorithms/Sources/Algorithms Benchmarks/Expressions/Sources \
		Benchmarks/Stages/Package.swift Benchmarks/Stages/Benchmarks

fuzz: setup
	Fuzz/run --seconds $(or $(SECONDS),480) $(TARGETS)

bench-algorithms:
	cd Benchmarks/Algorithms && $(SWIFT) build -c release && .build/release/Algorithms

bench-expressions: setup
	Benchmarks/Expressions/run

bench-peers: $(if $(TOLLGATE),,build)
	Benchmarks/Peers/run $(if $(QUICK),--quick,--markdown Docs/Performance.md) --tollgate $(or $(TOLLGATE),$(BINARY))

bench-admin: $(if $(TOLLGATE),,build)
	Benchmarks/Admin/run --tollgate $(or $(TOLLGATE),$(BINARY))

bench:
	Benchmarks/Stages/run

bench-check:
	Benchmarks/Stages/run --check

check-allocations:
	Benchmarks/Stages/run --check-allocations

clean:
	rm -rf .build .build-release .build-nanoidp .build-grpc .build-clients .build-fuzz .build-bench .build-schemathesis \
	    Benchmarks/Algorithms/.build \
	    Benchmarks/Stages/.build
