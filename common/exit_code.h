/* SPDX-License-Identifier: BSD-2-Clause */
/* Exit codes of both programs. They are stable: scripts depend on them. */
#ifndef CRI_COMMON_EXIT_CODE_H
#define CRI_COMMON_EXIT_CODE_H

enum exit_code {
	EXIT_FOUND = 0,
	EXIT_NOT_FOUND = 1, /* nothing matched */
	EXIT_USAGE = 2,     /* unknown flag, wrong value, bad configuration */
	EXIT_STORE = 3,     /* the database is missing, unreadable, of another program or version, or takes too much to read */
	EXIT_UNHEALTHY = 4, /* status, check: something is wrong; record: start it again */
	EXIT_GAP = 5,       /* --strict was given and the range contains a gap */
	EXIT_DENIED = 6,    /* not permitted, or not supported by this kernel */
};

#endif
