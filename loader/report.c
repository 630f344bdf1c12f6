/* SPDX-License-Identifier: BSD-2-Clause */
#include "loader/report.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/exit_code.h"
#include "common/log.h"
#include "common/pins.h"
#include "common/probe_links.h"
#include "common/text.h"
#include "loader/caps.h"
#include "loader/dir_error.h"
#include "loader/host.h"
#include "loader/lock.h"
#include "loader/object.h"
#include "loader/pin.h"
#include "loader/probe.h"
#include "loader/witness.h"

#define NOT_KNOWN WITNESS_UNKNOWN /* for every count */

/* In place of a rung. */
#define RUNG_OFF_WORDS	    "off"
#define RUNG_UNNEEDED_WORDS "not needed"

/* --- JSON --- */

static void json_string(const char *name, const char *value, const char *end)
{
	char text[1024];

	if (!value) {
		printf("\"%s\":null%s", name, end);
		return;
	}
	(void)text_json_escape(text, sizeof(text), value, strlen(value));
	printf("\"%s\":\"%s\"%s", name, text, end);
}

static void json_bool(const char *name, bool value, const char *end)
{
	printf("\"%s\":%s%s", name, value ? "true" : "false", end);
}

static const char *or_null(const char *text)
{
	return text[0] ? text : NULL;
}

/* --- status --- */

#define LOOKS_MAX 10

/* What the pin directory holds. */
struct found {
	const char *dir;
	const struct map_info *info;
	struct probe_links links[INFO_PROBES];
	bool detached[INFO_PROBES]; /* a link of the probe is pinned but not attached */
};

static int add_link(const char *name, void *context)
{
	struct found *found = context;
	int probe = probe_links_add(found->info, name, found->links);
	char path[PATH_MAX];

	/* A link that a replacement has renamed or removed meanwhile is none that is detached. */
	if (probe >= 0 && !pin_link_is_attached(found->dir, name) &&
	    pin_path(path, sizeof(path), found->dir, name) == 0 && access(path, F_OK) == 0)
		found->detached[probe] = true;
	return 0;
}

/* Returns whether every probe that has a rung is attached. */
static bool find_attached(const char *dir, const struct map_info *info, bool attached[INFO_PROBES])
{
	struct found found = { .dir = dir, .info = info };
	bool readable = pin_each(dir, add_link, &found) == 0, all = true;

	for (size_t i = 0; i < INFO_PROBES && info->probes[i].name[0]; i++) {
		bool wanted = probe_links_wanted(info, i);

		attached[i] = wanted && readable && probe_links_complete(info, found.links, i) &&
			      !found.detached[probe_links_source(info, i)];
		all = all && (attached[i] || !wanted);
	}
	return all;
}

/* Pins that depend on a probe. */
static const struct {
	const char *name;
	enum probe_id probe;
} probe_pins[] = {
	{ PIN_PROGRAM_EXIT, PROBE_PROCESS_EXIT },
	{ PIN_PROGRAM_LATE, PROBE_PROCESS_EXIT_LATE },
	{ PIN_EXITED, PROBE_PROCESS_EXIT_LATE },
	{ PIN_DISPLACED, PROBE_PROCESS_EXIT_LATE },
};

/* Maps and programs without a pin. */
struct missing {
	size_t count;
	size_t maps; /* the first ones: every load has these maps, and a replacement needs them */
	const char *names[PIN_MAPS + ARRAY_SIZE(probe_pins)];
};

static void find_missing_pin(const char *dir, const char *name, struct missing *missing)
{
	char path[PATH_MAX];

	if (pin_path(path, sizeof(path), dir, name) < 0 || access(path, F_OK) != 0)
		missing->names[missing->count++] = name;
}

static bool has_rung(const struct map_info *info, const char *probe)
{
	for (size_t i = 0; i < INFO_PROBES && info->probes[i].name[0]; i++)
		if (!strcmp(info->probes[i].name, probe))
			return probe_links_wanted(info, i);
	return false;
}

static void find_missing_pins(const char *dir, const struct map_info *info, struct missing *ret)
{
	ret->count = 0;
	for (size_t i = 0; i < PIN_MAPS; i++)
		find_missing_pin(dir, pin_maps[i], ret);
	ret->maps = ret->count;
	/* a replacement renames these */
	for (size_t i = 0; i < ARRAY_SIZE(probe_pins) && info->overlap == OVERLAP_NONE; i++)
		if (has_rung(info, probes[probe_pins[i].probe].name))
			find_missing_pin(dir, probe_pins[i].name, ret);
}

