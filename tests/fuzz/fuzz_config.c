/* SPDX-License-Identifier: BSD-2-Clause */
/* Any bytes as configuration file: refused with one printable line and no effect, or all values are within their
 * bounds. */
#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/config.h"
#include "tests/fuzz/fuzz.h"

static void check_row(const struct option_row *row, const struct config *config)
{
	const char *member = (const char *)config + row->offset;
	uint64_t value;

	if (row->type == OPTION_STRING) {
		FUZZ_ASSERT(memchr(member, '\0', row->size));
		FUZZ_ASSERT(strlen(member) >= row->min);
	} else if (row->type == OPTION_BOOL || row->type == OPTION_CHOICE) {
		FUZZ_ASSERT(*(const uint8_t *)member <= 1);
	} else {
		memcpy(&value, member, sizeof(value));
		FUZZ_ASSERT(value >= row->min && value <= row->max);
	}
}

static void check_rules(struct config *config)
{
	char message[256];
	int r = config_check(config, message, sizeof(message));

	FUZZ_ASSERT(r == 0 || r == 1 || r == -EINVAL);
	if (r >= 0)
		FUZZ_ASSERT((config->ring_buffer_size & (config->ring_buffer_size - 1)) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct config config, before;
	char path[64], message[512] = "";
	int fd = memfd_create("config", MFD_CLOEXEC), r;

	FUZZ_ASSERT(fd >= 0);
	FUZZ_ASSERT(write(fd, data, size) == (ssize_t)size);
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);

	config_set_defaults(&config);
	before = config;
	r = config_load(&config, path, message, sizeof(message));
	close(fd);

	FUZZ_ASSERT(memchr(message, '\0', sizeof(message)));
	FUZZ_ASSERT(fuzz_is_printable(message));
	if (r < 0) {
		FUZZ_ASSERT(r == -EINVAL || r == -EFBIG);
		FUZZ_ASSERT(message[0]);
		FUZZ_ASSERT(memcmp(&config, &before, sizeof(config)) == 0);
		return 0;
	}

	FUZZ_ASSERT(r == 0 && !message[0]);
	for (const struct option_row *row = config_keys; row->name; row++)
		check_row(row, &config);
	check_rules(&config);

	return 0;
}
