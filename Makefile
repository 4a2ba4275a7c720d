# Everything a fresh machine lacks is found or installed by these targets; Go and
# make are all it needs. Where there is no C compiler or no libusb the targets
# still work, without USB: scripts/deps.sh says which way was taken.

.DEFAULT_GOAL := help
.NOTPARALLEL:

# deps runs scripts/deps.sh once for each call of make, at the first recipe that
# needs it, and never for those that do not.
deps = $(eval deps := export $(shell scripts/deps.sh) &&)$(deps)

# tool runs a program at the version that tools/go.mod pins.
tool := go tool -modfile=tools/go.mod

# KILLS is how often the crash test kills the till; FUZZTIME is for each target.
KILLS ?= 200
FUZZTIME ?= 10s

.PHONY: help
help: ## List the targets (this text).
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: build
build: ## Build balcao and balcao-sim into bin.
	@$(deps) go build -tags "$$TAGS" -o bin/ ./cmd/...

.PHONY: demo
demo: build ## Open a till in a whole simulated shop: no hardware, no account, no configuration.
	@bin/balcao-sim demo

.PHONY: flow
flow: build ## Walk a purchase through every step of the integration process, with its proof.
	@bin/balcao-sim flow

.PHONY: test
test: format vet lint build-pure race ## Run all that must pass: the five targets below.

.PHONY: format
format: ## Name the Go files that gofumpt would change, and fail if there are any.
	@files=$$($(tool) gofumpt -l .) && { [ -z "$$files" ] || { echo "not formatted; run: $(tool) gofumpt -w FILE"; echo "$$files"; false; }; }

.PHONY: vet
vet: ## Run go vet.
	@$(deps) go vet -tags "$$TAGS" ./...

.PHONY: lint
lint: ## Run staticcheck.
	@$(deps) $(tool) staticcheck -tags "$$TAGS" ./...

.PHONY: build-pure
build-pure: ## Build every package without a C compiler and without USB.
	@CGO_ENABLED=0 go build -tags nousb ./...

.PHONY: race
race: ## Run all tests under the race detector and print a summary.
	@scripts/deps.sh tmux
	@$(deps) $(tool) gotestsum --format pkgname-and-test-fails --format-hide-empty-pkg -- $$RACE -tags "$$TAGS" ./...

.PHONY: crash
crash: ## Kill the till KILLS times in mid-sale and check that no money was lost or taken twice.
	@$(deps) go test -tags "$$TAGS" ./internal/till -run "^TestCrash$$" -count=1 -crash.kills=$(KILLS) -v -timeout 30m

# ratios passes the output of benchmarks on, and in the end prints a table of those
# named BenchmarkRatio. It fails if any benchmark did.
define ratios
/^(--- )?FAIL/ { failed = 1 }
/^BenchmarkRatio.* ratio/ {
	name = $$1; sub(/^[^\/]*\//, "", name); sub(/-[0-9]+$$/, "", name); gsub(/_/, " ", name); split(name, names, ", ")
	for (i = 3; i < NF; i += 2) {
		split($$(i + 1), unit, "-")
		if (unit[1] == "measured") measured = $$i " " unit[2]
		else if (unit[1] == "peer" || unit[1] == "limit") other = $$i " " unit[2]
		else if (unit[1] == "ratio") ratio = $$i
	}
	table = table sprintf("%-50s %15s   %-50s %9s\n", names[1], measured, other ": " names[2], ratio)
}
/^not measured: / { sub(/BenchmarkRatio[^\/]*\//, ""); gsub(/_/, " "); notes = notes $$0 "\n" }
{ print }
END { printf "\n%-50s %15s   %-50s %9s\n%s", "", "measured", "limit or peer", "ratio", table notes; exit failed }
endef
export ratios

.PHONY: bench
bench: ## Measure speed and memory of everything that has a benchmark; a table of ratios ends it.
	@$(deps) { go test -tags "$$TAGS" -run '^$$' -bench . -benchmem ./... || echo FAIL; } | awk "$$ratios"

.PHONY: fuzz
fuzz: ## Feed each fuzz target random input for FUZZTIME.
	@$(deps) grep -rHo --include='*_test.go' '^func Fuzz[A-Za-z0-9_]*' . | sed 's/:func / /' | while read -r file target; do \
		echo "== $$(dirname "$$file") $$target"; \
		go test -tags "$$TAGS" "$$(dirname "$$file")" -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) || exit; \
	done

# users lists the packages whose tests contain a text.
users = $$(grep -rl --include='*_test.go' '$(1)' . | xargs -r -n1 dirname | sort -u)

.PHONY: golden
golden: ## Rewrite the golden files with the present output; read the diff before committing it.
	@$(deps) go test -tags "$$TAGS" $(call users,"balcao/internal/golden") -golden.update

.PHONY: docs
docs: ## Redraw the pictures in docs/img, which are golden files of the tests that name that folder.
	@$(deps) go test -tags "$$TAGS" $(call users,docs/img) -golden.update

.PHONY: generate
generate: ## Generate the Go types of the contract from sync/wire/openapi.yaml.
	@$(deps) go generate ./sync/wire

.PHONY: clean
clean: ## Remove what these targets made: bin and .deps.
	@rm -rf bin .deps
