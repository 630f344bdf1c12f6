/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What could not be kept becomes gap rows: how many, of which kind, between when and when, why.
 *
 * A hole in a sequence of numbers shows that and when records were lost; the kernel's own count says how
 * many, so that the rows of a ring never add up to more than it, and when all is quiet to exactly that. Only what
 * this side stepped over in the ring is not in that count: the holes it left come on top, as rejected.
 */
#ifndef CRI_CONSUMER_LOSS_H
#define CRI_CONSUMER_LOSS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/event.h"

struct loss;
struct names;
struct store;

/* names NULL: holes alone are counted. */
int loss_open(const struct names *names, struct loss **ret);
void loss_close(struct loss *loss);

/*
 * At the start, and when storing works again: what was lost by now and is not told yet has that reason; what
 * is lost later found the ring full. from_beginning: the first number of every sequence is 1, else it is
 * whatever comes first. since: nothing was recorded before that wall time. reason: static.
 */
void loss_start(struct loss *loss, struct store *store, bool from_beginning, int64_t since, const char *reason);

/* Also forgets what a batch noted that was not written. */
void loss_begin_batch(struct loss *loss);
/* A record was read: looks for a hole before it. time: the record's, wall time. */
int loss_note(struct loss *loss, struct store *store, const struct ev_header *header, int64_t time);
/* A record was not understood, or bytes of the ring were no records; kind 0: not known. */
void loss_reject(struct loss *loss, struct store *store, unsigned int kind, int64_t time);

/* Something in the ring was stepped over, nobody knows what: from now on holes count even if the kernel lost nothing. */
void loss_skip(struct loss *loss);

/* Writes the batch's gap rows, inside its transaction. now: wall time. */
int loss_write(struct loss *loss, struct store *store, int64_t now);
/* Is anything lost that no record has shown yet? Then loss_write_tail() has something to write. */
bool loss_has_tail(struct loss *loss, struct store *store, int64_t now);
int loss_write_tail(struct loss *loss, struct store *store, int64_t now);
/* After the commit. */
void loss_committed(struct loss *loss);

/* One gap row that is not about a kind's numbers. lost EV_UNKNOWN: nobody knows. */
int loss_add_gap(struct store *store, const char *reason, unsigned int kind, uint64_t lost, int64_t from, int64_t to,
		 int64_t now);

#endif
