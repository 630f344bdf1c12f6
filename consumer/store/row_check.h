/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reads all rows in short steps, to find damage that no statement has met yet: every column of every row, and of one row
 * in 64 whether each index has it.
 */
#ifndef CRI_CONSUMER_STORE_ROW_CHECK_H
#define CRI_CONSUMER_STORE_ROW_CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct db;

/* Zero: nothing is checked yet. Rows may be added and removed between two steps. */
struct row_check {
	bool done;
	size_t pass;  /* the table, then the index, that is read */
	int64_t last; /* the last row of it that is checked; 0: none */
};

/*
 * Reads at most 50 000 rows and stops soon after limit_ns. 0, or -ERROR_DB_CORRUPT: damage. What cannot be read for
 * another reason is left out. Sets check->done when everything is read.
 */
int row_check_step(struct db *db, struct row_check *check, uint64_t limit_ns);

/* The names of all tables in the order in which they are read; the last is NULL. */
extern const char *const row_check_tables[];

#endif
