/* SPDX-License-Identifier: BSD-2-Clause */
/* How SQLite maps files; for consumer/store/db.c alone. */
#ifndef CRI_CONSUMER_STORE_WAL_MAP_H
#define CRI_CONSUMER_STORE_WAL_MAP_H

#include <stddef.h>
#include <sys/types.h>

/*
 * mmap(2), and for a mapping that is shared and written to, which is the log's index: not before that part of the
 * file has its place on the disk. SQLite makes the file longer by one byte in each 4096, and where blocks are smaller
 * the rest is a hole: the first write to it, on a disk that is full by then, would be the end of this process.
 */
void *wal_map(void *at, size_t length, int protection, int flags, int fd, off_t offset);

#endif
