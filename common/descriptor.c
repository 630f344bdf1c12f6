/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/descriptor.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

int descriptor_open_standard(void)
{
	/* open(2) returns the lowest number that is free. Not close-on-exec: programs that are executed need them too. */
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR) < 0)
			return -errno;
	return 0;
}
