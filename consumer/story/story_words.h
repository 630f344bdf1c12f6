/* SPDX-License-Identifier: BSD-2-Clause */
/* The phrases that the sentences of a story share. All are NUL-terminated and safe for a terminal. */
#ifndef CRI_CONSUMER_STORY_STORY_WORDS_H
#define CRI_CONSUMER_STORY_STORY_WORDS_H

#include "consumer/story/story.h"

/* Text with control characters escaped. */
void words_escape(char *out, size_t size, const char *text);

/* An id of 64 digits cut to its first 12; any other id is a name, and stays whole. */
void words_short_id(char *out, size_t size, const char *id);

/* `container 3f2a00000000 ("nginx", containerd, pod shop/web-7d4b)`, `unit foo.service`, `process "dd" (pid 42)` */
void words_subject(const struct story *story, char *out, size_t size);

/* `"dd" (pid 42)`, `pid 42` without a name, `a process` without a pid */
void words_process(int64_t pid, const char *comm, char *out, size_t size);

/* `16.0M`; `unknown` for STORY_UNKNOWN */
void words_amount(int64_t bytes, const char *unknown, char *out, size_t size);

/* `main process "dd" (pid 42) ended with exit 137 (SIGKILL) after 3s`; main: what an init is called, "main process " */
void words_exit(const struct story_event *exit, const char *main, char *out, size_t size);

/* `16.0M of the container's own limit of 16.0M were in use`, or which other memory ran out */
void words_limit(const struct story *story, const struct story_event *kill, char *out, size_t size);

/* Times of a gap and how many records it lost: "17", "an unknown number of". */
struct words_gap {
	char from[32], to[32], lost[32];
};
void words_gap(const struct story_gap *gap, bool utc, struct words_gap *ret);

#endif
