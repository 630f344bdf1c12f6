/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lives whose end was not recorded, because that record was lost: their cgroup is not there any more. One
 * counts as lost at the second look at which it is missing, so that a record on its way is not overtaken.
 */
#ifndef CRI_CONSUMER_CONTAINER_LOST_STOP_H
#define CRI_CONSUMER_CONTAINER_LOST_STOP_H

#include <stdbool.h>
#include <stdint.h>

#include "consumer/store/row.h"

struct cgroup_fs;
struct container_rows;
struct lost_stop;

/* scan NULL: nothing is ever found. */
int lost_stop_open(struct cgroup_fs *fs, struct lost_stop **ret);
void lost_stop_close(struct lost_stop *lost);

/* One look. 1: there are some to end; 0: none; else db.h's. */
int lost_stop_scan(struct lost_stop *lost, struct container_rows *rows);
/* Ends the next one, in a transaction. 1: *ret is to be stored; 0: that was all. time: wall time. */
int lost_stop_end_next(struct lost_stop *lost, struct container_rows *rows, int64_t time, struct ev_row *ret);

#endif
