/* SPDX-License-Identifier: BSD-2-Clause */
/* What a recorder can report as wrong in its state, by name. */
#ifndef CRI_CONSUMER_STORE_RECORDER_PROBLEM_H
#define CRI_CONSUMER_STORE_RECORDER_PROBLEM_H

/* "detail" of each, as text: */
enum recorder_problem {
	RECORDER_LINKS_GONE,	  /* names of the probes that are not attached */
	RECORDER_STANDSTILL,	  /* number of processes and threads created since an end was counted */
	RECORDER_LOSING,	  /* number of events lost since the last look */
	RECORDER_METADATA_FROZEN, /* none */
	RECORDER_RETENTION_FAILS, /* why */
	RECORDER_PROBLEM_COUNT,
};

extern const char *const recorder_problem_names[RECORDER_PROBLEM_COUNT];

#endif
