/* SPDX-License-Identifier: BSD-2-Clause */
#include "consumer/store/db_header.h"

#include <string.h>

#define VERSION_OFFSET	   60
#define APPLICATION_OFFSET 68
#define SCHEMA_OFFSET	   100 /* of the schema table's root page: its kind, and at + 3 how many rows it has */
#define LEAF		   0x0d

#define WAL_MAGIC      0x377f0682 /* the lowest bit is the byte order of the checksums */
#define PAGE_SIZE_MIN  512
#define PAGE_SIZE_MAX  65536
#define WAL_PAGE_SIZE  8
#define WAL_SALTS      16
#define FRAME_SALTS    8

static uint32_t read_u32(const uint8_t *bytes)
{
	return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

bool db_header_parse(const uint8_t *bytes, size_t size, struct db_header *ret)
{
	static const char magic[16] = "SQLite format 3";

	if (size < DB_HEADER_SIZE || memcmp(bytes, magic, sizeof(magic)) != 0)
		return false;
	*ret = (struct db_header){
		.application_id = read_u32(bytes + APPLICATION_OFFSET),
		.version = read_u32(bytes + VERSION_OFFSET),
		.tables = bytes[SCHEMA_OFFSET] != LEAF || bytes[SCHEMA_OFFSET + 3] || bytes[SCHEMA_OFFSET + 4],
	};
	return true;
}

bool db_wal_header_parse(const uint8_t *bytes, size_t size, struct db_wal_header *ret)
{
	uint32_t page_size = size < DB_WAL_HEADER_SIZE ? 0 : read_u32(bytes + WAL_PAGE_SIZE);

	if (page_size < PAGE_SIZE_MIN || page_size > PAGE_SIZE_MAX || (page_size & (page_size - 1)) ||
	    (read_u32(bytes) & ~1U) != WAL_MAGIC)
		return false;
	ret->page_size = page_size;
	(void)memcpy(ret->salts, bytes + WAL_SALTS, sizeof(ret->salts));
	return true;
}

uint32_t db_wal_frame_page(const struct db_wal_header *wal, const uint8_t bytes[DB_WAL_FRAME_SIZE])
{
	return memcmp(bytes + FRAME_SALTS, wal->salts, sizeof(wal->salts)) == 0 ? read_u32(bytes) : 0;
}
