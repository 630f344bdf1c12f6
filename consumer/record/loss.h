/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What could not be kept becomes gap rows: how many, of which kind, between when and when, why.
 *
 * The kernel's own count says how many the ring had no room for: the rows of a ring never add up to more than it,
 * and when all is quiet to exactly that. A hole in a sequence of numbers shows when they were lost; what no record
 * has shown yet is told by the count alone, and the hole not again. Records that were there and could not be used
 * are counted here.
 *
 * After a failed transaction everything is read from the store again, by loss_start().
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

/* names NULL: holes alone are counted. */
int loss_open(const struct kernel_maps *maps, struct loss **ret);
void loss_close(struct loss *loss);

/*
 * At the start, and when storing works again: what was lost by now and is not told yet has that reason; what
 * is lost later found the ring full. from_beginning: the first number of every sequence is 1, else it is
 * whatever comes first. since: nothing was recorded before that wall time. reason: static.
 */
void loss_start(struct loss *loss, struct ring_rows *ring_rows, bool from_beginning, int64_t since, const char *reason);

/* Also forgets what a batch noted that was not written. */
void loss_begin_batch(struct loss *loss);
/* A record was read: looks for a hole before it. time: the record's, wall time. */
int loss_note(struct loss *loss, struct ring_rows *ring_rows, const struct ev_header *header, int64_t time);
/* A record cannot be used; kind 0: not known. Its number is to be noted before, if it can be read. */
void loss_reject(struct loss *loss, struct ring_rows *ring_rows, unsigned int kind, int64_t time);
/* The rest of the batch holds no records: nobody knows how many there were. */
void loss_reject_garbage(struct loss *loss, struct ring_rows *ring_rows);

/* Writes the batch's gap rows, inside its transaction. now: wall time. */
int loss_write(struct loss *loss, struct ring_rows *ring_rows, int64_t now);
/* Is anything lost that no record has shown yet? Then loss_write_tail() has something to write. */
bool loss_has_tail(struct loss *loss, struct ring_rows *ring_rows);
int loss_write_tail(struct loss *loss, struct ring_rows *ring_rows, int64_t now);

/* One gap row that is not about a kind's numbers. lost EV_UNKNOWN: nobody knows. */
int loss_add_gap(struct ring_rows *ring_rows, const char *reason, unsigned int kind, uint64_t lost, int64_t from, int64_t to,
		 int64_t now);

#endif
