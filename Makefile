# refgate - a pre-receive hook for Bitbucket. GNU make; `make help` lists the targets.

VERSION = 0.1.0

PREFIX      ?= /usr/local
DESTDIR     ?=
bindir      ?= $(PREFIX)/bin
libexecdir  ?= $(PREFIX)/lib/refgate
mandir      ?= $(PREFIX)/share/man
datadir     ?= $(PREFIX)/share
docdir      ?= $(PREFIX)/share/doc/refgate
bashcompdir ?= $(PREFIX)/share/bash-completion/completions
zshcompdir  ?= $(PREFIX)/share/zsh/site-functions
fishcompdir ?= $(PREFIX)/share/fish/vendor_completions.d
unitdir     ?= $(PREFIX)/lib/systemd/system
sysusersdir ?= $(PREFIX)/lib/sysusers.d
tmpfilesdir ?= $(PREFIX)/lib/tmpfiles.d
INSTALL     ?= install
STRIP       ?= strip

# A packager's or a developer's own settings, not under version control.
-include config.mk

# ------------------------------------------------------------------ variants
# Each variant has a directory of its own: release (default), clang, asan, fuzz. `make asan` and
# `make fuzz` start make again with the variant set. O= puts the files elsewhere.
ifeq ($(origin CC),default)
CC = gcc
endif
IS_CLANG := $(findstring clang,$(CC))
VARIANT  ?= $(if $(IS_CLANG),clang,release)
O        ?= build/$(VARIANT)
B        := $(O)

DEVELOPER ?=
WARN  = -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith \
        -Wcast-qual -Wwrite-strings -Wvla -Wformat=2 -Wundef -Wswitch -Wimplicit-fallthrough
# clang 14 takes a NULL-terminated format in a table for a non-literal one; gcc checks these.
ifneq ($(IS_CLANG),)
WARN += -Wno-format-nonliteral
else
WARN += -Wlogical-op -Wduplicated-cond -Wno-format-nonliteral
endif
# cmocka does not say that fail_msg() does not come back.
TEST_WARN = $(if $(IS_CLANG),,-Wno-format-overflow)
ifneq ($(filter-out 0,$(DEVELOPER)),)
WARN += -Werror
endif

# Does the compiler take this option? (an empty answer leaves it out)
cc-option = $(shell printf 'int x;\n' | $(CC) -Werror $(1) -x c -c -o /dev/null - 2>/dev/null \
              && printf '%s' '$(firstword $(1))')

SANITIZE = -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
ifeq ($(VARIANT),asan)
CFLAGS  ?= -O1 -g
HARDEN   = $(SANITIZE)
LINK     = $(SANITIZE)
HOOKLINK = $(LINK)
else ifeq ($(VARIANT),fuzz)
CFLAGS  ?= -O1 -g
HARDEN   = -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=undefined
LINK     = -fsanitize=address,undefined
HOOKLINK = $(LINK)
else ifeq ($(VARIANT),cov)
# Which branches the tests take; the hook is dynamic, and says so with what it leaves behind.
CFLAGS  ?= -O0 -g
HARDEN   = --coverage -fprofile-abs-path -DREFGATE_COVERAGE
LINK     = --coverage
HOOKLINK = $(LINK)
else
CFLAGS  ?= -O2 -g
# clang 14 has zero initialisation, but wants a second option that says so.
AUTOINIT := $(or $(call cc-option,-ftrivial-auto-var-init=zero),$(and $(IS_CLANG), \
              $(call cc-option,-ftrivial-auto-var-init=zero \
                -enable-trivial-auto-var-init-zero-knowing-it-will-be-removed-from-clang), \
              -ftrivial-auto-var-init=zero \
                -enable-trivial-auto-var-init-zero-knowing-it-will-be-removed-from-clang))
HARDEN   := -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3 -fstack-protector-strong -fPIE \
            $(call cc-option,-fstack-clash-protection) $(call cc-option,-fcf-protection) \
            $(AUTOINIT)
