/* SPDX-License-Identifier: BSD-2-Clause */
/* What was lost and is lost no longer: the gap events of the history, newest first. */
#ifndef CRI_CONSUMER_CLI_MISSING_H
#define CRI_CONSUMER_CLI_MISSING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct db;
struct json;

#define MISSING_MAX 10

/* Texts are the database's, cut to fit. */
struct missing_row {
	char type[32];	 /* of the lost events; "": of any */
	char reason[32];
	int64_t lost;	 /* -1: not known */
	int64_t from, to; /* wall times; 0: not known; to 0: or it lasts */
};

struct missing {
	struct missing_row rows[MISSING_MAX];
	size_t count;
	int64_t gaps, lost; /* of all, not only the newest; lost: as far as it is known */
};

/* Gaps that ended at `since` (wall time) or later; 0: all. 0, or an error of db.h. */
int missing_read(struct db *db, int64_t since, struct missing *ret);

/* The members "missing" and "missing_total". */
void missing_write(const struct missing *missing, struct json *json);
/* Lines for people. */
void missing_print(const struct missing *missing, bool utc, FILE *out);

#endif
