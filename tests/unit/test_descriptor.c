/* SPDX-License-Identifier: BSD-2-Clause */
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>

#include "common/descriptor.h"
#include "tests/harness.h"

static bool is_null_device(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISCHR(st.st_mode) && st.st_rdev == makedev(1, 3);
}

/* In a child: closes the descriptors whose bits are set in `closed`. The number of the first wrong descriptor + 1, or 0. */
static int try_closed(unsigned int closed)
{
	for (int fd = 0; fd <= STDERR_FILENO; fd++) {
		(void)dup2(3, fd); /* any file that is not the null device */
		if (closed & 1U << fd)
			(void)close(fd);
	}
	if (descriptor_open_standard() != 0)
		return 10;
	for (int fd = 0; fd <= STDERR_FILENO; fd++)
		if (is_null_device(fd) != ((closed & 1U << fd) != 0))
			return fd + 1;
	return fcntl(4, F_GETFD) < 0 ? 0 : 11; /* nothing else stays open */
}

static void test_each_closed(void **state)
{
	(void)state;
	for (unsigned int closed = 0; closed < 8; closed++) {
		char row[16];
		int status = -1;
		pid_t child = fork();

		if (child == 0) {
			int fd = open("/proc/self/stat", O_RDONLY);

			(void)dup2(fd, 3);
			(void)close_range(4, ~0U, 0);
			_exit(try_closed(closed));
		}
		assert_int_equal(waitpid(child, &status, 0), child);
		(void)snprintf(row, sizeof(row), "closed %u", closed);
		row_equal(row, status, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_closed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
