/* SPDX-License-Identifier: BSD-2-Clause */
/* The half of filter.h that turns options into SQL conditions. */
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/cleanup.h"
#include "consumer/query/filter.h"
#include "consumer/query/sql.h"
#include "consumer/text/event_type.h"

#define PREFIX_MIN 4 /* digits of an id; fewer could match by accident */
#define PREFIX_MAX 64
#define COMM_MAX   15 /* bytes that the kernel keeps of a process name */

/* "expression = ?" */
static void add_equal(struct sql *sql, const char *expression, const char *text, size_t length)
{
	sql_add(sql, expression);
	sql_add(sql, " = ");
	sql_add_text(sql, text, length);
}

/* " OR expression GLOB 'word*'" if the word can be the first digits of an id. Those are not special to GLOB. */
static void add_id_prefix(struct sql *sql, const char *expression, const char *word, size_t length)
{
	char pattern[PREFIX_MAX + 2];

	if (length < PREFIX_MIN || length > PREFIX_MAX || strspn(word, "0123456789abcdefABCDEF-") < length)
		return;
	for (size_t i = 0; i < length; i++)
		pattern[i] = (char)tolower((unsigned char)word[i]);
	pattern[length] = '*';
	sql_add(sql, " OR ");
	sql_add(sql, expression);
	sql_add(sql, " GLOB ");
	sql_add_text(sql, pattern, length + 1);
}

/* A path and everything below it, or a single component anywhere in the path. */
static void add_path(struct sql *sql, const char *word)
{
	char pattern[4200];
	size_t length = strlen(word);

	while (length > 1 && word[length - 1] == '/')
		length--;
	if (word[0] == '/') {
		add_equal(sql, "g.path", word, length);
		(void)snprintf(pattern, sizeof(pattern), "%.*s/", length < 4096 ? (int)length : 4096, word);
		if (length == 1)
			pattern[1] = '\0';
		sql_add(sql, " OR substr(g.path, 1, length(");
		sql_add_text(sql, pattern, strlen(pattern));
		sql_add(sql, ")) = ");
		sql_add_text(sql, pattern, strlen(pattern));
		return;
	}
	(void)snprintf(pattern, sizeof(pattern), "/%.*s/", length < 4096 ? (int)length : 4096, word);
	sql_add(sql, "instr(g.path || '/', ");
	sql_add_text(sql, pattern, strlen(pattern));
	sql_add(sql, ")");
}

void filter_add_pod(struct sql *sql, const char *word)
{
	const char *slash = strchr(word, '/');

	sql_add(sql, " AND (");
	if (slash) {
		add_equal(sql, "p.namespace", word, (size_t)(slash - word));
		sql_add(sql, " AND ");
		add_equal(sql, "p.name", slash + 1, strlen(slash + 1));
	} else {
		add_equal(sql, "p.name", word, strlen(word));
		sql_add(sql, " OR ");
		add_equal(sql, "p.uid", word, strlen(word));
		add_id_prefix(sql, "p.uid", word, strlen(word));
	}
	sql_add(sql, ")");
}

/* [ns/]pod/container */
static void add_container_path(struct sql *sql, const char *word)
{
	const char *last = strrchr(word, '/');
	const char *first = strchr(word, '/');
	const char *pod = first == last ? word : first + 1;

	sql_add(sql, "(");
	add_equal(sql, "c.name", last + 1, strlen(last + 1));
	sql_add(sql, " AND ");
	add_equal(sql, "p.name", pod, (size_t)(last - pod));
	if (first != last) {
		sql_add(sql, " AND ");
		add_equal(sql, "p.namespace", word, (size_t)(first - word));
	}
	sql_add(sql, ")");
}

/*
 * Instances whose place nobody but root and the runtimes' own services chooses: neither in a user's tree (owner_uid), nor in
 * a container (outer_id), nor below a service or scope that is no runtime's own (delegated), which may belong to a user. Real
 * containers are in all of those places too: they are found by their id when no genuine one has it. A path of which the
 * beginning is not known is not genuine either.
 */
#define GENUINE                                                                                                 \
	"(SELECT 1 FROM container o LEFT JOIN cgroup q ON q.cgroup = o.cgroup WHERE o.owner_uid IS NULL"         \
	" AND o.outer_id IS NULL AND o.delegated = 0 AND coalesce(substr(q.path, 1, 1), '/') = '/' AND "

/* An id, or its beginning. Who may make cgroups can name one after any container: a genuine one is meant before those. */
static void add_container_id(struct sql *sql, const char *word, size_t length)
{
	sql_add(sql, "((");
	add_equal(sql, "c.id", word, length);
	add_id_prefix(sql, "c.id", word, length);
	sql_add(sql, ") AND (EXISTS " GENUINE "o.container = c.container) OR NOT EXISTS " GENUINE "o.id = c.id)))");
}

static void add_container_word(struct sql *sql, const char *word)
{
	size_t length = strlen(word);

	if (word[0] == '/') {
		add_path(sql, word);
		return;
	}
	if (strchr(word, '/')) {
		add_container_path(sql, word);
		return;
	}
	add_container_id(sql, word, length);
	sql_add(sql, " OR ");
	add_equal(sql, "c.name", word, length);
	if (strchr(word, '.')) {
		/* "nginx.service" */
		sql_add(sql, " OR ");
		add_path(sql, word);
	}
}

