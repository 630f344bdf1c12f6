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
#include "loader/dir_error.h"
#include "loader/json.h"
#include "loader/pin.h"
#include "loader/probe.h"
#include "loader/witness.h"

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
		json_string("rung", json_or_null(info->probes[i].rung), ",");
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
