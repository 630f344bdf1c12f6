/* SPDX-License-Identifier: BSD-2-Clause */
/* What the first bytes of a database and of its WAL say (sqlite.org/fileformat2.html). Pure. */
#ifndef CRI_CONSUMER_STORE_DB_HEADER_H
#define CRI_CONSUMER_STORE_DB_HEADER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The header of the file and that of the first page of its schema table. */
#define DB_HEADER_SIZE	   108
#define DB_WAL_HEADER_SIZE 32
/* Before each page in a WAL. */
#define DB_WAL_FRAME_SIZE 24

struct db_header {
	uint32_t application_id;
	uint32_t version; /* PRAGMA user_version */
	bool tables;	  /* the schema is not empty */
};

struct db_wal_header {
	uint32_t page_size;
	uint8_t salts[8];
};

/* Of the first page. False: it is not that of an SQLite database, or shorter than DB_HEADER_SIZE. */
bool db_header_parse(const uint8_t *bytes, size_t size, struct db_header *ret);

/* False: it is not the beginning of a WAL, or shorter than DB_WAL_HEADER_SIZE. */
bool db_wal_header_parse(const uint8_t *bytes, size_t size, struct db_wal_header *ret);
/* The number of the page behind a frame header, from 1; 0: it is left from an earlier use of the file. */
uint32_t db_wal_frame_page(const struct db_wal_header *wal, const uint8_t bytes[DB_WAL_FRAME_SIZE]);

#endif
