/* SPDX-License-Identifier: BSD-2-Clause */
/* Why the recorder cannot store at the moment, and what mends it, in words that continue a sentence. Pure. */
#ifndef CRI_CONSUMER_RECORD_FAULT_H
#define CRI_CONSUMER_RECORD_FAULT_H

#include <stddef.h>

/* error: what a call that stores returned; message: why. */
void fault_format(int error, const char *message, char *out, size_t size);

#endif
