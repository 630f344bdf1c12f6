/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/config.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/pins.h"
#include "common/text.h"

#define MS  1000000ULL
#define S   (1000 * MS)
#define MIN (60 * S)
#define DAY (86400 * S)

/* The WAL and the empty database take some megabytes; a smaller bound would leave no room for a history. */
#define RETENTION_SIZE_MIN (8ULL << 20)
#define RETENTION_SIZE_MAX (1ULL << 60)
#define RETENTION_SIZE_TEXT "0 (no bound) or a size from 8M to 1E"

static const char *const durability_choices[] = { "normal", "full", NULL };

#define AT(member) \
	.offset = offsetof(struct config, member), .size = sizeof(((struct config *)0)->member), .shows_default = true
#define BETWEEN(a, b) .min = (a), .max = (b)

/* In the order of the manual page. */
const struct option_row config_keys[] = {
	{ "name", .type = OPTION_STRING, AT(name), .min = 1, .argument = "NAME",
	  .help = "name of this instance" },
	{ "buffer_size", .type = OPTION_NUMBER, AT(buffer_size), BETWEEN(1, 1000000), .argument = "N",
	  .help = "largest number of events in memory; more force a commit" },
	{ "oom_kill", .type = OPTION_BOOL, AT(oom_kill), .argument = "BOOL", .help = "record OOM kills" },
	{ "memory_pressure", .type = OPTION_BOOL, AT(memory_pressure), .argument = "BOOL",
	  .help = "record memory pressure" },
	{ "process_exit", .type = OPTION_BOOL, AT(process_exit), .argument = "BOOL",
	  .help = "record exits of processes" },
	{ "container_lifecycle", .type = OPTION_BOOL, AT(container_lifecycle), .argument = "BOOL",
	  .help = "record starts and stops of containers" },
	{ "process_fork", .type = OPTION_BOOL, AT(process_fork), .argument = "BOOL",
	  .help = "record new processes" },
	{ "record_host", .type = OPTION_BOOL, AT(record_host), .argument = "BOOL",
	  .help = "record exits and forks outside containers too" },
	{ "containerd_namespaces", .type = OPTION_STRING, AT(containerd_namespaces), .argument = "LIST",
	  .help = "namespaces whose cgroups /NAMESPACE/NAME are containers" },
	{ "ring_buffer_size", .type = OPTION_SIZE, AT(ring_buffer_size), BETWEEN(64 << 10, 1 << 30), .argument = "SIZE",
	  .help = "ring buffer between kernel and recorder, a power of two" },
	{ "wakeup_events", .type = OPTION_NUMBER, AT(wakeup_events), BETWEEN(1, 100000), .argument = "N",
	  .help = "records between wake-ups of the recorder, once an eighth of the ring is full" },
	{ "bpf_log_level", .type = OPTION_NUMBER, AT(bpf_log_level), BETWEEN(0, 2), .argument = "0|1|2",
	  .help = "verifier log: 0 off, 1 on failure, 2 full" },
	{ "pressure_threshold", .type = OPTION_NUMBER, AT(pressure_threshold), BETWEEN(1, 100), .argument = "PERCENT",
	  .help = "usage of a limit that counts as memory pressure" },
	{ "pressure_rearm", .type = OPTION_NUMBER, AT(pressure_rearm), BETWEEN(0, 99), .argument = "PERCENT",
	  .help = "usage below which pressure is reported again" },
	{ "pressure_sample_hz", .type = OPTION_NUMBER, AT(pressure_sample_hz), BETWEEN(1, 1000), .argument = "HZ",
	  .help = "samples per second and CPU where the kernel has no exact hook" },
	{ "metadata_cache_size", .type = OPTION_NUMBER, AT(metadata_cache_size), BETWEEN(1, 1000000), .argument = "N",
	  .help = "number of cgroups whose identity is kept in memory" },
	{ "metadata_cache_ttl", .type = OPTION_DURATION, AT(metadata_cache_ttl_ns), BETWEEN(S, 365 * DAY),
	  .argument = "TIME", .help = "time after which an identity is looked up again" },
	{ "metrics_interval", .type = OPTION_DURATION, AT(metrics_interval_ns), BETWEEN(S, DAY), .argument = "TIME",
	  .help = "interval at which the recorder writes its own counters" },
	{ "flush_interval", .type = OPTION_DURATION, AT(flush_interval_ns), BETWEEN(MS, 60 * MIN), .argument = "TIME",
	  .help = "longest time until an event is committed" },
	{ "retention_age", .type = OPTION_DURATION, AT(retention_age_ns), BETWEEN(0, 36500 * DAY), .argument = "TIME",
	  .help = "age at which events are removed; 0: never" },
	{ "retention_size", .type = OPTION_SIZE, AT(retention_size), BETWEEN(0, RETENTION_SIZE_MAX),
	  .argument = "SIZE", .help = "largest size of the database, 8M or more; 0: no bound",
	  .allowed = RETENTION_SIZE_TEXT },
	{ "user", .type = OPTION_STRING, AT(user), .min = 1, .argument = "USER",
	  .help = "user that the recorder runs as when started as root" },
	{ "durability", .type = OPTION_CHOICE, AT(durability_full), .choices = durability_choices,
	  .argument = "normal|full", .help = "full: sync every commit, not only those with an OOM kill" },
	{ .name = NULL },
};