static void json_count(const char *name, uint64_t value, const char *end)
{
	if (value == NOT_KNOWN)
		printf("\"%s\":null%s", name, end);
	else
		printf("\"%s\":%llu%s", name, (unsigned long long)value, end);
}

static const char *text_count(char *out, size_t size, uint64_t value)
{
	(void)snprintf(out, size, value == NOT_KNOWN ? "not known" : "%llu", (unsigned long long)value);
	return out;
}

static void witness_print_text(const struct witness *witness)
{
	char skipped[32], late[32], lost[32];

	if (witness->lost == NOT_KNOWN)
		printf("  %-22s %s\n", "skipped by the kernel", text_count(skipped, sizeof(skipped), witness->exit));
	else
		printf("  %-22s %s, %s exits found late, %s lost\n", "skipped by the kernel",
		       text_count(skipped, sizeof(skipped), witness->exit), text_count(late, sizeof(late), witness->late),
		       text_count(lost, sizeof(lost), witness->lost));
}

/* Returns whether no exit can be missing; else logs why. */
static bool witness_judge(const struct witness *witness)
{
	if (witness->lost != NOT_KNOWN && witness->lost > 0)
		log_error("the kernel skipped the program that looks for missed exits %llu times: that many exits may not be "
			  "recorded, which must not happen on any kernel. Please report it, with the kernel's version",
			  (unsigned long long)witness->lost);
	else if (witness->lost == NOT_KNOWN && witness->exit != NOT_KNOWN && witness->exit > 0)
		log_error("the kernel skipped the program of exits %llu times, and nothing looks for missed exits on this "
			  "kernel: exits are missing. Load with --rung process_exit_late=tp_btf, and please report it",
			  (unsigned long long)witness->exit);
	else
		return true;
	return false;
}

/* Whether the programs of a probe are attached; null where none are to be. */
static void json_attached(const struct map_info *info, size_t probe, bool attached)
{
	if (probe_links_wanted(info, probe))
		json_bool("attached", attached, "}");
	else
		printf("\"attached\":null}");
}

static void json_names(const char *before, const char *const *names, size_t count)
{
	(void)fputs(before, stdout);
	for (size_t i = 0; i < count; i++)
		printf("%s\"%s\"", i ? "," : "", names[i]);
}

static void status_print_json(const struct map_info *info, const bool *attached, const struct missing *missing,
			      const struct pin_frozen *frozen, const struct witness *witness)
{
	printf("{\"loaded\":true,\"abi\":%u,", info->abi);
	json_string("version", info->version, ",");
	json_bool("replacing", info->overlap != OVERLAP_NONE, ",");
	printf("\"generation\":\"%llu\",\"ring_bytes\":%llu,\"probes\":[", (unsigned long long)info->generation,
	       (unsigned long long)info->ring_bytes);
	for (size_t i = 0; i < INFO_PROBES && info->probes[i].name[0]; i++) {
		printf("%s{", i ? "," : "");
		json_string("name", info->probes[i].name, ",");
		json_string("rung", or_null(info->probes[i].rung), ",");
		json_attached(info, i, attached[i]);
	}
	json_names("],\"missing\":[", missing->names, missing->count);
	json_names("],\"frozen\":[", frozen->names, frozen->count);
	printf("],\"skipped\":{");
	json_count("exit", witness->exit, ",");
	json_count("late", witness->late, ",");
	json_count("lost", witness->lost, "}}\n");
}

/* What is recorded in `info` in place of a rung, in words; or the rung. */
static const char *rung_in_words(const char *rung)
{
	static const struct {
		const char *rung, *words;
	} words[] = {
		{ "", "not available" },
		{ INFO_RUNG_OFF, RUNG_OFF_WORDS },
		{ INFO_RUNG_UNNEEDED, RUNG_UNNEEDED_WORDS },
	};

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (!strcmp(rung, words[i].rung))
			return words[i].words;
	return rung;
}

/* A string of the info map, escaped: whoever can write the map chose it. */
struct shown {
	char text[4 * INFO_NAME_MAX];
};

static const char *show(struct shown *shown, const char *name)
{
	(void)text_escape(shown->text, sizeof(shown->text), name, strlen(name));
	return shown->text;
}

