/* SPDX-License-Identifier: BSD-2-Clause */
#include "consumer/text/gap_reason.h"

#include <stddef.h>
#include <string.h>

#include "common/cleanup.h"

static const struct {
	const char *reason, *words;
} reasons[] = {
	{ "ring_full", "the ring was full" },
	{ "recorder_down", "the ring was full while no recorder stored what was in it" },
	{ "disk_full", "nothing could be stored, and the ring was full" },
	{ "rejected", "records could not be read" },
	{ "not_attached", "its programs were not attached" },
	{ "store_replaced",
	  "they are not in this database: the ring was stored into another one, or the database was replaced" },
	{ "older_version", "earlier events are in the file that was set aside, made by an older version" },
	{ "reload", "the programs were unloaded and loaded again" },
};

const char *gap_reason_words(const char *reason)
{
	for (size_t i = 0; i < ARRAY_SIZE(reasons); i++)
		if (strcmp(reasons[i].reason, reason) == 0)
			return reasons[i].words;
	return reason;
}
