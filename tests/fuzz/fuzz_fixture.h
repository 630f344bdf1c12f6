/* SPDX-License-Identifier: BSD-2-Clause */
/* The fixture database of the command-line tests. */
#ifndef CRI_TESTS_FUZZ_FUZZ_FIXTURE_H
#define CRI_TESTS_FUZZ_FUZZ_FIXTURE_H

#include <unistd.h>

#include "consumer/store/db.h"
#include "tests/fuzz/fuzz.h"

#define FUZZ_FIXTURE "tests/cli/fixture.sql" /* from the repository's root */

/* A whole file, NUL-terminated, to be freed. */
static inline char *fuzz_read_file(const char *path, size_t *ret_size)
{
	FILE *file = fopen(path, "re"), *copy;
	char *text = NULL;
	int byte;

	FUZZ_ASSERT(file && (copy = open_memstream(&text, ret_size)));
	while ((byte = getc(file)) != EOF)
		(void)putc(byte, copy);
	FUZZ_ASSERT(fclose(file) == 0 && fclose(copy) == 0);
	return text;
}

static inline struct db *fuzz_open_fixture(const char *path)
{
	struct db *db = NULL;
	size_t size;
	char *sql = fuzz_read_file(FUZZ_FIXTURE, &size);

	FUZZ_ASSERT(db_open_write(path, &db) == 0 && db_exec(db, sql) == 0);
	free(sql);
	return db;
}

/* The database in a file that is already unlinked. ret_second: a second connection to it, or NULL for none. */
static inline struct db *fuzz_open_nameless_fixture(struct db **ret_second)
{
	static const char *const suffixes[] = { "", "-wal", "-shm" };
	const char *tmp = getenv("TMPDIR");
	char path[64], name[72];
	struct db *db;
	int fd;

	(void)snprintf(path, sizeof(path), "%s/cri-ebpf-fuzz-XXXXXX", tmp && strlen(tmp) < 32 ? tmp : "/tmp");
	fd = mkstemp(path);
	FUZZ_ASSERT(fd >= 0);
	(void)close(fd);
	db = fuzz_open_fixture(path);
	FUZZ_ASSERT(!ret_second || db_open_read(path, ret_second) == 0);
	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
		(void)snprintf(name, sizeof(name), "%s%s", path, suffixes[i]);
		(void)unlink(name);
	}
	return db;
}

#endif
