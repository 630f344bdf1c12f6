/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The configuration: built-in defaults, then the configuration file and its drop-ins, then flags. The table
 * config_keys drives the parsing of the file, the flags, help and manual.
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
	uint64_t buffer_size;            /* events */
	bool oom_kill, memory_pressure, process_exit, container_lifecycle, process_fork;
	bool record_host;
	char containerd_namespaces[256]; /* comma-separated */
	uint64_t ring_buffer_size;       /* bytes, a power of two, 64K to 1G */
	uint64_t wakeup_events;          /* records */
	uint64_t bpf_log_level;
	uint64_t pressure_threshold, pressure_rearm; /* percent */
	uint64_t pressure_sample_hz;
	uint64_t metadata_cache_size;    /* cgroups */
	uint64_t metadata_cache_ttl_ns;
	uint64_t metrics_interval_ns;
	uint64_t flush_interval_ns;
	uint64_t retention_age_ns;  /* 0: keep for ever */
	uint64_t retention_size;    /* bytes; 0: no bound */
	char user[32];
	bool durability_full;       /* durability = full */
	/* Not keys of the file, but flags of both programs: */
	char db[4096];
	char pin_dir[4096];
	char config_file[4096];     /* "": the default file and its drop-ins */
};

/* The keys of the file, in the order of the manual page; each is also a flag ("ring_buffer_size": --ring-buffer-size).
 * Ends with name NULL. */
extern const struct option_row config_keys[];

void config_set_defaults(struct config *config);

/*
 * Reads file; NULL or "": the default file and the *.conf files of the drop-in directory in the order of their names, all of
 * which may be missing. A file given by name must exist. 0, or a negative errno; message then is one line with
 * file:line, key, wrong value and allowed values. *config changes only on success.
 */
int config_load(struct config *config, const char *file, char *message, size_t message_size);

/* The same for a main file and a drop-in directory; each may be missing. */
int config_load_from(struct config *config, const char *file, const char *dropin_dir, char *message,
		     size_t message_size);

/* False when retention_size is neither 0 (no bound) nor large enough to hold a history. */
bool config_retention_is_valid(const struct config *config);

/* Checks rules that concern several keys, and rounds ring_buffer_size up to a power of two. 0; 1: it was rounded, and
 * message says so; -EINVAL: message has the reason. */
int config_check(struct config *config, char *message, size_t message_size);

#endif
