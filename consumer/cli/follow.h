/* SPDX-License-Identifier: BSD-2-Clause */
/* Showing events as they are committed. */
#ifndef CRI_CONSUMER_CLI_FOLLOW_H
#define CRI_CONSUMER_CLI_FOLLOW_H

#include "consumer/cli/listing.h"
#include "consumer/query/query.h"

/*
 * Shows the last rows and then every matching event as it is committed, until the reader of the output goes away (-EPIPE)
 * or reading fails (negative errno; -ECANCELED: already logged). Waits for a database that does not exist yet, and
 * switches to one that replaces it. Opens listing->db itself. No transaction is open while it waits.
 */
int follow_events(struct listing *listing, query_row *each, void *context);

#endif
