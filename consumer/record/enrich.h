/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Stage 3: a checked record to a row: whose it is, and what else the row needs that the record does not
 * say. Runs inside the batch's transaction; failures are db.h's.
 */
#ifndef CRI_CONSUMER_RECORD_ENRICH_H
#define CRI_CONSUMER_RECORD_ENRICH_H

#include <stdint.h>

#include "consumer/record/decode.h"
#include "consumer/store/row.h"

struct cgroup_fs;
struct enrich;
struct container_rows;
struct resolve;

/* scan may be NULL: then what a cgroup uses is not known. Both must outlive it. */
int enrich_open(struct resolve *resolve, struct cgroup_fs *fs, struct enrich **ret);
void enrich_close(struct enrich *enrich);

/* Uses these rows from now on. */
void enrich_reset(struct enrich *enrich, struct container_rows *rows);
/* offset: of the batch (clock.h); now_ns: boot time. */
void enrich_begin_batch(struct enrich *enrich, int64_t offset, uint64_t now_ns);
/* 1: *ret is to be stored; its texts point into *ev. 0: the record makes no row. */
int enrich_event(struct enrich *enrich, const struct ev *ev, struct ev_row *ret);

#endif
