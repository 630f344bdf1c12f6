/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a process that reads a database may use. A file of a few kilobytes can be made so that reading it never ends or
 * fills the memory; reading an honest one takes an amount that grows with its size.
 */
#ifndef CRI_CONSUMER_STORE_READ_BOUNDS_H
#define CRI_CONSUMER_STORE_READ_BOUNDS_H

#include <stdint.h>

struct read_bounds {
	uint64_t memory; /* bytes of heap */
	uint64_t cpu_s;	 /* seconds of CPU time */
};

/* For the database with its WAL as they are now, or as if it were empty when it does not exist. */
struct read_bounds read_bounds_of(const char *db_path);

#endif
