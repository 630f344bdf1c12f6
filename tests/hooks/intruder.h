/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CRI_TESTS_HOOKS_INTRUDER_H
#define CRI_TESTS_HOOKS_INTRUDER_H

/* Tries what the environment says at this place, and ends the process; see intruder.c. */
void intrude_at(const char *point);

#endif
