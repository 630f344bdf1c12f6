/* SPDX-License-Identifier: BSD-2-Clause */
/* A row of a seccomp policy, as policy/seccomp/compile.awk generates it. */
#ifndef CRI_CONSUMER_SANDBOX_SANDBOX_RULE_H
#define CRI_CONSUMER_SANDBOX_SANDBOX_RULE_H

#include <stdbool.h>
#include <stdint.h>

enum action { SANDBOX_ALLOW, SANDBOX_KILL, SANDBOX_ERRNO };
/* EQUAL compares the low 32 bits, for an int argument; the others compare all 64, as for a pointer. */
enum comparison { SANDBOX_EQUAL, SANDBOX_WHOLE, SANDBOX_UNEQUAL, SANDBOX_MASKED };

struct rule {
	const char *name;
	enum action action;
	int error;
	bool conditional;
	unsigned int argument;
	enum comparison comparison;
	uint64_t mask;
	uint64_t value;
};

/* The kernel ignores the high half of an int argument, so a condition must ignore it too. */
#define RULE_LOW_HALF 0xffffffffULL

#endif
