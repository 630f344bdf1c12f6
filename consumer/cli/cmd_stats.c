/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <search.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "consumer/cli/listing.h"
#include "consumer/print/column.h"
#include "consumer/print/event_table.h"
#include "consumer/query/event_counts.h"
#include "consumer/text/event_type.h"

enum stats_column {
	STATS_KEY,
	STATS_OOM,
	STATS_PRESSURE,
	STATS_EXITS,
	STATS_FAILED,
	STATS_FORKS,
	STATS_FIRST,
	STATS_LAST,
	STATS_COLUMN_COUNT,
};

static const struct column columns[STATS_COLUMN_COUNT] = {
	[STATS_KEY] = { "key", .type = COLUMN_STRING, .flags = COLUMN_TRUNC },
	[STATS_OOM] = { "oom_kills", "OOM", .type = COLUMN_NUMBER, .flags = COLUMN_RIGHT },
	[STATS_PRESSURE] = { "memory_pressure", "PRESSURE", .type = COLUMN_NUMBER, .flags = COLUMN_RIGHT },
	[STATS_EXITS] = { "exits", "EXITS", .type = COLUMN_NUMBER, .flags = COLUMN_RIGHT },
	[STATS_FAILED] = { "failed", "FAILED", .type = COLUMN_NUMBER, .flags = COLUMN_RIGHT },
	[STATS_FORKS] = { "forks", "FORKS", .type = COLUMN_NUMBER, .flags = COLUMN_RIGHT },
	[STATS_FIRST] = { "first", "FIRST", .type = COLUMN_TIME },
	[STATS_LAST] = { "last", "LAST", .type = COLUMN_TIME },
};

#define VIEW "KEY,OOM,PRESSURE,EXITS,FAILED,FORKS,FIRST,LAST"
static const struct column_table table = { columns, STATS_COLUMN_COUNT, VIEW, VIEW, -1 };

static const char *const key_names[] = { "container", "pod", "namespace", "kind", NULL };

struct stats_options {
	uint64_t key; /* index into key_names */
	struct listing_options listing;
};

static const struct option_row stats_rows[] = {
	{ "key", 'k', OPTION_CHOICE, offsetof(struct stats_options, key), .choices = key_names, .argument = "KEY",
	  .help = "count by container, pod, namespace or kind" },
	{ .name = NULL },
};

struct group {
	char *key;			 /* owned */
	int64_t counts[STATS_FORKS + 1]; /* by enum stats_column */
	int64_t first, last;
};

struct stats {
	uint64_t key;
	void *tree; /* tsearch(3): the groups by key */
	struct group **groups; /* owned */
	size_t count, capacity;
};

static int compare_keys(const void *a, const void *b)
{
	const struct group *left = a, *right = b;

	return strcmp(left->key, right->key);
}

/* By key: the column that names the group, and the one used when it is NULL. Ids are not shortened, so that they can be
 * copied. */
static const unsigned int key_fields[][2] = {
	{ COUNT_CONTAINER_NAME, COUNT_CONTAINER_ID },
	{ COUNT_POD_NAME, COUNT_POD_UID },
	{ COUNT_NAMESPACE, COUNT_NAMESPACE },
	{ COUNT_TYPE_NAME, COUNT_TYPE_NAME },
};

static const char *text_of(const struct value *value)
{
	return value->kind == VALUE_TEXT ? value->text : NULL;
}

static const char *unnamed_key(uint64_t key, const struct value *row)
{
	const char *id = text_of(&row[key_fields[key][1]]), *path = text_of(&row[COUNT_PATH]);

	if (id)
		return id;
	/* Outside a container, and not the cgroup of a whole pod: named like a unit. */
	return key == 0 && path && !text_of(&row[COUNT_POD_UID]) ? event_cgroup_leaf(path) : "-";
}

/* A name is only unique within its pod or namespace: namespace/pod/container. */
static int make_key(uint64_t key, const struct value *row, char **ret)
{
	const char *name = text_of(&row[key_fields[key][0]]);
	const char *space = text_of(&row[COUNT_NAMESPACE]), *pod = text_of(&row[COUNT_POD_NAME]);
	int r;

	if (name && key == 0 && pod)
		r = asprintf(ret, "%s%s%s/%s", space ? space : "", space ? "/" : "", pod, name);
	else if (name && key == 1 && space)
		r = asprintf(ret, "%s/%s", space, name);
	else
		r = asprintf(ret, "%s", name ? name : unnamed_key(key, row));
	return r < 0 ? -ENOMEM : 0;
}

static int add_group(struct stats *stats, struct group *group)
{
	if (stats->count == stats->capacity) {
		size_t capacity = stats->capacity ? 2 * stats->capacity : 64;
		struct group **groups = realloc(stats->groups, capacity * sizeof(struct group *));

		if (!groups)
			return -ENOMEM;
		stats->groups = groups;
		stats->capacity = capacity;
	}
	stats->groups[stats->count++] = group;
	return 0;
}

