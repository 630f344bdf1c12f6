/* SPDX-License-Identifier: BSD-2-Clause */
#include "consumer/cli/missing.h"

#include <inttypes.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/text.h"
#include "consumer/store/db.h"
#include "consumer/text/gap_reason.h"
#include "consumer/text/json.h"
#include "consumer/text/time_words.h"

static void copy(char *out, size_t size, const char *text)
{
	(void)snprintf(out, size, "%s", text ? text : "");
}

static void take_row(struct db_stmt *stmt, struct missing_row *row)
{
	copy(row->type, sizeof(row->type), db_text(stmt, 0, NULL));
	row->lost = db_is_null(stmt, 1) || db_int(stmt, 1) < 0 ? -1 : db_int(stmt, 1);
	row->from = db_int(stmt, 2);
	row->to = db_int(stmt, 3);
	copy(row->reason, sizeof(row->reason), db_text(stmt, 4, NULL));
}

static int read_total(struct db *db, int64_t since, struct missing *missing)
{
	CLEANUP(cleanup_stmt) struct db_stmt *stmt = NULL;
	int r = db_prepare(db,
			   "SELECT count(*), CAST(total(max(lost, 0)) AS INTEGER) FROM gap"
			   " WHERE to_time IS NULL OR to_time >= ?1",
			   &stmt);

	if (r < 0)
		return r;
	db_bind_int(stmt, 1, since);
	r = db_step(stmt);
	if (r > 0) {
		missing->gaps = db_int(stmt, 0);
		missing->lost = db_int(stmt, 1);
		db_reset(stmt);
	}
	return r < 0 ? r : 0;
}

int missing_read(struct db *db, int64_t since, struct missing *ret)
{
	CLEANUP(cleanup_stmt) struct db_stmt *stmt = NULL;
	int r = db_prepare(db,
			   "SELECT t.name, g.lost, g.from_time, g.to_time, g.reason FROM gap g"
			   " LEFT JOIN type t ON t.type = g.lost_type WHERE g.to_time IS NULL OR g.to_time >= ?1"
			   " ORDER BY g.id DESC LIMIT ?2",
			   &stmt);

	*ret = (struct missing){ 0 };
	if (r < 0)
		return r;
	db_bind_int(stmt, 1, since);
	db_bind_int(stmt, 2, MISSING_MAX);
	while (ret->count < MISSING_MAX && (r = db_step(stmt)) > 0)
		take_row(stmt, &ret->rows[ret->count++]);
	return r < 0 ? r : read_total(db, since, ret);
}

void missing_write(const struct missing *missing, struct json *json)
{
	json_array(json, "missing");
	for (size_t i = 0; i < missing->count; i++) {
		const struct missing_row *row = &missing->rows[i];

		json_object(json, NULL);
		json_text(json, "type", row->type[0] ? row->type : NULL);
		if (row->lost < 0)
			json_null(json, "lost");
		else
			json_int(json, "lost", row->lost);
		json_time(json, "from", row->from);
		json_time(json, "to", row->to);
		json_text(json, "reason", row->reason);
		json_close(json, '}');
	}
	json_close(json, ']');
	json_object(json, "missing_total");
	json_int(json, "gaps", missing->gaps);
	json_int(json, "lost", missing->lost);
	json_close(json, '}');
}

static void print_row(const struct missing_row *row, bool utc, FILE *out)
{
	char from[TIME_TEXT_MAX] = "an unknown time", to[TIME_TEXT_MAX] = "an unknown time", type[128];
	char lost[32] = GAP_UNKNOWN_NUMBER, reason[128];

	(void)text_escape(reason, sizeof(reason), row->reason, strlen(row->reason));
	(void)text_escape(type, sizeof(type), row->type, strlen(row->type));
	if (row->lost >= 0)
		(void)snprintf(lost, sizeof(lost), "%" PRId64, row->lost);
	if (row->from)
		time_format_local(from, sizeof(from), row->from, utc);
	if (row->to)
		time_format_local(to, sizeof(to), row->to, utc);
	(void)fprintf(out, " missing: %s %s between %s and %s: %s\n", lost, type[0] ? type : "events", from, to,
		      reason[0] ? gap_reason_words(reason) : "?");
}

void missing_print(const struct missing *missing, bool utc, FILE *out)
{
	for (size_t i = 0; i < missing->count; i++)
		print_row(&missing->rows[i], utc, out);
	if (missing->gaps > (int64_t)missing->count)
		(void)fprintf(out, "          and %" PRId64 " earlier gaps: cri-ebpf events -t gap\n",
			      missing->gaps - (int64_t)missing->count);
}
