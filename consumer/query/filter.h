/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The filter options, the same on every query verb: parsed once, then turned into SQL conditions. Different options must
 * all hold; several values of one option are alternatives.
 */
#ifndef CRI_CONSUMER_QUERY_FILTER_H
#define CRI_CONSUMER_QUERY_FILTER_H

#include <stdbool.h>
#include <stdint.h>

#include "common/option.h"
#include "consumer/text/clock.h"

struct sql;
struct value;

#define FILTER_ALL UINT64_MAX /* lines: all */

/* As written on the command line. */
struct filter_options {
	char since[128], until[128], boot[64], grep[512];
	uint64_t lines; /* FILTER_ALL when not given */
	bool reverse, follow, strict;
	struct option_list types, containers, pods, namespaces, runtimes, pids, comms, cgroups, signals, exit_codes;
};

/* Parts of filter_rows (option_row.part), for verbs that take only some of them. */
enum filter_part {
	FILTER_TIMES = 1,  /* --since, --until, --boot */
	FILTER_ORDER = 2,  /* --lines, --reverse */
	FILTER_FOLLOW = 4, /* --follow */
	FILTER_WHICH = 8,  /* by type, container, pod, process, exit: what an event must be */
	FILTER_GREP = 16,  /* --grep */
	FILTER_STRICT = 32 /* --strict */
};

/* For a struct filter_options, which filter_options_init has filled. "--boot" without a value means this boot. */
extern const struct option_row filter_rows[];

void filter_options_init(struct filter_options *options);

#define FILTER_NUMBERS_MAX 64

struct filter_numbers {
	unsigned int count;
	int64_t values[FILTER_NUMBERS_MAX];
};

struct filter_grep; /* a compiled regular expression */

/* Writes the sentence about an event that lists show, NUL-terminated. row: the values of an event. */
typedef void filter_describe(const struct value *row, char *out, size_t size);
#define FILTER_SENTENCE_MAX 8192

/* Parsed options. Points into the options and argv, which must outlive it. */
struct filter {
	const struct filter_options *options;
	int64_t since, until; /* nanoseconds since 1970 (UTC), inclusive; INT64_MIN and INT64_MAX: no bound */
	uint32_t types;	      /* bit per type; 0: all */
	struct filter_numbers pids, signals, exit_codes;
	int boot_offset; /* if has_boot and boot_id is "": 0 this boot, -1 the one before, 1 the first recorded */
	bool has_boot;
	char boot_id[40];	  /* a prefix of the id of the boot, hex digits only */
	char this_boot[40];	  /* of the running kernel, hex digits only; "" when not known */
	struct filter_grep *grep; /* NULL: none */
	/* What --grep searches besides names and paths; set by the caller after filter_parse. NULL: nothing */
	filter_describe *describe;
};

/* What times and boots on the command line are relative to. The boot is the kernel's, also in a time namespace. */
struct filter_now {
	int64_t now_unix_nano, boot_unix_nano;
	char boot_id[CLOCK_BOOT_ID_SIZE]; /* as in /proc/sys/kernel/random/boot_id; "" when it cannot be read */
};
void filter_now(struct filter_now *ret);

/* 0, or -EINVAL and in message the option, the wrong word and what is allowed. Free with filter_done. */
int filter_parse(const struct filter_options *options, const struct filter_now *now, struct filter *ret, char *message,
		 size_t message_size);
void filter_done(struct filter *filter);

/* Whether it selects cgroups: by container, pod, namespace, runtime or path. */
bool filter_has_place(const struct filter *filter);
/* Whether it selects by something that only events have: type, pid, comm, signal, exit code, --grep. */
bool filter_has_event(const struct filter *filter);

/* Appends " AND (...)" for what filter_has_place names; aliases: g cgroup, c container, p pod (CGROUP_JOIN). */
void filter_add_place(const struct filter *filter, struct sql *sql);
/* Appends " AND ..." for types, pids, comms, signals, exit codes and the boot, but not for the time range; alias: e
 * event. */
void filter_add_event(const struct filter *filter, struct sql *sql);
/* Appends " AND ..." for the boot; column: such as "e.boot". */
void filter_add_boot(const struct filter *filter, struct sql *sql, const char *column);
/* Appends " AND (...)" for the containers and cgroups that the word names: by id prefix, name, ns/pod/container, unit
 * name or path. Aliases as for filter_add_place. */
void filter_add_container(struct sql *sql, const char *word);
/* The same for pods: uid prefix, name, ns/pod. */
void filter_add_pod(struct sql *sql, const char *word);

/* Whether one of the texts matches --grep, or no pattern was given. NULL texts are skipped. */
bool filter_grep_matches(const struct filter *filter, const char *const *texts, size_t count);

#endif
