/* SPDX-License-Identifier: BSD-2-Clause */
#include "consumer/print/event_look.h"

#include "consumer/query/event_kind.h"

const struct event_look *const event_looks[] = {
	&look_oom,
	&look_pressure,
	&look_exit,
	&look_fork,
	&look_start,
	&look_stop,
	&look_gap,
#ifdef CRI_TEST_KIND
	&look_test,
#endif
	NULL,
};

static const struct event_look *find_look(const struct value *row)
{
	const struct value *type = &row[FIELD_TYPE_NUMBER];

	for (size_t i = 0; event_looks[i]; i++)
		if (type->kind == VALUE_INT && type->number == (int64_t)event_looks[i]->type)
			return event_looks[i];
	return NULL;
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
