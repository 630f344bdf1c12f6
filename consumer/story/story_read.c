/* SPDX-License-Identifier: BSD-2-Clause */
#include "consumer/story/story_read.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "consumer/query/kind_lifecycle.h"
#include "consumer/query/kind_memory_pressure.h"
#include "consumer/query/kind_oom_kill.h"
#include "consumer/query/kind_process_exit.h"
#include "consumer/query/query.h"
#include "consumer/query/sql.h"
#include "consumer/text/runtime_process.h"

/* How many events of each selection are kept, the newest ones. */
#define KILLS_MAX     12
#define PRESSURES_MAX 8
#define ENDS_MAX      10 /* exits of container inits and OOM victims */
#define FAILS_MAX     8
#define LIFECYCLE_MAX     4
#define ELSEWHERE_MAX 4
#define ABOVE_MAX     4
_Static_assert(KILLS_MAX + 2 * PRESSURES_MAX + ENDS_MAX + 2 * FAILS_MAX + 2 + LIFECYCLE_MAX + ELSEWHERE_MAX + ABOVE_MAX <=
		       STORY_EVENTS,
	       "a story has room for all of them");

struct reading {
	struct db *db;
	const struct story_place *place;
	struct story *story;
	bool elsewhere, is_pod, is_above; /* of the events that are read now: see struct story_event */
};

static int64_t number_of(const struct value *value)
{
	return value->kind == VALUE_INT ? value->number : STORY_UNKNOWN;
}

static void text_of(char *out, size_t size, const struct value *value)
{
	(void)snprintf(out, size, "%s", value->kind == VALUE_TEXT ? value->text : "");
}

static bool is_set(const struct value *value)
{
	return value->kind == VALUE_INT && value->number != 0;
}

/* The sum of the parts that are known. */
static int64_t held_bytes(const struct value *oom)
{
	static const unsigned int parts[] = { OOM_RSS_ANON, OOM_RSS_FILE, OOM_RSS_SHMEM };
	int64_t sum = 0;
	bool known = false;

	for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
		if (oom[parts[i]].kind == VALUE_INT) {
			sum += oom[parts[i]].number;
			known = true;
		}
	return known ? sum : STORY_UNKNOWN;
}

static void fill_event(const struct reading *reading, const struct value *row, struct story_event *event)
{
	const struct value *oom = event_values(row, &event_kind_oom_kill);
	const struct value *pressure = event_values(row, &event_kind_memory_pressure);
	const struct value *exit = event_values(row, &event_kind_process_exit);
	const struct value *start = event_values(row, &event_kind_container_start);
	const struct value *stop = event_values(row, &event_kind_container_stop);

	*event = (struct story_event){
		.id = row[FIELD_ID].number,
		.time = row[FIELD_TIME].number,
		.type = (enum event_type)row[FIELD_TYPE_NUMBER].number,
		.pid = number_of(&row[FIELD_PID]),
		.incident = number_of(&oom[OOM_INCIDENT]),
		.limit_bytes = number_of(&oom[OOM_LIMIT_BYTES]),
		.usage_bytes = number_of(&oom[OOM_USAGE_BYTES]),
		.held_bytes = held_bytes(oom),
		.trigger_pid = number_of(&oom[OOM_TRIGGER_PID]),
		.oom_score_adj = number_of(&oom[OOM_SCORE_ADJ]),
		.chosen = is_set(&oom[OOM_CHOSEN]),
		.group_kill = is_set(&oom[OOM_GROUP_KILL]),
		.elsewhere = reading->elsewhere,
		.is_pod = reading->is_pod,
		.is_above = reading->is_above,
		.status = number_of(&exit[EXIT_WAIT_STATUS]),
		.duration = number_of(&exit[EXIT_DURATION]),
		.oom_killed = is_set(&exit[EXIT_OOM_KILLED]),
		.late = is_set(&exit[EXIT_LATE]),
		.is_init = is_set(&exit[EXIT_CONTAINER_INIT]),
		.inferred = is_set(&start[START_INFERRED]) || is_set(&stop[STOP_INFERRED]),
		.memory_limit = number_of(&start[START_MEMORY_LIMIT]),
		.peak = number_of(&stop[STOP_PEAK]),
	};
	event->is_limit = pressure[PRESSURE_LEVEL].kind == VALUE_TEXT && strcmp(pressure[PRESSURE_LEVEL].text, "limit") == 0;
	text_of(event->comm, sizeof(event->comm), &row[FIELD_COMM]);
	event->scope = oom_scope_from_name(oom[OOM_SCOPE].kind == VALUE_TEXT ? oom[OOM_SCOPE].text : NULL);
	text_of(event->limit_cgroup, sizeof(event->limit_cgroup), &oom[OOM_LIMIT_CGROUP]);
	text_of(event->trigger_comm, sizeof(event->trigger_comm), &oom[OOM_TRIGGER_COMM]);
}

static int keep_row(void *context, const struct value *row)
{
	struct reading *reading = context;
	struct story *story = reading->story;

	for (size_t i = 0; i < story->event_count; i++)
		if (story->events[i].id == row[FIELD_ID].number)
			return 0;
	if (story->event_count == STORY_EVENTS)
		return 1;
	fill_event(reading, row, &story->events[story->event_count++]);
	return 0;
}

/* " AND <expression> IN (cgroups of the story)" */
static void add_places(struct sql *sql, const char *expression, const struct story_place *place)
{
	sql_addf(sql, " AND %s IN (", expression);
	for (size_t i = 0; i < place->cgroup_count; i++)
		sql_addf(sql, "%s%" PRId64, i ? "," : "", place->cgroups[i]);
	sql_add(sql, ")");
}

static void add_times(struct sql *sql, const struct story_place *place)
{
	sql_add(sql, " AND +e.time >= ");
	sql_add_int(sql, place->since);
	sql_add(sql, " AND +e.time <= ");
	sql_add_int(sql, place->until);
}

/* Keeps the newest events in the story's cgroups for which the condition holds. */
static int read_own(struct reading *reading, enum access_path path, const char *condition, int limit)
{
	CLEANUP(sql_cleanup) struct sql *sql = query_build(path);

	add_places(sql, "e.cgroup", reading->place);
	add_times(sql, reading->place);
	sql_add(sql, condition);
	sql_addf(sql, " ORDER BY e.id DESC LIMIT %d", limit);
	return query_run(reading->db, sql, keep_row, reading);
}

/* Pressure on the pod's own limit, and kills elsewhere that a process of this story caused. */
static int read_around(struct reading *reading)
{
	CLEANUP(sql_cleanup) struct sql *pod = query_build(ACCESS_BY_TYPE);
	CLEANUP(sql_cleanup) struct sql *kills = query_build(ACCESS_BY_TYPE);
	const struct story *story = reading->story;
	int r = 0;

	if (reading->place->pod && story->subject == STORY_CONTAINER) {
		sql_add(pod, " AND e.type = 2 AND e.cgroup IN (SELECT cgroup FROM cgroup WHERE kind = "
			     "3 AND pod = ");
		sql_add_int(pod, reading->place->pod);
		sql_add(pod, ")");
		add_times(pod, reading->place);
		if (story->started != STORY_UNKNOWN) {
			sql_add(pod, " AND +e.time >= ");
			sql_add_int(pod, story->started);
		}
		if (story->stopped != STORY_UNKNOWN) {
			sql_add(pod, " AND +e.time <= ");
			sql_add_int(pod, story->stopped);
		}
		sql_addf(pod, " ORDER BY e.id DESC LIMIT %d", PRESSURES_MAX);
		reading->is_pod = true;
		r = query_run(reading->db, pod, keep_row, reading);
		reading->is_pod = false;
	}
	if (r < 0)
		return r;

	sql_add(kills, " AND e.type = 1");
	add_places(kills, "o.trigger_cgroup", reading->place);
	add_times(kills, reading->place);
	sql_addf(kills, " ORDER BY e.id DESC LIMIT %d", ELSEWHERE_MAX);
	reading->elsewhere = true;
	r = query_run(reading->db, kills, keep_row, reading);
	reading->elsewhere = false;
	return r;
}

/* Memory pressure on the limits above the subject for which its processes were killed, up to the last such kill. */
static int read_above(struct reading *reading)
{
	CLEANUP(sql_cleanup) struct sql *sql = query_build(ACCESS_BY_TYPE);
	int64_t last = INT64_MIN;
	int r;

	sql_add(sql, " AND e.type = 2 AND e.cgroup IN (SELECT limit_cgroup FROM oom WHERE id IN (0");
	for (size_t i = 0; i < reading->story->event_count; i++) {
		const struct story_event *event = &reading->story->events[i];

		if (event->type != TYPE_OOM_KILL || event->elsewhere || event->scope != OOM_SCOPE_ANCESTOR)
			continue;
		sql_addf(sql, ",%" PRId64, event->id);
		last = event->time > last ? event->time : last;
	}
	if (last == INT64_MIN)
		return 0;
	sql_add(sql, "))");
	add_times(sql, reading->place);
	sql_add(sql, " AND +e.time >= ");
	sql_add_int(sql, reading->story->started); /* STORY_UNKNOWN is less than any time */
	sql_add(sql, " AND +e.time <= ");
	sql_add_int(sql, last);
	sql_addf(sql, " ORDER BY e.id DESC LIMIT %d", ABOVE_MAX);
	reading->is_above = true;
	r = query_run(reading->db, sql, keep_row, reading);
	reading->is_above = false;
	return r;
}

