/* SPDX-License-Identifier: BSD-2-Clause */
#include "loader/json.h"

#include <stdio.h>
#include <string.h>

#include "common/text.h"
#include "loader/report.h"

void json_string(const char *name, const char *value, const char *end)
{
	char text[1024];

	if (!value) {
		printf("\"%s\":null%s", name, end);
		return;
	}
	(void)text_json_escape(text, sizeof(text), value, strlen(value));
	printf("\"%s\":\"%s\"%s", name, text, end);
}

void json_bool(const char *name, bool value, const char *end)
{
	printf("\"%s\":%s%s", name, value ? "true" : "false", end);
}

void json_count(const char *name, uint64_t value, const char *end)
{
	if (value == NOT_KNOWN)
		printf("\"%s\":null%s", name, end);
	else
		printf("\"%s\":%llu%s", name, (unsigned long long)value, end);
}

const char *json_or_null(const char *text)
{
	return text[0] ? text : NULL;
}
