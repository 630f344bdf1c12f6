/* SPDX-License-Identifier: BSD-2-Clause */
/* A row of a policy, as policy/seccomp/compile.awk writes them. */
#ifndef CRI_CONSUMER_SANDBOX_SANDBOX_RULE_H
#define CRI_CONSUMER_SANDBOX_SANDBOX_RULE_H

#include <stdbool.h>
#include <stdint.h>

enum action { SANDBOX_ALLOW, SANDBOX_KILL, SANDBOX_ERRNO };
/* EQUAL compares the 32 bits of an int, WHOLE and the others all 64, as for a pointer. */
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

/* The kernel looks at the low half of an int argument only, so a condition must not look at more. */
#define RULE_LOW_HALF 0xffffffffULL

#endif
