/* SPDX-License-Identifier: BSD-2-Clause */
/* Standard output at the end of a program. */
#ifndef CRI_COMMON_ANSWER_H
#define CRI_COMMON_ANSWER_H

/* Flushes standard output before the program exits. Returns exit_code, or, when that is EXIT_FOUND and the output
 * cannot be written, EXIT_USAGE after logging the error. EPIPE is no error: the reader closed the pipe early. */
int answer_end(int exit_code);

#endif
