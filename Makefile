# pyconfine. Two commands are enough on a fresh Debian 12: `make demo` and `make check`.
#
#   make             build build/pyconfine
#   make demo        install what is missing, build, and show what works so far
#   make check       install what is missing, build with gcc, clang and sanitizers, run every test, print the totals
#   make unit        only the unit tests, with what is there
#   make golden      store today's plans as those to compare with: tests/golden/README
#   make lint        layering, sizes, formats, what the child side calls: tests/lint
#   make tidy        clang-tidy over the sources: slow, and not part of check
#   make install     PREFIX=/usr/local DESTDIR=: the program, manual pages, completions
#   make leaks       ten thousand runs, and as many that are killed, and what is left of them: nothing
#   make bench       what a launch costs, against a bare start and against bubblewrap
#
# Variables: CC (gcc, clang, aarch64-linux-gnu-gcc), BUILD (where objects go), SANITIZE=address,undefined, STATIC=no

CC       ?= gcc
# The generator runs on the machine that builds: a cross compiler's program would not.
HOSTCC   ?= $(if $(findstring -linux-gnu-,$(CC)),gcc,$(if $(filter default,$(origin CC)),gcc,$(CC)))
BUILD    ?= build
PREFIX   ?= /usr/local
PKGCONF  ?= pkg-config
ifeq ($(origin CC),default)
CC       := gcc
endif

VERSION  := 0.1.0
ARCH     := $(shell $(CC) -dumpmachine 2>/dev/null | cut -d- -f1)
LIBS     := libseccomp libcap yaml-0.1 json-c

WARN     := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes -Wvla -Wformat=2 \
            -Wundef -Wcast-qual -Wwrite-strings -Wswitch-enum -Wimplicit-fallthrough -Werror
HARDEN   := -fstack-protector-strong -fno-strict-aliasing -fno-delete-null-pointer-checks
# Where the compiler has it: gcc 12 and clang 16; clang 14 wants a second switch for it.
HARDEN   += $(shell $(CC) -Werror -ftrivial-auto-var-init=zero -E -x c /dev/null >/dev/null 2>&1 && echo -ftrivial-auto-var-init=zero)
ifeq ($(ARCH),x86_64)
HARDEN   += -fcf-protection -fstack-clash-protection
endif
ifeq ($(SANITIZE),)
HARDEN   += -D_FORTIFY_SOURCE=3
STATIC   ?= yes
else
STATIC   := no
SANFLAGS := -fsanitize=$(SANITIZE) -fno-sanitize-recover=all -fno-omit-frame-pointer
endif

CPPFLAGS := -D_GNU_SOURCE -DPYCONFINE_VERSION='"$(VERSION)"' -Iinclude -isystem $(BUILD)/include \
            $(subst -I,-isystem ,$(shell $(PKGCONF) --cflags $(LIBS) 2>/dev/null))
# libbase first: LDLIBS hold the libraries that the contract names, linked in: a launcher pays for the dynamic loader at
# every start (1.37 times the CPU time of a static one).
CFLAGS   ?= -O2 -g
ALLFLAGS  = -std=gnu17 $(CPPFLAGS) $(WARN) $(HARDEN) $(SANFLAGS) $(CFLAGS)
ifeq ($(STATIC),yes)
LDLIBS   := $(shell $(PKGCONF) --static --libs $(LIBS) 2>/dev/null)
LDMODE   := -static-pie
PIEFLAG  := -fPIE
else
LDLIBS   := $(shell $(PKGCONF) --libs $(LIBS) 2>/dev/null)
LDMODE   := -pie
PIEFLAG  := -fPIE
endif
LDFLAGS_ALL = $(LDMODE) -Wl,-z,relro,-z,now,-z,noexecstack,--as-needed $(SANFLAGS) $(LDFLAGS)

