/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Stage 3: a checked record to a row. Adds the cgroup, container and pod of the event, wall time, and what else the row
 * needs beyond the record; the function of each kind (kind.h) does that with the helpers below. Runs inside the batch's
 * transaction; failures are db.h's.
 */
#ifndef CRI_CONSUMER_RECORD_ENRICH_H
#define CRI_CONSUMER_RECORD_ENRICH_H

#include <stdbool.h>
#include <stdint.h>

#include "consumer/record/decode.h"
#include "consumer/store/row.h"

struct cgroup_fs;
struct container_rows;
struct enrich;
struct resolve;

/* fs may be NULL: then memory usage and limits are not read. Both must outlive it. */
int enrich_open(struct resolve *resolve, struct cgroup_fs *fs, struct enrich **ret);
void enrich_close(struct enrich *enrich);

/* Sets the rows to use, after the database was opened. */
void enrich_reset(struct enrich *enrich, struct container_rows *rows);
/* offset: of the batch (clock.h); now_ns: boot time. */
void enrich_begin_batch(struct enrich *enrich, int64_t offset, uint64_t now_ns);
/*
 * 1: *ret is to be stored; it points into *ev and into *enrich, until the next call. 0: the record makes no row. The
 * kind of *ev must be known.
 */
int enrich_event(struct enrich *enrich, const struct ev *ev, struct ev_row *ret);

/* The start of a container that the last record proves, to be stored ahead of its row. NULL: none. */
const struct ev_row *enrich_inferred_start(const struct enrich *enrich);

/* For the functions of the kinds. */
/* *start points to *detail, which is copied. */
void enrich_set_inferred_start(struct enrich *enrich, const struct ev_row *start, size_t detail_size);
struct resolve *enrich_resolve(const struct enrich *enrich);
struct container_rows *enrich_rows(const struct enrich *enrich);
/* NULL: there is none. */
const struct cgroup_fs *enrich_cgroup_fs(const struct enrich *enrich);
uint64_t enrich_now_ns(const struct enrich *enrich);
int64_t enrich_wall(const struct enrich *enrich, uint64_t boot_ns);
/* True at most once a second for each cgroup: reading its files takes some microseconds. */
bool enrich_may_read_usage(struct enrich *enrich, uint64_t kernfs_id);
struct row_task enrich_task(const struct ev_task *task);
/* Fills what every event has; cgroup: row number. */
void enrich_fill_row(const struct enrich *enrich, const struct ev *ev, const struct ev_task *task, int64_t cgroup,
		     struct ev_row *row);

#define ENRICH_PATH_MAX 4096
/* The whole path of a cgroup by its row number. False: not known, or its beginning is missing. */
bool enrich_cgroup_path(const struct enrich *enrich, int64_t cgroup, char out[ENRICH_PATH_MAX]);

#endif
