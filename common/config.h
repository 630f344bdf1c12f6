/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Configuration: built-in defaults, then the configuration file and its drop-ins, then flags.
 * One table (config_keys) gives file parsing, flags, help and man text, so they cannot drift.
 */
#ifndef CRI_COMMON_CONFIG_H
#define CRI_COMMON_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/option.h"

#define CONFIG_FILE_DEFAULT "/etc/cri-ebpf/cri-ebpf.conf"
#define CONFIG_DROPIN_DIR   "/etc/cri-ebpf/conf.d"

struct config {
	char name[64];
	uint64_t buffer_size;
	bool oom_kill, memory_pressure, process_exit, container_lifecycle, process_fork;
	bool record_host;
	char containerd_namespaces[256]; /* comma-separated */
	uint64_t ring_buffer_size;       /* bytes, a power of two, 64K to 1G */
	uint64_t wakeup_events;
	uint64_t bpf_log_level;
	uint64_t pressure_threshold, pressure_rearm; /* percent */
	uint64_t pressure_sample_hz;
	uint64_t metadata_cache_size;
	uint64_t metadata_cache_ttl_ns;
	uint64_t metrics_interval_ns;
	uint64_t flush_interval_ns;
	uint64_t retention_age_ns;  /* 0: keep for ever */
	uint64_t retention_size;    /* bytes; 0: no bound */
	char user[32];
	bool durability_full;       /* durability = full */
	/* not keys of the file, common flags of both programs: */
	char db[4096];
	char pin_dir[4096];
	char config_file[4096];     /* "" : the default file and drop-ins */
};

/* Keys of the file; each is also a flag ("ring_buffer_size" -> --ring-buffer-size). Ends with name NULL. */
extern const struct option_row config_keys[];

void config_set_defaults(struct config *config);

/*
 * Reads file (NULL: the default file and *.conf of the drop-in directory, in name order; both may be
 * missing). A file given by name must exist. Returns 0, or a negative errno and in message one line:
 * file:line, key, what was wrong, what is allowed. *config is changed only on success.
 */
int config_load(struct config *config, const char *file, char *message, size_t message_size);

/* The same for a main file and a drop-in directory, of which each may be missing. */
int config_load_from(struct config *config, const char *file, const char *dropin_dir, char *message,
		     size_t message_size);

/* The value of --config, which must be known before the flags that override the file are parsed; the last
 * one counts. NULL: not given. */
const char *config_find_flag(int argc, char **argv);

/* False: retention_size is between 0 and the least size that leaves room for a history. */
bool config_retention_is_valid(const struct config *config);

/* What no single key can say (re-arm below the threshold, ...); rounds ring_buffer_size up to a power of
 * two and puts a note into message then (returns 1). 0: nothing to say. Negative errno: message says why. */
int config_check(struct config *config, char *message, size_t message_size);

#endif