# Packed relocations: fewer pages to read at each start. A static program relocates itself, and
# glibc 2.36 is the first that can; the linker must know the option, too.
RELR     := $(shell printf '\43include <features.h>\n\43if __GLIBC_PREREQ(2, 36)\nint x;\n\43else\n\43error\n\43endif\n' \
              | $(CC) -x c -shared -nostdlib -fPIC -Wl,--fatal-warnings -Wl,-z,pack-relative-relocs -o /dev/null - \
                2>/dev/null && printf '%s' -Wl,-z,pack-relative-relocs)
START_LINK = -Wl,-e,refgate_start -Wl,-T,hook/refgate-hook.ld
# build-id is a hash of the contents: the same sources give the same bytes.
LINK     := -Wl,--gc-sections -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack -Wl,--build-id=sha1
HOOKLINK := -static-pie $(LINK) $(RELR)
# The hook's own entry point maps its memory in few steps; where it is not known how, libc's own.
ifneq ($(findstring x86_64,$(shell $(CC) -dumpmachine)),)
START_SRC := $(wildcard hook/refgate-hook-start.c)
HOOKLINK  += $(if $(START_SRC),$(START_LINK))
endif
LINK     += -pie
endif

# ------------------------------------------------------------------ libraries
# libgit2 is built once, without network code, by scripts/build-libgit2; all variants share it.
ifeq ($(origin LIBGIT2_DIR),undefined)
LIBGIT2_DIR := $(shell scripts/build-libgit2 --print-dir)
else
override LIBGIT2_DIR := $(abspath $(LIBGIT2_DIR))
LIBGIT2_GIVEN := LIBGIT2_DIR='$(LIBGIT2_DIR)'
endif
LIBGIT2_A    = $(firstword $(wildcard $(LIBGIT2_DIR)/lib/libgit2.a $(LIBGIT2_DIR)/lib64/libgit2.a \
                 $(LIBGIT2_DIR)/lib/*/libgit2.a) $(LIBGIT2_DIR)/lib/libgit2.a)
LIBGIT2_LIBS ?= $(shell LIBGIT2_DIR='$(LIBGIT2_DIR)' scripts/build-libgit2 --print-libs)

# jansson: JSON. inih: the configuration's syntax. cdb: the snapshot. md: SHA-256. z: crc32, and
# libgit2's objects.
CORE_LIBS  ?= -ljansson -linih -lcdb -lmd
HOOK_LIBS   = $(LIBGIT2_A) $(CORE_LIBS) $(LIBGIT2_LIBS)
# http_parser comes from its archive here too: it is dropped in the end, a shared one would stay.
ADMIN_LIBS  = $(LIBGIT2_A) $(CORE_LIBS) \
              $(patsubst -lhttp_parser,-l:libhttp_parser.a,$(LIBGIT2_LIBS)) -lcurl -lpthread
TEST_LIBS   = $(ADMIN_LIBS) -lcmocka

# ------------------------------------------------------------------ flags
BASE_CPPFLAGS = -D_GNU_SOURCE -DREFGATE_VERSION='"$(VERSION)"' -Ihook -isystem $(LIBGIT2_DIR)/include
# No path of the build machine in the binary: the same bytes wherever it is built.
# (The last that fits counts, and libgit2 may be below this directory.)
MAPPED        = -ffile-prefix-map=$(CURDIR)=. -ffile-prefix-map=$(LIBGIT2_DIR)=libgit2
BASE_CFLAGS   = -std=c17 $(HARDEN) $(WARN) -fno-strict-aliasing -fno-common \
                -ffunction-sections -fdata-sections $(MAPPED)
COMPILE = $(CC) $(BASE_CPPFLAGS) $(CPPFLAGS) $(BASE_CFLAGS) $(CFLAGS) -MMD -MP
# Our own code, not the tests, must do without the functions in banned.h.
BANNED  = -include hook/banned.h

# What --version says (hook/base/version.c): nothing of this machine, so no option with a path in it.
PKG_CONFIG ?= pkg-config
comma      := ,
links       = $(strip $(filter -static-pie -pie,$(1)) $(patsubst -Wl$(comma)-z$(comma)%,%, \
                $(filter -Wl$(comma)-z$(comma)%,$(1))))
number_of   = $(or $(shell $(PKG_CONFIG) --modversion $(1) 2>/dev/null),unknown)
ABOUT      := -DREFGATE_OPTIONS='"$(strip $(filter -O%,$(CFLAGS)) \
                $(filter-out -U% -enable%,$(HARDEN)))"' \
              -DREFGATE_HOOK_LINKING='"$(or $(call links,$(HOOKLINK)),dynamic)"' \
              -DREFGATE_ADMIN_LINKING='"$(or $(call links,$(LINK)),dynamic)"' \
              -DREFGATE_INIH_VERSION='"$(call number_of,inih)"' \
              -DREFGATE_LIBMD_VERSION='"$(call number_of,libmd)"'
$(B)/obj/hook/base/version.o: BASE_CPPFLAGS += $(ABOUT)

# ------------------------------------------------------------------ sources
# Sorted, so that the order of a directory does not show in the binary.
CORE_SRC  := $(sort $(wildcard $(patsubst %,hook/%/*.c,base model snapshot push policy record)))
ADMIN_SRC := $(sort $(wildcard $(patsubst %,hook/%/*.c,bitbucket command posture)))
# What the static hook replaces in libc; see there.
LIBC_SRC  := $(wildcard hook/refgate-hook-libc.c)
WRAPPED   := $(if $(LIBC_SRC),getpwuid_r getaddrinfo freeaddrinfo gai_strerror)
WRAP      := $(WRAPPED:%=-Wl,--wrap=%)

UNIT_SRC   := $(sort $(wildcard tests/unit/test_*.c))
UNIT_LIB   := $(filter-out $(UNIT_SRC),$(sort $(wildcard tests/unit/*.c)))
HELPER_SRC := $(sort $(wildcard tests/helpers/*.c))
BENCH_SRC  := $(sort $(wildcard tests/bench/*.c))
# The hook again, with each call to libc and libgit2 wrapped, for tests/faults/hook.t: nothing of it is
# in the real one.
FAULT_SRC  := $(sort $(wildcard tests/faults/*.c))
-include tests/faults/wrap.mk
FAULT_WRAP := $(FAULT_CALLS:%=-Wl,--wrap=%)
FUZZ_SRC   := $(sort $(wildcard tests/fuzz/fuzz_*.c))
# What the targets share, and the small snapshot that the unit tests use, too.
FUZZ_LIB   := tests/fuzz/support.c tests/fuzz/snapshots.c tests/fuzz/fakes.c tests/unit/small_snapshot.c
# ... and fakes.c answers for: a server and an object store that say what the input says.
FUZZ_LDFLAGS = $(patsubst %,-Wl$(comma)--wrap=%,client_get client_account stored_object_release \
                 $(addprefix object_store_,new free open read has_quarantine is_incoming is_held ref refs))
SHELL_TESTS := $(filter-out tests/packages/% tests/long/%,$(sort $(wildcard tests/*/*.t)))
# Minutes each: load, soak, and the like. In `make check-long` only.
LONG_TESTS := $(sort $(wildcard tests/long/*.t))

obj = $(patsubst %.c,$(B)/obj/%.o,$(1))
bin = $(patsubst tests/%.c,$(B)/tests/%,$(1))

PROGRAMS := $(if $(wildcard hook/refgate-hook.c),$(B)/refgate-hook) \
            $(if $(wildcard hook/refgate.c),$(B)/refgate)
ARCHIVES := $(B)/librefgate.a $(B)/librefgate-admin.a
UNIT     := $(call bin,$(UNIT_SRC))
HELPERS  := $(call bin,$(HELPER_SRC) $(BENCH_SRC))
FAULTS   := $(if $(FAULT_SRC),$(B)/tests/faults/refgate-hook-faults)
FUZZ_REPLAY := $(B)/tests/fuzz/replay

# ------------------------------------------------------------------ building
.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.SUFFIXES:
.PHONY: all tests check bench fuzz lint asan install install-strip uninstall clean \
        distclean help FORCE
Q = $(if $(V),,@)
say = $(if $(V),,@printf '  %-8s %s\n' '$(1)' '$@';)

all: $(PROGRAMS)
tests: all $(UNIT) $(HELPERS) $(FAULTS) $(FUZZ_REPLAY)

$(LIBGIT2_DIR)/lib/libgit2.a:
	$(Q)$(LIBGIT2_GIVEN) scripts/build-libgit2 >/dev/null

# Objects know the flags that they were made with: other flags, other objects. (-Werror changes
# nothing in an object.)
define STAMP
$(CC) $(BASE_CPPFLAGS) $(ABOUT) $(CPPFLAGS) $(filter-out -Werror,$(BASE_CFLAGS)) $(CFLAGS) $(HOOKLINK) $(LDFLAGS) $(WRAP)
endef
$(B)/flags: FORCE
	@mkdir -p $(@D); printf '%s\n' '$(subst ','\'',$(STAMP))' | cmp -s - $@ || \
	  printf '%s\n' '$(subst ','\'',$(STAMP))' >$@
# Likewise the archives: a source file that is gone leaves.
$(B)/sources: FORCE
	@mkdir -p $(@D); printf '%s\n' $(CORE_SRC) $(ADMIN_SRC) | cmp -s - $@ || \
	  printf '%s\n' $(CORE_SRC) $(ADMIN_SRC) >$@
FORCE:

$(B)/obj/hook/%.o: hook/%.c $(B)/flags | $(LIBGIT2_A)
	@mkdir -p $(@D)
	$(call say,CC)$(COMPILE) $(BANNED) -c -o $@ $<
$(B)/obj/tests/%.o: tests/%.c $(B)/flags | $(LIBGIT2_A)
	@mkdir -p $(@D)
	$(call say,CC)$(COMPILE) -Itests $(TEST_WARN) -c -o $@ $<

$(B)/librefgate.a: $(call obj,$(CORE_SRC)) $(B)/sources
	$(call say,AR)rm -f $@ && $(AR) rcsD $@ $(filter %.o,$^)
$(B)/librefgate-admin.a: $(call obj,$(ADMIN_SRC)) $(B)/sources
	$(call say,AR)rm -f $@ && $(AR) rcsD $@ $(filter %.o,$^)

$(B)/refgate-hook: $(call obj,hook/refgate-hook.c $(LIBC_SRC) $(START_SRC)) $(B)/librefgate.a \
                   $(LIBGIT2_A) $(wildcard hook/refgate-hook.ld)
	$(call say,LINK)$(CC) $(HARDEN) $(CFLAGS) $(HOOKLINK) $(WRAP) $(LDFLAGS) -o $@ \
	  $(filter %.o %/librefgate.a,$^) $(HOOK_LIBS)
$(B)/refgate: $(call obj,hook/refgate.c) $(B)/librefgate-admin.a $(B)/librefgate.a $(LIBGIT2_A)
	$(call say,LINK)$(CC) $(HARDEN) $(CFLAGS) $(LINK) $(LDFLAGS) -o $@ \
	  $(filter %.o,$^) $(B)/librefgate-admin.a $(B)/librefgate.a $(ADMIN_LIBS)

ARCHIVES_IN_ORDER = $(B)/librefgate-admin.a $(B)/librefgate.a
# One program a file; tests/unit/*.c that are not tests themselves are linked into each unit test.
$(UNIT): $(B)/tests/unit/%: $(B)/obj/tests/unit/%.o $(call obj,$(UNIT_LIB)) $(ARCHIVES) $(LIBGIT2_A)
	@mkdir -p $(@D)
	$(call say,LINK)$(CC) $(HARDEN) $(CFLAGS) $(LINK) $(LDFLAGS) $(TEST_LDFLAGS_$*) -o $@ \
	  $(filter %.o,$^) $(ARCHIVES_IN_ORDER) $(TEST_LIBS)
# tests/helpers and tests/bench
$(HELPERS): $(B)/tests/%: $(B)/obj/tests/%.o $(ARCHIVES) $(LIBGIT2_A)
	@mkdir -p $(@D)
	$(call say,LINK)$(CC) $(HARDEN) $(CFLAGS) $(LINK) $(LDFLAGS) $(TEST_LDFLAGS_$(@F)) -o $@ \
	  $(filter %.o,$^) $(ARCHIVES_IN_ORDER) $(ADMIN_LIBS)
# All fuzz targets in one program with a plain main(): the corpus in every build, without libFuzzer. Each
# target's function gets the target's name; make fuzz leaves it as libFuzzer calls it.
ifneq ($(VARIANT),fuzz)
$(B)/obj/tests/fuzz/fuzz_%.o $(B)/obj/tests/fuzz/armed.o: \
  BASE_CPPFLAGS += -DLLVMFuzzerTestOneInput=$(basename $(notdir $@))
endif
$(FUZZ_REPLAY): $(call obj,tests/fuzz/replay.c tests/fuzz/armed.c $(FUZZ_SRC) $(FUZZ_LIB)) $(ARCHIVES) $(LIBGIT2_A)
	@mkdir -p $(@D)
	$(call say,LINK)$(CC) $(HARDEN) $(CFLAGS) $(LINK) $(LDFLAGS) $(FUZZ_LDFLAGS) -o $@ \
	  $(filter %.o,$^) $(ARCHIVES_IN_ORDER) $(TEST_LIBS)
# Static like the hook, so that libc's own calls are wrapped too; at fixed addresses, for addr2line.
$(FAULTS): $(call obj,$(FAULT_SRC) hook/refgate-hook.c $(LIBC_SRC)) $(B)/librefgate.a $(LIBGIT2_A) \
           $(wildcard tests/faults/wrap.mk)
	@mkdir -p $(@D)
	$(call say,LINK)$(CC) $(HARDEN) $(CFLAGS) \
	  $(patsubst -static-pie,-static,$(filter-out $(START_LINK) $(RELR),$(HOOKLINK))) -no-pie $(WRAP) \
	  $(FAULT_WRAP) $(LDFLAGS) -o $@ $(filter %.o %/librefgate.a,$^) $(HOOK_LIBS)
# Extra link options of single programs, e.g. TEST_LDFLAGS_test_x = -Wl,--wrap=...
-include tests/flags.mk

.SECONDARY:
ifeq ($(filter clean distclean help html lint install-strip,$(MAKECMDGOALS)),)
-include $(shell find $(B)/obj -name '*.d' 2>/dev/null)
endif

# Every source file with this compiler's warnings, and no objects: `make CC=clang syntax`.
SYNTAX := $(patsubst %.c,$(B)/syntax/%.ok,hook/refgate.c hook/refgate-hook.c $(LIBC_SRC) $(START_SRC) \
            $(CORE_SRC) $(ADMIN_SRC) $(UNIT_SRC) $(UNIT_LIB) $(HELPER_SRC) $(BENCH_SRC) \
            $(FUZZ_SRC) $(sort $(wildcard tests/fuzz/[!f]*.c)) $(FAULT_SRC))
$(B)/syntax/hook/base/version.ok: BASE_CPPFLAGS += $(ABOUT)
$(B)/syntax/hook/%.ok: hook/%.c FORCE | $(LIBGIT2_A)
	@mkdir -p $(@D)
	$(call say,SYNTAX)$(filter-out -MMD -MP,$(COMPILE)) $(BANNED) -fsyntax-only $< && touch $@
$(B)/syntax/tests/%.ok: tests/%.c FORCE | $(LIBGIT2_A)
	@mkdir -p $(@D)
	$(call say,SYNTAX)$(filter-out -MMD -MP,$(COMPILE)) -Itests $(TEST_WARN) -fsyntax-only $< && touch $@
syntax: $(SYNTAX)
.PHONY: syntax

# ------------------------------------------------------------------ testing
# One more than processors: many tests wait for a server.
JOBS ?= $(shell echo $$(($$(nproc 2>/dev/null || echo 2) + 1)))
# `make check T="tests/cli/check.t build/release/tests/unit/test_glob"` runs only these.
T ?= $(UNIT) $(FUZZ_REPLAY) $(if $(and $(filter asan,$(VARIANT)),$(if $(LONG),,short)),$(SANITIZED),$(SHELL_TESTS))
# Under the sanitizers each process takes ten times as long. The unit tests and the fuzz corpora run there
# whole; of the shell tests, without LONG, those that give programs what is hostile, damaged or odd.
SANITIZED := $(wildcard $(patsubst %,tests/%.t,cli/approve cli/audit cli/check cli/disable cli/enrich cli/policy \
               cli/snapshot cli/snapshot-diff cli/sync-failures push/access-log push/approvals push/many \
               push/trouble push/ways))
# What the tests may rely on: the variant's directory, its name, the top of the tree.
TEST_ENV = BUILD='$(abspath $(B))' VARIANT='$(VARIANT)' TOP='$(CURDIR)' CC='$(CC)' \
           LIBGIT2_DIR='$(LIBGIT2_DIR)'

check: tests
	$(Q)$(TEST_ENV) scripts/run-tests --jobs=$(JOBS) $(T)

bench: tests
	$(Q)if [ -x tests/bench/run ]; then $(TEST_ENV) tests/bench/run $(BENCH_ARGS); \
	else echo 'no benchmark yet: tests/bench/run is missing'; fi

# What takes tens of minutes: the same tests with LONG=1 (more seeds, more cases, every fault), tests/long,
# all tests under the sanitizers, fuzzing, the analyzers. scripts/check has the short form of each.
check-long:
	$(Q)scripts/check-long $(LONG_ARGS)
long-tests: tests
	$(Q)LONG=1 $(TEST_ENV) TEST_TIMEOUT=3600 scripts/run-tests --jobs=1 $(or $(P),$(LONG_TESTS))
.PHONY: check-long long-tests

# All of check again under AddressSanitizer and UBSan; the hook is dynamic there.
asan:
	$(Q)$(MAKE) --no-print-directory VARIANT=asan O=build/asan check

# libFuzzer over each target for FUZZ_TIME seconds, from tests/fuzz/corpus/NAME on: tests/fuzz/README.md.
FUZZ_CC   ?= $(firstword $(shell command -v clang-14 || command -v clang))
FUZZ_TIME ?= 20
# `make fuzz F="fuzz_config fuzz_hook"`: only these.
F         ?= $(basename $(notdir $(FUZZ_SRC)))
FUZZERS   := $(patsubst %,$(B)/fuzz/%,$(F))
fuzz:
	$(Q)[ -n '$(FUZZ_CC)' ] || { echo 'make fuzz needs clang: scripts/install-deps lint'; exit 1; }
	$(Q)$(MAKE) --no-print-directory VARIANT=fuzz O=build/fuzz CC='$(FUZZ_CC)' fuzz-run
.PHONY: fuzz-build fuzz-run
fuzz-build: $(FUZZERS) $(B)/fuzz/armed
fuzz-run: fuzz-build
	$(Q)BUILD='$(abspath $(B))' tests/fuzz/run --time=$(FUZZ_TIME) $(F)
$(B)/fuzz/%: $(B)/obj/tests/fuzz/%.o $(call obj,$(FUZZ_LIB)) $(ARCHIVES) $(LIBGIT2_A)
	@mkdir -p $(@D)
	$(call say,LINK)$(CC) -fsanitize=fuzzer $(LINK) $(CFLAGS) $(LDFLAGS) $(FUZZ_LDFLAGS) -o $@ \
	  $(filter %.o,$^) $(ARCHIVES_IN_ORDER) $(TEST_LIBS)

lint:
	$(Q)scripts/lint
# Packages for Debian, RPM and others, built, installed into clean roots, used, upgraded, removed: needs
# root and tens of minutes.
PACKAGE_TESTS := $(sort $(wildcard tests/packages/*.t))
check-packages: all
	$(Q)$(TEST_ENV) TEST_TIMEOUT=1500 scripts/run-tests --jobs=1 $(or $(P),$(PACKAGE_TESTS))
.PHONY: check-packages

# ------------------------------------------------------------------ documents
# The manuals as HTML, in build/html: needs mandoc.
html:
	$(Q)VERSION='$(VERSION)' packaging/build-html build/html && echo build/html/index.html
# What the program prints, as it is shipped; tests/cli/completion.t compares.
completion: $(B)/refgate
	$(Q)set -e; d=packaging/completion; \
	for f in bash:refgate.bash zsh:_refgate fish:refgate.fish; do \
	  $< completion $${f%%:*} >$$d/new; mv $$d/new $$d/$${f#*:}; done
.PHONY: html completion

# ------------------------------------------------------------------ installing
MANPAGES := $(sort $(wildcard packaging/man/*.[1-9]))
EXAMPLES := $(sort $(wildcard config/*.conf config/*.tests config/examples/*))
BASHCOMP := $(wildcard packaging/completion/refgate.bash)
ZSHCOMP  := $(wildcard packaging/completion/_refgate)
FISHCOMP := $(wildcard packaging/completion/refgate.fish)
DATA     := $(wildcard config/control-map.ini)
UNITS    := $(sort $(wildcard packaging/systemd/*.service packaging/systemd/*.timer))
SYSUSERS := $(sort $(wildcard packaging/sysusers/*.conf))
TMPFILES := $(sort $(wildcard packaging/tmpfiles/*.conf))
# For /etc, where packages put them; here they are examples.
LOGROTATE := $(wildcard packaging/logrotate/refgate)
CRON      := $(wildcard packaging/cron/refgate-sync)
SYNCENV   := $(wildcard packaging/systemd/refgate-sync.env)
DOCS     := $(wildcard README.md CHANGELOG.md SECURITY.md LICENSE)

install: all
	$(Q)set -e; d='$(DESTDIR)'; \
	put() { $(INSTALL) -d "$$d$$2"; $(INSTALL) -m $$1 "$$3" "$$d$$2/$${4:-$${3##*/}}"; }; \
	fill() { put 644 "$$@"; sed 's,/usr/bin/refgate,$(bindir)/refgate,g' "$$2" >"$$d$$1/$${3:-$${2##*/}}"; }; \
	for f in $(filter %/refgate,$(PROGRAMS)); do put 755 '$(bindir)' $$f; done; \
	for f in $(filter %/refgate-hook,$(PROGRAMS)); do put 755 '$(libexecdir)' $$f; done; \
	for f in $(MANPAGES); do put 644 '$(mandir)'/man$${f##*.} $$f; done; \
	for f in $(EXAMPLES); do [ ! -f $$f ] || put 644 '$(docdir)/examples' $$f; done; \
	for f in $(DATA); do put 644 '$(datadir)/refgate' $$f; done; \
	for f in $(DOCS); do put 644 '$(docdir)' $$f; done; \
	for f in $(BASHCOMP); do put 644 '$(bashcompdir)' $$f refgate; done; \
	for f in $(ZSHCOMP); do put 644 '$(zshcompdir)' $$f; done; \
	for f in $(FISHCOMP); do put 644 '$(fishcompdir)' $$f; done; \
	for f in $(UNITS); do fill '$(unitdir)' $$f; done; \
	for f in $(SYSUSERS); do put 644 '$(sysusersdir)' $$f; done; \
	for f in $(TMPFILES); do put 644 '$(tmpfilesdir)' $$f; done; \
	for f in $(LOGROTATE); do fill '$(docdir)/examples' $$f refgate.logrotate; done; \
	for f in $(CRON); do fill '$(docdir)/examples' $$f refgate-sync.cron; done; \
	for f in $(SYNCENV); do put 644 '$(docdir)/examples' $$f sync.env; done
install-strip: install
	$(Q)for f in '$(DESTDIR)$(bindir)/refgate' '$(DESTDIR)$(libexecdir)/refgate-hook'; do \
	  [ ! -f "$$f" ] || $(STRIP) "$$f"; done
# What install puts somewhere; configuration, snapshot and logs are not touched.
uninstall:
	$(Q)rm -f '$(DESTDIR)$(bindir)/refgate' '$(DESTDIR)$(libexecdir)/refgate-hook' \
	  $(foreach f,$(MANPAGES),'$(DESTDIR)$(mandir)/man$(subst .,,$(suffix $f))/$(notdir $f)') \
	  '$(DESTDIR)$(bashcompdir)/refgate' '$(DESTDIR)$(zshcompdir)/_refgate' \
	  '$(DESTDIR)$(fishcompdir)/refgate.fish' \
	  $(foreach f,$(DATA),'$(DESTDIR)$(datadir)/refgate/$(notdir $f)') \
	  $(foreach f,$(UNITS),'$(DESTDIR)$(unitdir)/$(notdir $f)') \
	  $(foreach f,$(SYSUSERS),'$(DESTDIR)$(sysusersdir)/$(notdir $f)') \
	  $(foreach f,$(TMPFILES),'$(DESTDIR)$(tmpfilesdir)/$(notdir $f)')
	$(Q)rm -rf '$(DESTDIR)$(docdir)'; \
	rmdir '$(DESTDIR)$(libexecdir)' '$(DESTDIR)$(datadir)/refgate' 2>/dev/null || :

# clean keeps what takes minutes to make: libgit2 and the data of the benchmark.
clean:
	rm -rf $(filter-out build/libgit2 build/bench,$(wildcard build/*))
distclean:
	rm -rf build

help:
	@printf '%s\n' \
	'make                    refgate and refgate-hook, in build/release' \
	'make check              all tests of this variant; T="FILE..." for some' \
	'make asan               all tests under AddressSanitizer and UBSan (build/asan)' \
	'make check-long         the long form: more cases, load, soak, fuzzing, analyzers (hours)' \
	'make bench              the benchmark, against its goals' \
	'make fuzz               fuzz harnesses, FUZZ_TIME seconds each (needs clang)' \
	'make check-packages     packages, built, installed and used (root, tens of minutes); P="FILE..."' \
	'make html               the manuals as HTML, in build/html (needs mandoc)' \
	'make completion         packaging/completion anew, after a change of commands or options' \
	'make lint               shellcheck, cppcheck, clang-format, mandoc, house rules' \
	'make install            PREFIX=$(PREFIX) DESTDIR=; install-strip, uninstall' \
	'make clean, distclean   distclean removes the built libgit2 too' \
	'' \
	'Variables: DEVELOPER=1 (warnings are errors), CC=clang-14, CFLAGS, LDFLAGS, V=1 (show' \
	'commands), O=DIR (build elsewhere), LIBGIT2_DIR=PREFIX or LIBGIT2_TARBALL=FILE.' \
	'Everything a fresh machine needs to build and test: scripts/check'
