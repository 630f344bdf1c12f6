/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * profile record|loader: prints the seccomp profile (JSON of the OCI runtime specification) for a container of that
 * program.
 *
 * The profile allows what one of the listed policies allows; every other call fails with ENOSYS. The program's own
 * filter is added later and still kills for what its policy says. Written in C because the profile needs the numeric
 * values of constants, which differ between architectures.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/bpf.h>
#include <linux/perf_event.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "common/cleanup.h"
#include "consumer/sandbox/sandbox_rule.h"

/* Recorder and query verbs run in one container: a query executed in it is under the same profile. */
static const struct rule record_rules[] = {
#include "oci_start.h"
#include "seccomp_record.h"
#include "seccomp_query.h"
};

static const struct rule loader_rules[] = {
#include "oci_start.h"
#include "oci_loader.h"
};

static const struct profile {
	const char *name;
	const struct rule *rules;
	size_t count;
} profiles[] = {
	{ "record", record_rules, ARRAY_SIZE(record_rules) },
	{ "loader", loader_rules, ARRAY_SIZE(loader_rules) },
};

static bool rules_say_the_same(const struct rule *a, const struct rule *b)
{
	if (a->action != b->action || strcmp(a->name, b->name) != 0 || a->conditional != b->conditional)
		return false;
	return !a->conditional || (a->argument == b->argument && a->comparison == b->comparison && a->mask == b->mask &&
				   a->value == b->value);
}

/* The rule allows a call, and no earlier rule is equal. */
static bool is_wanted(const struct profile *profile, const struct rule *rule)
{
	for (const struct rule *other = profile->rules; other < rule; other++)
		if (rules_say_the_same(other, rule))
			return false;
	return rule->action == SANDBOX_ALLOW;
}

/* Another rule allows the call without a condition. */
static bool is_covered(const struct profile *profile, const struct rule *rule)
{
	for (size_t i = 0; i < profile->count; i++)
		if (profile->rules[i].action == SANDBOX_ALLOW && !profile->rules[i].conditional &&
		    strcmp(profile->rules[i].name, rule->name) == 0)
			return true;
	return false;
}

static void print_whole_calls(const struct profile *profile)
{
	const char *separator = "";

	(void)fputs("\t\t{ \"action\": \"SCMP_ACT_ALLOW\", \"names\": [", stdout);
	for (size_t i = 0; i < profile->count; i++) {
		if (profile->rules[i].conditional || !is_wanted(profile, &profile->rules[i]))
			continue;
		(void)printf("%s\n\t\t\t\"%s\"", separator, profile->rules[i].name);
		separator = ",";
	}
	(void)fputs("\n\t\t] }", stdout);
}

/* An int is compared by its low 32 bits only. With SCMP_CMP_MASKED_EQ "value" is the mask and "valueTwo" the result. */
static void print_condition(const struct rule *rule)
{
	const char *op = "SCMP_CMP_MASKED_EQ";
	uint64_t value = rule->mask, value_two = rule->value;

	if (rule->comparison == SANDBOX_EQUAL)
		value = RULE_LOW_HALF;
	if (rule->comparison == SANDBOX_WHOLE || rule->comparison == SANDBOX_UNEQUAL) {
		op = rule->comparison == SANDBOX_WHOLE ? "SCMP_CMP_EQ" : "SCMP_CMP_NE";
		value = rule->value;
		value_two = 0;
	}
	(void)printf(",\n\t\t{ \"action\": \"SCMP_ACT_ALLOW\", \"names\": [ \"%s\" ],\n"
		     "\t\t  \"args\": [ { \"index\": %u, \"op\": \"%s\", \"value\": %" PRIu64 ", \"valueTwo\": %" PRIu64
		     " } ] }",
		     rule->name, rule->argument, op, value, value_two);
}

static void print_profile(const struct profile *profile)
{
	(void)printf("{\n\t\"defaultAction\": \"SCMP_ACT_ERRNO\",\n\t\"defaultErrnoRet\": %d,\n\t\"syscalls\": [\n",
		     ENOSYS);
	print_whole_calls(profile);
	for (size_t i = 0; i < profile->count; i++) {
		const struct rule *rule = &profile->rules[i];

		if (rule->conditional && is_wanted(profile, rule) && !is_covered(profile, rule))
			print_condition(rule);
	}
	(void)puts("\n\t]\n}");
}

int main(int argc, char **argv)
{
	for (size_t i = 0; argc == 2 && i < ARRAY_SIZE(profiles); i++) {
		if (strcmp(profiles[i].name, argv[1]) != 0)
			continue;
		print_profile(&profiles[i]);
		return ferror(stdout) || fclose(stdout) != 0;
	}
	(void)fputs("usage: profile record|loader\n", stderr);
	return 2;
}
