/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Outages: times in which the programs of a type of event were not attached, so that its events left no trace, as seen by one
 * look after the other. Pure.
 */
#ifndef CRI_CONSUMER_RECORD_OUTAGE_H
#define CRI_CONSUMER_RECORD_OUTAGE_H

#include <stdint.h>

#include "common/maps.h"
#include "consumer/text/event_type.h"

enum outage_state {
	OUTAGE_UNKNOWN, /* nobody can see whether they are attached */
	OUTAGE_NONE,
	OUTAGE_LASTS,
};

/* Begins as all bytes zero. Indexed by type. */
struct outages {
	struct outage {
		enum outage_state state;
		int64_t attached; /* wall time of the last look that saw all programs attached; 0: there was none */
	} types[TYPE_COUNT];
};

/*
 * Notes a look. attached: of each probe of `info`, 1: all its links are there, 0: not all, -1: it has none. A type without
 * probes has no outage. now: wall time.
 */
void outages_note(struct outages *outages, const struct map_info *info, const int attached[INFO_PROBES], int64_t now);
/* The programs of process exits are attached and record nothing, since that wall time. */
void outages_note_standstill(struct outages *outages, int64_t since);
/* A look that could not see anything. */
void outages_note_nothing(struct outages *outages);

#endif
