/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CRI_TESTS_HOOKS_INTRUDER_H
#define CRI_TESTS_HOOKS_INTRUDER_H

/* Makes the attempt that the environment names for this point and ends the process; see intruder.c. */
void intrude_at(const char *point);

#endif
