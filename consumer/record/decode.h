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

/* A record whose every part was checked. The fixed part is copied, the tails are not. */
struct ev {
	union {
		struct ev_header h;
		struct ev_oom_kill oom_kill;
		struct ev_memory memory;           /* EV_MEMORY_HIGH, EV_MEMORY_LIMIT */
		struct ev_process_exit process_exit;
		struct ev_process_fork process_fork;
		struct ev_lifecycle lifecycle;     /* EV_CGROUP_* */
	};
	/* Inside the record that was decoded: they live as long as it does. */
	struct text_span names;         /* name lists; lifecycle: the path */
	struct text_span trigger_names;
	struct text_span limit_names;
};

/*
 * 0; -ERROR_RECORD_NEWER: made by a newer version, nothing in it can be judged; -ENOTSUP: unknown kind; -EBADMSG: not a
 * record. With -ENOTSUP and -EBADMSG ret->h is filled if *data holds a header at all, else zeroed.
 */
int decode_record(const void *data, size_t length, struct ev *ret);

/* Is this the header of a record of a known kind, in `length` bytes? Then its number counts, whatever follows it. */
bool decode_is_header(const struct ev_header *header, size_t length);

/* The kind a record claims, unchecked; 0 when it is too short to tell. */
unsigned int decode_kind(const void *data, size_t length);

/* Length of a comm: it ends at a NUL or at its size. */
size_t decode_comm_length(const char comm[EV_COMM_LEN]);

#endif
