/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CRI_CONSUMER_CLI_EVENT_LIST_H
#define CRI_CONSUMER_CLI_EVENT_LIST_H

#include "consumer/cli/listing.h"

/* A query_row that prints: context is the struct listing; coloured by type. */
int event_list_row(void *context, const struct value *row);

/* listing_finish; -ECANCELED stands for a failure that was logged already. */
int event_list_finish(struct listing *listing, int r);

#endif