void filter_add_container(struct sql *sql, const char *word)
{
	sql_add(sql, " AND (");
	add_container_word(sql, word);
	sql_add(sql, ")");
}

/* " AND (0 OR (1 AND ...) OR ...)": what add appends for each word */
static void add_any(struct sql *sql, const struct option_list *list, void (*add)(struct sql *sql, const char *word))
{
	if (!list->count)
		return;
	sql_add(sql, " AND (0");
	for (size_t i = 0; i < list->count; i++) {
		sql_add(sql, " OR (1");
		add(sql, list->values[i]);
		sql_add(sql, ")");
	}
	sql_add(sql, ")");
}

static void add_cgroup(struct sql *sql, const char *word)
{
	sql_add(sql, " AND (");
	add_path(sql, word);
	sql_add(sql, ")");
}

static void add_namespace(struct sql *sql, const char *word)
{
	add_equal(sql, " AND p.namespace", word, strlen(word));
}

static void add_runtime(struct sql *sql, const char *word)
{
	add_equal(sql, " AND c.runtime", word, strlen(word));
}

static void add_comm(struct sql *sql, const char *word)
{
	size_t length = strlen(word);

	add_equal(sql, " AND e.comm", word, length < COMM_MAX ? length : COMM_MAX);
}

void filter_add_place(const struct filter *filter, struct sql *sql)
{
	const struct filter_options *options = filter->options;

	add_any(sql, &options->containers, filter_add_container);
	add_any(sql, &options->pods, filter_add_pod);
	add_any(sql, &options->namespaces, add_namespace);
	add_any(sql, &options->runtimes, add_runtime);
	add_any(sql, &options->cgroups, add_cgroup);
}

/* "expression IN (1,2,3)" */
static void add_in(struct sql *sql, const char *expression, const int64_t *values, unsigned int count)
{
	sql_add(sql, expression);
	sql_add(sql, " IN (");
	for (unsigned int i = 0; i < count; i++)
		sql_addf(sql, "%s%" PRId64, i ? "," : "", values[i]);
	sql_add(sql, ")");
}

static void add_types(const struct filter *filter, struct sql *sql)
{
	int64_t types[TYPE_COUNT];
	unsigned int count = 0;

	for (int type = 1; type < TYPE_COUNT; type++)
		if ((filter->types >> type) & 1)
			types[count++] = type;
	if (count)
		add_in(sql, " AND e.type", types, count);
}

static void add_exit_codes(const struct filter *filter, struct sql *sql)
{
	int64_t signals[FILTER_NUMBERS_MAX];
	unsigned int count = 0;

	for (unsigned int i = 0; i < filter->exit_codes.count; i++)
		if (filter->exit_codes.values[i] > 128)
			signals[count++] = filter->exit_codes.values[i] - 128;
	sql_add(sql, " AND e.type = 3 AND ((e.status & 127 = 0");
	add_in(sql, " AND ((e.status >> 8) & 255)", filter->exit_codes.values, filter->exit_codes.count);
	sql_add(sql, ")");
	if (count)
		add_in(sql, " OR (e.status & 127)", signals, count);
	sql_add(sql, ")");
}

void filter_add_event(const struct filter *filter, struct sql *sql)
{
	add_types(filter, sql);
	if (filter->pids.count)
		add_in(sql, " AND e.pid", filter->pids.values, filter->pids.count);
	add_any(sql, &filter->options->comms, add_comm);
	if (filter->signals.count) {
		sql_add(sql, " AND e.type = 3");
		add_in(sql, " AND (e.status & 127)", filter->signals.values, filter->signals.count);
	}
	if (filter->exit_codes.count)
		add_exit_codes(filter, sql);
	filter_add_boot(filter, sql, "e.boot");
}

void filter_add_boot(const struct filter *filter, struct sql *sql, const char *column)
{
	if (!filter->has_boot)
		return;
	sql_add(sql, " AND ");
	sql_add(sql, column);
	if (filter->boot_id[0]) {
		char pattern[48];

		(void)snprintf(pattern, sizeof(pattern), "%s*", filter->boot_id);
		sql_add(sql, " IN (SELECT boot FROM boot WHERE replace(boot_id, '-', '') GLOB ");
		sql_add_text(sql, pattern, strlen(pattern));
		sql_add(sql, ")");
	} else if (filter->boot_offset == 0) {
		sql_add(sql, " = (SELECT boot FROM boot WHERE replace(boot_id, '-', '') = ");
		sql_add_text(sql, filter->this_boot, strlen(filter->this_boot));
		sql_add(sql, ")");
	} else if (filter->boot_offset > 0) {
		sql_addf(sql, " = (SELECT boot FROM boot ORDER BY boot LIMIT 1 OFFSET %d)", filter->boot_offset - 1);
	} else {
		/* Counted from this boot, also when nothing was recorded in it. */
		sql_add(sql, " = (SELECT boot FROM boot WHERE replace(boot_id, '-', '') <> ");
		sql_add_text(sql, filter->this_boot, strlen(filter->this_boot));
		sql_addf(sql, " ORDER BY boot DESC LIMIT 1 OFFSET %d)", -(filter->boot_offset + 1));
	}
}
