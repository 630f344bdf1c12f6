# SPDX-License-Identifier: BSD-2-Clause
# "make help" lists the targets. Everything is built below $(BUILD). Variables:
#   V=1            shows the commands
#   DEFINES=-D...  a variant for the tests, in a BUILD of its own
#   SANITIZE=...   a build with sanitizers, COVERAGE=yes one that counts executed lines; both without the sandbox, in a
#                  BUILD of their own
#   KERNEL_BUILD   the build to take the compiled BPF programs from, for variants that have the same ones

VERSION := 0.1.0

CC        ?= gcc
CLANG     ?= clang
LLVM_STRIP ?= llvm-strip
BPFTOOL   ?= bpftool
PKG_CONFIG ?= pkg-config
BUILD     ?= build
KERNEL_BUILD ?= $(BUILD)

# One job per CPU, unless this make was called by another or with a number of jobs. Goals that remove files, install, or
# need the machine for themselves run after each other with the others: "make clean all", "make check-bpf check-containers".
CPUS := $(shell nproc)
ALONE := clean run quick check check-% coverage mutants bench fuzz deb rpm
ifeq ($(MAKELEVEL)$(filter -j%,$(MAKEFLAGS))$(and $(filter $(ALONE),$(MAKECMDGOALS)),$(word 2,$(MAKECMDGOALS))),0)
MAKEFLAGS += -j$(CPUS)
endif

PREFIX    ?= /usr
BINDIR    ?= $(PREFIX)/bin
SBINDIR   ?= $(PREFIX)/sbin
LIBEXECDIR ?= $(PREFIX)/libexec
SYSTEMDUNITDIR ?= $(PREFIX)/lib/systemd/system
PRESETDIR ?= $(PREFIX)/lib/systemd/system-preset
SYSUSERSDIR ?= $(PREFIX)/lib/sysusers.d
TMPFILESDIR ?= $(PREFIX)/lib/tmpfiles.d
# Installed with APPARMOR=yes, SELINUX=yes.
APPARMORDIR ?= /etc/apparmor.d
SELINUXDIR ?= $(PREFIX)/share/selinux/packages
MANDIR    ?= $(PREFIX)/share/man
DOCDIR    ?= $(PREFIX)/share/doc/cri-ebpf
# Debian's; Fedora's zsh looks into site-functions.
BASHCOMPDIR ?= $(PREFIX)/share/bash-completion/completions
ZSHCOMPDIR ?= $(PREFIX)/share/zsh/vendor-completions
FISHCOMPDIR ?= $(PREFIX)/share/fish/vendor_completions.d

WARNINGS := -Wall -Wextra -Wshadow -Wmissing-prototypes -Wstrict-prototypes -Wold-style-definition -Wvla \
	-Wformat=2 -Wundef -Wpointer-arith -Wwrite-strings
CFLAGS   ?= -O2 -g
ALL_CFLAGS := -std=gnu11 -D_GNU_SOURCE -I. -I$(BUILD)/gen -I$(KERNEL_BUILD)/gen $(WARNINGS) -fstack-protector-strong \
	-DCRI_VERSION='"$(VERSION)$(if $(SANITIZE)$(COVERAGE),-sanitized)$(if $(DEFINES),-for-tests)"' $(DEFINES) $(CFLAGS)
ALL_LDFLAGS := -Wl,-z,relro,-z,now $(LDFLAGS)
ifneq ($(SANITIZE),)
ALL_CFLAGS += -fsanitize=$(SANITIZE) -fno-sanitize-recover=all -fno-omit-frame-pointer -DCRI_SANITIZED
ALL_LDFLAGS += -fsanitize=$(SANITIZE)
else ifneq ($(COVERAGE),)
ALL_CFLAGS += --coverage -fprofile-abs-path -DCRI_SANITIZED
ALL_LDFLAGS += --coverage
else
ALL_CFLAGS += -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2
endif

# STATIC="bpf inih": links these libraries statically, where this machine has the archives.
lib = $(if $(and $(filter $(1),$(STATIC)),$(wildcard $(shell $(CC) -print-file-name=lib$(1).a))),-l:lib$(1).a,-l$(1))
LOADER_LIBS   := $(call lib,bpf) -lelf -lz -lcap $(call lib,inih)
CONSUMER_LIBS := $(call lib,bpf) -lelf -lz -lcap -lseccomp -lsqlite3 $(call lib,inih) -lsmartcols

