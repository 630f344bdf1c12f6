/* SPDX-License-Identifier: BSD-2-Clause */
/* What the kernel counted of the events for which it did not run our programs: the only sign of an exit that was missed. */
#ifndef CRI_LOADER_WITNESS_H
#define CRI_LOADER_WITNESS_H

#include <stdint.h>

#define WITNESS_UNKNOWN UINT64_MAX /* not pinned, not readable, or not counted by this kernel (before 5.12) */

/* Each since its programs were attached, WITNESS_UNKNOWN where there is no second chance, except `late`: since the
 * load. */
struct witness {
	uint64_t exit; /* times that the program of process_exit was skipped; exits of threads too */
	uint64_t late; /* exits that the second chance found, recorded or filtered */
	uint64_t lost; /* times that the program of the second chance was skipped: exits may be missing */
};

/* dir: the pin directory. */
void witness_read(const char *dir, struct witness *ret);

#endif
