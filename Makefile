# The front door: each target installs what it needs (tools/setup) and says what it does. The build
# itself is Meson's (meson.build), the tests' runner is tools/test.

.DEFAULT_GOAL := help
.PHONY: help build run test test-rest test-full soak bench fuzz format lint install clean
PREFIX ?= /usr/local
# Passed on: make run ARGS="--listen 127.0.0.1:9000", make test ARGS="--only telegram", make soak ARGS=60
ARGS ?=
# Of make fuzz: targets (all), and seconds for each.
T ?=
S ?= 60

help: ## List the targets
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 12

build: ## Install what is missing and leave the release program at build/nudge
	@tools/setup build run
	@tools/build release nudge
	@echo "build: build/nudge is ready"

run: build ## Build, then start the demonstration and say where to look
	@build/nudge demo $(ARGS)

test: ## Every kind of test in small counts (at most 15 minutes on 2 cores)
	@tools/setup build run test
	@tools/test $(ARGS)

test-rest: ## What test-full adds to test
	@tools/setup build run test full
	@tools/test --rest $(ARGS)

test-full: ## The whole matrix: compilers, sanitizers, valgrind, coverage, long suites
	@tools/setup build run test full
	@tools/test --all $(ARGS)

soak: ## Live through fresh seeds, fuzz and repeat all quick tests until stopped or failed
	@tools/setup build run test full
	@tools/soak $(ARGS)

bench: ## Measure and print the figures
	@tools/setup build run bench
	@bench/run $(ARGS)

fuzz: ## Fuzz every target, a minute each; T="str text" only these, S=600 seconds each
	@tools/setup build run test full
	@tools/fuzz $(S) $(T)

format: ## Bring the C files into the project's format
	@tools/setup test
	@tools/format

lint: ## Check format, scripts, types of the pages and the repository's own rules
	@tools/setup build test
	@tools/tidy
	@tools/tidy_test.py
	@tools/test_test.py
	@tools/format --check
	@shellcheck tools/setup tools/build tools/format tools/fuzz tools/soak tools/fresh-root bench/run .ci/run
	@npm --prefix web run --silent check
	@echo "lint: nothing to complain about"

install: ## Install the program and its service below PREFIX (and DESTDIR)
	@test -x build/nudge || $(MAKE) build
	install -D -m 755 build/nudge "$(DESTDIR)$(PREFIX)/bin/nudge"
	install -d "$(DESTDIR)$(PREFIX)/lib/systemd/system" "$(DESTDIR)$(PREFIX)/share/doc/nudge"
	sed 's|/usr/local|$(PREFIX)|g' packaging/nudge.service >"$(DESTDIR)$(PREFIX)/lib/systemd/system/nudge.service"
	install -m 644 README.md CHANGELOG.md LICENSE packaging/nginx.conf packaging/Caddyfile "$(DESTDIR)$(PREFIX)/share/doc/nudge"

clean: ## Remove everything that was built
	rm -rf build build-asan build-clang build-coverage build-dev build-fuzz build-hostile build-tsan
