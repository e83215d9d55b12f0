# emily: `make` builds build/emily, build/libemily.so and build/libemily.a; `make help` lists the rest.
#
# Variables: BUILD (folder, default build), SANITIZE (address, undefined, thread; comma-separated), COVERAGE=1,
# PREFIX and DESTDIR (install), CC, CFLAGS, V=1 (show commands).

BUILD ?= build
PREFIX ?= /usr/local
CC ?= gcc
PKG_CONFIG ?= pkg-config

VERSION := $(shell awk '/define EMILY_VERSION_(MAJOR|MINOR|PATCH) /{printf "%s%s", s, $$3; s="."}' include/emily/base.h)
ABI := $(firstword $(subst ., ,$(VERSION)))
DEPS := jansson libpcre2-8 libutf8proc libzip zlib sndfile soxr libjpeg libpng

OPT ?= -O2
CFLAGS ?= $(OPT) -g
WARN := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla -Wpointer-arith -Wno-missing-field-initializers $(WERROR)
ALL_CPPFLAGS := -Iinclude -Isrc -Itests -D_GNU_SOURCE -DEMILY_BUILD $(shell $(PKG_CONFIG) --cflags $(DEPS)) $(CPPFLAGS)
# Contraction is off so that a sum of products has the same bits in every build; kernels that want FMA say so.
ALL_CFLAGS := -std=c17 -fPIC -fvisibility=hidden -ffp-contract=off -fno-math-errno -fno-trapping-math -pthread $(WARN) $(CFLAGS)
ALL_LDFLAGS := -pthread $(LDFLAGS)
LIBS := $(shell $(PKG_CONFIG) --libs $(DEPS)) -lm -lpthread

ifneq ($(SANITIZE),)
ALL_CFLAGS += -fsanitize=$(SANITIZE) -fno-omit-frame-pointer -fno-sanitize-recover=all
ALL_LDFLAGS += -fsanitize=$(SANITIZE)
endif
ifeq ($(COVERAGE),1)
ALL_CFLAGS += --coverage -fprofile-update=atomic
ALL_LDFLAGS += --coverage
endif
ifneq ($(V),1)
Q := @
endif

LIB_SRC := $(sort $(filter-out src/cli/%,$(shell find src -name '*.c')))
CLI_SRC := $(sort $(wildcard src/cli/*.c))
TEST_SRC := $(sort $(shell find tests -name 'test_*.c'))
TEST_HELP_SRC := $(sort $(wildcard tests/support/*.c))
LIB_OBJ := $(LIB_SRC:%.c=$(BUILD)/obj/%.o)
CLI_OBJ := $(CLI_SRC:%.c=$(BUILD)/obj/%.o)
TEST_HELP_OBJ := $(TEST_HELP_SRC:%.c=$(BUILD)/obj/%.o)
TEST_BIN := $(TEST_SRC:%.c=$(BUILD)/%)

.PHONY: all lib cli tests check clean help
all: lib cli ## build/emily, build/libemily.so and build/libemily.a
lib: $(BUILD)/libemily.a $(BUILD)/libemily.so
cli: $(BUILD)/emily

# Instruction sets belong to their own rooms: chosen at start by cpu flags, never assumed.
# The plain kernels are loops for the compiler to vectorise; with a sanitizer's checks in them that takes minutes a file, and gains nothing.
# clang's checks for undefined behaviour take the longest, and are made by the tests under gcc's: fuzzers do without them here.
KERNEL_OPT := $(if $(SANITIZE),-O1,-O3) $(if $(findstring fuzzer,$(SANITIZE)),-fno-sanitize=undefined)
$(BUILD)/obj/src/backend/cpu/%.o: ISA := $(KERNEL_OPT)
$(BUILD)/obj/src/backend/cpu/avx2/%.o: ISA := -mavx2 -mfma -mf16c $(KERNEL_OPT)
$(BUILD)/obj/src/backend/cpu/avx512/%.o: ISA := -mavx512f -mavx512bw -mavx512dq -mavx512vl -mavx2 -mfma -mf16c -mprefer-vector-width=512 $(KERNEL_OPT)

$(BUILD)/obj/%.o: %.c Makefile
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS) $(ISA) -MMD -MP -c $< -o $@

$(BUILD)/libemily.a: $(LIB_OBJ)
	@rm -f $@
	$(Q)ar rcs $@ $^
$(BUILD)/libemily.so: $(LIB_OBJ)
	$(Q)$(CC) -shared -Wl,-soname,libemily.so.$(ABI) -Wl,--no-undefined $(ALL_LDFLAGS) $^ -o $@.$(VERSION) $(LIBS)
	@ln -sf libemily.so.$(VERSION) $@.$(ABI) && ln -sf libemily.so.$(VERSION) $@

$(BUILD)/emily: $(CLI_OBJ) $(BUILD)/libemily.a
	$(Q)$(CC) $(ALL_LDFLAGS) $^ -o $@ $(LIBS)

tests: cli $(TEST_BIN)
$(BUILD)/tests/%: $(BUILD)/obj/tests/%.o $(TEST_HELP_OBJ) $(BUILD)/libemily.a
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_LDFLAGS) $(filter-out %.a,$^) $(filter %.a,$^) -o $@ $(LIBS) -lcmocka
# Tests of the command's rooms have its objects too, but for its main.
$(filter $(BUILD)/tests/cli/%,$(TEST_BIN)): $(filter-out %/main.o,$(CLI_OBJ))

check: all tests ## build everything and run every test
	$(Q)tests/run $(BUILD)

# Benchmarks: build/bench/<name>; bench/README.md says how to run them.
BENCH_BIN := $(patsubst bench/%.c,$(BUILD)/bench/%,$(sort $(wildcard bench/*.c)))
.PHONY: bench
bench: $(BENCH_BIN) ## build the benchmarks
$(BUILD)/bench/%: $(BUILD)/obj/bench/%.o $(BUILD)/libemily.a
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_LDFLAGS) $^ -o $@ $(LIBS)

# Fuzzing: clang's libFuzzer; tests/fuzz/run SECONDS runs what this builds.
FUZZ_BIN := $(patsubst tests/fuzz/%.c,$(BUILD)/fuzz/%,$(sort $(wildcard tests/fuzz/fuzz_*.c)))
.PHONY: fuzz fuzz-targets
fuzz: ## build the fuzz targets into build-fuzz
	$(Q)$(MAKE) BUILD=build-fuzz CC=clang SANITIZE=fuzzer-no-link,address,undefined fuzz-targets
fuzz-targets: $(FUZZ_BIN)
$(BUILD)/fuzz/%: $(BUILD)/obj/tests/fuzz/%.o $(BUILD)/libemily.a
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_LDFLAGS) -fsanitize=fuzzer $^ -o $@ $(LIBS)

clean: ## remove BUILD
	rm -rf $(BUILD)

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-12s %s\n", $$1, $$2}' $(filter %.mk Makefile,$(MAKEFILE_LIST))

include tools/install.mk
include tools/python.mk
include tools/check.mk

-include $(BENCH_BIN:$(BUILD)/bench/%=$(BUILD)/obj/bench/%.d)
-include $(FUZZ_BIN:$(BUILD)/fuzz/%=$(BUILD)/obj/tests/fuzz/%.d)
-include $(LIB_OBJ:.o=.d) $(CLI_OBJ:.o=.d) $(TEST_SRC:%.c=$(BUILD)/obj/%.d) $(TEST_HELP_OBJ:.o=.d)
.SECONDARY:
