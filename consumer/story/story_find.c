/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/text.h"
#include "consumer/query/container_sql.h"
#include "consumer/query/sql.h"
#include "consumer/story/story_read.h"
#include "consumer/text/error.h"
#include "consumer/text/path_mark.h"
#include "consumer/text/time_words.h"

#define FOREVER "9223372036854775807"

/* How an instance matched the word: exactly, by an id prefix, or by a component of its path. Lower is better. */
enum rank { RANK_EXACT, RANK_PREFIX, RANK_COMPONENT };

/* Columns of add_instances. */
enum {
	INSTANCE_CONTAINER,
	INSTANCE_ID,
	INSTANCE_NAME,
	INSTANCE_STARTED,
	INSTANCE_STOPPED,
	INSTANCE_RANK,
	INSTANCE_OOM_KILLS,
	INSTANCE_INIT_STATUS,
};

static int64_t int_or_unknown(struct db_stmt *stmt, int column)
{
	return db_is_null(stmt, column) ? STORY_UNKNOWN : db_int(stmt, column);
}

/* A text that does not fit has a mark where it was cut, between two characters of UTF-8. */
static void copy_text(char *out, size_t size, struct db_stmt *stmt, int column)
{
	const char *text = db_text(stmt, column, NULL);
	size_t length = text ? strlen(text) : 0;

	(void)snprintf(out, size, "%s", text ? text : "");
	if (length < size || size <= PATH_MARK_LENGTH)
		return;
	length = size - 1 - PATH_MARK_LENGTH;
	while (length > 0 && ((unsigned char)text[length] & 0xc0) == 0x80)
		length--;
	(void)memcpy(out + length, PATH_MARK, PATH_MARK_LENGTH + 1);
}

/* Only container instances that existed at these times. A start that was not recorded counts as the first event; the end
 * of an instance that was running when the machine stopped, as the last time recorded in that boot. */
static void add_instance_times(struct sql *sql, const struct filter *filter)
{
	if (filter->until != INT64_MAX) {
		sql_add(sql, " AND coalesce(c.started, c.born, (SELECT min(e.time) FROM cgroup k JOIN event e ON"
			     " e.cgroup = k.cgroup WHERE k.container = c.container), 0) <= ");
		sql_add_int(sql, filter->until);
	}
	if (filter->since != INT64_MIN) {
		sql_add(sql, " AND coalesce(c.stopped, (SELECT max(n.updated) FROM ring n JOIN boot o ON o.boot = n.boot"
			     " WHERE n.boot = c.boot AND replace(o.boot_id, '-', '') <> ");
		sql_add_text(sql, filter->this_boot, strlen(filter->this_boot));
		sql_add(sql, "), " FOREVER ") >= ");
		sql_add_int(sql, filter->since);
	}
}

static void add_times(struct sql *sql, const struct filter *filter)
{
	add_instance_times(sql, filter);
	filter_add_boot(filter, sql, "c.boot");
}

/* The same for a cgroup g: the times of its container; without a container, of the events in it and below. */
static void add_cgroup_times(struct sql *sql, const struct filter *filter)
{
	if (filter->since == INT64_MIN && filter->until == INT64_MAX)
		return;
	sql_add(sql, " AND CASE WHEN g.container IS NOT NULL THEN EXISTS (SELECT 1 FROM container c WHERE"
		     " c.container = g.container");
	add_instance_times(sql, filter);
	sql_add(sql, ") ELSE EXISTS (SELECT 1 FROM cgroup k JOIN event e ON e.cgroup = k.cgroup WHERE k.boot = g.boot"
		     " AND (k.path = g.path OR substr(k.path, 1, length(g.path) + 1) = g.path || '/') AND e.time >= ");
	sql_add_int(sql, filter->since);
	sql_add(sql, " AND e.time <= ");
	sql_add_int(sql, filter->until);
	sql_add(sql, ") END");
}

/*
 * Sets which part of the subject's time the filter leaves out. If the subject still existed at `until`, the story does not
 * say how it ended. known_end: the latest time at which it is known to have existed, or STORY_UNKNOWN.
 */
static void cut_story(const struct filter *filter, int64_t known_end, struct story *story)
{
	struct filter_now now;
	int64_t end = story->stopped != STORY_UNKNOWN ? story->stopped : known_end;

	if (filter->since != INT64_MIN && (story->started == STORY_UNKNOWN || story->started < filter->since))
		story->cut_from = filter->since;
	if (filter->until == INT64_MAX)
		return;
	if (story->this_boot && story->stopped == STORY_UNKNOWN) {
		filter_now(&now);
		end = now.now_unix_nano;
	}
	if (end == STORY_UNKNOWN || end <= filter->until)
		return;
	story->cut_until = filter->until;
	story->stopped = STORY_UNKNOWN;
	story->removed = false;
}

static void add_rank(struct sql *sql, const char *word)
{
	sql_add(sql, "CASE WHEN c.id = ");
	sql_add_text(sql, word, strlen(word));
	sql_add(sql, " OR c.name = ");
	sql_add_text(sql, word, strlen(word));
	sql_add(sql, " THEN 0 WHEN substr(c.id, 1, length(");
	sql_add_text(sql, word, strlen(word));
	sql_add(sql, ")) = lower(");
	sql_add_text(sql, word, strlen(word));
	sql_add(sql, ") THEN 1 ELSE ");
	/* With a slash the word is pod/container, as good as a name; else a component of the path matched. */
	sql_add(sql, strchr(word, '/') ? "0 END" : "2 END");
}

/* SELECT of container instances; word NULL: all match exactly. */
static void add_instances(struct sql *sql, const char *word)
{
	sql_add(sql, "SELECT c.container, c.id, c.name, c.started, c.stopped, ");
	if (word)
		add_rank(sql, word);
	else
		sql_add(sql, "0");
	sql_add(sql, " AS match_rank, " CONTAINER_OOM_KILLS " AS kills, " CONTAINER_INIT_EXIT("e.status") " AS init_status"
		     " FROM container c LEFT JOIN pod p ON p.pod = c.pod LEFT JOIN cgroup g ON g.cgroup = c.cgroup"
		     " WHERE 1");
}

static void note_other(struct story *story, struct db_stmt *stmt)
{
	struct story_other *other;

	if (story->other_count == STORY_OTHERS)
		return;
	other = &story->others[story->other_count++];
	copy_text(other->id, sizeof(other->id), stmt, INSTANCE_ID);
	copy_text(other->name, sizeof(other->name), stmt, INSTANCE_NAME);
	other->started = int_or_unknown(stmt, INSTANCE_STARTED);
	other->stopped = int_or_unknown(stmt, INSTANCE_STOPPED);
	other->oom_kills = db_int(stmt, INSTANCE_OOM_KILLS);
	other->init_status = int_or_unknown(stmt, INSTANCE_INIT_STATUS);
}

/* Appends " ID" to the message, as long as there is room. */
static void list_id(char *message, size_t size, const char *text)
{
	char id[STORY_NAME];
	size_t used = strlen(message);

	(void)text_escape(id, sizeof(id), text, strlen(text));
	if (used + strlen(id) + 8 < size)
		(void)snprintf(message + used, size - used, " %s", id);
}

/*
 * Takes the first instance and lists the others of the same rank in the story. Returns 1 and the container's number; 0:
 * there is none; -ERROR_AMBIGUOUS: the word is a prefix of several ids, which the message lists; or negative errno.
 */
static int take_instance(struct db_stmt *stmt, struct story *story, int64_t *ret_container, enum rank *ret_rank,
		     char *message, size_t size)
{
	char first[STORY_NAME] = "", id[STORY_NAME];
	int64_t container = 0;
	enum rank best = RANK_COMPONENT;
	bool ambiguous = false;
	int r;

	story->other_count = 0;
	(void)snprintf(message, size, "it is the beginning of several container ids, name more of it:");
	while ((r = db_step(stmt)) > 0) {
		enum rank rank = (enum rank)db_int(stmt, INSTANCE_RANK);

		copy_text(id, sizeof(id), stmt, INSTANCE_ID);
		if (!container) {
			container = db_int(stmt, INSTANCE_CONTAINER);
			best = rank;
			(void)snprintf(first, sizeof(first), "%s", id);
			list_id(message, size, id);
			continue;
		}
		if (rank != best)
			continue;
		note_other(story, stmt);
		if (rank == RANK_PREFIX && strcmp(id, first) != 0) {
			ambiguous = true;
			list_id(message, size, id);
		}
	}
	if (r < 0)
		return r;
	if (ambiguous)
		return -ERROR_AMBIGUOUS;
	*ret_container = container;
	*ret_rank = best;
	return container != 0;
}

static int find_container(struct db *db, const struct filter *filter, const char *word, struct story *story,
			  int64_t *ret_container, enum rank *ret_rank, char *message, size_t size)
{
	CLEANUP(sql_cleanup) struct sql *sql = sql_new();
	CLEANUP(cleanup_stmt) struct db_stmt *stmt = NULL;
	int r;

	add_instances(sql, word);
	filter_add_container(sql, word);
	add_times(sql, filter);
	sql_add(sql, " ORDER BY match_rank, coalesce(c.started, 0) DESC, c.container DESC");
	r = sql_prepare(sql, db, &stmt);
	return r < 0 ? r : take_instance(stmt, story, ret_container, ret_rank, message, size);
}

/* -ERROR_AMBIGUOUS for a prefix of several uids; several pods of one name are no error. */
static int check_pods(struct db *db, const char *word, char *message, size_t size)
{
	CLEANUP(sql_cleanup) struct sql *sql = sql_new();
	CLEANUP(cleanup_stmt) struct db_stmt *stmt = NULL;
	int count = 0, r;

	(void)snprintf(message, size, "it is the beginning of several pod uids, name more of it:");
	sql_add(sql, "SELECT p.uid FROM pod p WHERE coalesce(p.name, '') <> ");
	sql_add_text(sql, word, strlen(word));
	sql_addf(sql, " AND %d", strchr(word, '/') == NULL);
	filter_add_pod(sql, word);
	r = sql_prepare(sql, db, &stmt);
	while (r >= 0 && (r = db_step(stmt)) > 0) {
		list_id(message, size, db_text(stmt, 0, NULL));
		count++;
	}
	return r < 0 ? r : count > 1 ? -ERROR_AMBIGUOUS : 0;
}

/* Of a pod's containers: the one that was OOM-killed last, else failed last, else ran last. */
static int find_in_pod(struct db *db, const struct filter *filter, const char *word, struct story *story,
		       int64_t *ret_container, char *message, size_t size)
{
	CLEANUP(sql_cleanup) struct sql *sql = sql_new();
	CLEANUP(cleanup_stmt) struct db_stmt *stmt = NULL;
	enum rank rank;
	int r = check_pods(db, word, message, size);

	if (r < 0)
		return r;
	add_instances(sql, NULL);
	filter_add_pod(sql, word);
	add_times(sql, filter);
	sql_add(sql,
		" ORDER BY kills > 0 DESC, coalesce(init_status, 0) <> 0 DESC, coalesce(c.stopped, " FOREVER ") DESC,"
		" c.container DESC");
	r = sql_prepare(sql, db, &stmt);
	return r < 0 ? r : take_instance(stmt, story, ret_container, &rank, message, size);
}

/* ------------------------------------------------------------------ the subject and its cgroups */

static int add_places(struct db *db, struct sql *sql, struct story_place *place)
{
	CLEANUP(cleanup_stmt) struct db_stmt *stmt = NULL;
	int r = sql_prepare(sql, db, &stmt);

	place->cgroup_count = 0;
	while (r >= 0 && (r = db_step(stmt)) > 0 && place->cgroup_count < STORY_PLACES)
		place->cgroups[place->cgroup_count++] = db_int(stmt, 0);
	if (r > 0)
		db_reset(stmt);
	return r < 0 ? r : 0;
}

static int describe_container(struct db *db, const struct filter *filter, int64_t container, struct story *story,
			      struct story_place *place)
{
	CLEANUP(sql_cleanup) struct sql *sql = sql_new();
	CLEANUP(sql_cleanup) struct sql *cgroups = sql_new();
	CLEANUP(cleanup_stmt) struct db_stmt *stmt = NULL;
	int64_t known_end;
	int r;

	sql_add(sql,
		"SELECT c.id, c.name, c.runtime, c.image, p.uid, p.name, p.namespace, g.path, c.started, c.stopped,"
		" replace(b.boot_id, '-', ''), c.pod, g.removed, c.boot, (SELECT max(updated) FROM ring n WHERE n.boot = c.boot),"
		" c.owner_uid"
		" FROM container c LEFT JOIN pod p ON p.pod = c.pod"
		" LEFT JOIN cgroup g ON g.cgroup = c.cgroup LEFT JOIN boot b ON b.boot = c.boot WHERE c.container = ");
	sql_add_int(sql, container);
	r = sql_prepare(sql, db, &stmt);
	if (r == 0)
		r = db_step(stmt);
	if (r <= 0)
		return r;

	const struct {
		char *out;
		size_t size;
	} texts[] = {
		{ story->id, sizeof(story->id) },
		{ story->name, sizeof(story->name) },
		{ story->runtime, sizeof(story->runtime) },
		{ story->image, sizeof(story->image) },
		{ story->pod_uid, sizeof(story->pod_uid) },
		{ story->pod_name, sizeof(story->pod_name) },
		{ story->pod_namespace, sizeof(story->pod_namespace) },
		{ story->cgroup, sizeof(story->cgroup) },
	};

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		copy_text(texts[i].out, texts[i].size, stmt, (int)i);
	story->started = int_or_unknown(stmt, 8);
	story->stopped = int_or_unknown(stmt, 9);
	story->this_boot = !db_is_null(stmt, 10) && strcmp(db_text(stmt, 10, NULL), filter->this_boot) == 0;
	place->container = container;
	place->pod = db_is_null(stmt, 11) ? 0 : db_int(stmt, 11);
	story->removed = !db_is_null(stmt, 12);
	place->boot = db_int(stmt, 13);
	known_end = int_or_unknown(stmt, 14);
	story->owner_uid = int_or_unknown(stmt, 15);
	db_reset(stmt);
	cut_story(filter, known_end, story);

	sql_add(cgroups, "SELECT cgroup FROM cgroup WHERE container = ");
	sql_add_int(cgroups, container);
	r = add_places(db, cgroups, place);
	return r < 0 ? r : 1;
}

/* The path, or its last components; a unit's name also without ".service". */
static void add_cgroup_word(struct sql *sql, const char *word)
{
	static const char *const endings[] = { "", ".service" };
	char leaf[STORY_PATH + 16];

	sql_add(sql, " AND (g.path = ");
	sql_add_text(sql, word, strlen(word));
	for (size_t i = 0; i < ARRAY_SIZE(endings); i++) {
		(void)snprintf(leaf, sizeof(leaf), "/%.*s%s", STORY_PATH, word, endings[i]);
		sql_add(sql, " OR substr(g.path, -length(");
		sql_add_text(sql, leaf, strlen(leaf));
		sql_add(sql, ")) = ");
		sql_add_text(sql, leaf, strlen(leaf));
	}
	sql_add(sql, ")");
}

/*
 * A cgroup in the latest boot in which it was recorded, with all cgroups of the same path (systemd creates that of a unit
 * anew at each start) and below. *ret_container: the number of the container that it belongs to, or 0.
 */
static int find_cgroup(struct db *db, const struct filter *filter, const char *word, struct story *story,
		       struct story_place *place, int64_t *ret_container)
{
	CLEANUP(sql_cleanup) struct sql *sql = sql_new();
	CLEANUP(sql_cleanup) struct sql *cgroups = sql_new();
	CLEANUP(cleanup_stmt) struct db_stmt *stmt = NULL;
	char prefix[STORY_PATH + 2];
	int64_t boot;
	int r;

	sql_add(sql, "SELECT g.path, g.boot, g.container, g.pod, g.removed, replace(b.boot_id, '-', '') FROM cgroup g"
		     " LEFT JOIN boot b ON b.boot = g.boot WHERE 1");
	add_cgroup_word(sql, word);
	add_cgroup_times(sql, filter);
	filter_add_boot(filter, sql, "g.boot");
	sql_add(sql, " ORDER BY substr(g.path, -length(");
	sql_add_text(sql, word, strlen(word));
	sql_add(sql, ")) = ");
	sql_add_text(sql, word, strlen(word));
	sql_add(sql, " DESC, g.boot DESC, g.removed IS NULL DESC, g.cgroup DESC LIMIT 1");
	r = sql_prepare(sql, db, &stmt);
	if (r == 0)
		r = db_step(stmt);
	if (r <= 0)
		return r;

	copy_text(story->cgroup, sizeof(story->cgroup), stmt, 0);
	boot = place->boot = db_int(stmt, 1);
	*ret_container = db_is_null(stmt, 2) ? 0 : db_int(stmt, 2);
	place->pod = db_is_null(stmt, 3) ? 0 : db_int(stmt, 3);
	story->removed = !db_is_null(stmt, 4);
	story->this_boot = !db_is_null(stmt, 5) && strcmp(db_text(stmt, 5, NULL), filter->this_boot) == 0;
	story->started = story->stopped = story->cut_from = story->cut_until = STORY_UNKNOWN;
	story->subject = STORY_CGROUP;
	db_reset(stmt);
	if (!*ret_container)
		cut_story(filter, INT64_MAX, story);

	(void)snprintf(prefix, sizeof(prefix), "%s/", story->cgroup);
	sql_addf(cgroups, "SELECT cgroup FROM cgroup WHERE boot = %" PRId64 " AND (path = ", boot);
	sql_add_text(cgroups, story->cgroup, strlen(story->cgroup));
	sql_add(cgroups, " OR substr(path, 1, length(");
	sql_add_text(cgroups, prefix, strlen(prefix));
	sql_add(cgroups, ")) = ");
	sql_add_text(cgroups, prefix, strlen(prefix));
	sql_add(cgroups, ") ORDER BY path, cgroup DESC");
	r = add_places(db, cgroups, place);
	return r < 0 ? r : 1;
}

