/* SPDX-License-Identifier: BSD-2-Clause */
/* The verbs that change nothing. Each prints its report, logs its errors, and returns an exit code. */
#ifndef CRI_LOADER_REPORT_H
#define CRI_LOADER_REPORT_H

#include "loader/settings.h"
#include "loader/witness.h"

#define NOT_KNOWN WITNESS_UNKNOWN /* for every count */

/* In place of a rung. */
#define RUNG_OFF_WORDS	    "off"
#define RUNG_UNNEEDED_WORDS "not needed"

int verb_status(const struct settings *settings);
int verb_check(const struct settings *settings);

#endif
