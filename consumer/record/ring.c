/* SPDX-License-Identifier: BSD-2-Clause */
#include "consumer/record/ring.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "consumer/text/error.h"

struct ring {
	uint64_t *consumer;
	const uint64_t *producer;
	const unsigned char *data;
	uint64_t size;
	uint64_t cursor;
	uint64_t acked;
	size_t page; /* size of a page; 0: the memory was not mapped here */
	bool is_frozen;
};

_Static_assert(sizeof(unsigned long) == sizeof(uint64_t), "the kernel's positions are unsigned longs");

int ring_open_pin(const char *path)
{
	int fd = bpf_obj_get(path);

	return fd < 0 ? -errno : fd;
}

int ring_attach(uint64_t *consumer, const uint64_t *producer, const void *data, size_t size, struct ring **ret)
{
	struct ring *ring;

	if (size < BPF_RINGBUF_HDR_SZ || (size & (size - 1)) != 0)
		return -EINVAL;
	ring = calloc(1, sizeof(*ring));
	if (!ring)
		return -ENOMEM;
	ring->consumer = consumer;
	ring->producer = producer;
	ring->data = data;
	ring->size = size;
	ring->acked = __atomic_load_n(consumer, __ATOMIC_ACQUIRE);
	ring->cursor = ring->acked;
	*ret = ring;
	return 0;
}

static int check_map(int map_fd, size_t ring_bytes)
{
	struct bpf_map_info info = { 0 };
	__u32 length = sizeof(info);

	if (bpf_obj_get_info_by_fd(map_fd, &info, &length) < 0)
		return -errno;
	return info.type == BPF_MAP_TYPE_RINGBUF && info.max_entries == ring_bytes ? 0 : -ERROR_MAP_LAYOUT;
}

/* The page with the consumer's position. Once the map is frozen the kernel allows it for reading only. */
static int map_consumer(int map_fd, size_t page, void **ret, bool *ret_frozen)
{
	*ret = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED, map_fd, 0);
	*ret_frozen = *ret == MAP_FAILED && errno == EPERM;
	if (*ret_frozen)
		*ret = mmap(NULL, page, PROT_READ, MAP_SHARED, map_fd, 0);
	return *ret == MAP_FAILED ? -errno : 0;
}

int ring_open(int map_fd, size_t ring_bytes, struct ring **ret)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	int r = check_map(map_fd, ring_bytes);
	bool is_frozen = false;
	void *consumer;

	if (!r)
		r = map_consumer(map_fd, page, &consumer, &is_frozen);
	if (r)
		return r;

	unsigned char *producer = mmap(NULL, page + 2 * ring_bytes, PROT_READ, MAP_SHARED, map_fd, (off_t)page);

	if (producer == MAP_FAILED) {
		r = -errno;
		(void)munmap(consumer, page);
		return r;
	}
	r = ring_attach(consumer, (const uint64_t *)(const void *)producer, producer + page, ring_bytes, ret);
	if (r) {
		(void)munmap(consumer, page);
		(void)munmap(producer, page + 2 * ring_bytes);
		return r;
	}
	(*ret)->page = page;
	(*ret)->is_frozen = is_frozen;
	return 0;
}

void ring_close(struct ring *ring)
{
	if (!ring)
		return;
	if (ring->page) {
		(void)munmap(ring->consumer, ring->page);
		(void)munmap((void *)(uintptr_t)ring->producer, ring->page + 2 * ring->size);
	}
	free(ring);
}

/* Bytes to the next record; 0: this record does not end at or before `end`. */
static uint64_t step_of(const struct ring *ring, uint32_t header, uint64_t end)
{
	uint64_t length = header & ~(BPF_RINGBUF_BUSY_BIT | BPF_RINGBUF_DISCARD_BIT);
	uint64_t step = (length + BPF_RINGBUF_HDR_SZ + 7) & ~7ULL;

	return step > end - ring->cursor || step > ring->size ? 0 : step;
}

/* Pairs with the exchange of the header in the kernel's commit, before which the body is written. */
static uint32_t header_at(const unsigned char *at)
{
	return __atomic_load_n((const uint32_t *)(const void *)at, __ATOMIC_ACQUIRE);
}

static struct ring_span span_at(const unsigned char *at, uint32_t header)
{
	uint32_t length = header & ~(BPF_RINGBUF_BUSY_BIT | BPF_RINGBUF_DISCARD_BIT);

	return (struct ring_span){ at + BPF_RINGBUF_HDR_SZ, length };
}

int ring_skip(struct ring *ring, uint64_t end, struct ring_span *ret)
{
	const unsigned char *at = ring->data + (ring->cursor & (ring->size - 1));
	uint32_t header = header_at(at);
	uint64_t step = ring->cursor < end ? step_of(ring, header, end) : 0;

	ring->cursor = step ? ring->cursor + step : end;
	if (!step)
		return -EBADMSG;
	*ret = span_at(at, header);
	return 0;
}

int ring_next(struct ring *ring, uint64_t end, struct ring_span *ret)
{
	while (ring->cursor < end) {
		const unsigned char *at = ring->data + (ring->cursor & (ring->size - 1));
		uint32_t header = header_at(at);

		if (header & BPF_RINGBUF_BUSY_BIT)
			return 0;

		uint64_t step = step_of(ring, header, end);

		if (!step) {
			ring->cursor = end;
			return -EBADMSG;
		}
		ring->cursor += step;
		if (header & BPF_RINGBUF_DISCARD_BIT)
			continue;
		*ret = span_at(at, header);
		return 1;
	}
	return 0;
}

void ring_rewind(struct ring *ring)
{
	ring->cursor = ring->acked;
}

void ring_seek(struct ring *ring, uint64_t position)
{
	ring->cursor = position;
}

void ring_ack(struct ring *ring)
{
	ring->acked = ring->cursor;
	if (ring->is_frozen)
		return;
	/* seq_cst: the position must be visible before the producer position is read again, or a wake-up could be missed. */
	__atomic_store_n(ring->consumer, ring->acked, __ATOMIC_SEQ_CST);
}

bool ring_is_frozen(const struct ring *ring)
{
	return ring->is_frozen;
}

uint64_t ring_size(const struct ring *ring)
{
	return ring->size;
}

uint64_t ring_position(const struct ring *ring)
{
	return ring->cursor;
}

uint64_t ring_acked(const struct ring *ring)
{
	return ring->acked;
}

uint64_t ring_producer(const struct ring *ring)
{
	return __atomic_load_n(ring->producer, __ATOMIC_ACQUIRE);
}

uint64_t ring_unread(const struct ring *ring)
{
	return ring_producer(ring) - ring->acked;
}

static int is_plausible(uint64_t position, uint64_t producer, uint64_t size)
{
	return position % 8 == 0 && position <= producer && producer - position <= size;
}

enum ring_start ring_start(const struct ring *ring, int known, uint64_t stored_position, uint64_t *ret_position)
{
	uint64_t producer = ring_producer(ring);
	uint64_t consumer = ring->acked;
	int sound = is_plausible(consumer, producer, ring->size);

	if (known && stored_position <= producer && stored_position > consumer &&
	    is_plausible(stored_position, producer, ring->size)) {
		*ret_position = stored_position;
		return RING_START_FORWARD;
	}
	if (!sound) {
		*ret_position = producer;
		return RING_START_CORRUPT;
	}
	*ret_position = consumer;
	if (!known || stored_position == consumer)
		return RING_START_HERE;
	return stored_position > producer ? RING_START_FOREIGN :
	       stored_position < consumer ? RING_START_SKIPPED :
					    RING_START_CORRUPT;
}
