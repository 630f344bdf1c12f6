/* SPDX-License-Identifier: BSD-2-Clause */
#include "loader/report.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/exit_code.h"
#include "common/log.h"
#include "common/pins.h"
#include "common/text.h"
#include "loader/caps.h"
#include "loader/dir_error.h"
#include "loader/host.h"
#include "loader/json.h"
#include "loader/lock.h"
#include "loader/object.h"
#include "loader/pin.h"
#include "loader/probe.h"

static const char *cgroup_mode_name(const struct host *host)
{
	if (host->cgroup_error)
		return NULL;
	return host->cgroup.mode == INFO_CGROUP_V1 ? "v1" : "v2";
}

static void check_print_rungs_json(const struct probe *probe, const struct probe_choice *choice)
{
	const char *separator = "";

	printf("\"tried\":[");
	for (size_t i = 0; i < PROBE_RUNGS && probe->rungs[i].name && choice->enabled && !choice->unneeded; i++) {
		if (!probe_rung_is_reported(probe, choice, i))
			continue;
		printf("%s{", separator);
		separator = ",";
		json_string("rung", probe->rungs[i].name, ",");
		json_string("refused", choice->errors[i] ? probe_reason(choice->errors[i]) : NULL, "}");
		if (&probe->rungs[i] == choice->rung)
			break;
	}
	printf("]");
}

/* Results of check. */
struct check {
	struct host host;
	struct probe_choices choices;
	const char *obstacle;  /* NULL: none */
	uint64_t locked_bytes; /* memory of the maps; or NOT_KNOWN */
	bool healthy;
};

static void check_print_json(const struct check *check)
{
	const struct host *host = &check->host;
	const struct probe_choices *choices = &check->choices;

	printf("{");
	json_bool("healthy", check->healthy, ",");
	json_string("obstacle", check->obstacle, ",");
	json_string("kernel", host->release, ",");
	json_string("machine", host->machine, ",");
	json_bool("btf", host->btf, ",");
	json_bool("bpffs", host->bpffs, ",");
	json_bool("ringbuf_fixed", host->ring_fixed, ",");
	json_bool("probe_read", choices->probe_read, ",");
	json_string("cgroup", cgroup_mode_name(host), ",");
	json_bool("memory_controller", host->memory_controller, ",");
	json_string("lockdown", json_or_null(host->lockdown), ",");
	printf("\"unprivileged_bpf_disabled\":%d,\"perf_event_paranoid\":%d,", host->unprivileged_bpf_disabled,
	       host->perf_event_paranoid);
	json_count("locked_memory_bytes", check->locked_bytes, ",\"probes\":[");
	for (size_t i = 0; i < PROBE_COUNT; i++) {
		printf("%s{", i ? "," : "");
		json_string("name", probes[i].name, ",");
		json_bool("enabled", choices->probe[i].enabled, ",");
		json_string("rung", probe_rung_shown(&choices->probe[i], NULL), ",");
		check_print_rungs_json(&probes[i], &choices->probe[i]);
		printf("}");
	}
	puts("]}");
}

static void check_print_probe(const struct probe *probe, const struct probe_choice *choice)
{
	if (!choice->enabled) {
		printf("  %-22s " RUNG_OFF_WORDS " in the configuration\n", probe->name);
		return;
	}
	if (choice->unneeded) {
		printf("  %-22s " RUNG_UNNEEDED_WORDS " on this kernel\n", probe->name);
		return;
	}
	printf("  %-22s %s\n", probe->name, choice->rung ? choice->rung->name : "NOT AVAILABLE");
	for (size_t i = 0; i < PROBE_RUNGS && probe->rungs[i].name && &probe->rungs[i] != choice->rung; i++)
		if (probe_rung_is_reported(probe, choice, i))
			printf("  %-22s   %s: %s\n", "", probe->rungs[i].name, probe_reason(choice->errors[i]));
}

static void check_print_maps(uint64_t bytes)
{
	char size[32];

	if (bytes == NOT_KNOWN)
		return;
	text_format_size(size, sizeof(size), bytes);
	printf("maps        %s of kernel memory\n", size);
}