static void status_print_text(const char *dir, const struct map_info *info, const bool *attached,
			      const struct missing *missing, const struct pin_frozen *frozen,
			      const struct witness *witness)
{
	struct shown version, name, rung;

	printf("loaded in %s: version %s, ring of %lluK\n", dir, show(&version, info->version),
	       (unsigned long long)info->ring_bytes / 1024);
	if (info->overlap != OVERLAP_NONE)
		puts("  a replacement of the programs is running, or was interrupted; no event is lost. Finish one that was "
		     "interrupted with: cri-ebpf-loader load --replace");
	for (size_t i = 0; i < INFO_PROBES && info->probes[i].name[0]; i++)
		printf("  %-22s %-18s %s\n", show(&name, info->probes[i].name),
		       show(&rung, rung_in_words(info->probes[i].rung)),
		       attached[i] ? "attached" : probe_links_wanted(info, i) ? "NOT ATTACHED" : "-");
	witness_print_text(witness);
	for (size_t i = 0; i < missing->count; i++)
		printf("  %-22s %-18s PIN MISSING\n", missing->names[i],
		       text_starts_with(missing->names[i], PIN_PROGRAM_PREFIX) ? "program" : "map");
	for (size_t i = 0; i < frozen->count; i++)
		printf("  %-22s %-18s FROZEN\n", frozen->names[i], "map");
}

static int status_not_loaded(const struct settings *settings, int error)
{
	if (settings->json)
		puts("{\"loaded\":false}");
	if (error == -ENOENT)
		log_error("nothing is loaded in \"%s\": no event is recorded. Load with: cri-ebpf-loader load",
			  settings->config.pin_dir);
	else if (error == -EEXIST)
		log_error("%s", dir_error_explain(settings->config.pin_dir, error));
	else
		log_error("cannot read \"%s\": %s. Run this command as root or as user \"%s\"", settings->config.pin_dir,
			  strerror(-error), USER_LOADER);
	return error == -ENOENT ? EXIT_UNHEALTHY : EXIT_DENIED;
}

/* Info and links of one moment: repeats when a replacement went on meanwhile. */
static int look(const char *dir, struct map_info *info, bool attached[INFO_PROBES], bool *ret_all)
{
	struct map_info after;
	int r = pin_read_info(dir, info);

	for (int i = 0; r == 0 && i < LOOKS_MAX; i++) {
		*ret_all = find_attached(dir, info, attached);
		r = pin_read_info(dir, &after);
		if (r < 0 || (after.set == info->set && after.overlap == info->overlap))
			break;
		*info = after;
	}
	return r;
}

/* One remedy: without the pin of a map the programs cannot be replaced. */
static void status_log_repair(bool attached, const struct missing *missing)
{
	if (missing->maps)
		log_error("the pin of a map is missing: a recorder cannot start, or the programs cannot be replaced. Repair "
			  "with: cri-ebpf-loader unload && cri-ebpf-loader load");
	else if (!attached)
		log_error("not every probe is attached: some events are not recorded. Attach them again with: "
			  "cri-ebpf-loader reload");
	else if (missing->count)
		log_error("a pin of the programs of exits is missing: it is not known how many exits the kernel skips. Pin it "
			  "again with: cri-ebpf-loader reload");
}

int verb_status(const struct settings *settings)
{
	bool attached[INFO_PROBES] = {}, healthy = false;
	struct pin_frozen frozen;
	struct missing missing;
	struct witness witness;
	struct map_info info;
	int r = settings->dir_error;

	if (r == 0)
		r = look(PIN_HERE, &info, attached, &healthy);

	if (r < 0)
		return status_not_loaded(settings, r);
	find_missing_pins(PIN_HERE, &info, &missing);
	pin_find_frozen(PIN_HERE, &frozen);
	witness_read(PIN_HERE, &witness);
	if (settings->json)
		status_print_json(&info, attached, &missing, &frozen, &witness);
	else
		status_print_text(settings->config.pin_dir, &info, attached, &missing, &frozen, &witness);
	pin_log_frozen(settings->config.pin_dir, &frozen, "");
	status_log_repair(healthy, &missing);
	return witness_judge(&witness) && healthy && !missing.count && !frozen.count ? EXIT_FOUND : EXIT_UNHEALTHY;
}

/* --- check --- */

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
	json_string("lockdown", or_null(host->lockdown), ",");
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
