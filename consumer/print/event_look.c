/* SPDX-License-Identifier: BSD-2-Clause */
#include "consumer/print/event_look.h"

#include "consumer/query/event_kind.h"
#include "consumer/text/event_type.h"

#define ADDRESS(number, NAME, name) &look_##name,

const struct event_look *const event_looks[] = { EV_TYPES(ADDRESS) NULL };

static const struct event_look *find_look(const struct value *row)
{
	const struct value *type = &row[FIELD_TYPE_NUMBER];

	return type->kind == VALUE_INT && type->number > 0 && type->number < TYPE_COUNT ? event_looks[type->number - 1]
											  : NULL;
}

void event_detail(const struct column_style *style, const struct value *row, char *out, size_t size)
{
	const struct event_look *look = find_look(row);

	out[0] = '\0';
	if (look)
		look->detail(style, row, out, size);
}

void event_describe(const struct value *row, char *out, size_t size)
{
	static const struct column_style style = { .boot_id = "" };

	event_detail(&style, row, out, size);
}

const char *event_color(const struct value *row)
{
	const struct event_look *look = find_look(row);

	return look ? look->color : NULL;
}
