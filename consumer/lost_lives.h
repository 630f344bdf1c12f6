/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lives whose end was not recorded, because that record was lost: their cgroup is not there any more. One
 * counts as lost at the second look at which it is missing, so that a record on its way is not overtaken.
 */
#ifndef CRI_CONSUMER_LOST_LIVES_H
#define CRI_CONSUMER_LOST_LIVES_H

#include <stdbool.h>
#include <stdint.h>

#include "consumer/row.h"

struct cgroup_scan;
struct identity;
struct lost_lives;

/* scan NULL: nothing is ever found. */
int lost_lives_open(struct cgroup_scan *scan, struct lost_lives **ret);
void lost_lives_close(struct lost_lives *lost);

/* One look. 1: there are some to end; 0: none; else db.h's. */
int lost_lives_look(struct lost_lives *lost, struct identity *identity);
/* Ends the next one, in a transaction. 1: *ret is to be stored; 0: that was all. time: wall time. */
int lost_lives_end_next(struct lost_lives *lost, struct identity *identity, int64_t time, struct ev_row *ret);

#endif
