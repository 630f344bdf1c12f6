/* SPDX-License-Identifier: BSD-2-Clause */
#include "consumer/record/decode.h"

#include <errno.h>
#include <string.h>

#include "common/limits.h"
#include "consumer/record/kind.h"
#include "consumer/text/error.h"

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

/* fixed: size of the part in which no tail can lie. */
static int decode_tail(const struct kind_tail *row, size_t fixed, const char *record, size_t length, struct text_span *ret)
{
	struct ev_tail tail;
	struct text_span text;

	*ret = (struct text_span){ NULL, 0 };
	(void)memcpy(&tail, record + row->offset, sizeof(tail));
	if (tail.length == 0)
		return tail.offset == 0 ? 0 : -EBADMSG;
	if (tail.offset < fixed || tail.offset > length || tail.length > length - tail.offset)
		return -EBADMSG;
	text = (struct text_span){ record + tail.offset, tail.length };
	if (row->form == KIND_TAIL_NAMES ? !is_names(text.data, text.length) : !is_path(text.data, text.length))
		return -EBADMSG;
	*ret = text;
	return 0;
}

static bool is_sound(const struct ev_header *header, size_t length)
{
	return header->abi >= DECODE_ABI_MIN && header->abi <= EV_ABI && header->length >= sizeof(*header) &&
	       header->length <= length && header->cpu < LIMIT_CPUS;
}

bool decode_is_header(const struct ev_header *header, size_t length)
{
	return is_sound(header, length) && kind_find(header->kind) && header->seq > 0;
}

static int decode_body(const struct kind *kind, const void *data, size_t length, struct ev *ret)
{
	int r = 0;

	if (length < kind->size)
		return -EBADMSG;
	(void)memcpy(ret, data, kind->size);
	(void)memset(ret->tails, 0, sizeof(ret->tails));
	for (size_t i = 0; !r && i < kind->tail_count; i++)
		r = decode_tail(&kind->tails[i], kind->size, data, length, &ret->tails[i]);
	return r;
}

int decode_record(const void *data, size_t length, struct ev *ret)
{
	const struct kind *kind;
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
	kind = kind_find(header.kind);
	return kind ? decode_body(kind, data, header.length, ret) : -ENOTSUP;
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
