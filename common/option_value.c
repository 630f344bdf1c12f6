/* SPDX-License-Identifier: BSD-2-Clause */
/* One row's value: set from text, described, formatted. One entry of `kinds` for each type. */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "common/option.h"
#include "common/text.h"

static void *member_of(const struct option_row *row, void *target)
{
	return (char *)target + row->offset;
}

static int set_flag(const struct option_row *row, void *member, const char *value)
{
	(void)row;
	if (value)
		return -EINVAL;
	*(bool *)member = true;
	return 0;
}

static int set_bool(const struct option_row *row, void *member, const char *value)
{
	(void)row;
	return text_parse_bool(value, member);
}

static int set_bounded(const struct option_row *row, void *member, const char *value,
		       int (*parse)(const char *s, uint64_t *ret))
{
	uint64_t parsed;
	int r = parse(value, &parsed);

	if (r < 0)
		return r;
	if (parsed < row->min || (row->max && parsed > row->max))
		return -ERANGE;

	*(uint64_t *)member = parsed;
	return 0;
}

static int set_number(const struct option_row *row, void *member, const char *value)
{
	return set_bounded(row, member, value, text_parse_u64);
}

static int set_size(const struct option_row *row, void *member, const char *value)
{
	return set_bounded(row, member, value, text_parse_size);
}

static int set_duration(const struct option_row *row, void *member, const char *value)
{
	return set_bounded(row, member, value, text_parse_duration);
}

static int set_string(const struct option_row *row, void *member, const char *value)
{
	size_t length = strlen(value);

	if (length >= row->size || length < row->min)
		return -ERANGE;

	/* Clear the rest, so that structs with equal values are equal bytes. */
	memset(member, 0, row->size);
	memcpy(member, value, length);
	return 0;
}

static int set_choice(const struct option_row *row, void *member, const char *value)
{
	uint64_t index = 0;
	size_t size = row->size ? row->size : sizeof(index);

	while (row->choices[index] && strcmp(row->choices[index], value) != 0)
		index++;
	if (!row->choices[index])
		return -EINVAL;

	if (size == sizeof(uint64_t))
		*(uint64_t *)member = index;
	else if (size == sizeof(uint32_t))
		*(uint32_t *)member = (uint32_t)index;
	else
		*(uint8_t *)member = (uint8_t)index;
	return 0;
}

static int set_list(const struct option_row *row, void *member, const char *value)
{
	struct option_list *list = member;

	(void)row;
	if (list->count >= OPTION_LIST_MAX)
		return -ERANGE;

	list->values[list->count++] = value;
	return 0;
}

/* Help has no member. */
static int set_help(const struct option_row *row, void *member, const char *value)
{
	(void)row;
	(void)member;
	return value ? -EINVAL : 0;
}

static void format_number(char *out, size_t size, uint64_t value)
{
	(void)snprintf(out, size, "%llu", (unsigned long long)value);
}

static void describe_bounded(const struct option_row *row, const char *noun, char *out, size_t size,
			     void (*format)(char *out, size_t size, uint64_t value))
{
	char min[32], max[32];

	format(min, sizeof(min), row->min);
	format(max, sizeof(max), row->max);

	if (row->max)
		(void)snprintf(out, size, "%s from %s to %s", noun, min, max);
	else if (row->min)
		(void)snprintf(out, size, "%s, at least %s", noun, min);
	else
		(void)snprintf(out, size, "%s", noun);
}

/* Formats a bound or a default, which is a round number: "64K", not "64.0K". */
static void format_bound_size(char *out, size_t size, uint64_t value)
{
	static const char letters[] = "KMGTPE";
	size_t power = 0;

	while (value && value % 1024 == 0 && power < sizeof(letters) - 1) {
		value /= 1024;
		power++;
	}
	(void)snprintf(out, size, "%llu%.*s", (unsigned long long)value, power > 0, power ? &letters[power - 1] : "");
}

static void describe_flag(const struct option_row *row, char *out, size_t size)
{
	(void)row;
	(void)snprintf(out, size, "given without a value");
}

static void describe_bool(const struct option_row *row, char *out, size_t size)
{
	(void)row;
	(void)snprintf(out, size, "yes or no");
}

static void describe_number(const struct option_row *row, char *out, size_t size)
{
	describe_bounded(row, "a number", out, size, format_number);
}

static void describe_size(const struct option_row *row, char *out, size_t size)
{
	describe_bounded(row, "a size", out, size, format_bound_size);
}

