/* SPDX-License-Identifier: BSD-2-Clause */
#include "consumer/record/pins.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>

#include "common/cleanup.h"
#include "common/exit_code.h"
#include "common/log.h"
#include "common/pins.h"
#include "consumer/record/decode.h"
#include "consumer/record/ring.h"
#include "consumer/store/writer_lock.h"
#include "consumer/text/error.h"

static int explain_lock(const char *pin_dir, int error, pid_t holder)
{
	char who[WRITER_LOCK_HOLDER_SIZE];

	writer_lock_format_holder(holder, who);
	if (error == -EWOULDBLOCK)
		log_error("another process%s has locked the pins \"%s\": a recorder that runs already, or somebody in group"
			  " " GROUP_RING " who keeps recorders out; this one ends", who, pin_dir);
	else
		log_error("cannot lock the pins \"%s\": %s; nothing is recorded", pin_dir, error_text(error));
	return EXIT_DENIED;
}

#define NEW_RING "make a new one: cri-ebpf-loader unload && cri-ebpf-loader load"

static int explain_pin(const char *pin_dir, const char *name, int error)
{
	const char *advice = "load them with cri-ebpf-loader load";

	if (error == -EACCES)
		advice = "it is readable for group " GROUP_RING " only: start the recorder as root or as its user";
	else if (error == -EPERM)
		advice = "this kernel allows bpf(2) to privileged processes only";
	else if (error == -ERROR_RING_FROZEN)
		advice = "store what is in it with cri-ebpf record --once, then " NEW_RING;
	else if (error == -ERROR_MAP_LAYOUT)
		advice = "unload it with that version, then cri-ebpf-loader load";
	log_error("cannot open \"%s/%s\": %s; nothing is recorded: %s", pin_dir, name, error_text(error), advice);
	return EXIT_DENIED;
}

static int open_path(const char *path)
{
	int fd = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

static int open_ring(const char *pin_dir, struct pins *pins)
{
	char path[PATH_MAX];
	int n = snprintf(path, sizeof(path), "%s/" PIN_EVENTS, pin_dir);

	if (n < 0 || (size_t)n >= sizeof(path))
		return -ENAMETOOLONG;
	pins->ring_fd = ring_open_pin(path);
	if (pins->ring_fd < 0)
		return pins->ring_fd;
	pins->events_fd = open_path(path);
	if (pins->events_fd < 0)
		return pins->events_fd;
	return ring_open(pins->ring_fd, pins->info.ring_bytes, &pins->ring);
}

static int check_abi(const struct map_info *info)
{
	if (info->abi >= DECODE_ABI_MIN && info->abi <= EV_ABI)
		return 0;
	log_error("the loaded programs (cri-ebpf-loader %s) write records of version %u, this recorder reads %u to"
		  " %u: install the same version of both; nothing is recorded and nothing in the ring is touched",
		  info->version, info->abi, DECODE_ABI_MIN, EV_ABI);
	return EXIT_DENIED;
}

/* What a frozen ring holds can be stored, and is not stored twice, because the database knows the position. */
static int check_frozen(const char *pin_dir, bool once, const struct ring *ring)
{
	if (!ring_is_frozen(ring))
		return 0;
	if (!once)
		return explain_pin(pin_dir, PIN_EVENTS, -ERROR_RING_FROZEN);
	log_warning("\"%s/" PIN_EVENTS "\": %s; what is in it now is stored, then " NEW_RING, pin_dir,
		    error_text(-ERROR_RING_FROZEN));
	return 0;
}

int pins_open(const char *pin_dir, bool once, struct pins *pins)
{
	const char *failed = PIN_INFO;
	pid_t holder = 0;
	int r;

	pins->lock_fd = writer_lock_directory(pin_dir, &holder);
	if (pins->lock_fd == -ENOENT || pins->lock_fd == -EACCES)
		return explain_pin(pin_dir, "", pins->lock_fd);
	if (pins->lock_fd < 0)
		return explain_lock(pin_dir, pins->lock_fd, holder);

	r = kernel_maps_open(pin_dir, &pins->pinned_maps, &failed);
	if (r)
		return explain_pin(pin_dir, failed, r);
	pins->maps = kernel_maps_view(pins->pinned_maps);
	r = kernel_maps_read_info(pins->pinned_maps, &pins->info);
	if (r)
		return explain_pin(pin_dir, PIN_INFO, r);
	r = check_abi(&pins->info);
	if (r)
		return r;
	r = open_ring(pin_dir, pins);
	return r ? explain_pin(pin_dir, PIN_EVENTS, r) : check_frozen(pin_dir, once, pins->ring);
}

void pins_close(struct pins *pins)
{
	ring_close(pins->ring);
	kernel_maps_close(pins->pinned_maps);
	cleanup_close(&pins->events_fd);
	cleanup_close(&pins->ring_fd);
	cleanup_close(&pins->lock_fd);
	*pins = PINS_CLOSED;
}