BPF_ARCH := $(patsubst x86_64,x86,$(patsubst aarch64,arm64,$(shell uname -m)))
# The multiarch directory for <asm/types.h>, where clang -target bpf does not search.
BPF_INCLUDES := $(addprefix -idirafter ,$(wildcard /usr/include/$(shell $(CC) -dumpmachine 2>/dev/null)))
# The object contains the names of its sources, but no path of the build machine.
BPF_CFLAGS := -O2 -g -ffile-prefix-map=$(CURDIR)=. -target bpf -mcpu=v2 -D__TARGET_ARCH_$(BPF_ARCH) -I. $(BPF_INCLUDES) $(DEFINES) \
	-Wall -Wextra -Wno-unused-parameter -Wno-address-of-packed-member

ifeq ($(V),1)
Q :=
msg := @:
else
Q := @
msg = @printf '  %-8s %s\n'
endif

COMMON_SRC   := $(sort $(wildcard common/*.c))
LOADER_SRC   := $(sort $(wildcard loader/*.c))
# The parts of common/ that the privileged program links; tests/lint.sh checks that it uses every function of them.
LOADER_COMMON := answer cgroup_mount config config_file descriptor log option option_help option_scan option_value \
	probe_links text text_escape text_number time_namespace utf8
test_src = $(if $(findstring $(1),$(DEFINES)),$(sort $(wildcard $(2)/*.c)))
CONSUMER_SRC := $(sort $(wildcard consumer/*.c consumer/*/*.c consumer/*/*/*.c)) $(call test_src,CRI_TEST_HOOKS,tests/hooks) \
	$(call test_src,CRI_TEST_KIND,tests/kind) $(call test_src,CRI_TEST_FORMAT,tests/format)
