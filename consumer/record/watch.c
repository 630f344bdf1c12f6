/* SPDX-License-Identifier: BSD-2-Clause */
#include "consumer/record/watch.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/probe_links.h"
#include "consumer/container/kernel_maps.h"
#include "consumer/record/outage.h"
#include "consumer/record/standstill.h"
#include "consumer/store/recorder_problem.h"
#include "consumer/text/clock.h"
#include "consumer/text/json.h"

#define CHUNK	    4096
/* A lock that a reader holds for a moment makes a step fail, and the next one does what that left. */
#define RETENTION_PATIENCE_NS 60000000000ULL
#define LINE_MAX_STAT 64 /* more than the line that is searched in /proc/stat */

struct problem {
	int64_t since; /* wall time; 0: there is none */
	char detail[256];
};

struct watch {
	struct pinned_maps *pinned_maps;
	struct kernel_maps maps;
	DIR *pins;   /* NULL: cannot be listed */
	int stat_fd; /* /proc/stat, or -1 */
	struct map_info info;
	int attached[INFO_PROBES];
	struct outages outages;
	struct standstill standstill;
	uint64_t lost; /* EV_UNKNOWN: not known yet */
	uint64_t retention_ns; /* boot time of the first failure of retention since it worked; 0: it works */
	struct problem problems[RECORDER_PROBLEM_COUNT];
};

/* detail: NULL or "": none. */
static void set(struct watch *watch, enum recorder_problem which, bool lasts, const char *detail)
{
	struct problem *problem = &watch->problems[which];

	if (!lasts)
		problem->since = 0;
	else if (problem->since == 0)
		problem->since = clock_wall_ns();
	(void)snprintf(problem->detail, sizeof(problem->detail), "%s", detail ? detail : "");
}

/* ------------------------------------------------------------------ links */

