/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Any bytes as ring, with any positions: every returned record lies in the mapped pages and behind the previous one,
 * the reader always ends, and it acknowledges exactly what it has read.
 */
#include <errno.h>

#include "consumer/record/decode.h"
#include "consumer/record/ring.h"
#include "tests/fuzz/fuzz.h"

#define RING_SIZE 1024

/* The input: this, then the pages. The kernel's own position is always a multiple of 8. */
struct start {
	uint64_t consumer, stored;
	uint32_t ahead; /* of the producer */
	uint32_t known;
};

static uint64_t read_all(struct ring *ring, const unsigned char *data, uint64_t end)
{
	uint64_t before, records = 0;
	struct ring_span span;
	struct ev ev;
	int r;

	while (before = ring_position(ring), (r = ring_next(ring, end, &span)) != 0) {
		FUZZ_ASSERT(r == 1 || r == -EBADMSG);
		FUZZ_ASSERT(ring_position(ring) > before && ring_position(ring) <= end);
		if (r < 0) {
			FUZZ_ASSERT(ring_position(ring) == end);
			continue;
		}
		FUZZ_ASSERT((const unsigned char *)span.data >= data + 8);
		FUZZ_ASSERT((const unsigned char *)span.data + span.length <= data + (size_t)2 * RING_SIZE);
		FUZZ_ASSERT(span.length + 8 <= ring_position(ring) - before);
		(void)decode_record(span.data, span.length, &ev);
		records++;
	}
	return records;
}

/* As the recorder does it: records that are never ready are stepped over one by one. */
static void drain(struct ring *ring, const unsigned char *data, uint64_t end)
{
	uint64_t records = read_all(ring, data, end), position = ring_position(ring);
	struct ring_span span;

	ring_rewind(ring);
	FUZZ_ASSERT(read_all(ring, data, end) == records && ring_position(ring) == position);
	while (ring_position(ring) < end) {
		position = ring_position(ring);
		if (ring_skip(ring, end, &span) == 0)
			FUZZ_ASSERT((const unsigned char *)span.data + span.length <= data + (size_t)2 * RING_SIZE);
		FUZZ_ASSERT(ring_position(ring) > position);
		(void)read_all(ring, data, end);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
	struct start start = { 0 };
	size_t head = size < sizeof(start) ? size : sizeof(start);
	size_t body = size - head < RING_SIZE ? size - head : RING_SIZE;
	unsigned char *data = calloc(2, RING_SIZE);
	uint64_t consumer, producer, position = 0;
	struct ring *ring = NULL;

	FUZZ_ASSERT(data);
	memcpy(&start, input, head);
	memcpy(data, input + head, body);
	memcpy(data + RING_SIZE, data, RING_SIZE);
	consumer = start.consumer;
	producer = (start.consumer + start.ahead) & ~7ULL;

	FUZZ_ASSERT(ring_attach(&consumer, &producer, data, RING_SIZE, &ring) == 0);

	enum ring_start how = ring_start(ring, start.known & 1, start.stored, &position);

	FUZZ_ASSERT(position % 8 == 0 && position <= producer && producer - position <= RING_SIZE);
	FUZZ_ASSERT(how != RING_START_CORRUPT || position == producer || position == consumer);
	FUZZ_ASSERT(how != RING_START_FORWARD || position == start.stored);
	ring_seek(ring, position);
	ring_ack(ring);
	drain(ring, data, producer);
	FUZZ_ASSERT(consumer == position);
	ring_ack(ring);
	FUZZ_ASSERT(consumer == producer && ring_unread(ring) == 0);
	ring_close(ring);
	free(data);
	return 0;
}
