/* SPDX-License-Identifier: BSD-2-Clause */
/* Numbers of records by event type: as the recorder stored them, or from the kernel's counters when no recorder runs. */
#ifndef CRI_CONSUMER_CLI_COUNTERS_H
#define CRI_CONSUMER_CLI_COUNTERS_H

#include <stdbool.h>
#include <stdint.h>

#include "common/maps.h"
#include "consumer/store/recorder_state.h"
#include "consumer/text/event_type.h"

struct db;
struct json;

/* Type 0: records of no known type. */
struct counters {
	bool known[COUNT_COUNT][TYPE_COUNT];
	int64_t values[COUNT_COUNT][TYPE_COUNT];
};

/* The kernel's own, which only root and group cri-ebpf-ring may read. */
struct kernel_counters {
	bool known;
	bool absent; /* the pins do not exist */
	uint64_t generation;
	struct map_counters kinds[EV_KIND_COUNT];
};

/* Before the sandbox, which allows no bpf(2). */
void counters_read_kernel(const char *pin_dir, struct kernel_counters *ret);

/* 0, or an error of db.h. */
int counters_read(struct db *db, struct counters *ret);
/* What is stored of that ring decides how much of it is not read yet. As counters_read. */
int counters_compute(struct db *db, const struct kernel_counters *kernel, struct counters *ret);
/* The number of records that are not read yet is not known any more. */
void counters_forget_unread(struct counters *counters);

/* The sum of one count over all types; false: of some type it is not known. */
bool counters_sum(const struct counters *counters, enum recorder_count count, int64_t *ret);

/* Writes the object "counters". A number that is not known is null. */
void counters_write(const struct counters *counters, struct json *json);

#endif
