/* SPDX-License-Identifier: BSD-2-Clause */
/* The verbs that change the pins. Each logs its errors and returns an exit code (common/exit_code.h). */
#ifndef CRI_LOADER_LOAD_H
#define CRI_LOADER_LOAD_H

#include "loader/settings.h"

int verb_load(const struct settings *settings);
int verb_reload(const struct settings *settings);
int verb_unload(const struct settings *settings);

#endif
