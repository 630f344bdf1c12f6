/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whether a database has exactly the tables and views of schema.c. A file from elsewhere may call a view or a virtual table
 * "event", or hide an expression in a table, which then runs in the process that reads it.
 */
#ifndef CRI_CONSUMER_STORE_SCHEMA_CHECK_H
#define CRI_CONSUMER_STORE_SCHEMA_CHECK_H

struct db;

/* 0; -ERROR_DB_SCHEMA: one is missing, different, or not ours; or another error of db.h. Indexes may be any. */
int schema_check(struct db *db);

#endif
