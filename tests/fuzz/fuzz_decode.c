/* SPDX-License-Identifier: BSD-2-Clause */
/* Any bytes as record: a documented result, and every part of a valid record lies inside the input. */
#include <errno.h>

#include "common/limits.h"
#include "consumer/record/decode.h"
#include "consumer/text/error.h"
#include "tests/fuzz/fuzz.h"

static void check_text(struct text_span text, const char *record, size_t length)
{
	if (!text.data) {
		FUZZ_ASSERT(text.length == 0);
		return;
	}
	FUZZ_ASSERT(text.length > 0);
	FUZZ_ASSERT(text.data >= record + sizeof(struct ev_header) && text.data + text.length <= record + length);
}

/* The path has as many components as there are names, and the same length. */
static void check_names(struct text_span names)
{
	char path[EV_NAMES_MAX + 1];
	size_t length = name_list_path(names, path, sizeof(path));

	FUZZ_ASSERT(length == (names.length ? names.length : 1));
	FUZZ_ASSERT(path[0] == '/' && strlen(path) == length);
	FUZZ_ASSERT(name_list_path(names, path, names.length) == 0);
	if (!names.length)
		return;
	for (size_t i = 1; i < length; i++)
		FUZZ_ASSERT(path[i] != '/' || path[i - 1] != '/');
	FUZZ_ASSERT(path[length - 1] != '/');
}

static void check_record(const struct ev *ev, const char *record, size_t length)
{
	bool lifecycle = ev->h.kind >= EV_CGROUP_MKDIR;

	FUZZ_ASSERT(ev->h.kind > 0 && ev->h.kind < EV_KIND_COUNT && ev->h.kind == decode_kind(record, length));
	FUZZ_ASSERT(ev->h.abi >= DECODE_ABI_MIN && ev->h.abi <= EV_ABI);
	FUZZ_ASSERT(ev->h.length <= length && ev->h.cpu < LIMIT_CPUS);
	for (size_t i = 0; i < DECODE_TAILS_MAX; i++) {
		check_text(ev->tails[i], record, ev->h.length);
		if (!lifecycle)
			check_names(ev->tails[i]);
	}
	FUZZ_ASSERT(!lifecycle || !ev->tails[0].data || ev->tails[0].data[0] == '/');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *record = malloc(size > 0 ? size : 1); /* exactly as long: ASan reports reads behind it */
	struct ev ev;
	int r;

	FUZZ_ASSERT(record);
	if (size > 0)
		memcpy(record, data, size);
	r = decode_record(record, size, &ev);
	FUZZ_ASSERT(r == 0 || r == -EBADMSG || r == -ENOTSUP || r == -ERROR_RECORD_NEWER);
	if (r == 0)
		check_record(&ev, record, size);
	free(record);
	return 0;
}
