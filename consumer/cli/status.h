/* SPDX-License-Identifier: BSD-2-Clause */
/* What `cri-ebpf status` knows, read in cmd_status.c and printed as JSON or as text. Private to these files. */
#ifndef CRI_CONSUMER_CLI_STATUS_H
#define CRI_CONSUMER_CLI_STATUS_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "consumer/cli/counters.h"
#include "consumer/cli/health.h"
#include "consumer/cli/missing.h"
#include "consumer/cli/output.h"
#include "consumer/query/filter.h"
#include "consumer/store/recorder_state.h"
#include "consumer/text/time_words.h"

struct config;
struct db;
struct db_stmt;

struct status_options {
	uint64_t format;
	char since[128];
	bool json, utc, strict, alive;
};

struct status {
	const char *path; /* of the database, as the user named it */
	const struct config *config;
	const struct status_options *options;
	struct db *db;
	char real_path[PATH_MAX]; /* path without links */
	struct output output;
	struct filter_now now;
	int64_t since; /* of what is missing, nanoseconds since 1970; 0: all */
	struct kernel_counters kernel;
	bool read_only; /* the file system: then the recorder cannot even tell why it is silent */
	struct recorder_state recorder;
	char as_of[TIME_TEXT_MAX];     /* time of the last heartbeat, which stored the facts */
	int64_t bytes, events, oldest; /* of the store; oldest: nanoseconds since 1970, 0: there are no events */
	struct health health;
	struct counters counters;
	bool counted_now; /* counters are of this moment, not of the last heartbeat */
	struct missing missing;
};

/* Prepares a SELECT of `what` from the row that the recorder writes, joined with `from`. */
int status_prepare(struct status *status, const char *what, const char *from, struct db_stmt **ret);
/* A time as the recorder writes it, nanoseconds since 1970; 0: none. text may be NULL. */
int64_t status_parse_time(const struct status *status, const char *text);

/* Columns of each probe of the loader: name, rung, whether it is attached (NULL: not known, or not to be). */
#define STATUS_PROBES                                                                  \
	"json_extract(p.value, '$.name'), json_extract(p.value, '$.rung'),"         \
	" json_extract(p.value, '$.attached')"
#define STATUS_PROBES_FROM ", json_each(status.value, '$.loader.probes') p"

/* To status->output. 0, or an error of db.h. */
int status_print_json(struct status *status);
int status_print_text(struct status *status);

#endif
