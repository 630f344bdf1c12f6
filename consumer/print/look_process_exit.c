/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include <string.h>

#include "consumer/print/event_look.h"
#include "consumer/query/kind_process_exit.h"
#include "consumer/text/signal_name.h"

static void detail(const struct column_style *style, const struct value *row, char *out, size_t size)
{
	const struct value *exit = event_values(row, &event_kind_process_exit);

	size_t used;

	(void)style;
	if (exit[EXIT_WAIT_STATUS].kind != VALUE_INT)
		(void)snprintf(out, size, "exit status not known");
	else
		signal_format_status(out, size, (unsigned int)exit[EXIT_WAIT_STATUS].number,
				     exit[EXIT_OOM_KILLED].number ? "OOM-killed" : NULL);
	used = strlen(out);
	if (exit[EXIT_LATE].kind == VALUE_INT && exit[EXIT_LATE].number)
		(void)snprintf(out + used, size - used, ", noticed late");
}

const struct event_look look_process_exit = { NULL, detail, NULL, NULL };
