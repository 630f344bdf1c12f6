/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Why the recorder cannot store at the moment, for `status`: the database cannot say so. A small file beside it,
 * "DATABASE.trouble", with its room taken beforehand, so that a full disk can be told of too.
 */
#ifndef CRI_CONSUMER_STORE_RECORDER_FAULT_H
#define CRI_CONSUMER_STORE_RECORDER_FAULT_H

#include <stdbool.h>
#include <stddef.h>

#define TROUBLE_MAX 512

/* Makes the file, without trouble. A descriptor, or a negative errno. */
int recorder_fault_open(const char *db_path);
/* text NULL: it is over. What cannot be written is not: nothing depends on it. fd -1: nothing happens. */
void recorder_fault_write(int fd, const char *text);
/* False: none, or nobody can tell. */
bool recorder_fault_read(const char *db_path, char out[TROUBLE_MAX]);

#endif
