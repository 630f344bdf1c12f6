/* SPDX-License-Identifier: BSD-2-Clause */
/* Why events are missing from the history: the reasons of gap events, in words. */
#ifndef CRI_CONSUMER_TEXT_GAP_REASON_H
#define CRI_CONSUMER_TEXT_GAP_REASON_H

/* Instead of a number that is not known: "an unknown number of events". */
#define GAP_UNKNOWN_NUMBER "an unknown number of"

/* Words that continue "17 process_exit between A and B: "; the reason itself, which may hold any bytes, where it is not known. */
const char *gap_reason_words(const char *reason);

#endif
