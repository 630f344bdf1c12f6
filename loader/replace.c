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

/* Returns when no program is still at work that began before the call: this is the kernel's synchronize_rcu(). */
static void wait_for_running_programs(void)
{
	const struct timespec long_enough = { .tv_sec = 1 };

	if (syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0) < 0)
		(void)nanosleep(&long_enough, NULL); /* not where CPUs are isolated (nohz_full) */
}

static int enter(struct plan *plan, enum info_overlap overlap, uint64_t set)
{
	int r;

	plan->info.overlap = overlap;
	plan->info.set = set;
	r = pin_write_info(PIN_HERE, &plan->info);
	if (r < 0)
		log_error("cannot write \"%s/%s\": %s; the programs there record on, but the replacement is not finished. "
			  "Run the same again", plan->shown, PIN_INFO, strerror(-r));
	else
		wait_for_running_programs();
	return r;
}

/* link_X_new takes the place of link_X, if there is one, and lets that go. */
static int rename_over(const char *name)
{
	char to[NAME_MAX + 1];

	(void)snprintf(to, sizeof(to), "%.*s", (int)(strlen(name) - strlen(PIN_NEW_SUFFIX)), name);
	return rename(name, to) < 0 ? -errno : 0;
}

static bool is_new(const char *name)
{
	return text_starts_with(name, PIN_LINK_PREFIX) && text_ends_with(name, PIN_NEW_SUFFIX);
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

/* Of a run that was killed: what it attached is complete once it had taken over, and not before. */
static int heal(struct plan *plan)
{
	const bool complete = plan->info.overlap == OVERLAP_NEW;
	int r;

	if (plan->info.overlap == OVERLAP_NONE)
		return 0;
	log_warning("a replacement of the programs in \"%s\" did not finish; it is done again", plan->shown);
	r = pin_each(PIN_HERE, complete ? keep_new : drop_new, NULL);
	if (r < 0)
		log_error("cannot tidy up \"%s\": %s; the programs there record on. Run the same again as root",
			  plan->shown, strerror(-r));
	return r;
}

static int publish_new(struct bpf_link *link, const char *name, void *context)
{
	char new_name[NAME_MAX];

	(void)snprintf(new_name, sizeof(new_name), "%s" PIN_NEW_SUFFIX, name);
	return plan_publish_link(link, new_name, context);
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

/* A link whose probe now has fewer programs, or is switched off. */
static int remove_outdated(const char *name, void *context)
{
	if (!text_starts_with(name, PIN_LINK_PREFIX) || is_new(name) || has_new(context, name))
		return 0;
	return unlink(name) < 0 ? -errno : 0;
}

static int swap(struct plan *plan)
{
	int r = pin_each(PIN_HERE, remove_outdated, plan);

	for (size_t i = 0; r == 0 && i < plan->pins.count; i++)
		r = rename_over(plan->pins.names[i].name);
	if (r < 0)
		log_error("cannot put the new programs in place in \"%s\": %s; all of them record, some under the name "
			  "of a replacement under way. Run the same again", plan->shown, strerror(-r));
	return r;
}

static void give_up(struct plan *plan, uint32_t abi, uint64_t set)
{
	plan->info.abi = abi;
	if (enter(plan, OVERLAP_NEW, set) < 0)
		return;
	pin_set_undo(&plan->pins);
	(void)enter(plan, OVERLAP_NONE, set);
}

int replace_run(struct plan *plan)
{
	const uint32_t old_abi = plan->info.abi;
	const uint64_t old_set = plan->info.set;
	int r = plan_prepare(plan);

	if (r == 0)
		r = heal(plan);
	if (r == 0)
		r = plan_load(plan, PIN_HERE);
	if (r < 0)
		return r;

	plan->info.abi = EV_ABI; /* from now on the ring may hold such records */
	r = enter(plan, OVERLAP_BOTH, old_set);
	if (r == 0)
		r = plan_attach(plan, publish_new);
	if (r < 0) {
		give_up(plan, old_abi, old_set);
		return r;
	}

	r = enter(plan, OVERLAP_NEW, plan->set);
	if (r == 0)
		r = swap(plan);
	if (r < 0)
		return r;
	plan_set_probes(plan);
	r = enter(plan, OVERLAP_NONE, plan->set);
	if (r == 0)
		plan_say_loaded(plan, "replaced");
	return r;
}
