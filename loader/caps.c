/* SPDX-License-Identifier: BSD-2-Clause */
#include "loader/caps.h"

#include <errno.h>
#include <grp.h>
#include <stdbool.h>
#include <sys/capability.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "common/cleanup.h"

static const cap_value_t wanted[] = { CAP_BPF, CAP_PERFMON };

static void cleanup_caps(cap_t *caps)
{
	if (*caps)
		(void)cap_free(*caps);
}

static bool caps_has(cap_t caps, cap_value_t value)
{
	cap_flag_value_t set = CAP_CLEAR;

	return cap_get_flag(caps, value, CAP_PERMITTED, &set) == 0 && set == CAP_SET;
}

int caps_check(const char **ret_missing)
{
	CLEANUP(cleanup_caps) cap_t caps = cap_get_proc();
	bool bpf, perfmon;

	if (!caps)
		return -errno;
	bpf = caps_has(caps, CAP_BPF);
	perfmon = caps_has(caps, CAP_PERFMON);
	if (bpf && perfmon)
		return 0;
	*ret_missing = bpf ? "CAP_PERFMON" : perfmon ? "CAP_BPF" : "CAP_BPF and CAP_PERFMON";
	return -EPERM;
}

bool caps_are_bare(void)
{
	CLEANUP(cleanup_caps) cap_t caps = cap_get_proc();

	for (cap_value_t value = 0; caps && CAP_IS_SUPPORTED(value); value++)
		if (caps_has(caps, value) && value != CAP_BPF && value != CAP_PERFMON && value != CAP_SYS_RESOURCE)
			return false;
	return caps != NULL;
}

/* keep true: keeps of the wanted capabilities those that are permitted; false: none. */
static int caps_set(bool keep)
{
	CLEANUP(cleanup_caps) cap_t current = cap_get_proc();
	CLEANUP(cleanup_caps) cap_t caps = cap_init();

	if (!current || !caps)
		return -errno;
	for (size_t i = 0; keep && i < ARRAY_SIZE(wanted); i++)
		if (caps_has(current, wanted[i]) &&
		    (cap_set_flag(caps, CAP_PERMITTED, 1, &wanted[i], CAP_SET) < 0 ||
		     cap_set_flag(caps, CAP_EFFECTIVE, 1, &wanted[i], CAP_SET) < 0))
			return -errno;
	return cap_set_proc(caps) < 0 ? -errno : 0;
}

/* Needs CAP_SETPCAP, so it comes before the permitted set shrinks. The loop ends at the first capability that the
 * running kernel does not know. */
static int caps_drop_bounding(void)
{
	for (cap_value_t value = 0; cap_get_bound(value) >= 0; value++)
		if (value != CAP_BPF && value != CAP_PERFMON && cap_drop_bound(value) < 0)
			return -errno;
	return 0;
}

int caps_limit(bool keep)
{
	if (cap_reset_ambient() < 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -errno;
	return caps_set(keep);
}

int caps_become(uid_t uid, gid_t gid, bool keep)
{
	int r = caps_drop_bounding();

	if (r < 0)
		return r;
	if (prctl(PR_SET_KEEPCAPS, keep, 0, 0, 0) < 0 || setgroups(0, NULL) < 0 || setresgid(gid, gid, gid) < 0 ||
	    setresuid(uid, uid, uid) < 0)
		return -errno;
	r = caps_limit(keep);
	if (r < 0)
		return r;
	if (uid != 0 && (setresuid(0, 0, 0) == 0 || setresgid(0, 0, 0) == 0))
		return -ENOTRECOVERABLE;
	return 0;
}
