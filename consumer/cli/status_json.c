/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/cleanup.h"
#include "consumer/cli/status.h"
#include "consumer/store/db.h"
#include "consumer/text/json.h"

/* Writes the same members, empty, when no recorder has stored its state yet. */
static void write_no_facts(struct json *json)
{
	json_object(json, "loader");
	json_bool(json, "loaded", false);
	json_null(json, "abi");
	json_array(json, "probes");
	json_close(json, ']');
	json_close(json, '}');
	json_object(json, "recorder");
	json_bool(json, "running", false);
	json_null(json, "lag_bytes");
	json_null(json, "last_commit");
	json_close(json, '}');
}

/* running: as JSON */
#define FACTS_OF(running)                                                                              \
	"json_quote(json_extract(value, '$.loader')), json_quote(json_set(json_extract(value,"         \
	" '$.recorder'), '$.running', json('" running "'), '$.lag_bytes', NULL))"

/* Writes what the recorder stored. Of one that does not run, or is silent, nobody knows how much of the ring it has not read. */
static int write_facts(struct status *status, struct json *json)
{
	static const char *const names[] = { "loader", "recorder" };
	CLEANUP(cleanup_stmt) struct db_stmt *stmt = NULL;
	bool runs = status->recorder.state == RECORDER_RUNNING, alive = health_recorder_is_alive(&status->recorder);
	/* json_quote: json_extract returns a text without its quotes, which would not be JSON. */
	int r = status_prepare(status,
			       runs ? "json_quote(json_extract(value, '$.loader')), json_quote(json_extract(value, '$.recorder'))"
			       : alive ? FACTS_OF("true")
				       : FACTS_OF("false"),
			       "", &stmt);

	if (r == 0)
		r = db_step(stmt);
	if (r <= 0)
		return r;
	for (int i = 0; i < (int)ARRAY_SIZE(names); i++) {
		size_t length = 0;
		const char *text = db_text(stmt, i, &length);

		if (text)
			json_raw(json, names[i], text, length);
		else
			json_null(json, names[i]);
	}
	db_reset(stmt);
	return 0;
}

static void write_problems(const struct health *health, struct json *json)
{
	json_array(json, "problems");
	for (size_t i = 0; i < health->count; i++) {
		const struct health_problem *problem = &health->problems[i];

		json_object(json, NULL);
		json_text(json, "name", problem->name);
		json_time(json, "since", problem->since);
		json_text(json, "text", problem->text);
		json_close(json, '}');
	}
	json_close(json, ']');
}

static void write_store(struct status *status, struct json *json)
{
	json_object(json, "store");
	json_text(json, "path", status->path);
	json_int(json, "bytes", status->bytes);
	json_int(json, "events", status->events);
	json_time(json, "oldest", status->oldest);
	json_close(json, '}');
}

int status_print_json(struct status *status)
{
	struct json json = { .out = status->output.out };
	bool written = status->recorder.state != RECORDER_NEVER;
	int r = 0;

	json_object(&json, NULL);
	json_int(&json, "v", 1);
	json_bool(&json, "healthy", status->health.count == 0);
	write_problems(&status->health, &json);
	missing_write(&status->missing, &json);
	json_time(&json, "as_of", written ? status->recorder.time : 0);
	if (written)
		r = write_facts(status, &json);
	else
		write_no_facts(&json);
	counters_write(&status->counters, &json);
	write_store(status, &json);
	json_close(&json, '}');
	return r;
}
