/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Runs a fuzz target over a corpus, without a fuzzer: linked with one fuzz_*.c, called with the folders of
 * its corpus. Fails when there is nothing to run, so that a moved corpus is not taken for a passed test.
 */
#include <dirent.h>
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "tests/fuzz/fuzz.h"

#define INPUT_MAX     (1 << 22)
#define INPUT_SECONDS 60 /* one that takes longer hangs: the program is ended by SIGALRM */

static int replay_file(const char *path)
{
	AUTO_FCLOSE FILE *file = fopen(path, "re");
	AUTO_FREE uint8_t *data = NULL;
	struct stat st;
	size_t size;

	if (!file || fstat(fileno(file), &st) < 0)
		return -errno;
	if (st.st_size > INPUT_MAX)
		return -EFBIG;

	/* Exactly as large as the input: the address sanitizer sees the first byte beyond. */
	size = (size_t)st.st_size;
	data = malloc(size > 0 ? size : 1);
	if (!data)
		return -ENOMEM;
	if (fread(data, 1, size, file) != size)
		return -EIO;

	(void)alarm(INPUT_SECONDS);
	(void)LLVMFuzzerTestOneInput(data, size);
	(void)alarm(0);
	return 0;
}

static int is_input(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

/* Returns the number of files run, or a negative errno after a message. */
static int replay_folder(const char *folder)
{
	struct dirent **entries;
	char path[4096];
	int count = scandir(folder, &entries, is_input, alphasort), r = 0;

	if (count < 0) {
		r = -errno;
		(void)fprintf(stderr, "replay: cannot list %s: %s\n", folder, strerror(-r));
		return r;
	}

	for (int i = 0; i < count; i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", folder, entries[i]->d_name);
		if (r == 0) {
			r = replay_file(path);
			if (r < 0)
				(void)fprintf(stderr, "replay: cannot run %s: %s\n", path, strerror(-r));
		}
		free(entries[i]);
	}
	free(entries);

	return r < 0 ? r : count;
}

int main(int argc, char **argv)
{
	int total = 0;

	for (int i = 1; i < argc; i++) {
		int count = replay_folder(argv[i]);

		if (count < 0)
			return EXIT_FAILURE;
		if (count == 0) {
			(void)fprintf(stderr, "replay: %s is empty: no input was run\n", argv[i]);
			return EXIT_FAILURE;
		}
		total += count;
	}
	if (total == 0) {
		(void)fprintf(stderr, "usage: %s FOLDER...\n", argc > 0 ? argv[0] : "replay");
		return EXIT_FAILURE;
	}

	(void)printf("%d inputs\n", total);
	return EXIT_SUCCESS;
}