/* The last process that had this pid. Pids are reused: only events from its start on belong to it, if its exit was
 * recorded with its duration. */
static int find_process(struct db *db, const struct filter *filter, int64_t pid, struct story *story,
			struct story_place *place)
{
	CLEANUP(sql_cleanup) struct sql *sql = sql_new();
	CLEANUP(cleanup_stmt) struct db_stmt *stmt = NULL;
	int64_t cgroup, container;
	int r;

	sql_add(sql, "SELECT e.cgroup, g.container, g.path, e.time, e.duration, replace(b.boot_id, '-', ''), e.boot "
		     "FROM event e"
		     " LEFT JOIN cgroup g ON g.cgroup = e.cgroup LEFT JOIN boot b ON b.boot = e.boot WHERE e.pid = ");
	sql_add_int(sql, pid);
	sql_add(sql, " AND e.type IN (1, 3) AND e.time >= ");
	sql_add_int(sql, filter->since);
	sql_add(sql, " AND e.time <= ");
	sql_add_int(sql, filter->until);
	filter_add_boot(filter, sql, "e.boot");
	sql_add(sql, " ORDER BY e.id DESC LIMIT 1");
	r = sql_prepare(sql, db, &stmt);
	if (r == 0)
		r = db_step(stmt);
	if (r <= 0)
		return r;

	cgroup = db_is_null(stmt, 0) ? 0 : db_int(stmt, 0);
	container = db_is_null(stmt, 1) ? 0 : db_int(stmt, 1);
	copy_text(story->cgroup, sizeof(story->cgroup), stmt, 2);
	story->this_boot = !db_is_null(stmt, 5) && strcmp(db_text(stmt, 5, NULL), filter->this_boot) == 0;
	story->started = story->stopped = story->cut_from = story->cut_until = STORY_UNKNOWN;
	place->boot = db_int(stmt, 6);
	place->until = db_int(stmt, 3);
	place->since = db_is_null(stmt, 4) ? INT64_MIN : place->until - db_int(stmt, 4);
	db_reset(stmt);

	r = container ? describe_container(db, filter, container, story, place) : 1;
	if (r > 0 && !container && cgroup)
		place->cgroups[place->cgroup_count++] = cgroup;
	story->subject = STORY_PROCESS;
	story->pid = pid;
	story->cut_from = story->cut_until = STORY_UNKNOWN; /* the times choose the process, but leave out nothing of it */
	return r;
}

/* ------------------------------------------------------------------ all of them, in order */

static int find_any_container(struct db *db, const struct filter *filter, const char *word, struct story *story,
			      struct story_place *place, char *message, size_t size)
{
	int64_t container = 0;
	enum rank rank;
	int r = 0;

	if (word[0] != '/')
		r = find_container(db, filter, word, story, &container, &rank, message, size);
	/* "foo.service" names the unit rather than a container below it. */
	if (r > 0 && rank == RANK_COMPONENT) {
		struct story unit = { .pid = STORY_UNKNOWN };
		struct story_place unit_place = *place;
		int64_t of_container = 0;

		r = find_cgroup(db, filter, word, &unit, &unit_place, &of_container);
		if (r < 0)
			return r;
		if (r > 0 && !of_container) {
			*story = unit;
			*place = unit_place;
			return 1;
		}
		r = 1;
	}
	if (r == 0 && word[0] != '/')
		r = find_in_pod(db, filter, word, story, &container, message, size);
	return r > 0 ? describe_container(db, filter, container, story, place) : r;
}

int story_find(struct db *db, const struct filter *filter, const char *word, struct story *story,
	       struct story_place *place, char *message, size_t message_size)
{
	int64_t container = 0;
	uint64_t pid;
	int r;

	*place = (struct story_place){ .since = filter->since, .until = filter->until };
	story->pid = story->cut_from = story->cut_until = STORY_UNKNOWN;
	r = find_any_container(db, filter, word, story, place, message, message_size);
	if (r == 0)
		r = find_cgroup(db, filter, word, story, place, &container);
	if (r > 0 && container)
		r = describe_container(db, filter, container, story, place);
	if (r > 0 && container)
		story->subject = STORY_CONTAINER;
	if (r == 0 && text_parse_u64(word, &pid) == 0 && pid > 0 && pid <= INT32_MAX)
		r = find_process(db, filter, (int64_t)pid, story, place);
	return r;
}
