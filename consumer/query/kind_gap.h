/* SPDX-License-Identifier: BSD-2-Clause */
/* The values of gap events. */
#ifndef CRI_CONSUMER_QUERY_KIND_GAP_H
#define CRI_CONSUMER_QUERY_KIND_GAP_H

#include "consumer/query/event_kind.h"

enum kind_gap_field {
	GAP_REASON,
	GAP_LOST_TYPE,
	GAP_LOST,
	GAP_FROM,
	GAP_TO,
	GAP_COUNT,
};

#endif
