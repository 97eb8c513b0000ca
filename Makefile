.DEFAULT_GOAL := help
.PHONY: help setup web run demo test check bench soak lambdas deploy destroy test-cloud fuzz

help: ## Lists the commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 18

setup: ## Installs what this machine lacks, or says what to install
	@scripts/phase setup scripts/setup

web: setup
	@scripts/phase web-install npm --prefix web ci --no-audit --no-fund
	@scripts/phase web-build npm --prefix web run build

run: web ## Builds and starts everything on this machine
	@scripts/phase build cargo build --workspace --locked
	@target/debug/cloudalbum-local

demo: web ## The same with a demo account and drawn photos (FAULTS=1: some bad)
	@scripts/phase build cargo build --workspace --locked
	@scripts/demo

test: setup ## Runs every test
	@scripts/test

check: setup ## Checks format, lints, licences and the web app's types
	@scripts/phase fmt cargo fmt --all --check
	@scripts/phase clippy cargo clippy --workspace --all-targets --locked -- -D warnings
	@scripts/phase web-install npm --prefix web ci --no-audit --no-fund
	@scripts/phase web-check npm --prefix web run check
	@scripts/phase dependencies scripts/dependencies
	@scripts/phase infra scripts/check-infra

soak: setup ## Lives random histories under faults for SECONDS (1200)
	@HISTORIES_SECONDS=$(or $(SECONDS),1200) cargo test --workspace --locked --test it -- --exact histories::histories_end_alike_with_faults_and_without --nocapture

bench: web ## Prints every figure, in hours (SUBJECTS="pipeline sight": only those)
	@cargo build --release --workspace --locked
	@target/release/cloudalbum-bench $(SUBJECTS)

lambdas: setup ## Builds the zips of the functions on AWS
	@scripts/phase lambdas scripts/lambdas

deploy: web ## Shows what would change on AWS, then changes it
	@scripts/cloud deploy

destroy: ## Shows what would be removed from AWS, then removes it
	@scripts/cloud destroy

test-cloud: setup ## Applies the Terraform to a second AWS engine and sends photos through
	@scripts/phase test-cloud scripts/test-cloud

fuzz: setup ## Fuzzes the decoders, a minute each (cargo-fuzz and a nightly toolchain)
	@cargo +nightly --version >/dev/null || { echo 'fuzz needs a nightly toolchain: rustup toolchain install nightly'; exit 1; }
	@cargo fuzz --version >/dev/null || { echo 'fuzz needs cargo-fuzz: cargo install cargo-fuzz --locked'; exit 1; }
	@for target in extract render; do mkdir -p target/fuzz/$$target; \
	  cargo +nightly fuzz run $$target target/fuzz/$$target fuzz/corpus/$$target -- -max_total_time=60 || exit 1; done
