/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What differs between the kinds of records, as data: one descriptor for each row of EV_KINDS, and how events are stored
 * for each row of EV_TYPES (common/event.h). The descriptors kind_NAME and storage_NAME stand in kind_*.c; the tables
 * are made from those lists, so that a new kind here is one new file. A descriptor that is missing does not link.
 */
#ifndef CRI_CONSUMER_RECORD_KIND_H
#define CRI_CONSUMER_RECORD_KIND_H

#include <stddef.h>
#include <stdint.h>

#include "common/event.h"
#include "consumer/record/decode.h"
#include "consumer/text/event_type.h"

struct enrich;
struct ev_row;
struct event_storage;

enum kind_tail_form {
	KIND_TAIL_NAMES, /* of a cgroup and its ancestors, see EV_NAMES_MAX */
	KIND_TAIL_PATH,  /* "/a/b" */
};

struct kind_tail {
	uint16_t offset; /* of the struct ev_tail in the record */
	enum kind_tail_form form;
};

/* How soon a record is stored. */
enum kind_urgency {
	KIND_DEFERRED, /* with the next flush */
	KIND_PROMPT,   /* at once */
	KIND_DURABLE,  /* at once, and it is on the disk when the commit returns */
};

/*
 * Fills *row and *detail, which are zeroed and of this kind's storage. 1: the row is to be stored; 0: the record makes
 * no row; else db.h's.
 */
typedef int kind_enrich(struct enrich *enrich, const struct ev *ev, struct ev_row *row, void *detail);

struct kind {
	size_t size; /* of the fixed part */
	size_t tail_count;
	struct kind_tail tails[DECODE_TAILS_MAX];
	enum kind_urgency urgency;
	kind_enrich *enrich;
	const struct event_storage *storage; /* its type names the kind's counters too */
	size_t detail_size;                  /* of what storage->bind takes; 0: nothing */
};

#define KIND_DECLARE(number, NAME, name)    extern const struct kind kind_##name;
#define STORAGE_DECLARE(number, NAME, name) extern const struct event_storage storage_##name;
EV_KINDS(KIND_DECLARE)
EV_TYPES(STORAGE_DECLARE)
#undef KIND_DECLARE
#undef STORAGE_DECLARE

/* All storages, in the order of the types, NULL-terminated. */
extern const struct event_storage *const kind_storages[];

/* NULL for an unknown kind (enum ev_kind). */
const struct kind *kind_find(unsigned int kind);
/* The type as which records of a kind are stored and counted; 0 for an unknown kind. */
enum event_type kind_type(unsigned int kind);

#endif
