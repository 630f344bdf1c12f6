/* SPDX-License-Identifier: BSD-2-Clause */
#include "consumer/record/fault.h"

#include <errno.h>
#include <stdio.h>

#include "common/cleanup.h"
#include "consumer/text/error.h"

static const struct {
	int error;
	const char *remedy;
} remedies[] = {
	{ -ENOSPC, "free space in its file system" },
	{ -EROFS, "make its file system writable" },
	{ -ERROR_DB_FILE_LIMIT, "raise it, for the recorder that runs with prlimit --fsize" },
};

void fault_format(int error, const char *message, char *out, size_t size)
{
	const char *remedy = "mend that";

	for (size_t i = 0; i < ARRAY_SIZE(remedies); i++)
		if (remedies[i].error == error)
			remedy = remedies[i].remedy;
	(void)snprintf(out, size, "%s; %s, then it stores again by itself, without a restart", message, remedy);
}
