/* SPDX-License-Identifier: BSD-2-Clause */
/* The configuration file and its drop-ins. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ini.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "common/cleanup.h"
#include "common/config.h"
#include "common/text.h"

#define FILE_BYTES_MAX (1 << 20)
#define SHOWN_MAX      128

/* State while one file is read. */
struct source {
	struct config *config;
	FILE *file;
	const char *path;
	unsigned int line; /* number of the line last passed to the parser */
	int error;	   /* first error, a negative errno; message has its text */
	char *message;
	size_t message_size;
};

/* Records the first error; later ones are often consequences of it. */
static void __attribute__((format(printf, 3, 4))) source_fail(struct source *source, int error, const char *format, ...)
{
	char reason[512];
	va_list args;

	if (source->error)
		return;

	va_start(args, format);
	(void)vsnprintf(reason, sizeof(reason), format, args);
	va_end(args);

	source->error = error;
	(void)snprintf(source->message, source->message_size, "%s:%u: %s", source->path, source->line, reason);
}

/*
 * Reads a line for libinih, which would otherwise split a line that is too long, append an indented line to the value
 * before it, and ignore what follows a NUL. NULL: end of file, or an error.
 */
static char *read_line(char *line, int size, void *user)
{
	struct source *source = user;
	int length = 0, c;

	if (source->error)
		return NULL;

	source->line++;
	for (c = getc(source->file); c != EOF && c != '\n'; c = getc(source->file)) {
		if (length == 0 && (c == ' ' || c == '\t'))
			continue;
		if (c == '\0') {
			source_fail(source, -EINVAL, "the line contains a NUL byte: must be text");
			return NULL;
		}
		if (length >= size - 3) {
			source_fail(source, -EINVAL, "the line is too long: must be at most %d bytes", size - 3);
			return NULL;
		}
		line[length++] = (char)c;
	}
	if (ferror(source->file)) {
		source_fail(source, -EIO, "cannot read further: %s", strerror(errno));
		return NULL;
	}
	if (length == 0 && c == EOF)
		return NULL;
	line[length++] = '\n';
	line[length] = '\0';

	if (line[0] == '[') {
		source_fail(source, -EINVAL, "section headers are not used here: remove this line, keys stand alone");
		return NULL;
	}

	return line;
}

static const struct option_row *find_key(const char *name)
{
	for (const struct option_row *row = config_keys; row->name; row++)
		if (strcmp(row->name, name) == 0)
			return row;

	return NULL;
}

static void fail_unknown_key(struct source *source, const char *name)
{
	const struct option_row *nearest = option_nearest(config_keys, name);
	char shown[SHOWN_MAX];

	text_escape(shown, sizeof(shown), name, strlen(name));
	if (nearest)
		source_fail(source, -EINVAL, "unknown key \"%s\"; did you mean \"%s\"?", shown, nearest->name);
	else
		source_fail(source, -EINVAL, "unknown key \"%s\"; \"cri-ebpf record --help\" lists the keys", shown);
}

/* Handler of libinih: sets one key. Returns 1 to continue, 0 after an error. */
static int set_key(void *user, const char *section, const char *name, const char *value)
{
	struct source *source = user;
	const struct option_row *row = find_key(name);
	char allowed[256], shown[SHOWN_MAX];
	int r;

	if (*section) {
		source_fail(source, -EINVAL, "section headers are not used here: keys stand alone");
		return 0;
	}
	if (!row) {
		fail_unknown_key(source, name);
		return 0;
	}

	r = option_set(row, source->config, value, allowed, sizeof(allowed));
	if (r >= 0 && !config_retention_is_valid(source->config)) {
		option_describe(row, allowed, sizeof(allowed));
		r = -ERANGE;
	}
	if (r < 0) {
		text_escape(shown, sizeof(shown), value, strlen(value));
		source_fail(source, -EINVAL, "%s = \"%s\": must be %s", name, shown, allowed);
	}

	return r >= 0;
}

static int __attribute__((format(printf, 5, 6)))
fail_file(int error, const char *path, char *message, size_t message_size, const char *format, ...)
{
	char reason[256];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(reason, sizeof(reason), format, args);
	va_end(args);

	(void)snprintf(message, message_size, "%s: %s", path, reason);
	return error;
}

