/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Messages for people, on stderr. A message names the object, the reason, the consequence and what to do.
 * Functions below main and the command functions do not log: they return a negative errno.
 */
#ifndef CRI_COMMON_LOG_H
#define CRI_COMMON_LOG_H

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

/* program: static string, printed before each message. Under systemd (JOURNAL_STREAM set) lines carry a
 * <N> priority prefix. Default level: INFO; -q is WARNING, -v is DEBUG. */
void log_init(const char *program, enum log_level level);

/* Control characters in the formatted text are escaped, so that names chosen by a container cannot write
 * to a terminal or forge a log line. errno is kept. */
void log_print(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

#define log_error(...)   log_print(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warning(...) log_print(LOG_LEVEL_WARNING, __VA_ARGS__)
#define log_info(...)    log_print(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...)   log_print(LOG_LEVEL_DEBUG, __VA_ARGS__)

#endif
