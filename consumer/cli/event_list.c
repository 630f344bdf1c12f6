/* SPDX-License-Identifier: BSD-2-Clause */
#include "consumer/cli/event_list.h"

#include <errno.h>

#include "common/exit_code.h"
#include "consumer/print/event_look.h"

int event_list_row(void *context, const struct value *row)
{
	struct listing *listing = context;

	return print_row(listing->print, row, event_color(row));
}

int event_list_finish(struct listing *listing, int r)
{
	if (r != -ECANCELED)
		return listing_finish(listing, r);
	listing->exit_code = EXIT_STORE;
	return listing_end(listing);
}
