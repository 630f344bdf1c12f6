/* SPDX-License-Identifier: BSD-2-Clause */
/* Prints members of a JSON object to standard output: name and value, then `end`, a comma or a bracket. */
#ifndef CRI_LOADER_JSON_H
#define CRI_LOADER_JSON_H

#include <stdbool.h>
#include <stdint.h>

/* value: escaped, and cut beyond 1023 bytes; NULL: null. */
void json_string(const char *name, const char *value, const char *end);
void json_bool(const char *name, bool value, const char *end);
/* Prints null for NOT_KNOWN (loader/report.h). */
void json_count(const char *name, uint64_t value, const char *end);
/* NULL instead of an empty text. */
const char *json_or_null(const char *text);

#endif