static void check_print_text(const struct settings *settings, const struct check *check)
{
	const struct host *host = &check->host;
	const struct probe_choices *choices = &check->choices;

	printf("kernel      %s %s\n", host->release, host->machine);
	printf("BTF         %s\n", host->btf ? "yes" : "NO");
	printf("bpffs       %s\n", host->bpffs ? "mounted" : "NOT MOUNTED (mount -t bpf -o mode=0700 bpf /sys/fs/bpf)");
	printf("ring buffer %s\n", host->ring_fixed ? "fixed (CVE-2024-41009)" : "NOT FIXED: CVE-2024-41009");
	printf("cgroup      %s%s%s\n", host->cgroup_error ? "NOT MOUNTED" : cgroup_mode_name(host),
	       host->cgroup_error ? "" : ", memory controller at ", host->cgroup_error ? "" : host->cgroup.path);
	printf("memory      %s\n", host->memory_controller ? "controller enabled" : "NO CONTROLLER");
	printf("lockdown    %s\n", host->lockdown[0] ? host->lockdown : "not known");
	printf("sysctl      kernel.unprivileged_bpf_disabled=%d kernel.perf_event_paranoid=%d\n",
	       host->unprivileged_bpf_disabled, host->perf_event_paranoid);
	check_print_maps(check->locked_bytes);
	puts("probes");
	for (size_t i = 0; i < PROBE_COUNT; i++)
		check_print_probe(&probes[i], &choices->probe[i]);
	if (choices->probe[PROBE_PRESSURE_HIGH].rung && choices->probe[PROBE_PRESSURE_HIGH].rung->per_cpu)
		printf("  memory pressure is sampled %llu times a second on each CPU: a limit that is filled within "
		       "%.0f ms may be missed\n", (unsigned long long)settings->config.pressure_sample_hz,
		       1000.0 / settings->config.pressure_sample_hz);
}

static bool check_is_healthy(const struct host *host, const struct probe_choices *choices)
{
	if (!host->bpffs || !host->ring_fixed)
		return false;
	for (size_t i = 0; i < PROBE_COUNT; i++)
		if (probes[i].essential && choices->probe[i].enabled && !choices->probe[i].rung)
			return false;
	return true;
}

/* Who else can open a pin, or put another one in its place, could keep and change what is tried. */
static bool check_can_pin(const struct settings *settings)
{
	return settings->dir_error == 0 && pin_dir_check() == 0;
}

/* Tries the rungs while no other loader does. 0, or an exit code after logging the reason. */
static int check_try(const struct settings *settings, struct check *check)
{
	CLEANUP(lock_cleanup) int locked = -1;
	int r;

	if (check_can_pin(settings)) {
		locked = lock_take(settings->config.pin_dir);
		if (locked < 0)
			return EXIT_DENIED;
	}
	r = probe_choose(&settings->config, locked >= 0 ? PIN_HERE : NULL, settings->rungs.values, &check->choices);
	if (r < 0) {
		log_error("cannot read this kernel's types (/sys/kernel/btf/vmlinux): %s", strerror(-r));
		return EXIT_DENIED;
	}
	if (object_measure_maps(&settings->config, &check->choices, &check->locked_bytes) < 0)
		check->locked_bytes = NOT_KNOWN;
	check->healthy = check_is_healthy(&check->host, &check->choices);
	if (settings->dir_error == -EEXIST) {
		check->obstacle = dir_error_explain(settings->config.pin_dir, settings->dir_error);
		check->healthy = false;
	}
	return 0;
}

int verb_check(const struct settings *settings)
{
	struct check check = { .locked_bytes = NOT_KNOWN };
	const char *missing;
	int r = 0;

	object_log_init(settings->config.bpf_log_level);
	host_inspect(&check.host);
	check.obstacle = host_obstacle(&check.host);
	if (caps_check(&missing) < 0) {
		log_error("missing %s: the rungs cannot be tried. Run this command as root", missing);
		return EXIT_DENIED;
	}
	if (!check.obstacle)
		r = check_try(settings, &check);
	if (r)
		return r;
	if (settings->json)
		check_print_json(&check);
	else
		check_print_text(settings, &check);
	if (check.obstacle)
		log_error("%s", check.obstacle);
	return check.healthy ? EXIT_FOUND : EXIT_UNHEALTHY;
}
