/* SPDX-License-Identifier: BSD-2-Clause */
/* The verbs that change nothing. Each prints its report, logs its errors, and returns an exit code. */
#ifndef CRI_LOADER_REPORT_H
#define CRI_LOADER_REPORT_H

#include "loader/settings.h"

int verb_status(const struct settings *settings);
int verb_check(const struct settings *settings);

#endif
