/* SPDX-License-Identifier: BSD-2-Clause */
#include "consumer/record/decode.h"

#include <errno.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/limits.h"
#include "consumer/text/error.h"

enum tail_form { TAIL_NAMES, TAIL_PATH };

struct tail_row {
	uint16_t at;   /* offset of the struct ev_tail */
	uint16_t into; /* offset of the struct text_span in struct ev */
	enum tail_form form;
};

#define TAILS_MAX 3

struct kind_row {
	size_t size; /* of the fixed part; 0: no such kind */
	size_t tail_count;
	struct tail_row tails[TAILS_MAX];
};

#define TAIL(type, member, text, form_) \
	{ .at = offsetof(struct type, member), .into = offsetof(struct ev, text), .form = form_ }

static const struct kind_row kinds[EV_KIND_COUNT] = {
	[EV_OOM_KILL] = { sizeof(struct ev_oom_kill), 3,
			  { TAIL(ev_oom_kill, names, names, TAIL_NAMES),
			    TAIL(ev_oom_kill, trigger_names, trigger_names, TAIL_NAMES),
			    TAIL(ev_oom_kill, limit_names, limit_names, TAIL_NAMES) } },
	[EV_MEMORY_HIGH] = { sizeof(struct ev_memory), 1, { TAIL(ev_memory, names, names, TAIL_NAMES) } },
	[EV_MEMORY_LIMIT] = { sizeof(struct ev_memory), 1, { TAIL(ev_memory, names, names, TAIL_NAMES) } },
	[EV_PROCESS_EXIT] = { .size = sizeof(struct ev_process_exit) },
	[EV_PROCESS_FORK] = { .size = sizeof(struct ev_process_fork) },
	[EV_CGROUP_MKDIR] = { sizeof(struct ev_lifecycle), 1, { TAIL(ev_lifecycle, path, names, TAIL_PATH) } },
	[EV_CGROUP_EXEC] = { sizeof(struct ev_lifecycle), 1, { TAIL(ev_lifecycle, path, names, TAIL_PATH) } },
	[EV_CGROUP_RMDIR] = { sizeof(struct ev_lifecycle), 1, { TAIL(ev_lifecycle, path, names, TAIL_PATH) } },
};

/* Every name has a length, ends with NUL and holds no slash. */
static bool is_names(const char *data, size_t length)
{
	if (length > EV_NAMES_MAX || data[length - 1] != '\0' || data[0] == '\0')
		return false;
	for (size_t i = 0; i < length; i++)
		if (data[i] == '/' || (data[i] == '\0' && i + 1 < length && data[i + 1] == '\0'))
			return false;
	return true;
}

static bool is_path(const char *data, size_t length)
{
	return length <= EV_PATH_MAX && data[0] == '/' && !memchr(data, '\0', length);
}

static int decode_tail(const struct tail_row *row, size_t fixed, const char *record, size_t length, struct ev *ret)
{
	struct ev_tail tail;
	struct text_span text = { NULL, 0 };

	(void)memcpy(&tail, record + row->at, sizeof(tail));
	if (tail.length > 0) {
		if (tail.offset < fixed || tail.offset > length || tail.length > length - tail.offset)
			return -EBADMSG;
		text.data = record + tail.offset;
		text.length = tail.length;
		if (row->form == TAIL_NAMES ? !is_names(text.data, text.length) : !is_path(text.data, text.length))
			return -EBADMSG;
	} else if (tail.offset != 0) {
		return -EBADMSG;
	}
	(void)memcpy((char *)ret + row->into, &text, sizeof(text));
	return 0;
}

static bool is_sound(const struct ev_header *header, size_t length)
{
	return header->abi >= DECODE_ABI_MIN && header->abi <= EV_ABI && header->length >= sizeof(*header) &&
	       header->length <= length && header->cpu < LIMIT_CPUS;
}

static bool is_known(unsigned int kind)
{
	return kind < EV_KIND_COUNT && kinds[kind].size > 0;
}

bool decode_is_header(const struct ev_header *header, size_t length)
{
	return is_sound(header, length) && is_known(header->kind) && header->seq > 0;
}

int decode_record(const void *data, size_t length, struct ev *ret)
{
	struct ev_header header;

	(void)memset(&ret->h, 0, sizeof(ret->h));
	if (length < sizeof(header))
		return -EBADMSG;
	(void)memcpy(&header, data, sizeof(header));
	ret->h = header;

	if (header.abi > EV_ABI)
		return -ERROR_RECORD_NEWER;
	if (!is_sound(&header, length))
		return -EBADMSG;
	if (!is_known(header.kind))
		return -ENOTSUP;

	const struct kind_row *kind = &kinds[header.kind];

	if (header.length < kind->size)
		return -EBADMSG;
	(void)memcpy(ret, data, kind->size);
	ret->names = ret->trigger_names = ret->limit_names = (struct text_span){ NULL, 0 };
	for (size_t i = 0; i < kind->tail_count; i++) {
		int r = decode_tail(&kind->tails[i], kind->size, data, header.length, ret);

		if (r)
			return r;
	}
	return 0;
}

unsigned int decode_kind(const void *data, size_t length)
{
	struct ev_header header;

	if (length < sizeof(header))
		return 0;
	(void)memcpy(&header, data, sizeof(header));
	return header.kind;
}

size_t decode_comm_length(const char comm[EV_COMM_LEN])
{
	return strnlen(comm, EV_COMM_LEN);
}
