/* SPDX-License-Identifier: BSD-2-Clause */
#include "consumer/store/db_origin.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "consumer/store/db_files.h"
#include "consumer/store/schema.h"
#include "consumer/text/error.h"

static void take_header(struct db_origin *origin, const struct db_header *header)
{
	origin->header = *header;
	if (header->application_id == SCHEMA_APPLICATION_ID)
		origin->whose = DB_OURS;
	else
		origin->whose = header->application_id || header->version || header->tables ? DB_FOREIGN : DB_NOBODYS;
}

static const char *describe_contents(const uint8_t *bytes, size_t size)
{
	size_t zeros = 0, printable = 0;

	for (size_t i = 0; i < size; i++) {
		zeros += bytes[i] == 0;
		printable += (bytes[i] >= ' ' && bytes[i] < 0x7f) || bytes[i] == '\n' || bytes[i] == '\t';
	}
	if (zeros == size)
		return "bytes that are all 0";
	return printable == size ? "text" : "unknown data";
}

static int read_database(int fd, struct db_origin *origin)
{
	uint8_t bytes[DB_HEADER_SIZE];
	struct db_header header;
	ssize_t n = pread(fd, bytes, sizeof(bytes), 0);

	if (n < 0)
		return -errno;
	origin->empty = n == 0;
	if (n == 0)
		return 0;
	if (db_header_parse(bytes, (size_t)n, &header)) {
		take_header(origin, &header);
	} else {
		origin->whose = DB_NO_DATABASE;
		origin->contents = describe_contents(bytes, (size_t)n);
	}
	return 0;
}

/* Looks for a first page that tells whose database it is. Frames behind the last commit count: someone writes them. */
static void read_frames(int fd, const struct db_wal_header *wal, struct db_origin *origin)
{
	off_t at = DB_WAL_HEADER_SIZE;
	uint8_t bytes[DB_WAL_FRAME_SIZE + DB_HEADER_SIZE];
	struct db_header header;
	uint32_t page;

	while (pread(fd, bytes, sizeof(bytes), at) == (ssize_t)sizeof(bytes)) {
		page = db_wal_frame_page(wal, bytes);
		if (page == 1 && db_header_parse(bytes + DB_WAL_FRAME_SIZE, DB_HEADER_SIZE, &header))
			take_header(origin, &header);
		if (page == 0 || origin->whose != DB_NOBODYS)
			return;
		at += DB_WAL_FRAME_SIZE + (off_t)wal->page_size;
	}
}

/* A descriptor or a negative error. */
static int open_file(const char *path, enum db_file file)
{
	char name[PATH_MAX];
	int r = db_file_name(path, file, name);
	int fd = r ? -1 : db_file_open(name, O_RDONLY, 0);

	if (r || fd >= 0)
		return r ? r : fd;
	return errno == ENXIO ? -ERROR_NOT_REGULAR : -errno;
}

static int read_wal(const char *path, struct db_origin *origin)
{
	AUTO_CLOSE int fd = open_file(path, DB_FILE_WAL);
	uint8_t bytes[DB_WAL_HEADER_SIZE];
	struct db_wal_header wal;

	if (fd < 0)
		return fd == -ENOENT ? 0 : fd;

	ssize_t n = pread(fd, bytes, sizeof(bytes), 0);

	if (n > 0 && db_wal_header_parse(bytes, (size_t)n, &wal))
		read_frames(fd, &wal, origin);
	return 0;
}

/* SQLite would take a WAL for that of the database it creates, and delete a journal. */
static void take_remains(const char *path, struct db_origin *origin)
{
	bool any = db_file_size(path, DB_FILE_WAL) > 0 || db_file_size(path, DB_FILE_JOURNAL) > 0;

	origin->left = origin->empty && any;
}

static bool is_own(const char *name)
{
	struct stat st;

	return stat(name, &st) == 0 && st.st_uid == geteuid();
}

/*
 * Finds an owner that is not the caller: of the database and, when that has no bytes, of what lies beside it. The
 * database is what was read, fd, or none: something else may lie at the path by now.
 */
static void take_owner(const char *path, int fd, struct db_origin *origin)
{
	enum db_file end = origin->empty ? DB_FILE_COUNT : DB_FILE_DATABASE + 1;
	struct stat st;

	origin->owner = fd >= 0 && fstat(fd, &st) == 0 ? st.st_uid : geteuid();
	for (enum db_file file = DB_FILE_WAL; file < end && origin->owner == geteuid(); file++)
		if (db_file_stat(path, file, &st) == 0)
			origin->owner = st.st_uid;
}