static int find_group(struct stats *stats, const struct value *row, struct group **ret)
{
	AUTO_FREE char *key = NULL;
	struct group probe, *group;
	void *node;

	if (make_key(stats->key, row, &key) < 0)
		return -ENOMEM;
	probe.key = key;
	node = tfind(&probe, &stats->tree, compare_keys);
	if (node) {
		*ret = *(struct group **)node;
		return 0;
	}
	group = calloc(1, sizeof(*group));
	if (!group || add_group(stats, group) < 0) {
		free(group);
		return -ENOMEM;
	}
	group->key = TAKE_PTR(key);
	group->first = INT64_MAX;
	group->last = INT64_MIN;
	*ret = group;
	return tsearch(group, &stats->tree, compare_keys) ? 0 : -ENOMEM;
}

static const int type_column[TYPE_COUNT] = {
	[TYPE_OOM_KILL] = STATS_OOM,
	[TYPE_MEMORY_PRESSURE] = STATS_PRESSURE,
	[TYPE_PROCESS_EXIT] = STATS_EXITS,
	[TYPE_PROCESS_FORK] = STATS_FORKS,
};

static int count_row(void *context, const struct value *row)
{
	struct stats *stats = context;
	int64_t type = row[COUNT_TYPE].number;
	struct group *group;
	int r = find_group(stats, row, &group);

	if (r < 0)
		return r;
	if (type > 0 && type < TYPE_COUNT && type_column[type])
		group->counts[type_column[type]] += row[COUNT_EVENTS].number;
	group->counts[STATS_FAILED] += row[COUNT_FAILED].number;
	if (row[COUNT_FIRST].number < group->first)
		group->first = row[COUNT_FIRST].number;
	if (row[COUNT_LAST].number > group->last)
		group->last = row[COUNT_LAST].number;
	return 0;
}

/* Orders by most kills, then most failures, then name. */
static int compare_groups(const void *a, const void *b)
{
	const struct group *left = *(struct group *const *)a, *right = *(struct group *const *)b;

	if (left->counts[STATS_OOM] != right->counts[STATS_OOM])
		return left->counts[STATS_OOM] < right->counts[STATS_OOM] ? 1 : -1;
	if (left->counts[STATS_FAILED] != right->counts[STATS_FAILED])
		return left->counts[STATS_FAILED] < right->counts[STATS_FAILED] ? 1 : -1;
	return strcmp(left->key, right->key);
}

static void print_groups(struct stats *stats, struct listing *listing)
{
	const struct filter_options *options = listing->filter_options;

	if (stats->count)
		qsort(stats->groups, stats->count, sizeof(struct group *), compare_groups);
	for (size_t i = 0; i < stats->count && i < options->lines; i++) {
		const struct group *group = stats->groups[options->reverse ? stats->count - 1 - i : i];
		struct value row[STATS_COLUMN_COUNT];

		row[STATS_KEY] = strcmp(group->key, "-") == 0 ? value_null() : value_text(group->key);
		for (int c = STATS_OOM; c <= STATS_FORKS; c++)
			row[c] = value_int(group->counts[c]);
		row[STATS_FIRST] = value_int(group->first);
		row[STATS_LAST] = value_int(group->last);
		(void)print_row(listing->print, row, group->counts[STATS_OOM] ? "\033[31m" : NULL);
	}
}

static void ignore_node(void *node)
{
	(void)node; /* stats_done frees the groups by the array */
}

static void stats_done(struct stats *stats)
{
	tdestroy(stats->tree, ignore_node);
	for (size_t i = 0; i < stats->count; i++) {
		free(stats->groups[i]->key);
		free(stats->groups[i]);
	}
	free(stats->groups);
}

static int run(const struct command_call *call)
{
	const struct stats_options *options = call->settings;
	struct stats stats = { .key = options->key };
	struct listing listing;
	int r;

	if (!listing_begin(&listing, call, &options->listing) || !listing_open_print(&listing, &table, false) ||
	    !listing_open_history(&listing))
		return listing_end(&listing);
	r = event_counts_read(listing.db, &listing.filter, count_row, &stats);
	if (r == 0)
		print_groups(&stats, &listing);
	stats_done(&stats);
	return listing_finish(&listing, r);
}

static const struct command_group groups[] = {
	{ "Counting", stats_rows, 0, 0, NULL },
	LISTING_GROUPS(offsetof(struct stats_options, listing), ~(unsigned int)(FILTER_FOLLOW | FILTER_GREP)),
	{ 0 },
};

const struct command cmd_stats = {
	.name = "stats",
	.help = "count events by container, pod, namespace or kind",
	.example = "cri-ebpf stats -k pod -S today",
	.synopsis = "cri-ebpf stats [-k container|pod|namespace|kind] [OPTION...]",
	.description = "Counts events: OOM kills, pressure reports, exits, failed exits (a code other than 0 or a signal) and\n"
		"forks, with the times of the first and the last event. The groups with the most kills come first.",
	.groups = groups,
	.settings_size = sizeof(struct stats_options),
	.run = run,
};
