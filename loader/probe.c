/* SPDX-License-Identifier: BSD-2-Clause */
#include "loader/probe.h"

#include <errno.h>
#include <string.h>

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>

#include "common/cleanup.h"
#include "common/maps.h"
#include "common/pins.h"
#include "loader/host.h"
#include "loader/object.h"

#define ENABLED_BY(key) .enabled = offsetof(struct config, key)

const struct probe probes[PROBE_COUNT] = {
	[PROBE_OOM_KILL] = {
		.name = "oom_kill", ENABLED_BY(oom_kill), .essential = true,
		.rungs = {
			{ .name = "fentry", .programs = { "oom_kill_fentry", "oom_decide_fentry" }, .kill_seen = true },
			{ .name = "kprobe", .programs = { "oom_kill_kprobe", "oom_decide_kprobe" }, .kill_seen = true },
			{ .name = "mark_victim", .programs = { "oom_mark", "signal_kernel_kill" }, .kill_noted = true },
			{ .name = "mark_victim_only", .programs = { "oom_mark" } },
			{ .name = "mark_victim_pid", .programs = { "oom_mark_pid" } },
		},
	},
	[PROBE_PRESSURE_HIGH] = {
		.name = "memory_pressure_high", ENABLED_BY(memory_pressure),
		.rungs = {
			{ .name = "fentry", .programs = { "high_fentry" }, .needs_probe_read = true },
			{ .name = "fentry_typed", .programs = { "high_typed_memcg" } },
			{ .name = "fentry_typed", .programs = { "high_typed_charge" } },
			{ .name = "kprobe", .programs = { "high_kprobe" } },
			{ .name = "runtime", .programs = { "high_runtime" }, .needs_probe_read = true, .scans = true },
			{ .name = "clock", .programs = { "high_clock" }, .per_cpu = true, .needs_probe_read = true },
		},
	},
	[PROBE_PRESSURE_LIMIT] = {
		.name = "memory_pressure_limit", ENABLED_BY(memory_pressure),
		.rungs = {
			{ .name = "fentry", .programs = { "limit_fentry" } },
			{ .name = "kprobe", .programs = { "limit_kprobe" } },
			{ .name = "oom_kill", .programs = { NULL }, .derived = true },
		},
	},
	[PROBE_PROCESS_EXIT] = {
		.name = "process_exit", ENABLED_BY(process_exit), .essential = true, .program_pin = PIN_PROGRAM_EXIT,
		.rungs = {
			{ .name = "tp_btf", .programs = { "exit_group_dead" } },
			{ .name = "tp_btf_live", .programs = { "exit_live" }, .exit_twice = true },
			{ .name = "raw_tp", .programs = { "exit_raw" }, .exit_twice = true },
		},
	},
	[PROBE_PROCESS_EXIT_LATE] = {
		.name = "process_exit_late", ENABLED_BY(process_exit), .if_preempted = true,
		.program_pin = PIN_PROGRAM_LATE,
		.rungs = {
			{ .name = "tp_btf", .programs = { "exit_late_btf" }, .before = "exit_before", .second_chance = true },
			{ .name = "raw_tp", .programs = { "exit_late_raw" }, .before = "exit_before", .second_chance = true },
		},
	},
	[PROBE_PROCESS_FORK] = {
		.name = "process_fork", ENABLED_BY(process_fork),
		.rungs = {
			{ .name = "tp_btf", .programs = { "fork_btf" } },
			{ .name = "raw_tp", .programs = { "fork_raw" } },
		},
	},
	[PROBE_CGROUP_MKDIR] = {
		.name = "cgroup_mkdir", ENABLED_BY(container_lifecycle),
		.rungs = { { .name = "tp_btf", .programs = { "cgroup_mkdir_btf" } },
			   { .name = "raw_tp", .programs = { "cgroup_mkdir_raw" } } },
	},
	[PROBE_CGROUP_EXEC] = {
		.name = "cgroup_exec", ENABLED_BY(container_lifecycle),
		.rungs = {
			{ .name = "tp_btf", .programs = { "cgroup_exec_btf" } },
			{ .name = "raw_tp", .programs = { "cgroup_exec_raw" } },
		},
	},
	[PROBE_CGROUP_RMDIR] = {
		.name = "cgroup_rmdir", ENABLED_BY(container_lifecycle),
		.rungs = { { .name = "tp_btf", .programs = { "cgroup_rmdir_btf" } },
			   { .name = "raw_tp", .programs = { "cgroup_rmdir_raw" } } },
	},
};