SOURCES  := $(filter-out runner/main.c runner/policy/generate/%,$(sort $(wildcard runner/*/*.c)))
GENERATOR := $(wildcard runner/policy/generate/compile_filters.c)
OBJECTS  := $(SOURCES:%.c=$(BUILD)/%.o) $(if $(GENERATOR),$(BUILD)/gen/compiled_filters.o)
UNIT     := $(patsubst tests/unit/%.c,$(BUILD)/tests/%,$(sort $(wildcard tests/unit/test_*.c)))
HELPERS  := $(patsubst tests/helpers/%.c,$(BUILD)/tests/helpers/%,$(sort $(wildcard tests/helpers/*.c)))

# One line a file; V=1 shows the commands.
Q        := $(if $(V),,@)
SAY       = $(if $(V),,@echo "  $(1)  $@")

.PHONY: all
all: $(if $(wildcard runner/main.c),$(BUILD)/pyconfine,$(BUILD)/libpyconfine.a)

$(BUILD)/pyconfine: $(BUILD)/runner/main.o $(BUILD)/libpyconfine.a
	$(call SAY,LINK)
	$(Q)$(CC) $(LDFLAGS_ALL) -o $@ $^ $(LDLIBS)

$(BUILD)/libpyconfine.a: $(OBJECTS)
	@rm -f $@
	$(call SAY,AR  )
	$(Q)$(AR) rcs $@ $^

$(BUILD)/%.o: %.c
	@mkdir -p $(@D)
	$(call SAY,CC  )
	$(Q)$(CC) $(ALLFLAGS) $(PIEFLAG) -MMD -MP -c -o $@ $<

# Profiles are compiled in by .incbin, which dependency files do not see.
$(BUILD)/runner/profile/builtin.o: $(wildcard profiles/*.yaml)

# libseccomp runs here, at build time; see include/policy/filter.h.
$(BUILD)/gen/compile_filters: runner/policy/generate/compile_filters.c runner/policy/generate/emit.c runner/policy/syscalls.c \
                              runner/policy/arguments.c $(wildcard runner/policy/generate/*.h include/policy/*.h include/base/*.h)
	@mkdir -p $(@D)
	$(call SAY,HOST)
	$(Q)$(HOSTCC) -std=gnu17 -D_GNU_SOURCE -Iinclude -Wall -Wextra -Werror -O1 -o $@ $(filter %.c,$^) -lseccomp

$(BUILD)/gen/compiled_filters.c: $(BUILD)/gen/compile_filters
	$(call SAY,GEN )
	$(Q)$< $(ARCH) > $@.tmp && mv $@.tmp $@

$(BUILD)/gen/compiled_filters.o: $(BUILD)/gen/compiled_filters.c
	$(call SAY,CC  )
	$(Q)$(CC) $(ALLFLAGS) $(PIEFLAG) -c -o $@ $<

# A test that needs more than libpyconfine and cmocka does not belong in tests/unit.
$(BUILD)/tests/%: tests/unit/%.c $(BUILD)/libpyconfine.a $(wildcard tests/unit/*.h)
	@mkdir -p $(@D)
	$(call SAY,TEST)
	$(Q)$(CC) $(ALLFLAGS) -Wno-missing-prototypes $(PIEFLAG) -pie $(SANFLAGS) -Itests/unit -o $@ $< $(BUILD)/libpyconfine.a -lcmocka \
		$(shell $(PKGCONF) --libs $(LIBS))

$(BUILD)/tests/helpers/%: tests/helpers/%.c
	@mkdir -p $(@D)
	$(CC) -std=gnu17 -D_GNU_SOURCE -O1 -Wall -Wextra -static -o $@ $<

# Small static C programs that the escape attempts use; tests/run asks for them.
.PHONY: helpers unit unit-programs check demo deps clean
helpers: $(HELPERS)
unit-programs: $(UNIT)
unit: $(UNIT)
	@tests/run --build $(BUILD) --only unit

# Takes today's plans for the right ones; `git diff tests/golden` shows what that changes.
.PHONY: golden
golden: $(BUILD)/tests/test_golden
	@PYCONFINE_BLESS=1 $<

# What the compilers do not check. Only the child side's objects are looked at.
.PHONY: lint tidy
lint: $(filter $(BUILD)/runner/confine/% $(BUILD)/runner/supervise/%,$(OBJECTS))
	@python3 tests/lint $(BUILD)

tidy: $(patsubst %.c,$(BUILD)/tidy/%.ok,runner/main.c $(SOURCES))

$(BUILD)/tidy/%.ok: %.c .clang-tidy
	@mkdir -p $(@D)
	clang-tidy --quiet $< -- -std=gnu17 $(CPPFLAGS)
	@touch $@

# Readers of what others wrote, under libFuzzer: a profile, an interpreter's answer, single words. FUZZ=profile runs one of
# them. Inputs that reach new code are put into $(FUZZ_BUILD)/found; copy those that are worth keeping into the corpus.
FUZZ         ?= $(patsubst tests/fuzz/fuzz_%.c,%,$(sort $(wildcard tests/fuzz/fuzz_*.c)))
FUZZ_SECONDS ?= 600
FUZZ_BUILD   := $(BUILD)/fuzz
.PHONY: fuzz fuzz-short fuzz-build
fuzz-build:
	$(Q)$(MAKE) --no-print-directory $(FUZZ_BUILD)/libpyconfine.a BUILD=$(FUZZ_BUILD) CC=clang SANITIZE=address,undefined \
		CFLAGS="-O1 -g -fsanitize=fuzzer-no-link"
	$(Q)$(MAKE) --no-print-directory $(FUZZ:%=$(FUZZ_BUILD)/fuzz_%) BUILD=$(BUILD) CC=clang SANITIZE=address,undefined CFLAGS="-O1 -g"

$(FUZZ_BUILD)/fuzz_%: tests/fuzz/fuzz_%.c $(FUZZ_BUILD)/libpyconfine.a
	$(call SAY,FUZZ)
	$(Q)$(CC) $(ALLFLAGS) -fsanitize=fuzzer -o $@ $^ $(LDLIBS)

# For `make check`: every input of the corpus once, then a short search.
fuzz-short: fuzz-build
	$(Q)$(foreach name,$(FUZZ),sh tests/fuzz/run $(FUZZ_BUILD) $(name) -runs=0 && sh tests/fuzz/run $(FUZZ_BUILD) $(name) \
		-max_total_time=$(if $(filter profile,$(name)),10,4) &&) :

fuzz: fuzz-build
	$(Q)$(foreach name,$(FUZZ),sh tests/fuzz/run $(FUZZ_BUILD) $(name) -max_total_time=$(FUZZ_SECONDS) &&) :

# Measures, and never fails on what it measures. BENCH takes options of tests/bench/launch, NETBENCH of tests/bench/network.
.PHONY: bench bench-programs
bench-programs: $(BUILD)/tests/bench/stub $(BUILD)/tests/bench/measure $(BUILD)/tests/bench/parts

bench:
	@sh tests/install-packages bubblewrap strace slirp4netns passt iproute2
	$(MAKE) all bench-programs
	@python3 tests/bench/launch --build $(BUILD) $(BENCH)
	@python3 tests/bench/network --build $(BUILD) $(NETBENCH)

$(BUILD)/tests/bench/parts: tests/bench/parts.c $(BUILD)/libpyconfine.a
	@mkdir -p $(@D)
	$(CC) $(ALLFLAGS) $(PIEFLAG) -pie $(SANFLAGS) -o $@ $^

$(BUILD)/tests/bench/%: tests/bench/%.c
	@mkdir -p $(@D)
	$(CC) -std=gnu17 -D_GNU_SOURCE -O1 -Wall -Wextra -static -o $@ $<

# Nothing is left of ten thousand runs, nor of ten thousand that are killed at any moment: four modes, RUNS in each.
RUNS ?= 2500
.PHONY: leaks
leaks: all
	@tests/run -v --build $(BUILD) --jobs 1 --runs $(RUNS) left_behind

deps:
	@sh tests/install-packages tests

# Three builds, since each of them finds what the others do not. One runner, so that one line counts everything: the unit tests
# of the first and the last build, and whatever runs the program of the first.
check: deps
	$(MAKE) all unit-programs helpers BUILD=build/gcc CC=gcc
	$(MAKE) all BUILD=build/clang CC=clang
	$(MAKE) unit-programs BUILD=build/asan CC=gcc SANITIZE=address,undefined
	$(MAKE) fuzz-short
	@tests/run --build build/gcc --unit build/asan

demo:
	@sh tests/install-packages demo
	@echo "building ..."
	@$(MAKE) -s all BUILD=build/gcc CC=gcc
	@sh examples/demo

# Profiles are compiled in. Completions come from the binary, so a cross build is installed without them.
INSTALLED := $(DESTDIR)$(PREFIX)
.PHONY: install
install: all
	install -D -m 755 $(BUILD)/pyconfine $(INSTALLED)/bin/pyconfine
	install -D -m 644 -t $(INSTALLED)/share/doc/pyconfine README.md LICENSE $(wildcard docs/*.md)
	for section in 1 5; do \
		install -D -m 644 -t $(INSTALLED)/share/man/man$$section docs/*.$$section || exit 1; \
	done
	if $(BUILD)/pyconfine --version >/dev/null 2>&1; then \
		mkdir -p $(INSTALLED)/share/bash-completion/completions $(INSTALLED)/share/zsh/site-functions \
			$(INSTALLED)/share/fish/vendor_completions.d && \
		$(BUILD)/pyconfine completion bash >$(INSTALLED)/share/bash-completion/completions/pyconfine && \
		$(BUILD)/pyconfine completion zsh >$(INSTALLED)/share/zsh/site-functions/_pyconfine && \
		$(BUILD)/pyconfine completion fish >$(INSTALLED)/share/fish/vendor_completions.d/pyconfine.fish; \
	fi

clean:
	rm -rf build

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
