/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Turns records that are missing into gap events: how many, of which kind, from when to when, why.
 *
 * The kernel's counter of lost records (map_counters.lost) decides how many the ring had no room for: the gap events of
 * a ring never add up to more, and once all is reconciled to exactly that number. A hole in the sequence numbers shows
 * when records were lost. What no hole shows yet is reported from the counter alone ("ahead"); a hole that shows it
 * later is not reported again. Records that were read but could not be used are counted here as rejected.
 *
 * After a failed transaction everything is read from the database again, by loss_start(). Failures are db.h's.
 */
#ifndef CRI_CONSUMER_RECORD_LOSS_H
#define CRI_CONSUMER_RECORD_LOSS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/event.h"

struct loss;
struct kernel_maps;
struct ring_rows;

/* maps NULL: there are no kernel counters, and only holes are counted. -ENOMEM. */
int loss_open(const struct kernel_maps *maps, struct loss **ret);
void loss_close(struct loss *loss);

/*
 * At the start, and when storing works again: what was lost by now and is not reported yet gets this reason; what is
 * lost later is "ring_full". from_beginning: the first number of every sequence must be 1, else any first number is
 * accepted. since: wall time before which nothing was recorded. reason: static.
 */
void loss_start(struct loss *loss, struct ring_rows *ring_rows, bool from_beginning, int64_t since, const char *reason);

/* Discards what was noted for a batch that was not written. */
void loss_begin_batch(struct loss *loss);
/* A record was read: notes a hole in the sequence before it. time: wall time of the record. */
int loss_note(struct loss *loss, struct ring_rows *ring_rows, const struct ev_header *header, int64_t time);
/* A record cannot be used; kind 0: not known. If its header can be read, loss_note comes first. */
void loss_reject(struct loss *loss, struct ring_rows *ring_rows, unsigned int kind, int64_t time);
/* The rest of the batch is no valid record: an unknown number of records is missing. */
void loss_reject_garbage(struct loss *loss, struct ring_rows *ring_rows);

/* Writes the gap events of the batch, inside its transaction. now: wall time. */
int loss_write(struct loss *loss, struct ring_rows *ring_rows, int64_t now);
/* Whether the kernel counted losses that neither a gap event nor a hole shows yet. */
bool loss_has_tail(struct loss *loss, struct ring_rows *ring_rows);
/* Writes gap events for these, inside a transaction. */
int loss_write_tail(struct loss *loss, struct ring_rows *ring_rows, int64_t now);

#endif
