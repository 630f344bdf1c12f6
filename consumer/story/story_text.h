/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CRI_CONSUMER_STORY_STORY_TEXT_H
#define CRI_CONSUMER_STORY_STORY_TEXT_H

#include <stdio.h>

#include "consumer/story/story.h"

/* The whole story as text: conclusion, a line per event, what is left out or missing. Safe for a terminal. */
void story_print(const struct story *story, bool utc, FILE *out);

#endif
