/* SPDX-License-Identifier: BSD-2-Clause */
/* The columns of events: those that query/event_kind.h fetches, in the same order, then those for text alone. */
#ifndef CRI_CONSUMER_PRINT_EVENT_TABLE_H
#define CRI_CONSUMER_PRINT_EVENT_TABLE_H

#include "consumer/print/column.h"

/* Static. incident_table has the same columns in other views. */
const struct column_table *event_table(void);
const struct column_table *incident_table(void);

/* What is shown for the container of a process outside one: the last component of its cgroup ("foo.service"), "host"
 * for the root. Points into path or to a constant. */
const char *event_cgroup_leaf(const char *path);

#endif