/* Starts and stops, also a start before `since`: it names the main process. */
static int read_lifecycle(struct reading *reading)
{
	CLEANUP(sql_cleanup) struct sql *sql = query_build(ACCESS_BY_TYPE);

	add_places(sql, "e.cgroup", reading->place);
	sql_add(sql, " AND +e.time <= ");
	sql_add_int(sql, reading->place->until);
	sql_addf(sql, " AND e.type IN (5, 6) ORDER BY e.id DESC LIMIT %d", LIFECYCLE_MAX);
	return query_run(reading->db, sql, keep_row, reading);
}

/* The exit of the process that the container was started with: its end, if it has no init. */
static int read_first_exit(struct reading *reading)
{
	char condition[96];

	for (size_t i = 0; i < reading->story->event_count; i++) {
		const struct story_event *event = &reading->story->events[i];

		if (event->type != TYPE_CONTAINER_START || event->pid == STORY_UNKNOWN)
			continue;
		(void)snprintf(condition, sizeof(condition), " AND e.type = 3 AND e.pid = %" PRId64, event->pid);
		return read_own(reading, ACCESS_BY_CGROUP, condition, 1);
	}
	return 0;
}

/* The last exit; of a container, of no process of its runtime. */
static int read_last_exit(struct reading *reading)
{
	char condition[512];
	size_t used = (size_t)snprintf(condition, sizeof(condition), " AND e.type = 3");
	const char *name;

	for (size_t i = 0; reading->story->subject == STORY_CONTAINER && (name = runtime_process_name(i)) != NULL; i++) {
		size_t length = strlen(name);

		used += (size_t)snprintf(condition + used, sizeof(condition) - used,
					 " AND substr(coalesce(e.comm, ''), 1, %zu) <> '%s'",
					 name[length - 1] == '[' ? length : STORY_NAME, name);
		if (used >= sizeof(condition))
			return -ENOBUFS;
	}
	return read_own(reading, ACCESS_BY_CGROUP, condition, 1);
}

/* Kills and exits of one process, by its pid. */
static int read_process(struct reading *reading)
{
	CLEANUP(sql_cleanup) struct sql *sql = query_build(ACCESS_ANY);

	sql_add(sql, " AND +e.pid = ");
	sql_add_int(sql, reading->story->pid);
	sql_add(sql, " AND e.type IN (1, 3) AND e.time >= ");
	sql_add_int(sql, reading->place->since);
	sql_add(sql, " AND e.time <= ");
	sql_add_int(sql, reading->place->until);
	sql_addf(sql, " ORDER BY e.id DESC LIMIT %d", FAILS_MAX);
	return query_run(reading->db, sql, keep_row, reading);
}

/* Counts the events in the story's cgroups for which the condition holds. */
static int count_own(struct reading *reading, enum access_path path, const char *condition, int64_t *ret)
{
	CLEANUP(sql_cleanup) struct sql *sql = sql_new();
	CLEANUP(cleanup_stmt) struct db_stmt *stmt = NULL;
	int r;

	sql_add(sql, "SELECT count(*)");
	access_path_add_from(sql, path);
	access_path_add_where(sql, path);
	add_places(sql, "e.cgroup", reading->place);
	add_times(sql, reading->place);
	sql_add(sql, condition);
	r = sql_prepare(sql, reading->db, &stmt);
	return r < 0 ? r : db_step_number(stmt, 0, ret);
}

/* With more events, those that no index selects are neither searched nor counted. */
#define SEARCH_MAX 100000

static int is_large(struct reading *reading, bool *ret)
{
	CLEANUP(sql_cleanup) struct sql *sql = sql_new();
	CLEANUP(cleanup_stmt) struct db_stmt *stmt = NULL;
	int r;

	sql_add(sql, "SELECT 1 FROM event e" INDEX_CGROUP " WHERE 1");
	add_places(sql, "e.cgroup", reading->place);
	sql_addf(sql, " LIMIT 1 OFFSET %d", SEARCH_MAX);
	r = sql_prepare(sql, reading->db, &stmt);
	if (r == 0)
		r = db_step(stmt);
	*ret = r > 0;
	return r < 0 ? r : 0;
}

/* Counts all events, also those that are not kept. */
static int read_counts(struct reading *reading, bool large)
{
	struct story *story = reading->story;
	int r = count_own(reading, ACCESS_BY_KILL, "", &story->oom_kills);

	if (r == 0)
		r = count_own(reading, ACCESS_BY_TYPE, " AND e.type = 2",
			      &story->pressures);
	story->exits = story->failed = STORY_UNKNOWN;
	if (r == 0 && !large)
		r = count_own(reading, ACCESS_BY_CGROUP, " AND e.type = 3", &story->exits);
	if (r == 0 && !large)
		r = count_own(reading, ACCESS_BY_CGROUP,
			      " AND e.type = 3 AND e.status & 65407 <> 0", &story->failed);
	return r;
}