_Static_assert(sizeof(((struct config *)0)->durability_full) == 1, "set as a choice of one byte");

void config_set_defaults(struct config *config)
{
	*config = (struct config){
		.name = "cri-ebpf",
		.buffer_size = 10000,
		.oom_kill = true,
		.memory_pressure = true,
		.process_exit = true,
		.container_lifecycle = true,
		.containerd_namespaces = "default,moby,k8s.io",
		.ring_buffer_size = 1 << 20,
		.wakeup_events = 64,
		.pressure_threshold = 90,
		.pressure_rearm = 85,
		.pressure_sample_hz = 99,
		.metadata_cache_size = 10000,
		.metadata_cache_ttl_ns = 5 * MIN,
		.metrics_interval_ns = 30 * S,
		.flush_interval_ns = 100 * MS,
		.retention_age_ns = 30 * DAY,
		.retention_size = 512 << 20,
		.user = USER_RECORDER,
		.db = "/var/lib/cri-ebpf/events.db",
		.pin_dir = PIN_DIR_DEFAULT,
	};
}

bool config_retention_is_valid(const struct config *config)
{
	return config->retention_size == 0 || config->retention_size >= RETENTION_SIZE_MIN;
}

int config_check(struct config *config, char *message, size_t message_size)
{
	uint64_t rounded = 1;
	char given[16], used[16];

	if (config->pressure_rearm >= config->pressure_threshold) {
		(void)snprintf(message, message_size,
			       "pressure_rearm = %llu: must be below pressure_threshold, which is %llu",
			       (unsigned long long)config->pressure_rearm,
			       (unsigned long long)config->pressure_threshold);
		return -EINVAL;
	}

	/* From a flag: config_load() refuses such a file. */
	if (!config_retention_is_valid(config)) {
		(void)snprintf(message, message_size, "retention_size = %llu: must be " RETENTION_SIZE_TEXT,
			       (unsigned long long)config->retention_size);
		return -EINVAL;
	}

	/* The bound of the key is 1G, a power of two, so this neither overflows nor exceeds it. */
	while (rounded < config->ring_buffer_size && rounded < 1 << 30)
		rounded <<= 1;
	if (rounded == config->ring_buffer_size)
		return 0;

	text_format_size(given, sizeof(given), config->ring_buffer_size);
	text_format_size(used, sizeof(used), rounded);
	(void)snprintf(message, message_size, "ring_buffer_size = %s: rounded up to %s, the next power of two", given,
		       used);
	config->ring_buffer_size = rounded;
	return 1;
}
