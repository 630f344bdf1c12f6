/* SPDX-License-Identifier: BSD-2-Clause */
#include "consumer/store/read_bounds.h"

#include "consumer/store/db_files.h"

#define MEMORY_LEAST (60ULL << 20)
#define CPU_LEAST_S  50
/* A row has a few dozen bytes in the file and up to four times that as text. Printed as JSON it takes about 30 µs. */
#define MEMORY_PER_BYTE	 4
#define CPU_BYTES_PER_S	 (256ULL << 10)
/* Keeps the products far from an overflow. */
#define BYTES_MAX (1ULL << 50)

struct read_bounds read_bounds_of(const char *db_path)
{
	uint64_t bytes = db_file_allocated(db_path, DB_FILE_DATABASE) + db_file_allocated(db_path, DB_FILE_WAL);

	if (bytes > BYTES_MAX)
		bytes = BYTES_MAX;
	return (struct read_bounds){
		.memory = MEMORY_LEAST + MEMORY_PER_BYTE * bytes,
		.cpu_s = CPU_LEAST_S + bytes / CPU_BYTES_PER_S,
	};
}
