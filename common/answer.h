/* SPDX-License-Identifier: BSD-2-Clause */
/* What a program has printed to standard output. */
#ifndef CRI_COMMON_ANSWER_H
#define CRI_COMMON_ANSWER_H

/* At the program's end: when not all of it could be written, says so and returns EXIT_USAGE in the place of EXIT_FOUND;
 * any other exit_code has been explained. A reader who left early (EPIPE) had enough. */
int answer_end(int exit_code);

#endif
