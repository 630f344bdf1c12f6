/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Messages to the user on stderr. A message names the object, the reason, the consequence and what to do. A function
 * either logs its error or returns a negative errno for its caller to log; its header says which.
 */
#ifndef CRI_COMMON_LOG_H
#define CRI_COMMON_LOG_H

#include <stdarg.h>
#include <stddef.h>

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

/* program: static string, printed before each message. level: the least important level that is printed (INFO by
 * default). When stderr is the journal (JOURNAL_STREAM, systemd.exec(5)) each line begins with its priority, "<N>". */
void log_init(const char *program, enum log_level level);

/* Room for the line of any message. */
#define LOG_LINE_MAX 16640
/* The line that log_print would print, with its newline, for a place where nothing can be formatted. Returns its length. */
size_t log_format(char *out, size_t size, enum log_level level, const char *format, va_list args)
	__attribute__((format(printf, 4, 0)));

/* Escapes control characters in the formatted text (text_escape()), so that a name chosen by a container cannot
 * control the terminal or forge a line. Keeps errno. */
void log_print(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

#define log_error(...)   log_print(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warning(...) log_print(LOG_LEVEL_WARNING, __VA_ARGS__)
#define log_info(...)    log_print(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...)   log_print(LOG_LEVEL_DEBUG, __VA_ARGS__)

#endif