/* include/linux/errno.h; internal to the kernel, but bpf(2) returns it */
#define KERNEL_ENOTSUPP 524

static const struct {
	int error;
	const char *reason;
} reasons[] = {
	{ -EPERM, "the kernel does not permit it (lockdown, or the kernel is built without it)" },
	{ -EACCES, "not permitted: kernel.perf_event_paranoid above 2, or the verifier refused it" },
	{ -ENOENT, "no such function or tracepoint in this kernel" },
	{ -ESRCH, "no such function or tracepoint in this kernel" },
	{ -EINVAL, "refused by the verifier, or a link that cannot be pinned before 5.15" },
	{ -EOPNOTSUPP, "not compiled into this kernel" },
	{ -ENODEV, "not compiled into this kernel" },
	{ -KERNEL_ENOTSUPP, "no trampolines on this architecture: aarch64 has them from 6.4 on" },
	{ -ENOSYS, "this kernel has no kprobes" },
	{ -EBUSY, "no trampolines on this architecture: aarch64 has them from 6.4 on" },
	{ -ENODATA, "bpf_probe_read_kernel is refused: boot without lockdown=confidentiality" },
	{ -ECANCELED, "--rung names another one" },
};

const char *probe_reason(int error)
{
	if (error == -EPERM && host_locks_maps())
		return "the kernel does not permit it: see lockdown, or raise the memory lock limit (LimitMEMLOCK=)";
	for (size_t i = 0; i < ARRAY_SIZE(reasons); i++)
		if (reasons[i].error == error)
			return reasons[i].reason;
	return strerror(-error);
}

static bool is_same_rung(const struct probe_rung *a, const struct probe_rung *b)
{
	return a->name && b->name && !strcmp(a->name, b->name);
}

bool probe_rung_is_reported(const struct probe *probe, const struct probe_choice *choice, size_t rung)
{
	const struct probe_rung *this = &probe->rungs[rung];

	if (choice->errors[rung] != -ENOENT)
		return true;
	return !is_same_rung(this, this + 1) &&
	       !(rung > 0 && is_same_rung(this, this - 1) && choice->errors[rung - 1] != -ENOENT);
}

const char *probe_rung_shown(const struct probe_choice *choice, const char *none)
{
	if (!choice->enabled)
		return INFO_RUNG_OFF;
	if (choice->unneeded)
		return INFO_RUNG_UNNEEDED;
	return choice->rung ? choice->rung->name : none;
}

/* Compares a word like "oom_kill=kprobe": 1 when it names this probe and this rung, 0 when it names another rung of
 * this probe, -ENOENT when it names another probe. */
static int forced_rung(const char *word, const char *probe, const char *rung)
{
	size_t length = strlen(probe);

	if (strncmp(word, probe, length) || word[length] != '=')
		return -ENOENT;
	return strcmp(word + length + 1, rung) == 0;
}

static bool rung_is_wanted(const char *const *forced, const char *probe, const char *rung)
{
	for (size_t i = 0; forced && forced[i]; i++) {
		int r = forced_rung(forced[i], probe, rung);

		if (r >= 0)
			return r;
	}
	return true;
}

static bool names_rung(const char *word)
{
	for (size_t i = 0; i < PROBE_COUNT; i++)
		for (const struct probe_rung *rung = probes[i].rungs; rung->name; rung++)
			if (forced_rung(word, probes[i].name, rung->name) == 1)
				return true;
	return false;
}

const char *probe_find_wrong(const char *const *forced)
{
	for (size_t i = 0; forced && forced[i]; i++)
		if (!names_rung(forced[i]))
			return forced[i];
	return NULL;
}

bool probe_is_forced(const char *const *forced, const char *probe)
{
	for (size_t i = 0; forced && forced[i]; i++)
		if (forced_rung(forced[i], probe, "") >= 0)
			return true;
	return false;
}

/* Arguments of rung_try(). */
struct attempt {
	const struct config *config;
	const char *pin_dir;
	const char *const *forced;
	const struct btf *kernel;
	struct probe_choices *choices; /* filled probe by probe */
};

