/* SPDX-License-Identifier: BSD-2-Clause */
#include "loader/plan.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "common/cleanup.h"
#include "common/log.h"
#include "common/pins.h"
#include "common/text.h"
#include "loader/seed.h"

#ifndef CRI_VERSION
#define CRI_VERSION "unknown"
#endif

_Static_assert(PROBE_COUNT <= INFO_PROBES, "every probe has a place in map_info");

/* Maps in the order in which they are pinned; `info` follows after the links. */
static const struct {
	const char *name;
	mode_t mode;
} map_pins[] = {
	{ PIN_EVENTS, 0660 }, /* the recorder writes the page with its position */
	{ PIN_METADATA, 0660 },
	{ PIN_COUNTERS, 0640 },
	{ PIN_SEEN, 0600 },
	{ PIN_ARMED, 0600 },
};

static int plan_inspect(struct plan *plan)
{
	int r = host_require(&plan->host);

	if (r < 0)
		return r;
	if (!plan->host.ring_fixed && !plan->settings->allow_unfixed_ring) {
		log_error("this kernel's ring buffer has CVE-2024-41009: an unprivileged reader could corrupt kernel "
			  "memory. Nothing was loaded; update the kernel, or accept it with --allow-unfixed-ringbuf");
		return -EOPNOTSUPP;
	}
	return 0;
}

static void log_choice(const struct probe *probe, const struct probe_choice *choice)
{
	if (!choice->enabled || choice->unneeded)
		return;
	if (choice->rung) {
		log_debug("probe %s: %s", probe->name, choice->rung->name);
		return;
	}
	log_warning("probe %s is not available on this kernel, its events are not recorded; tried:", probe->name);
	for (size_t i = 0; i < PROBE_RUNGS && probe->rungs[i].name; i++)
		if (probe_rung_is_reported(probe, choice, i))
			log_warning("    %s: %s", probe->rungs[i].name, probe_reason(choice->errors[i]));
}

static int plan_choose(struct plan *plan)
{
	size_t available = 0;
	int r = probe_choose(&plan->settings->config, PIN_HERE, plan->settings->rungs.values, &plan->choices);

	if (r < 0) {
		log_error("cannot read this kernel's types (/sys/kernel/btf/vmlinux): %s; nothing was loaded",
			  strerror(-r));
		return r;
	}
	for (size_t i = 0; i < PROBE_COUNT; i++) {
		log_choice(&probes[i], &plan->choices.probe[i]);
		available += plan->choices.probe[i].rung != NULL;
	}
	if (plan->settings->skip_exits && !plan->choices.probe[PROBE_PROCESS_EXIT_LATE].rung) {
		log_error("--skip-exits needs probe process_exit_late, which finds the exits that are skipped; it is not "
			  "available on this kernel, nothing was loaded");
		return -EOPNOTSUPP;
	}
	if (!available) {
		log_error("no probe is available (last message of libbpf: %s): nothing could be recorded, nothing was loaded. "
			  "\"cri-ebpf-loader check\" shows the reasons", object_log_last());
		return -EOPNOTSUPP;
	}
	return 0;
}

static uint64_t boottime_ns(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_BOOTTIME, &now);
	return now.tv_sec * 1000000000ULL + now.tv_nsec;
}

void plan_set_probes(struct plan *plan)
{
	memset(plan->info.probes, 0, sizeof(plan->info.probes));
	for (size_t i = 0; i < PROBE_COUNT; i++) {
		const struct probe_choice *choice = &plan->choices.probe[i];

		(void)snprintf(plan->info.probes[i].name, INFO_NAME_MAX, "%s", probes[i].name);
		(void)snprintf(plan->info.probes[i].rung, INFO_NAME_MAX, "%s",
			       probe_rung_shown(choice, ""));
		plan->info.probes[i].links = plan->links[i];
	}
	(void)snprintf(plan->info.version, INFO_NAME_MAX, "%s", CRI_VERSION);
	plan->info.abi = EV_ABI;
}