/* The directory is opened anew: a descriptor that is shared would share its position too. */
static DIR *open_pins(int pin_dir_fd)
{
	AUTO_CLOSE int fd = openat(pin_dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *pins = fd < 0 ? NULL : fdopendir(fd);

	if (pins)
		(void)TAKE_FD(fd);
	return pins;
}

static bool list_links(struct watch *watch, struct probe_links links[INFO_PROBES])
{
	const struct dirent *entry;

	if (!watch->pins)
		return false;
	rewinddir(watch->pins);
	errno = 0;
	while ((entry = readdir(watch->pins)))
		(void)probe_links_add(&watch->info, entry->d_name, links);
	return errno == 0;
}

/* False: what was listed is not of one moment, because programs were replaced meanwhile. */
static bool info_is_unchanged(const struct watch *watch)
{
	struct map_info info;

	return kernel_maps_read_info(watch->pinned_maps, &info) == 0 && info.set == watch->info.set &&
	       info.overlap == watch->info.overlap;
}

static void look_at_links(struct watch *watch)
{
	const struct map_info *info = &watch->info;
	struct probe_links links[INFO_PROBES] = { 0 };
	bool known = list_links(watch, links) && info_is_unchanged(watch), gone = false;
	char names[sizeof(watch->problems[0].detail)] = "";

	for (size_t i = 0; i < INFO_PROBES && info->probes[i].name[0]; i++) {
		bool wanted = probe_links_wanted(info, i), complete = probe_links_complete(info, links, i);
		size_t length = strlen(names);

		watch->attached[i] = known && wanted ? complete : -1;
		if (watch->attached[i] != 0)
			continue;
		(void)snprintf(names + length, sizeof(names) - length, "%s%s", gone ? ", " : "", info->probes[i].name);
		gone = true;
	}
	if (!known) {
		outages_note_nothing(&watch->outages);
		return;
	}
	outages_note(&watch->outages, info, watch->attached, clock_wall_ns());
	set(watch, RECORDER_LINKS_GONE, gone, names);
}

/* ------------------------------------------------------------------ counters */

static bool read_tasks(int fd, uint64_t *ret)
{
	char text[CHUNK + 1] = "\n";
	size_t length = 1;
	off_t at = 0;

	while (fd >= 0) {
		ssize_t n = pread(fd, text + length, CHUNK - length, at);

		if (n <= 0)
			return false;
		at += n;
		length += (size_t)n;
		text[length] = '\0';
		if (standstill_find_tasks(text, ret))
			return true;
		if (length > LINE_MAX_STAT) {
			(void)memmove(text, text + length - LINE_MAX_STAT, LINE_MAX_STAT);
			length = LINE_MAX_STAT;
		}
	}
	return false;
}

static bool records_exits(const struct map_info *info)
{
	for (size_t i = 0; i < INFO_PROBES && info->probes[i].name[0]; i++)
		if (strcmp(info->probes[i].name, "process_exit") == 0)
			return probe_links_wanted(info, i);
	return false;
}

static void look_at_exits(struct watch *watch)
{
	struct map_counters counters;
	uint64_t tasks, created = 0;
	char detail[64];

	if (!records_exits(&watch->info) || !read_tasks(watch->stat_fd, &tasks) ||
	    watch->maps.counters(watch->maps.context, EV_PROCESS_EXIT, &counters) != 0)
		watch->standstill = (struct standstill){ 0 };
	else
		created = standstill_note(&watch->standstill, clock_boot_ns(), tasks,
					  counters.seq + counters.unnumbered + counters.filtered);
	(void)snprintf(detail, sizeof(detail), "%" PRIu64, created);
	set(watch, RECORDER_STANDSTILL, created > 0, detail);
	if (created > 0)
		outages_note_standstill(&watch->outages,
					clock_wall_ns() - (int64_t)(clock_boot_ns() - watch->standstill.since_ns));
}

static void look_at_losses(struct watch *watch)
{
	uint64_t lost = 0, before = watch->lost;
	char detail[64];

	for (unsigned int kind = 1; kind < EV_KIND_COUNT; kind++) {
		struct map_counters counters;

		if (watch->maps.counters(watch->maps.context, (enum ev_kind)kind, &counters) == 0)
			lost += counters.lost;
	}
	watch->lost = lost;
	(void)snprintf(detail, sizeof(detail), "%" PRIu64, lost - before);
	set(watch, RECORDER_LOSING, before != EV_UNKNOWN && lost > before, detail);
}

/* ------------------------------------------------------------------ the map of cgroups */

/* Deletes an entry that cannot exist: no cgroup has the id 0. A map that was frozen refuses that, and every change. */
static void look_at_metadata(struct watch *watch)
{
	const struct ev_cgroup nothing = { 0 };

	set(watch, RECORDER_METADATA_FROZEN, watch->maps.forget(watch->maps.context, &nothing) == -EPERM, NULL);
}

/* ------------------------------------------------------------------ all */

void watch_look(struct watch *watch, bool loaded)
{
	struct map_info info;

	if (!loaded) {
		(void)memset(watch->problems, 0, sizeof(watch->problems));
		(void)memset(watch->attached, -1, sizeof(watch->attached));
		outages_note_nothing(&watch->outages);
		return;
	}
	if (kernel_maps_read_info(watch->pinned_maps, &info) == 0)
		watch->info = info;
	look_at_links(watch);
	look_at_exits(watch);
	look_at_losses(watch);
	look_at_metadata(watch);
}

void watch_note_retention(struct watch *watch, const char *failure)
{
	uint64_t now = clock_boot_ns();

	if (!failure)
		watch->retention_ns = 0;
	else if (watch->retention_ns == 0)
		watch->retention_ns = now;
	set(watch, RECORDER_RETENTION_FAILS, failure && now - watch->retention_ns >= RETENTION_PATIENCE_NS, failure);
}

const struct map_info *watch_info(const struct watch *watch)
{
	return &watch->info;
}

const struct outages *watch_outages(const struct watch *watch)
{
	return &watch->outages;
}

int watch_attached(const struct watch *watch, size_t probe)
{
	return watch->attached[probe];
}

void watch_write(const struct watch *watch, struct json *json)
{
	json_array(json, "problems");
	for (size_t i = 0; i < RECORDER_PROBLEM_COUNT; i++) {
		const struct problem *problem = &watch->problems[i];

		if (problem->since == 0)
			continue;
		json_object(json, NULL);
		json_text(json, "name", recorder_problem_names[i]);
		json_time(json, "since", problem->since);
		json_text(json, "detail", problem->detail[0] ? problem->detail : NULL);
		json_close(json, '}');
	}
	json_close(json, ']');
}

int watch_open(int pin_dir_fd, struct pinned_maps *maps, struct watch **ret)
{
	struct watch *watch = calloc(1, sizeof(*watch));

	if (!watch)
		return -ENOMEM;
	watch->pinned_maps = maps;
	watch->maps = kernel_maps_view(maps);
	watch->pins = open_pins(pin_dir_fd);
	watch->stat_fd = open("/proc/stat", O_RDONLY | O_CLOEXEC);
	watch->lost = EV_UNKNOWN;
	(void)memset(watch->attached, -1, sizeof(watch->attached));
	*ret = watch;
	return 0;
}

void watch_close(struct watch *watch)
{
	if (!watch)
		return;
	cleanup_closedir(&watch->pins);
	cleanup_close(&watch->stat_fd);
	free(watch);
}