static void describe_duration(const struct option_row *row, char *out, size_t size)
{
	describe_bounded(row, "a duration", out, size, text_format_duration);
}

static void describe_string(const struct option_row *row, char *out, size_t size)
{
	if (row->min)
		(void)snprintf(out, size, "%llu to %zu characters", (unsigned long long)row->min, row->size - 1);
	else
		(void)snprintf(out, size, "at most %zu characters", row->size - 1);
}

static void describe_choice(const struct option_row *row, char *out, size_t size)
{
	size_t used = 0;

	out[0] = '\0';
	for (size_t i = 0; row->choices[i] && used < size; i++) {
		const char *join = i == 0 ? "" : row->choices[i + 1] ? ", " : " or ";
		int r = snprintf(out + used, size - used, "%s%s", join, row->choices[i]);

		if (r < 0)
			return;
		used += (size_t)r;
	}
}

static void describe_list(const struct option_row *row, char *out, size_t size)
{
	(void)row;
	(void)snprintf(out, size, "given at most %d times", OPTION_LIST_MAX);
}

static void format_bool(const struct option_row *row, const void *member, char *out, size_t size)
{
	(void)row;
	(void)snprintf(out, size, "%s", *(const bool *)member ? "yes" : "no");
}

static void format_count(const struct option_row *row, const void *member, char *out, size_t size)
{
	(void)row;
	format_number(out, size, *(const uint64_t *)member);
}

static void format_size(const struct option_row *row, const void *member, char *out, size_t size)
{
	(void)row;
	format_bound_size(out, size, *(const uint64_t *)member);
}

static void format_duration(const struct option_row *row, const void *member, char *out, size_t size)
{
	(void)row;
	text_format_duration(out, size, *(const uint64_t *)member);
}

static void format_string(const struct option_row *row, const void *member, char *out, size_t size)
{
	(void)row;
	(void)snprintf(out, size, "%s", (const char *)member);
}

static void format_choice(const struct option_row *row, const void *member, char *out, size_t size)
{
	uint64_t index;

	if (row->size == sizeof(uint8_t))
		index = *(const uint8_t *)member;
	else if (row->size == sizeof(uint32_t))
		index = *(const uint32_t *)member;
	else
		index = *(const uint64_t *)member;
	(void)snprintf(out, size, "%s", row->choices[index]);
}

static void format_none(const struct option_row *row, const void *member, char *out, size_t size)
{
	(void)row;
	(void)member;
	if (size > 0)
		out[0] = '\0';
}

static const struct option_kind {
	bool takes_value;
	int (*set)(const struct option_row *row, void *member, const char *value);
	void (*describe)(const struct option_row *row, char *out, size_t size);
	void (*format)(const struct option_row *row, const void *member, char *out, size_t size);
} kinds[] = {
	[OPTION_FLAG] = { false, set_flag, describe_flag, format_none },
	[OPTION_BOOL] = { true, set_bool, describe_bool, format_bool },
	[OPTION_NUMBER] = { true, set_number, describe_number, format_count },
	[OPTION_SIZE] = { true, set_size, describe_size, format_size },
	[OPTION_DURATION] = { true, set_duration, describe_duration, format_duration },
	[OPTION_STRING] = { true, set_string, describe_string, format_string },
	[OPTION_CHOICE] = { true, set_choice, describe_choice, format_choice },
	[OPTION_LIST] = { true, set_list, describe_list, format_none },
	[OPTION_HELP] = { false, set_help, describe_flag, format_none },
};

bool option_takes_value(const struct option_row *row)
{
	return kinds[row->type].takes_value;
}

void option_describe(const struct option_row *row, char *out, size_t size)
{
	if (row->allowed)
		(void)snprintf(out, size, "%s", row->allowed);
	else
		kinds[row->type].describe(row, out, size);
}

void option_format_value(const struct option_row *row, const void *target, char *out, size_t size)
{
	kinds[row->type].format(row, (const char *)target + row->offset, out, size);
}

int option_set(const struct option_row *row, void *target, const char *value, char *message, size_t message_size)
{
	const struct option_kind *kind = &kinds[row->type];
	int r;

	/* The set functions of types with a value need one. */
	if (kind->takes_value && !value)
		r = -EINVAL;
	else
		r = kind->set(row, member_of(row, target), value);

	if (r < 0 && message_size > 0)
		option_describe(row, message, message_size);

	return r;
}
