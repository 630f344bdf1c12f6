/* SPDX-License-Identifier: BSD-2-Clause */
/* The verbs that only look. */
#ifndef CRI_LOADER_REPORT_H
#define CRI_LOADER_REPORT_H

#include "loader/settings.h"

int verb_status(const struct settings *settings);
int verb_check(const struct settings *settings);

#endif
