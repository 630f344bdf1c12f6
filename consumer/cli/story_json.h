/* SPDX-License-Identifier: BSD-2-Clause */
/* A story as one JSON object: the answer of cri-ebpf why --json. */
#ifndef CRI_CONSUMER_CLI_STORY_JSON_H
#define CRI_CONSUMER_CLI_STORY_JSON_H

#include <stdbool.h>
#include <stdio.h>

#include "consumer/story/story.h"

struct db;

/* Reads the story's events from db while it prints. Returns 0, or the negative errno of reading. */
int story_json_print(struct db *db, const struct story *story, bool pretty, FILE *out);

#endif