static void take_surroundings(const char *path, struct db_origin *origin)
{
	char wal[PATH_MAX], lock[PATH_MAX];
	struct stat st;

	(void)snprintf(wal, sizeof(wal), "%s-wal", path);
	(void)snprintf(lock, sizeof(lock), "%s.lock", path);
	origin->traces = is_own(wal) || is_own(lock);
	origin->own_directory = db_file_stat_directory(path, &st) == 0 && st.st_uid == geteuid();
}

int db_origin_read(const char *path, struct db_origin *ret)
{
	AUTO_CLOSE int fd = open_file(path, DB_FILE_DATABASE);
	struct db_origin origin = { .whose = DB_NOBODYS, .empty = true };
	int r = fd == -ENOENT ? 0 : fd < 0 ? fd : read_database(fd, &origin);

	if (!r && origin.whose == DB_NOBODYS)
		r = read_wal(path, &origin);
	/* Again: a checkpoint may have moved the first page from the WAL to the database meanwhile. */
	if (!r && origin.whose == DB_NOBODYS && fd >= 0)
		r = read_database(fd, &origin);
	if (r)
		return r;
	take_remains(path, &origin);
	take_owner(path, fd, &origin);
	take_surroundings(path, &origin);
	*ret = origin;
	return 0;
}

static int judge_version(uint32_t version)
{
	if (version == 0 || version > INT32_MAX)
		return -ERROR_DB_CORRUPT;
	if (version > SCHEMA_VERSION)
		return -ERROR_DB_NEWER;
	return version < SCHEMA_VERSION ? -ERROR_DB_OLDER : 0;
}

int db_origin_judge_write(const struct db_origin *origin)
{
	if (origin->whose == DB_FOREIGN)
		return -ERROR_DB_FOREIGN;
	if (origin->owner != geteuid())
		return -ERROR_DB_OWNER;
	if (origin->whose == DB_NO_DATABASE)
		return origin->traces && origin->own_directory ? -ERROR_DB_CORRUPT : -ERROR_DB_NONE;
	if (origin->left)
		return origin->whose == DB_OURS || origin->own_directory ? -ERROR_DB_LEFT : -ERROR_DB_FOREIGN;
	return origin->whose == DB_OURS ? judge_version(origin->header.version) : 0;
}

bool db_origin_is_refused(int error)
{
	static const int refused[] = { -ERROR_DB_NEWER, -ERROR_DB_FOREIGN, -ERROR_DB_NONE, -ERROR_DB_OWNER };

	for (size_t i = 0; i < ARRAY_SIZE(refused); i++)
		if (error == refused[i])
			return true;
	return false;
}

int db_origin_judge_read(const struct db_origin *origin)
{
	if (origin->whose == DB_FOREIGN)
		return -ERROR_DB_FOREIGN;
	if (origin->whose == DB_NO_DATABASE)
		return -ERROR_DB_NONE;
	if (origin->whose == DB_NOBODYS || origin->empty)
		return -ERROR_DB_EMPTY;
	return judge_version(origin->header.version);
}

int db_origin_check_write(const char *path)
{
	struct db_origin origin;
	int r = db_origin_read(path, &origin);

	return r ? r : db_origin_judge_write(&origin);
}

/* Programs choose their application id to be read as four letters. */
static void format_application_id(uint32_t id, char *out, size_t size)
{
	char letters[5] = "";

	for (size_t i = 0; i < 4; i++)
		letters[i] = (char)(id >> (24 - 8 * i));
	for (size_t i = 0; i < 4; i++)
		if (letters[i] < '0' || letters[i] > 'z' || letters[i] == '\\')
			letters[0] = '\0';
	(void)snprintf(out, size, "0x%08x%s%s%s", id, letters[0] ? " \"" : "", letters, letters[0] ? "\"" : "");
}

void db_origin_format(const struct db_origin *origin, char out[DB_ORIGIN_TEXT_MAX])
{
	char what[80], id[24];

	format_application_id(origin->header.application_id, id, sizeof(id));
	if (origin->whose == DB_NO_DATABASE)
		(void)snprintf(what, sizeof(what), "it begins with %s", origin->contents);
	else if (origin->whose == DB_NOBODYS)
		(void)snprintf(what, sizeof(what), "%s", origin->left ? "only its WAL or journal is there" : "it is empty");
	else if (origin->header.application_id == 0)
		(void)snprintf(what, sizeof(what), "an SQLite database without application id");
	else
		(void)snprintf(what, sizeof(what), "an SQLite database with application id %s", id);
	(void)snprintf(out, DB_ORIGIN_TEXT_MAX, "%s; its owner has uid %u", what, (unsigned int)origin->owner);
}
