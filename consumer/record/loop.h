/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The recorder's loop: waits for records and signals, commits batches, writes the recorder state, and runs retention, the
 * sweep and the watchdog. Everything it needs is open and the sandbox is entered before it begins.
 */
#ifndef CRI_CONSUMER_RECORD_LOOP_H
#define CRI_CONSUMER_RECORD_LOOP_H

#include <stdbool.h>
#include <stdint.h>

#include "consumer/store/retention.h"

struct kernel_maps;
struct pipeline;
struct ring;
struct sweep;
struct watch;

struct recorder {
	struct pipeline *pipeline;
	struct ring *ring;
	struct sweep *sweep; /* NULL: nothing is swept */
	const struct kernel_maps *maps;
	struct watch *watch;
	const char *boot_id;
	uint64_t generation; /* of the ring */
	int epoll_fd;  /* of loop_open_epoll() */
	int pin_fd;    /* of the ring's pin, O_PATH: shows when the pin is removed. -1: not watched */
	int signal_fd; /* of loop_open_signals() */
	int notify_fd; /* of notify_open() */
	int fault_fd; /* of recorder_fault_open(), or negative */
	const char *db_path; /* for messages */
	bool keeps_bpf; /* runs with CAP_BPF, for a kernel before 5.19 */
	bool once;
	uint64_t flush_interval_ns;
	uint64_t metrics_interval_ns;
	uint64_t watchdog_ns; /* 0: none */
	struct retention_settings retention;
};

/*
 * Blocks the signals that end the recorder, and ignores SIGPIPE. Returns a descriptor to read them from, or a negative
 * errno.
 */
int loop_open_signals(void);

/* Returns an epoll descriptor for both, or a negative errno. */
int loop_open_epoll(int ring_fd, int signal_fd);

/* Runs until a signal, or with `once` until the ring is empty. Returns the exit code of the program; logs. */
int loop_run(const struct recorder *recorder);

#endif
