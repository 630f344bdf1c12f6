/* SPDX-License-Identifier: BSD-2-Clause */
#include "consumer/cli/event_list.h"

#include <errno.h>

#include "common/exit_code.h"
#include "consumer/query/event_column.h"
#include "consumer/text/event_type.h"

static const char *const type_colors[TYPE_COUNT] = {
	[TYPE_OOM_KILL] = "\033[31m",
	[TYPE_MEMORY_PRESSURE] = "\033[33m",
	[TYPE_GAP] = "\033[35m",
};

int event_list_row(void *context, const struct value *row)
{
	struct listing *listing = context;
	int64_t type = row[FIELD_TYPE_NUMBER].number;

	return print_row(listing->print, row, type > 0 && type < TYPE_COUNT ? type_colors[type] : NULL);
}

int event_list_finish(struct listing *listing, int r)
{
	if (r != -ECANCELED)
		return listing_finish(listing, r);
	listing->exit_code = EXIT_STORE;
	return listing_end(listing);
}
