/* SPDX-License-Identifier: BSD-2-Clause */
#include "common/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/text.h"

/* Bytes of a message; a longer one, for example a verifier log, is cut and marked. */
#define MESSAGE_MAX ((LOG_LINE_MAX - 256) / 4)

static const struct {
	const char *word;
	unsigned int priority; /* syslog(3) */
} levels[] = {
	[LOG_LEVEL_ERROR] = { "error: ", 3 },
	[LOG_LEVEL_WARNING] = { "warning: ", 4 },
	[LOG_LEVEL_INFO] = { "", 6 },
	[LOG_LEVEL_DEBUG] = { "debug: ", 7 },
};

static const char *log_program = "cri-ebpf";
static enum log_level log_level_shown = LOG_LEVEL_INFO;
static bool log_to_journal;

/*
 * A terminal started by a service inherits JOURNAL_STREAM, so the variable alone does not prove that stderr is the
 * journal; its value must be the device and inode of stderr (systemd.exec(5)).
 */
static bool stderr_is_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	unsigned long long device, inode;
	struct stat st;

	if (!stream || sscanf(stream, "%llu:%llu", &device, &inode) != 2)
		return false;

	return fstat(STDERR_FILENO, &st) == 0 && st.st_dev == device && st.st_ino == inode;
}

void log_init(const char *program, enum log_level level)
{
	log_program = program;
	log_level_shown = level;
	log_to_journal = stderr_is_journal();
}

size_t log_format(char *out, size_t size, enum log_level level, const char *format, va_list args)
{
	char raw[MESSAGE_MAX], escaped[4 * MESSAGE_MAX], prefix[8] = "";
	int length = vsnprintf(raw, sizeof(raw), format, args);
	bool cut = length >= (int)sizeof(raw);

	text_escape(escaped, sizeof(escaped), raw, length < 0 ? 0 : strlen(raw));
	if (log_to_journal)
		(void)snprintf(prefix, sizeof(prefix), "<%u>", levels[level].priority);
	length = snprintf(out, size, "%s%s: %s%s%s\n", prefix, log_program, levels[level].word, escaped,
			  cut ? " [cut]" : "");
	return length < 0 ? 0 : (size_t)length < size ? (size_t)length : size - 1;
}

void log_print(enum log_level level, const char *format, ...)
{
	char line[LOG_LINE_MAX];
	int saved_errno = errno;
	va_list args;

	if (level > log_level_shown)
		return;

	va_start(args, format);
	(void)log_format(line, sizeof(line), level, format, args);
	va_end(args);

	/* One call on an unbuffered stream, so that lines of several processes do not mix. */
	(void)fputs(line, stderr);
	errno = saved_errno;
}