/* -ENOENT, without a message, when the file does not exist. */
static int open_file(const char *path, FILE **ret, char *message, size_t message_size)
{
	AUTO_CLOSE int fd = -1;
	struct stat st;
	FILE *file;

	/* O_NONBLOCK: open must not wait for the writer of a FIFO. */
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0 && errno == ENOENT)
		return -ENOENT;
	if (fd < 0)
		return fail_file(-errno, path, message, message_size, "cannot open the configuration: %s",
				 strerror(errno));
	if (fstat(fd, &st) < 0)
		return fail_file(-errno, path, message, message_size, "cannot stat the configuration: %s",
				 strerror(errno));
	if (!S_ISREG(st.st_mode))
		return fail_file(S_ISDIR(st.st_mode) ? -EISDIR : -EINVAL, path, message, message_size,
				 "%s: the configuration must be a regular file",
				 S_ISDIR(st.st_mode) ? "is a directory" : "is not a regular file");
	if (st.st_size > FILE_BYTES_MAX)
		return fail_file(-EFBIG, path, message, message_size,
				 "the configuration is too large: must be at most 1M");

	file = fdopen(fd, "r");
	if (!file)
		return fail_file(-errno, path, message, message_size, "cannot read the configuration: %s",
				 strerror(errno));

	(void)TAKE_FD(fd);
	*ret = file;
	return 0;
}

/* -ENOENT, without a message, when the file does not exist. On failure *config may be partly changed. */
static int read_file(struct config *config, const char *path, char *message, size_t message_size)
{
	struct source source = { .config = config, .path = path, .message = message, .message_size = message_size };
	AUTO_FCLOSE FILE *file = NULL;
	int r;

	r = open_file(path, &file, message, message_size);
	if (r < 0)
		return r;

	source.file = file;
	r = ini_parse_stream(read_line, &source, set_key, &source);
	/* libinih continues behind a malformed line, so its error may be in an earlier line. */
	if (r > 0 && (!source.error || (unsigned int)r < source.line)) {
		source.error = 0;
		source.line = (unsigned int)r;
		source_fail(&source, -EINVAL, "must be KEY = VALUE, or a comment beginning with #");
	} else if (r < 0) {
		source_fail(&source, -ENOMEM, "cannot read further: %s", strerror(ENOMEM));
	}

	return source.error;
}

static int is_dropin(const struct dirent *entry)
{
	return entry->d_name[0] != '.' && text_ends_with(entry->d_name, ".conf");
}

/* strcmp, not alphasort: the order must not depend on the locale. */
static int compare_names(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int read_dropins(struct config *config, const char *dir, char *message, size_t message_size)
{
	struct dirent **entries;
	char path[4096 + 256];
	int count, r = 0;

	count = scandir(dir, &entries, is_dropin, compare_names);
	if (count < 0 && errno == ENOENT)
		return 0;
	if (count < 0)
		return fail_file(-errno, dir, message, message_size, "cannot list the configuration drop-ins: %s",
				 strerror(errno));

	for (int i = 0; i < count; i++) {
		if (r == 0) {
			(void)snprintf(path, sizeof(path), "%s/%s", dir, entries[i]->d_name);
			r = read_file(config, path, message, message_size);
			/* A dangling symbolic link is an error: the user expects it to be read. */
			if (r == -ENOENT)
				r = fail_file(r, path, message, message_size, "cannot open the configuration: %s",
					      strerror(ENOENT));
		}
		free(entries[i]);
	}
	free(entries);

	return r;
}

int config_load_from(struct config *config, const char *file, const char *dropin_dir, char *message,
		     size_t message_size)
{
	struct config loaded = *config;
	int r;

	r = read_file(&loaded, file, message, message_size);
	if (r < 0 && r != -ENOENT)
		return r;
	r = read_dropins(&loaded, dropin_dir, message, message_size);
	if (r < 0)
		return r;

	*config = loaded;
	return 0;
}

int config_load(struct config *config, const char *file, char *message, size_t message_size)
{
	struct config loaded = *config;
	int r;

	if (!file || !file[0])
		return config_load_from(config, CONFIG_FILE_DEFAULT, CONFIG_DROPIN_DIR, message, message_size);

	r = read_file(&loaded, file, message, message_size);
	if (r == -ENOENT)
		return fail_file(r, file, message, message_size, "cannot open the configuration: %s", strerror(ENOENT));
	if (r < 0)
		return r;

	*config = loaded;
	return 0;
}
