/* SPDX-License-Identifier: BSD-2-Clause */
/* Any bytes as the beginning of a database or WAL: nothing is read behind them, and the words about them are printable. */
#include "consumer/store/db_origin.h"
#include "tests/fuzz/fuzz.h"

static void check_words(const struct db_header *header)
{
	char text[DB_ORIGIN_TEXT_MAX];

	for (enum db_whose whose = DB_NOBODYS; whose <= DB_NO_DATABASE; whose++) {
		const struct db_origin origin = { .whose = whose, .header = *header, .contents = "text" };

		db_origin_format(&origin, text);
		FUZZ_ASSERT(fuzz_is_printable(text) && strstr(text, "owner"));
		FUZZ_ASSERT(db_origin_judge_read(&origin) <= 0 && db_origin_judge_write(&origin) <= 0);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct db_header header = { 0 };
	struct db_wal_header wal;
	uint8_t *bytes = calloc(1, size > 0 ? size : 1);

	FUZZ_ASSERT(bytes);
	if (size > 0)
		(void)memcpy(bytes, data, size);
	if (db_header_parse(bytes, size, &header))
		FUZZ_ASSERT(size >= DB_HEADER_SIZE);
	check_words(&header);
	if (db_wal_header_parse(bytes, size, &wal)) {
		FUZZ_ASSERT(size >= DB_WAL_HEADER_SIZE && wal.page_size >= 512 && wal.page_size <= 65536);
		if (size >= DB_WAL_HEADER_SIZE + DB_WAL_FRAME_SIZE)
			(void)db_wal_frame_page(&wal, bytes + DB_WAL_HEADER_SIZE);
	}
	free(bytes);
	return 0;
}
