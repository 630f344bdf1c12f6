/* SPDX-License-Identifier: BSD-2-Clause */
/* Expressions about a container c as in the views, but by partial indexes, so that its other events are not read. */
#ifndef CRI_CONSUMER_QUERY_CONTAINER_SQL_H
#define CRI_CONSUMER_QUERY_CONTAINER_SQL_H

#include "consumer/query/access_path.h"
#include "consumer/store/schema.h"

#define CONTAINER_INIT_EXIT(what) SCHEMA_INIT_EXIT(INDEX_END, what)
#define CONTAINER_OOM_KILLS	  SCHEMA_OOM_KILLS(INDEX_KILL)

#endif
