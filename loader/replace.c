/* SPDX-License-Identifier: BSD-2-Clause */
#include "loader/replace.h"

#include <errno.h>
#include <linux/membarrier.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "common/log.h"
#include "common/pins.h"
#include "common/text.h"

/* Waits until every BPF program that ran at the time of the call has ended: the kernel calls synchronize_rcu(). */
static void wait_for_running_programs(void)
{
	const struct timespec pause = { .tv_sec = 1 };

	if (syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0) < 0)
		(void)nanosleep(&pause, NULL); /* the call does not exist where CPUs are isolated (nohz_full) */
}

/* Publishes the next phase of the replacement to the programs, and waits until all of them act by it. */
static int set_phase(struct plan *plan, enum info_overlap overlap, uint64_t set)
{
	int r;

	plan->info.overlap = overlap;
	plan->info.set = set;
	r = pin_write_info(PIN_HERE, &plan->info);
	if (r < 0)
		log_error("cannot write \"%s/%s\": %s; the programs go on recording, but the replacement is not finished. "
			  "Run the same command again", plan->shown, PIN_INFO, strerror(-r));
	else
		wait_for_running_programs();
	return r;
}

/* Renames X_new to X, which removes the old pin; for a link this detaches the old program. */
static int rename_over(const char *name)
{
	char to[NAME_MAX + 1];

	(void)snprintf(to, sizeof(to), "%.*s", (int)(strlen(name) - strlen(PIN_NEW_SUFFIX)), name);
	return rename(name, to) < 0 ? -errno : 0;
}

static bool is_new(const char *name)
{
	return (pin_is_swapped(name) || pin_is_second_map(name)) && text_ends_with(name, PIN_NEW_SUFFIX);
}

static int keep_new(const char *name, void *context)
{
	(void)context;
	return is_new(name) ? rename_over(name) : 0;
}

static int drop_new(const char *name, void *context)
{
	(void)context;
	return is_new(name) && unlink(name) < 0 ? -errno : 0;
}

/* Completes or undoes a replacement that was interrupted: its links are complete in phase OVERLAP_NEW, and not
 * before. */
static int finish_interrupted(struct plan *plan)
{
	const bool complete = plan->info.overlap == OVERLAP_NEW;
	int r;

	if (plan->info.overlap == OVERLAP_NONE)
		return 0;
	log_warning("a replacement of the programs in \"%s\" was interrupted; it is repeated", plan->shown);
	r = pin_each(PIN_HERE, complete ? keep_new : drop_new, NULL);
	if (r < 0)
		log_error("cannot rename or remove links in \"%s\": %s; the programs go on recording. Run the same command "
			  "again as root",
			  plan->shown, strerror(-r));
	return r;
}

static bool has_new(const struct plan *plan, const char *name)
{
	const size_t length = strlen(name);

	for (size_t i = 0; i < plan->pins.count; i++)
		if (!strncmp(plan->pins.names[i].name, name, length) &&
		    !strcmp(plan->pins.names[i].name + length, PIN_NEW_SUFFIX))
			return true;
	return false;
}

/* Removes a link or program that has no successor: its probe has fewer programs now, or is switched off. Removes the maps
 * of the second chance when there is none any more: their notes would be incomplete for a later one. */
static int remove_outdated(const char *name, void *context)
{
	const struct plan *plan = context;
	const bool outdated = pin_is_second_map(name) ? !plan->choices.probe[PROBE_PROCESS_EXIT_LATE].rung :
							pin_is_swapped(name) && !has_new(plan, name);

	return outdated && !is_new(name) && unlink(name) < 0 ? -errno : 0;
}

static int swap(struct plan *plan)
{
	int r = pin_each(PIN_HERE, remove_outdated, plan);

	for (size_t i = 0; r == 0 && i < plan->pins.count; i++)
		r = rename_over(plan->pins.names[i].name);
	if (r < 0)
		log_error("cannot rename all new links in \"%s\": %s; all new programs record. Run the same command again",
			  plan->shown, strerror(-r));
	return r;
}

/* Removes the new links and leaves the old programs as they were. */
static void give_up(struct plan *plan, uint32_t abi, uint64_t set)
{
	plan->info.abi = abi;
	if (set_phase(plan, OVERLAP_NEW, set) < 0)
		return;
	pin_set_undo(&plan->pins);
	(void)set_phase(plan, OVERLAP_NONE, set);
}

int replace_run(struct plan *plan)
{
	const uint32_t old_abi = plan->info.abi;
	const uint64_t old_set = plan->info.set;
	int r = plan_prepare(plan);

	plan->suffix = PIN_NEW_SUFFIX;
	if (r == 0)
		r = finish_interrupted(plan);
	if (r == 0)
		r = plan_load(plan, PIN_HERE);
	if (r < 0)
		return r;

	plan->info.abi = EV_ABI; /* the ring may contain records of this version from here on */
	r = set_phase(plan, OVERLAP_BOTH, old_set);
	if (r == 0)
		r = plan_attach(plan);
	if (r < 0) {
		give_up(plan, old_abi, old_set);
		return r;
	}

	plan_set_probes(plan); /* the new links are complete, the old ones will not be for long */
	r = set_phase(plan, OVERLAP_NEW, plan->set);
	if (r == 0)
		r = swap(plan);
	if (r < 0)
		return r;
	r = set_phase(plan, OVERLAP_NONE, plan->set);
	if (r == 0)
		plan_log_loaded(plan, "replaced");
	return r;
}