BPF_SRC      := $(sort $(wildcard bpf/*.bpf.c))
UNIT_SRC     := $(sort $(wildcard tests/unit/test_*.c))
FUZZ_SRC     := $(sort $(wildcard tests/fuzz/fuzz_*.c))
IMAGE_SRC    := policy/oci/profile.c packaging/kubernetes/prepare.c
BENCH_SRC    := $(sort $(wildcard tests/bench/bench_*.c))

obj = $(patsubst %.c,$(BUILD)/obj/%.o,$(1))
COMMON_OBJ   := $(call obj,$(COMMON_SRC))
LOADER_OBJ   := $(call obj,$(LOADER_SRC) $(LOADER_COMMON:%=common/%.c))
CONSUMER_OBJ := $(call obj,$(CONSUMER_SRC))
# A unit test links the whole consumer without its main.
TESTED_OBJ   := $(COMMON_OBJ) $(filter-out $(BUILD)/obj/consumer/main.o,$(CONSUMER_OBJ))
BPF_OBJ      := $(patsubst bpf/%.bpf.c,$(BUILD)/bpf/%.bpf.o,$(BPF_SRC))
UNIT_BIN     := $(patsubst tests/unit/%.c,$(BUILD)/tests/%,$(UNIT_SRC))
FUZZ_BIN     := $(patsubst tests/fuzz/%.c,$(BUILD)/fuzz/%,$(FUZZ_SRC))
# A query verb confines its process for good. Builds with sanitizers or coverage do not, so that only they can replay
# a target that runs many verbs in one process.
REPLAY_SRC   := $(if $(SANITIZE)$(COVERAGE),$(FUZZ_SRC),$(filter-out tests/fuzz/fuzz_history.c,$(FUZZ_SRC)))
REPLAY_BIN   := $(patsubst tests/fuzz/fuzz_%.c,$(BUILD)/tests/replay_%,$(REPLAY_SRC))
# Makes the databases of tests/cli.
MKDB_OBJ     := $(call obj,tests/cli/mkdb.c $(filter consumer/store/% consumer/text/%,$(CONSUMER_SRC))) $(COMMON_OBJ)
TOOLS        := $(patsubst tests/tools/%.c,$(BUILD)/tests/tools/%,$(sort $(wildcard tests/tools/*.c)))
BENCH_BIN    := $(patsubst tests/bench/%.c,$(BUILD)/bench/%,$(BENCH_SRC))
SKELETON     := $(KERNEL_BUILD)/gen/cri_ebpf.skel.h
POLICY_GEN   := $(patsubst policy/seccomp/%.policy,$(BUILD)/gen/seccomp_%.h,$(wildcard policy/seccomp/*.policy))
COMPLETION_GEN := $(BUILD)/gen/completion_scripts.h
TEMPLATES    := $(foreach shell,bash zsh fish,packaging/completion/template.$(shell))
MAN_PAGES    := $(patsubst packaging/man/%.scd,$(BUILD)/man/%,$(sort $(wildcard packaging/man/*.scd)))
COMPLETIONS  := $(foreach program,cri-ebpf cri-ebpf-loader,$(addprefix $(BUILD)/completion/,\
	$(program).bash _$(program) $(program).fish))
EXAMPLE_CONF := $(BUILD)/cri-ebpf.conf.example
OCI_GEN      := $(patsubst policy/oci/%.policy,$(BUILD)/gen/oci_%.h,$(wildcard policy/oci/*.policy))
OCI_PROFILES := $(BUILD)/oci/record.json $(BUILD)/oci/loader.json

.DELETE_ON_ERROR:
.SECONDARY:
.PHONY: all docs help run quick check check-unit check-cli check-policy check-bpf check-containers check-vm check-packages \
	check-lint check-sanitized check-long variants hooked abi extended sanitized coverage mutants fuzz bench fmt lint install \
	not-for-tests image-root deb rpm clean deps-build deps-test tests

all: $(BUILD)/cri-ebpf $(BUILD)/cri-ebpf-loader

help:
	@printf '%s\n' 'make TARGET (some as root); everything is built below build/' \
		'  all              both programs (the default)' \
		'  docs             manual pages, completion scripts, the example configuration' \
		'  install          all of it below DESTDIR and PREFIX; APPARMOR=yes, SELINUX=yes for the policies' \
		'  deb, rpm         packages, in build/packages/' \
		'  image-root       the files of a container image, in build/image-root/' \
		'  run              a demonstration: records a container that runs into its limit (root)' \
		'  quick            the inner loop: unit tests, lint, and some of each other kind (root)' \
		'  check            every test (root); what is skipped is printed with its reason' \
		'  check-long       the tests with larger bounds, coverage, mutants (root)' \
		'  check-PART       one part: unit cli policy bpf containers vm packages lint sanitized' \
		'  tests, variants  what single tests need beside "all": test programs, and builds of our programs for tests' \
		'  coverage         the lines that the tests execute' \
		'  mutants          breaks the program on purpose, and requires that a test fails' \
		'  fuzz             every fuzz target, FUZZ_SECONDS each' \
		'  bench            one JSON object per figure (root)' \
		'  lint             both compilers without a warning' \
		'  fmt              clang-format' \
		'  clean            removes build/'

$(BUILD)/cri-ebpf-loader: $(LOADER_OBJ)
	$(msg) LD $@
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LOADER_LIBS)

$(BUILD)/cri-ebpf: $(CONSUMER_OBJ) $(COMMON_OBJ)
	$(msg) LD $@
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(CONSUMER_LIBS)

$(BUILD)/obj/%.o: %.c Makefile
	$(msg) CC $<
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/obj/loader/object.o: $(SKELETON)
$(BUILD)/obj/consumer/sandbox/sandbox.o: $(POLICY_GEN)
$(BUILD)/obj/consumer/cli/cmd_help.o: $(COMPLETION_GEN)

# Kernel side: one object per family of hooks, linked into one, then embedded as a skeleton.
ifeq ($(KERNEL_BUILD),$(BUILD))
$(BUILD)/bpf/%.bpf.o: bpf/%.bpf.c Makefile
	$(msg) BPF $<
	$(Q)mkdir -p $(@D)
	$(Q)$(CLANG) $(BPF_CFLAGS) -MMD -MP -c -o $@ $<
	$(Q)$(LLVM_STRIP) -g $@

$(BUILD)/bpf/cri_ebpf.o: $(BPF_OBJ)
	$(msg) BPF-LD $@
	$(Q)$(BPFTOOL) gen object $@ $^

$(SKELETON): $(BUILD)/bpf/cri_ebpf.o
	$(msg) GEN-SKEL $@
	$(Q)mkdir -p $(@D)
	$(Q)$(BPFTOOL) gen skeleton $< name cri_ebpf > $@
endif

$(BUILD)/gen/seccomp_%.h: policy/seccomp/%.policy policy/seccomp/compile.awk
	$(msg) POLICY $<
	$(Q)mkdir -p $(@D)
	$(Q)awk -f policy/seccomp/compile.awk $< > $@

$(COMPLETION_GEN): packaging/completion/to_c.awk $(TEMPLATES)
	$(msg) GEN $@
	$(Q)mkdir -p $(@D)
	$(Q)awk -f $^ > $@

# Manual pages, completion scripts and the example configuration are generated from the option tables that the programs
# print. Not part of all, which may be built for another machine and cannot run there.
docs: $(MAN_PAGES) $(COMPLETIONS) $(EXAMPLE_CONF)

$(BUILD)/gen/%.table: $(BUILD)/%
	$(Q)mkdir -p $(@D)
	$(Q)$< help --table > $@

TABLES := $(BUILD)/gen/cri-ebpf.table $(BUILD)/gen/cri-ebpf-loader.table
# The page of the loader shows the loader's options.
table_of = $(BUILD)/gen/cri-ebpf$(if $(filter cri-ebpf-loader%,$(1)),-loader).table

$(BUILD)/man/%: packaging/man/%.scd packaging/man/fill.awk $(TABLES)
	$(msg) MAN $@
	$(Q)mkdir -p $(@D)
	$(Q)awk -f packaging/man/fill.awk $(call table_of,$*) $< $< > $(BUILD)/gen/$*.scd
	$(Q)scdoc < $(BUILD)/gen/$*.scd > $@

FILL = $(Q)mkdir -p $(@D) && awk -f packaging/completion/fill.awk -v program=$*

$(BUILD)/completion/%.bash: packaging/completion/template.bash packaging/completion/fill.awk $(BUILD)/gen/%.table
	$(FILL) $(BUILD)/gen/$*.table $< > $@

$(BUILD)/completion/_%: packaging/completion/template.zsh packaging/completion/fill.awk $(BUILD)/gen/%.table
	$(FILL) $(BUILD)/gen/$*.table $< > $@

$(BUILD)/completion/%.fish: packaging/completion/template.fish packaging/completion/fill.awk $(BUILD)/gen/%.table
	$(FILL) -v escaped=yes $(BUILD)/gen/$*.table $< > $@

$(EXAMPLE_CONF): packaging/man/conf.awk $(BUILD)/gen/cri-ebpf.table
	$(Q)awk -f $^ > $@

$(BUILD)/gen/oci_%.h: policy/oci/%.policy policy/seccomp/compile.awk
	$(msg) POLICY $<
	$(Q)mkdir -p $(@D)
	$(Q)awk -f policy/seccomp/compile.awk $< > $@

# The seccomp policies as profiles for container runtimes.
$(BUILD)/obj/policy/oci/profile.o: $(POLICY_GEN) $(OCI_GEN)

$(BUILD)/oci/profile: $(BUILD)/obj/policy/oci/profile.o
	$(msg) LD $@
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^

$(BUILD)/oci/%.json: $(BUILD)/oci/profile
	$(msg) PROFILE $@
	$(Q)$< $* > $@

# The files of a container image (packaging/image-root.sh).
$(BUILD)/cri-ebpf-prepare: $(call obj,packaging/kubernetes/prepare.c common/log.c common/text_escape.c common/utf8.c)
	$(msg) LD $@
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^

image-root: all not-for-tests $(BUILD)/cri-ebpf-prepare $(OCI_PROFILES)
	$(Q)BUILD=$(BUILD) SOURCE_DATE_EPOCH=$(SOURCE_DATE_EPOCH) packaging/image-root.sh $(BUILD)/image-root

# Tests. One program per unit; the corpora of the fuzz targets are replayed as tests.
tests: $(UNIT_BIN) $(REPLAY_BIN) $(TOOLS) $(BUILD)/mkdb

$(BUILD)/mkdb: $(MKDB_OBJ)
	$(msg) LD $@
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ -lsqlite3 -lcap $(call lib,inih)

$(BUILD)/tests/test_%: $(BUILD)/obj/tests/unit/test_%.o $(TESTED_OBJ)
	$(msg) LD $@
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(CONSUMER_LIBS) -lcmocka

# A unit test of what tests/kind adds.
$(BUILD)/tests/test_kind: $(call obj,tests/unit/extended/test_kind.c) $(TESTED_OBJ)
	$(msg) LD $@
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(CONSUMER_LIBS) -lcmocka

$(BUILD)/tests/replay_%: $(BUILD)/obj/tests/fuzz/fuzz_%.o $(BUILD)/obj/tests/fuzz/replay.o $(TESTED_OBJ)
	$(msg) LD $@
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(CONSUMER_LIBS) -lcmocka

$(BUILD)/bench/bench_%: $(BUILD)/obj/tests/bench/bench_%.o $(TESTED_OBJ)
	$(msg) LD $@
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(CONSUMER_LIBS)

# One set of objects for all fuzz targets, instrumented for the fuzzer and with sanitizers.
FUZZ_SECONDS ?= 60
FUZZ_CFLAGS  := -std=gnu11 -D_GNU_SOURCE -I. -I$(BUILD)/gen -DCRI_VERSION='"$(VERSION)"' -DCRI_SANITIZED -g -O1 \
	-fno-sanitize-recover=all
FUZZ_OBJ     := $(patsubst %.c,$(BUILD)/fuzz/obj/%.o,$(COMMON_SRC) $(filter-out consumer/main.c,$(CONSUMER_SRC)))

$(BUILD)/fuzz/obj/%.o: %.c Makefile $(POLICY_GEN) $(COMPLETION_GEN)
	$(msg) FUZZ-CC $<
	$(Q)mkdir -p $(@D)
	$(Q)$(CLANG) $(FUZZ_CFLAGS) -fsanitize=fuzzer-no-link,address,undefined -MMD -MP -c -o $@ $<

$(BUILD)/fuzz/fuzz_%: $(BUILD)/fuzz/obj/tests/fuzz/fuzz_%.o $(FUZZ_OBJ)
	$(msg) FUZZ-LD $@
	$(Q)$(CLANG) -fsanitize=fuzzer,address,undefined -o $@ $^ $(CONSUMER_LIBS) -lcmocka

TOOL_CFLAGS := -std=gnu11 -D_GNU_SOURCE -O2 -Wall -Wextra -pthread
# Small programs that tests start; static where this machine can, so that they run in any container.
$(BUILD)/tests/tools/%: tests/tools/%.c
	$(msg) TOOL $@
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(TOOL_CFLAGS) -static -o $@ $< 2>/dev/null || $(CC) $(TOOL_CFLAGS) -o $@ $<

SHELL_BUILD = BUILD=$(BUILD) VERSION=$(VERSION)
RUN_TESTS   = $(SHELL_BUILD) tests/run.sh -j $(CPUS)
# Builds with the output of each target in one piece.
SUBMAKE     = +$(Q)$(MAKE) --no-print-directory --output-sync
# Files of one part run beside each other in this order; the long ones are first.
TEST_PARTS := packaging sanitized cli-sanitized tests/lint.sh policy unit cli bpf containers tests/vm/run.sh tests/vm/power.sh \
	tests/packaging/machine.sh

deps-build:
	@packaging/deps.sh build

deps-test: deps-build
	@packaging/deps.sh test

# A second make, since what the first one has read of the machine may have changed when packages were installed.
run: deps-build
	$(SUBMAKE) all
	$(Q)$(SHELL_BUILD) tests/demo.sh

check: deps-test
	$(Q)mkdir -p $(BUILD) && date +%s >$(BUILD)/check.begin
	$(SUBMAKE) --output-sync all docs tests variants sanitized image-root lint
	$(Q)$(RUN_TESTS) -b -s build=$$(($$(date +%s) - $$(cat $(BUILD)/check.begin))) -t 2400 $(TEST_PARTS)

# The same tests with larger bounds, and what needs a second build of everything.
check-long: deps-test
	$(SUBMAKE) all docs tests variants image-root
	$(Q)CRI_EBPF_LONG=yes $(RUN_TESTS) -t 14400 packaging bpf containers tests/vm/power.sh tests/packaging/machine.sh
	$(SUBMAKE) coverage mutants

# The inner loop.
quick: all docs tests lint
	$(Q)$(RUN_TESTS) unit tests/lint.sh $(patsubst %,tests/cli/%.t,events verbs why) tests/bpf/oom_container.t \
		tests/containers/podman.t

# Variants for tests. hooked: stops at named places (consumer/test_hook.h). abi: the next version of the wire format.
# sanitized: address and undefined behaviour sanitizers. extended: one more event type (tests/kind) and one more output
# format (tests/format).
variants: hooked abi extended
hooked: $(SKELETON)
	$(SUBMAKE) BUILD=$(BUILD)/hooked KERNEL_BUILD=$(BUILD) DEFINES=-DCRI_TEST_HOOKS all
abi:
	$(SUBMAKE) BUILD=$(BUILD)/abi DEFINES=-DEV_ABI=2 all
extended: $(SKELETON)
	$(SUBMAKE) BUILD=$(BUILD)/extended KERNEL_BUILD=$(BUILD) DEFINES="-DCRI_TEST_KIND -DCRI_TEST_FORMAT" all \
		$(BUILD)/extended/tests/test_kind $(BUILD)/extended/mkdb
sanitized: $(SKELETON)
	$(SUBMAKE) BUILD=$(BUILD)/sanitized KERNEL_BUILD=$(BUILD) SANITIZE=address,undefined CFLAGS='-O1 -g' all docs tests

check-unit: tests
	$(Q)$(RUN_TESTS) unit
check-cli: all docs tests variants
	$(Q)$(RUN_TESTS) cli
check-policy: all docs variants
	$(Q)$(RUN_TESTS) policy
check-bpf: all tests variants
	$(Q)$(RUN_TESTS) bpf
check-containers: all tests
	$(Q)$(RUN_TESTS) containers
check-vm: deps-test
	$(SUBMAKE) all tests
	$(Q)$(RUN_TESTS) -t 2400 tests/vm/run.sh tests/vm/power.sh
check-packages: deps-test
	$(SUBMAKE) all docs tests image-root
	$(Q)$(RUN_TESTS) -t 2400 packaging tests/packaging/machine.sh
# Units and the command line again, with sanitizers.
check-sanitized: all sanitized
	$(Q)$(RUN_TESTS) sanitized cli-sanitized
check-lint: lint
	$(Q)$(RUN_TESTS) tests/lint.sh

# Both compilers without a warning; a file is compiled again when it or a header of it has changed.
LINT_SRC = $(COMMON_SRC) $(LOADER_SRC) $(CONSUMER_SRC) $(UNIT_SRC) $(FUZZ_SRC) $(BENCH_SRC) $(IMAGE_SRC)
lint: $(patsubst %.c,$(BUILD)/lint/%.ok,$(LINT_SRC))
$(BUILD)/lint/%.ok: %.c Makefile | $(SKELETON) $(POLICY_GEN) $(OCI_GEN) $(COMPLETION_GEN)
	$(msg) LINT $<
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) -Werror -fsyntax-only -MMD -MP -MF $(@:.ok=.d) -MT $@ $<
	$(Q)$(CLANG) $(ALL_CFLAGS) -Werror -fsyntax-only $<
	$(Q)touch $@

# Lines of user space that the tests execute, by folder; at least 90 % of them.
coverage: $(SKELETON)
	$(SUBMAKE) BUILD=$(BUILD)/coverage KERNEL_BUILD=$(BUILD) COVERAGE=yes CFLAGS='-O1 -g' all docs tests
	$(Q)$(SHELL_BUILD) tests/coverage.sh 90

# Breaks the program in the ways that tests/mutants lists: a test has to fail each time.
mutants:
	$(Q)$(SHELL_BUILD) tests/mutants.sh

fuzz: deps-build
	@packaging/deps.sh fuzz
	$(Q)$(MAKE) --no-print-directory $(FUZZ_BIN)
	$(Q)for target in $(notdir $(FUZZ_BIN)); do \
		echo "  FUZZ     $$target, $(FUZZ_SECONDS) s"; mkdir -p $(BUILD)/fuzz/corpus/$$target; \
		$(BUILD)/fuzz/$$target -max_total_time=$(FUZZ_SECONDS) -verbosity=0 -print_final_stats=0 \
			-artifact_prefix=$(BUILD)/fuzz/ $(BUILD)/fuzz/corpus/$$target tests/fuzz/corpus/$${target#fuzz_} \
			|| exit 1; done

# One JSON object a line: {"name":..., "value":..., "unit":...}
bench: all $(BENCH_BIN) $(BUILD)/mkdb
	$(Q)for program in $(BENCH_BIN); do $$program || exit 1; done
	$(Q)$(SHELL_BUILD) tests/bench/kernel.sh
	$(Q)$(SHELL_BUILD) tests/bench/start.sh

fmt:
	clang-format -i $(COMMON_SRC) $(LOADER_SRC) $(CONSUMER_SRC) $(wildcard common/*.h loader/*.h consumer/*.h consumer/*/*.h consumer/*/*/*.h bpf/*.[ch])

# install_policy FILE,TARGET: installs a text file, with the installed paths of the programs in it.
define install_policy
install -D -m 0644 policy/$(1) $(DESTDIR)$(2)
	sed -i -e 's,/usr/bin/cri-ebpf,$(BINDIR)/cri-ebpf,' -e 's,/usr/libexec/cri-ebpf/,$(LIBEXECDIR)/cri-ebpf/,' $(DESTDIR)$(2)

endef

# A build for tests may have no sandbox, and is not installed. Its version string shows what it is.
not-for-tests: all
	@! grep -aqE '[0-9a-z]-(sanitized|for-tests)' $(BUILD)/cri-ebpf $(BUILD)/cri-ebpf-loader || \
		{ echo 'the programs in $(BUILD) were built with SANITIZE or DEFINES, for tests: not installed' >&2; exit 1; }

install: all docs not-for-tests
	install -D -m 0755 $(BUILD)/cri-ebpf $(DESTDIR)$(BINDIR)/cri-ebpf
	install -D -m 0755 $(BUILD)/cri-ebpf-loader $(DESTDIR)$(LIBEXECDIR)/cri-ebpf/cri-ebpf-loader
	install -d -m 0755 $(DESTDIR)$(SBINDIR)
	ln -sfr $(DESTDIR)$(LIBEXECDIR)/cri-ebpf/cri-ebpf-loader $(DESTDIR)$(SBINDIR)/cri-ebpf-loader
	$(foreach unit,$(notdir $(wildcard policy/systemd/*.service)),\
		$(call install_policy,systemd/$(unit),$(SYSTEMDUNITDIR)/$(unit)))
	$(call install_policy,systemd/90-cri-ebpf.preset,$(PRESETDIR)/90-cri-ebpf.preset)
	$(call install_policy,systemd/cri-ebpf.sysusers,$(SYSUSERSDIR)/cri-ebpf.conf)
	$(call install_policy,systemd/cri-ebpf.tmpfiles,$(TMPFILESDIR)/cri-ebpf.conf)
ifeq ($(APPARMOR),yes)
	$(foreach profile,cri-ebpf-loader cri-ebpf-record,\
		$(call install_policy,apparmor/$(profile),$(APPARMORDIR)/$(profile)))
endif
ifeq ($(SELINUX),yes)
	$(call install_policy,selinux/cri-ebpf.cil,$(SELINUXDIR)/cri-ebpf.cil)
endif
	install -D -m 0644 packaging/cri-ebpf.conf $(DESTDIR)/etc/cri-ebpf/cri-ebpf.conf
	install -d -m 0755 $(DESTDIR)/etc/cri-ebpf/conf.d
	install -D -m 0644 $(EXAMPLE_CONF) $(DESTDIR)$(DOCDIR)/examples/cri-ebpf.conf
	for page in $(MAN_PAGES); do \
		install -D -m 0644 -t $(DESTDIR)$(MANDIR)/man$${page##*.} $$page || exit 1; done
	for program in cri-ebpf cri-ebpf-loader; do \
		install -D -m 0644 $(BUILD)/completion/$$program.bash $(DESTDIR)$(BASHCOMPDIR)/$$program && \
		install -D -m 0644 -t $(DESTDIR)$(ZSHCOMPDIR) $(BUILD)/completion/_$$program && \
		install -D -m 0644 -t $(DESTDIR)$(FISHCOMPDIR) $(BUILD)/completion/$$program.fish || exit 1; done

# Packages of the working tree, into $(BUILD)/packages/.
SOURCE_DATE_EPOCH ?= $(shell git log -1 --format=%ct 2>/dev/null || stat -c %Y Makefile)
deb rpm: deps-build
	@packaging/deps.sh $@
	$(Q)$(SHELL_BUILD) SOURCE_DATE_EPOCH=$(SOURCE_DATE_EPOCH) packaging/$@/build.sh

-include $(shell find $(BUILD)/obj $(BUILD)/bpf $(BUILD)/lint $(BUILD)/fuzz/obj -type f -name '*.d' 2>/dev/null)

clean:
	rm -rf $(BUILD)
