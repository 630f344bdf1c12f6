/* SPDX-License-Identifier: BSD-2-Clause */
/* Stage 2: bytes from the ring to a checked record. Pure: no I/O, no allocation, no state. */
#ifndef CRI_CONSUMER_RECORD_DECODE_H
#define CRI_CONSUMER_RECORD_DECODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/event.h"
#include "consumer/text/name_list.h"

/* The oldest layout that is still read. */
#define DECODE_ABI_MIN (EV_ABI > 1 ? EV_ABI - 1 : 1)

/* The most tails that a record has. */
#define DECODE_TAILS_MAX 3

/* A record whose every part was checked. */
struct ev {
	/* A copy of the fixed part: the member that belongs to h.kind. */
	union {
		EV_BODIES
	};
	/* In the order of struct kind. They point into the record that was decoded; data NULL: absent. */
	struct text_span tails[DECODE_TAILS_MAX];
};

/*
 * 0; -ERROR_RECORD_NEWER: written by a newer version, and nothing in it can be judged; -ENOTSUP: unknown kind; -EBADMSG:
 * not a valid record. With -ENOTSUP and -EBADMSG ret->h is filled if *data holds a header at all, else zeroed.
 */
int decode_record(const void *data, size_t length, struct ev *ret);

/* Whether this is the header of a record of a known kind, in `length` bytes: then its sequence number can be used. */
bool decode_is_header(const struct ev_header *header, size_t length);

/* The kind that a record claims to have, unchecked; 0 when it is too short for a header. */
unsigned int decode_kind(const void *data, size_t length);

/* The length of a comm, which ends at a NUL or at its size. */
size_t decode_comm_length(const char comm[EV_COMM_LEN]);

#endif