static int plan_set_info(struct plan *plan)
{
	plan_set_probes(plan);
	plan->info.set = plan->set;
	plan->info.loaded_ns = plan->set;
	plan->info.ring_bytes = plan->settings->config.ring_buffer_size;
	plan->info.memory_hierarchy = plan->host.cgroup.hierarchy;
	plan->info.cgroup_mode = plan->host.cgroup.mode;
	do {
		if (getrandom(&plan->info.generation, sizeof(plan->info.generation), 0) < 0)
			return -errno;
		plan->info.generation >>= 1; /* to fit a signed 64-bit integer of SQLite */
	} while (!plan->info.generation);
	return 0;
}

static int plan_write_info(const struct plan *plan)
{
	const __u32 zero = 0;

	return bpf_map_update_elem(object_map_fd(plan->object, PIN_INFO), &zero, &plan->info, BPF_ANY) < 0 ? -errno : 0;
}

int plan_load(struct plan *plan, const char *reuse_dir)
{
	int r = object_load(&plan->settings->config, &plan->choices, &plan->info, plan->set,
			    plan->settings->skip_exits, reuse_dir, &plan->object);

	if (r == 0 && !reuse_dir)
		r = plan_write_info(plan);
	if (r == -EPROTO && reuse_dir)
		log_error("the maps in \"%s\" have another layout than this version's; nothing was changed, the programs of "
			  "version %s go on recording. Reboot; or store what is left in the ring (cri-ebpf record --once), "
			  "then unload and load", plan->shown, plan->info.version);
	else if (r == -ENOENT && reuse_dir)
		log_error("the pin of a map is missing in \"%s\": the programs cannot be replaced; nothing was changed. "
			  "Store what is left (cri-ebpf record --once), then cri-ebpf-loader unload and load", plan->shown);
	else if (r < 0)
		log_error("cannot load the BPF programs: %s (%s); nothing was changed. Set bpf_log_level = 1 to see "
			  "the verifier's log%s", strerror(-r), object_log_last(),
			  r == -EPERM && host_locks_maps() ? "; raise the memory lock limit (LimitMEMLOCK=)" : "");
	return r;
}

/* The name of a pin of this run, and its path. */
static int plan_path(const struct plan *plan, const char *name, char pin[NAME_MAX], char path[PATH_MAX])
{
	(void)snprintf(pin, NAME_MAX, "%s%s", name, plan->suffix);
	return pin_path(path, PATH_MAX, PIN_HERE, pin);
}

static int plan_pin_map(struct plan *plan, const char *name, mode_t mode)
{
	char pin[NAME_MAX], path[PATH_MAX];
	int r = plan_path(plan, name, pin, path);

	if (r == 0)
		r = object_pin_map(plan->object, name, path);
	if (r == 0)
		r = pin_set_add(&plan->pins, pin, mode);
	if (r < 0)
		log_error("cannot pin map \"%s\" in \"%s\": %s; nothing stays loaded", name, plan->shown, strerror(-r));
	return r;
}

/* An object_publish whose context is the plan. */
static int plan_publish_link(struct bpf_link *link, const char *name, void *context)
{
	struct plan *plan = context;
	char pin[NAME_MAX], path[PATH_MAX];
	int r = plan_path(plan, name, pin, path);

	if (r == 0)
		r = bpf_link__pin(link, path);
	if (r == 0)
		bpf_link__disconnect(link); /* else libbpf disables a perf event at exit although its link is pinned */
	if (r == 0)
		r = pin_set_add(&plan->pins, pin, 0600);
	return r;
}

/* Only the owner may open a pinned program: who can, may run it (BPF_PROG_TEST_RUN) and so forge records. */
static int plan_pin_program(struct plan *plan, const struct probe *probe, const struct probe_rung *rung)
{
	char pin[NAME_MAX], path[PATH_MAX];
	int r = plan_path(plan, probe->program_pin, pin, path);

	if (r == 0)
		r = object_pin_program(plan->object, rung->programs[0], path);
	return r == 0 ? pin_set_add(&plan->pins, pin, 0600) : r;
}

static int plan_attach_probe(struct plan *plan, enum probe_id id)
{
	const struct probe_choice *choice = &plan->choices.probe[id];
	const size_t before = plan->pins.count;
	int r = object_attach(plan->object, &plan->settings->config, id, choice, plan_publish_link, plan);

	plan->links[id] = plan->pins.count - before;
	return r == 0 && choice->rung && probes[id].program_pin ? plan_pin_program(plan, &probes[id], choice->rung) : r;
}