static int rung_try(const struct attempt *attempt, const struct probe_rung *rung)
{
	struct probe_choices *choices = attempt->choices;

	if (rung->derived)
		return choices->probe[PROBE_OOM_KILL].rung ? 0 : -ENOENT;
	if (rung->needs_probe_read && !choices->probe_read)
		return -ENODATA;
	if (rung->before)
		choices->iterators = object_try_iterator(attempt->config, rung->before) == 0;
	return object_try(attempt->config, rung, attempt->kernel, choices->probe_read, attempt->pin_dir);
}

static void probe_try_rungs(const struct attempt *attempt, const struct probe *probe, struct probe_choice *choice)
{
	for (size_t i = 0; i < PROBE_RUNGS && probe->rungs[i].name && !choice->rung; i++) {
		const struct probe_rung *rung = &probe->rungs[i];

		if (rung_is_wanted(attempt->forced, probe->name, rung->name))
			choice->errors[i] = rung_try(attempt, rung);
		else
			choice->errors[i] = -ECANCELED;
		if (!choice->errors[i])
			choice->rung = rung;
	}
}

/* True when the tracepoint of exits has the argument group_dead. */
static bool exit_says_group_dead(const struct btf *kernel)
{
	int id = btf__find_by_name_kind(kernel, "btf_trace_sched_process_exit", BTF_KIND_TYPEDEF);
	const struct btf_type *type = id > 0 ? btf__type_by_id(kernel, id) : NULL;

	type = type ? btf__type_by_id(kernel, type->type) : NULL;
	type = type && btf_is_ptr(type) ? btf__type_by_id(kernel, type->type) : NULL;
	return type && btf_is_func_proto(type) && btf_vlen(type) > 2; /* the first one is the program's data */
}

/*
 * Tracepoints can be preempted since a46023d5616e (7.0), which protects them by SRCU. Older kernels up to 6.12 have an
 * SRCU domain of that name too, for tracepoints of idle CPUs; they do not have group_dead (6.16). True as well where
 * types of variables are missing, so that nothing can be said: the second chance costs little and does no harm.
 */
static bool tracepoints_are_preempted(const struct btf *kernel)
{
	if (!exit_says_group_dead(kernel))
		return false;
	return btf__find_by_name_kind(kernel, "tracepoint_srcu_srcu_data", BTF_KIND_VAR) > 0 ||
	       btf__find_by_name_kind(kernel, ".data..percpu", BTF_KIND_DATASEC) < 0;
}

/*
 * Loads a program that calls bpf_probe_read_kernel(). libbpf's own probe searches the verifier's log for words that
 * kernels since 6.8 do not print.
 */
static bool probe_read_is_allowed(void)
{
	static const struct bpf_insn program[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = BPF_REG_1, .src_reg = BPF_REG_10 },
		{ .code = BPF_ALU64 | BPF_ADD | BPF_K, .dst_reg = BPF_REG_1, .imm = -8 },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_2, .imm = 8 },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_3 },
		{ .code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_probe_read_kernel },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	AUTO_CLOSE int fd = bpf_prog_load(BPF_PROG_TYPE_KPROBE, NULL, "GPL", program,
					  sizeof(program) / sizeof(program[0]), NULL);

	return fd >= 0;
}

int probe_choose(const struct config *config, const char *pin_dir, const char *const *forced,
		 struct probe_choices *ret)
{
	struct probe_choices choices = {};
	struct attempt attempt = { config, pin_dir, forced, NULL, &choices };
	struct btf *kernel;

	kernel = btf__load_vmlinux_btf();
	if (!kernel)
		return -errno;
	attempt.kernel = kernel;
	choices.probe_read = probe_read_is_allowed();
	choices.preempted = tracepoints_are_preempted(kernel);
	for (size_t i = 0; i < PROBE_COUNT; i++) {
		struct probe_choice *choice = &choices.probe[i];

		choice->enabled = *(const bool *)((const char *)config + probes[i].enabled);
		choice->unneeded = probes[i].if_preempted && !choices.preempted && !probe_is_forced(forced, probes[i].name);
		if (choice->enabled && !choice->unneeded)
			probe_try_rungs(&attempt, &probes[i], choice);
	}
	btf__free(kernel);
	*ret = choices;
	return 0;
}