/* ------------------------------------------------------------------ gaps */

static int64_t first_time(const struct story *story)
{
	if (story->started != STORY_UNKNOWN)
		return story->started;
	return story->event_count ? story->events[0].time : INT64_MIN;
}

static int64_t last_time(const struct story *story)
{
	if (story->stopped != STORY_UNKNOWN)
		return story->stopped;
	if (story->cut_until != STORY_UNKNOWN)
		return story->cut_until;
	if (story->subject == STORY_CONTAINER || !story->event_count)
		return INT64_MAX;
	return story->events[story->event_count - 1].time;
}

static int read_gaps(struct reading *reading)
{
	CLEANUP(sql_cleanup) struct sql *sql = sql_new();
	CLEANUP(cleanup_stmt) struct db_stmt *stmt = NULL;
	struct story *story = reading->story;
	int r;

	sql_add(sql,
		"SELECT a.reason, t.name, a.lost, a.from_time, a.to_time FROM gap a CROSS JOIN event e ON e.id = a.id"
		" LEFT JOIN type t ON t.type = a.lost_type WHERE coalesce(a.from_time, e.time) <= ");
	sql_add_int(sql, last_time(story));
	sql_add(sql, " AND (a.to_time IS NULL OR a.to_time >= ");
	sql_add_int(sql, first_time(story));
	sql_add(sql, ") AND e.boot = ");
	sql_add_int(sql, reading->place->boot);
	sql_addf(sql, " ORDER BY coalesce(a.lost_type, 3) = 3 DESC, a.id DESC LIMIT %d", STORY_GAPS);
	r = sql_prepare(sql, reading->db, &stmt);
	while (r >= 0 && (r = db_step(stmt)) > 0) {
		struct story_gap *gap = &story->gaps[story->gap_count++];
		const char *reason = db_text(stmt, 0, NULL), *type = db_text(stmt, 1, NULL);

		(void)snprintf(gap->reason, sizeof(gap->reason), "%s", reason ? reason : "");
		(void)snprintf(gap->lost_type, sizeof(gap->lost_type), "%s", type ? type : "");
		gap->lost = db_is_null(stmt, 2) ? STORY_UNKNOWN : db_int(stmt, 2);
		gap->from = db_is_null(stmt, 3) ? STORY_UNKNOWN : db_int(stmt, 3);
		gap->to = db_is_null(stmt, 4) ? STORY_UNKNOWN : db_int(stmt, 4);
	}
	return r;
}

static int compare_events(const void *a, const void *b)
{
	const struct story_event *left = a, *right = b;

	if (left->time != right->time)
		return left->time < right->time ? -1 : 1;
	return left->id < right->id ? -1 : left->id > right->id;
}

/* large: there are so many events that only those are read which an index selects. */
static int read_events(struct reading *reading, bool large)
{
	static const struct {
		enum access_path path;
		const char *condition;
		int limit;
		bool is_search; /* reads every event of the cgroups */
	} selections[] = {
		{ ACCESS_BY_KILL, "", KILLS_MAX, false },
		{ ACCESS_BY_TYPE, " AND e.type = 2", PRESSURES_MAX, false },
		{ ACCESS_BY_END, " AND e.type = 3", ENDS_MAX, false },
		{ ACCESS_BY_CGROUP, " AND e.type = 3 AND e.status & 65407 <> 0", FAILS_MAX, true },
	};
	int r = read_lifecycle(reading);

	for (size_t i = 0; i < ARRAY_SIZE(selections) && r == 0; i++)
		if (!large || !selections[i].is_search)
			r = read_own(reading, selections[i].path, selections[i].condition, selections[i].limit);
	if (r == 0 && !large)
		r = read_first_exit(reading);
	if (r == 0 && !large)
		r = read_last_exit(reading);
	if (r == 0)
		r = read_above(reading);
	return r < 0 ? r : read_around(reading);
}

int story_read(struct db *db, const struct story_place *place, struct story *story)
{
	struct reading reading = { .db = db, .place = place, .story = story };
	bool large = false;
	int r = 0;

	if (story->subject == STORY_PROCESS)
		r = read_process(&reading);
	if (r == 0 && place->cgroup_count)
		r = is_large(&reading, &large);
	if (r == 0 && place->cgroup_count)
		r = read_events(&reading, large);
	if (r == 0 && place->cgroup_count)
		r = read_counts(&reading, large);
	if (r < 0)
		return r;
	qsort(story->events, story->event_count, sizeof(story->events[0]), compare_events);
	return read_gaps(&reading);
}
