# tools/check.mk: checks, sanitizer builds, coverage, generated documents. Included by the Makefile.

CHECKS := $(notdir $(wildcard tools/checks/*))

.PHONY: check-all $(CHECKS:%=check-%) asan tsan coverage conformance api-docs op-docs model-docs cli-docs
$(CHECKS:%=check-%): all
	$(Q)tools/check $(BUILD) $(@:check-%=%)

check-all: all ## the checks of sources, headers, library and install (one of them: make check-NAME, see tools/checks)
	$(Q)tools/check $(BUILD)

asan: ## the tests under AddressSanitizer and UndefinedBehaviorSanitizer, in build-asan
	$(Q)$(MAKE) BUILD=build-asan SANITIZE=address,undefined OPT=-O1 tests
	$(Q)tests/run build-asan

tsan: ## the tests under ThreadSanitizer, in build-tsan
	$(Q)$(MAKE) BUILD=build-tsan SANITIZE=thread OPT=-O1 tests
	$(Q)tests/run build-tsan

coverage: ## run the tests in build-coverage and print line and branch coverage of src/ by file
	$(Q)tools/coverage

CASES ?= 300
conformance: all ## every op beside MLX and NumPy, CASES of each (300); report.md and report.json in BUILD/conformance
	$(Q)tools/venv tests/oracle/requirements.txt
	$(Q)EMILY_TEST_BUILD=$(BUILD) PYTHONDONTWRITEBYTECODE=1 .venv/bin/python tests/oracle/test_ops.py --cases $(CASES) --report $(BUILD)/conformance

api-docs: ## write docs/API.md from the public headers
	$(Q)tools/api-docs

op-docs: cli ## write docs/OPS.md from the op table and the comments of the headers
	$(Q)tools/op-docs $(BUILD)/emily

model-docs: cli ## write docs/MODELS.md from the rows of the families
	$(Q)tools/model-docs $(BUILD)/emily

cli-docs: cli ## write man page and completions from `emily help --json`
	$(Q)tools/cli-docs $(BUILD)/emily