/* Pins the new maps of the second chance and notes the exits from before the load. Without these notes, which is not
 * fatal, each of these exits is recorded when the process is released. */
static int plan_begin_second_chance(struct plan *plan)
{
	const struct probe_rung *rung = plan->choices.probe[PROBE_PROCESS_EXIT_LATE].rung;
	int r = 0;

	if (!object_second_maps_made(plan->object))
		return 0;
	for (size_t i = 0; r == 0 && i < PIN_SECOND_MAPS; i++)
		r = plan_pin_map(plan, pin_second_maps[i], 0600);
	if (r < 0)
		return r;
	r = plan->choices.iterators ? object_run_iterator(plan->object, rung->before) : -EOPNOTSUPP;
	if (r < 0)
		log_warning("cannot note which processes have exited before the load (an iterator over tasks: %s); those that "
			    "were not waited for yet are recorded as late exits when they are", strerror(-r));
	return 0;
}

int plan_attach(struct plan *plan)
{
	int r = plan_begin_second_chance(plan);

	if (r < 0)
		return r;
	for (size_t i = 0; i < PROBE_COUNT; i++) {
		r = plan_attach_probe(plan, i);
		if (r < 0) {
			log_error("cannot attach probe \"%s\" (%s): %s; nothing stays loaded", probes[i].name,
				  plan->choices.probe[i].rung->name, probe_reason(r));
			return r;
		}
	}
	return 0;
}

/* Called before the programs are attached, so that exits on the host are filtered from the first one, and again
 * afterwards for cgroups made meanwhile. Failure is not fatal: the recorder resolves a cgroup that is missing here. */
static void plan_seed(const struct plan *plan)
{
	int r = seed_metadata(object_map_fd(plan->object, PIN_METADATA), &plan->host.cgroup);

	if (r < 0)
		log_warning("not all existing cgroups of \"%s\" could be added to the metadata map: %s; the recorder resolves "
			    "them later%s", plan->host.cgroup.path, strerror(-r),
			    r == -E2BIG ? ". Raise metadata_cache_size" : "");
	else
		log_debug("added %d existing cgroups to the metadata map", r);
}

/* Pinned last, so that its presence means "complete". */
static int plan_publish_info(struct plan *plan)
{
	int r;

	plan_set_probes(plan);
	r = plan_write_info(plan);
	if (r < 0)
		log_error("cannot write map \"%s\": %s; nothing stays loaded", PIN_INFO, strerror(-r));
	return r < 0 ? r : plan_pin_map(plan, PIN_INFO, 0640);
}

static int plan_publish(struct plan *plan)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(map_pins); i++)
		r = plan_pin_map(plan, map_pins[i].name, map_pins[i].mode);
	if (r == 0) {
		plan_seed(plan);
		r = plan_attach(plan);
	}
	if (r == 0)
		r = plan_publish_info(plan);
	return r;
}

void plan_log_loaded(const struct plan *plan, const char *verb)
{
	size_t available = 0, wanted = 0;

	for (size_t i = 0; i < PROBE_COUNT; i++) {
		available += plan->choices.probe[i].rung != NULL;
		wanted += plan->choices.probe[i].enabled && !plan->choices.probe[i].unneeded;
	}
	log_info("%s %zu of %zu probes in \"%s\"; record with: cri-ebpf record", verb, available, wanted, plan->shown);
}

int plan_prepare(struct plan *plan)
{
	int r = plan_inspect(plan);

	plan->set = boottime_ns();
	return r == 0 ? plan_choose(plan) : r;
}

int plan_run(struct plan *plan)
{
	int r = plan_prepare(plan);

	if (r == 0)
		r = plan_set_info(plan);
	if (r == 0)
		r = plan_load(plan, NULL);
	if (r == 0)
		r = plan_publish(plan);
	if (r < 0) {
		pin_set_undo(&plan->pins);
		return r;
	}
	plan_seed(plan);
	plan_log_loaded(plan, "loaded");
	return 0;
}

void plan_free(struct plan *plan)
{
	object_free(plan->object);
	pin_set_free(&plan->pins);
}
