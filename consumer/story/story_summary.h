/* SPDX-License-Identifier: BSD-2-Clause */
/* The conclusion of a story in sentences. Pure. */
#ifndef CRI_CONSUMER_STORY_STORY_SUMMARY_H
#define CRI_CONSUMER_STORY_STORY_SUMMARY_H

#include "consumer/story/verdict.h"

/* One line: the subject, and what became of it. Escaped for a terminal. utc: times in it are. */
void story_summary(const struct story *story, const struct verdict *verdict, bool utc, char *out, size_t size);

/* What can be done about it; "" when there is nothing to advise. */
void story_advice(const struct verdict *verdict, char *out, size_t size);

#endif
