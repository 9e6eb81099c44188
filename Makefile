# Thin: everything real is in Meson and scripts/. `make` builds the library and the program.
PREFIX ?= /usr/local
DESTDIR ?=

.PHONY: build demo test test-quick bench stress soak install format check check-flaky check-dmabuf check-apple clean help

build: ## build the library and the program in build/
	@scripts/setup build
	@scripts/build build

demo: build ## share a picture between two processes and report the figures
	@build/cli/geyser demo

test: ## run the suite plain, under ASan + UBSan + LSan, and under TSan
	@scripts/setup test
	@scripts/test plain asan tsan

test-quick: ## run the suite plain only
	@scripts/setup test
	@scripts/test plain

bench: ## measure against the same work done by hand
	@scripts/setup build
	@scripts/build build-release --buildtype=release -Dbench=true
	@build-release/bench/geyser-bench

stress: ## ten million frames through the ring, every word checked (minutes)
	@scripts/setup test
	@scripts/build build-release --buildtype=release -Dtests=true
	@build-release/tests/stress/ring_stress --frames 10000000 --buffers 16

soak: ## streams under churn and kill -9 for five minutes
	@scripts/setup test
	@scripts/build build -Dtests=true -Dbench=true
	@build/tests/stress/soak --seconds 300

install: ## install under PREFIX (/usr/local); DESTDIR is honoured
	@scripts/setup build
	@scripts/as-owner scripts/build build -Dprefix=$(PREFIX)
	@meson install -C build --no-rebuild $(if $(DESTDIR),--destdir "$(abspath $(DESTDIR))")

format: ## rewrite the C sources as .clang-format says
	@scripts/setup test
	@scripts/check --fix-format

check: ## formatting, clang-tidy, cppcheck, include directions, file sizes, comments, pages
	@scripts/setup test
	@scripts/build build -Dtests=true -Dbench=true
	@scripts/check

check-flaky: ## run the process, thread and Python suites 50 times under load (an hour)
	@scripts/setup test
	@scripts/build build -Dtests=true -Dbench=true
	@scripts/check-flaky

check-dmabuf: ## run tests in a Debian 13 guest, which has dma-bufs (minutes; root once)
	@scripts/setup dmabuf
	@scripts/check-dmabuf

check-apple: ## five proofs of the Metal backend, without a Mac (minutes)
	@scripts/setup apple
	@scripts/check-apple

clean: ## remove what was built
	rm -rf build build-*

help: ## show this
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | expand -t 14
