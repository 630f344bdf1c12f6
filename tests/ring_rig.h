/* SPDX-License-Identifier: BSD-2-Clause */
/* A ring buffer in ordinary memory that plays the kernel's side, and records to put into it. */
#ifndef CRI_TESTS_RING_RIG_H
#define CRI_TESTS_RING_RIG_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/event.h"

#define RIG_BUSY    (1U << 31)
#define RIG_DISCARD (1U << 30)
#define RIG_CPUS    4

struct rig {
	uint64_t consumer, producer;
	size_t size;
	unsigned char *data; /* twice, as the kernel maps it */
	uint64_t seq[RIG_CPUS][EV_KIND_COUNT];
	uint64_t lost[EV_KIND_COUNT], sent[EV_KIND_COUNT];
	uint64_t clock_ns; /* time of the next record */
};

static inline void rig_open(struct rig *rig, size_t size)
{
	*rig = (struct rig){ .size = size, .clock_ns = 1000000000 };
	rig->data = calloc(2, size);
	if (!rig->data)
		abort();
}

static inline void rig_close(struct rig *rig)
{
	free(rig->data);
}

static inline void rig_poke(struct rig *rig, uint64_t position, const void *bytes, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		size_t at = (position + i) & (rig->size - 1);

		rig->data[at] = rig->data[at + rig->size] = ((const unsigned char *)bytes)[i];
	}
}

/* Puts a record in as it is, if there is room. flags: RIG_BUSY, RIG_DISCARD. 1: done, 0: full. */
static inline int rig_push(struct rig *rig, const void *record, uint32_t length, uint32_t flags)
{
	uint32_t header[2] = { length | flags, 0 };
	uint64_t step = (length + 8 + 7) & ~7ULL;

	if (rig->producer - rig->consumer + step > rig->size - 1)
		return 0;
	rig_poke(rig, rig->producer, header, sizeof(header));
	rig_poke(rig, rig->producer + 8, record, length);
	rig->producer += step;
	return 1;
}

/* Emits a record as the kernel does: fills its header and counts it. */
static inline int rig_emit(struct rig *rig, uint32_t cpu, enum ev_kind kind, void *record, size_t length)
{
	struct ev_header *header = record;

	*header = (struct ev_header){ .abi = EV_ABI, .kind = (__u16)kind, .length = (__u32)length, .cpu = cpu };
	header->seq = ++rig->seq[cpu][kind];
	header->time_ns = rig->clock_ns;
	rig->clock_ns += 1000;
	if (!rig_push(rig, record, (uint32_t)length, 0)) {
		rig->lost[kind]++;
		return 0;
	}
	rig->sent[kind]++;
	return 1;
}

static inline struct ev_task rig_task(uint32_t pid, const char *comm)
{
	struct ev_task task = { .pid = pid, .ppid = 1, .uid = 0, .start_ns = 500000000 };
	size_t length = strlen(comm);

	(void)memcpy(task.comm, comm, length < sizeof(task.comm) ? length : sizeof(task.comm));
	return task;
}

static inline struct ev_cgroup rig_cgroup(uint64_t id)
{
	return (struct ev_cgroup){ .hierarchy = 0, .id = id };
}

static inline int rig_exit(struct rig *rig, uint32_t cpu, uint32_t pid, uint64_t cgroup, uint32_t status)
{
	struct ev_process_exit exit = { .task = rig_task(pid, "sleep"), .cgroup = rig_cgroup(cgroup), .status = status };

	return rig_emit(rig, cpu, EV_PROCESS_EXIT, &exit, sizeof(exit));
}

/* kind: EV_CGROUP_*; path: for a birth, else NULL. */
static inline int rig_lifecycle(struct rig *rig, enum ev_kind kind, uint64_t cgroup, uint64_t parent, const char *path)
{
	struct {
		struct ev_lifecycle e;
		char path[EV_PATH_MAX];
	} record = { .e = { .task = rig_task(77, "runc"), .cgroup = rig_cgroup(cgroup), .parent = rig_cgroup(parent) } };
	size_t length = path ? strlen(path) : 0;

	record.e.limit_bytes = kind == EV_CGROUP_MKDIR ? EV_UNKNOWN : 16 << 20;
	record.e.peak_bytes = kind == EV_CGROUP_RMDIR ? 12 << 20 : EV_UNKNOWN;
	record.e.oom_kills = kind == EV_CGROUP_RMDIR ? 2 : EV_UNKNOWN;
	if (path) {
		record.e.path = (struct ev_tail){ offsetof(__typeof__(record), path), (__u16)length };
		(void)memcpy(record.path, path, length);
	}
	return rig_emit(rig, 0, kind, &record, offsetof(__typeof__(record), path) + length);
}

static inline int rig_oom_of(struct rig *rig, uint32_t pid, uint32_t trigger, uint64_t cgroup, uint64_t limit,
			     uint64_t decision_ns)
{
	struct ev_oom_kill kill = { .victim = rig_task(pid, "dd"), .trigger = rig_task(trigger, "cat") };

	kill.cgroup = kill.trigger_cgroup = rig_cgroup(cgroup);
	kill.limit_cgroup = rig_cgroup(limit);
	kill.decision_ns = decision_ns;
	kill.limit_bytes = kill.usage_bytes = 16 << 20;
	kill.swap_bytes = EV_UNKNOWN;
	kill.flags = EV_F_LIMIT_EXACT | EV_F_CHOSEN;
	kill.constraint = limit ? EV_CONSTRAINT_MEMCG : EV_CONSTRAINT_NONE;
	return rig_emit(rig, 0, EV_OOM_KILL, &kill, sizeof(kill));
}

static inline int rig_oom(struct rig *rig, uint32_t pid, uint64_t cgroup, uint64_t limit, uint64_t decision_ns)
{
	return rig_oom_of(rig, pid, pid + 1, cgroup, limit, decision_ns);
}

#endif
