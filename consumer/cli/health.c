/* SPDX-License-Identifier: BSD-2-Clause */
#include "consumer/cli/health.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/pins.h"
#include "consumer/store/recorder_problem.h"

__attribute__((format(printf, 4, 5))) static void add(struct health *health, const char *name, int64_t since,
						      const char *format, ...)
{
	struct health_problem *problem = &health->problems[health->count];
	va_list arguments;

	if (health->count == HEALTH_PROBLEMS_MAX)
		return;
	health->count++;
	problem->name = name;
	problem->since = since;
	va_start(arguments, format);
	(void)vsnprintf(problem->text, sizeof(problem->text), format, arguments);
	va_end(arguments);
}

/* ------------------------------------------------------------------ the recorder */

bool health_recorder_is_alive(const struct recorder_state *state)
{
	return state->state == RECORDER_RUNNING || state->state == RECORDER_SILENT || state->state == RECORDER_STARTING;
}

/* The loader's command, with the pin directory where it needs that. */
static const char *loader_command(const struct health_recorder *recorder, const char *verb, char *out, size_t size)
{
	bool named = strcmp(recorder->pin_dir, PIN_DIR_DEFAULT) != 0;

	(void)snprintf(out, size, "cri-ebpf-loader %s%s%s", verb, named ? " --pin-dir " : "", named ? recorder->pin_dir : "");
	return out;
}

/* What the caller sees now counts more than what the recorder saw last; a recorder that runs has its own pins open. */
static void check_load(struct health *health, const struct health_recorder *recorder)
{
	const struct recorder_state *state = recorder->state;
	char load[HEALTH_TEXT_SIZE];

	(void)loader_command(recorder, "load", load, sizeof(load));
	if (recorder->pins == HEALTH_PINS_ABSENT && !health_recorder_is_alive(state))
		add(health, "not_loaded", 0, "nothing is loaded: %s", load);
	else if (recorder->pins != HEALTH_PINS_FOUND && state->state != RECORDER_NEVER && !state->loaded)
		add(health, "not_loaded", state->time,
		    "nothing was loaded when the recorder looked last: pins were missing below %s; run %s", recorder->pin_dir,
		    load);
}

/* What happens until the recorder is started. */
static const char *explain_ring(const struct health_recorder *recorder)
{
	if (recorder->pins == HEALTH_PINS_FOUND)
		return "; until then the kernel keeps what the ring can hold";
	return recorder->pins == HEALTH_PINS_UNKNOWN && recorder->state->loaded
		       ? "; if the programs are still loaded, the kernel keeps what the ring can hold until then"
		       : "";
}

/* Adds why the recorder does not run and how to start it again. */
static void explain_presence(struct health *health, const struct health_recorder *recorder)
{
	static const char start[] = "start it: cri-ebpf record";
	const struct recorder_state *state = recorder->state;
	const char *ring = explain_ring(recorder);

	switch (state->state) {
	case RECORDER_NEVER:
		add(health, "recorder_never", 0, "no recorder has written a status yet; %s", start);
		return;
	case RECORDER_STARTING:
		add(health, "recorder_starting", 0, "a recorder has begun and not stored anything yet; look again in a moment");
		return;
	case RECORDER_RUNNING:
		return;
	case RECORDER_STOPPED:
		add(health, "recorder_stopped", state->time, "the recorder was stopped; %s%s", start, ring);
		return;
	case RECORDER_SILENT:
		add(health, "recorder_silent", state->time,
		    "the recorder (pid %" PRId64 ") writes nothing; restart it: it may hang%s", state->pid, ring);
		return;
	case RECORDER_GONE:
		add(health, "recorder_gone", state->time,
		    "the recorder (pid %" PRId64 ") is gone; its last sign of life was then; %s%s", state->pid, start, ring);
		return;
	}
}

void health_check_recorder(struct health *health, const struct health_recorder *recorder)
{
	check_load(health, recorder);
	/* A fault also explains why a living recorder is silent. */
	if (recorder->fault && health_recorder_is_alive(recorder->state))
		add(health, "cannot_store", recorder->fault_since,
		    "the recorder cannot store into \"%s\": %s; events wait in the ring, and what does not fit is lost",
		    recorder->db_path, recorder->fault);
	else
		explain_presence(health, recorder);
}

/* ------------------------------------------------------------------ what it reported */

/* The text consists of `before` the detail, `between` it and the pin directory, `after`, and the loader's command. */
static const struct {
	bool outlives; /* goes on while no recorder runs */
	bool names_pins;
	const char *before, *between, *after;
	const char *verb; /* of the loader; NULL: none */
} reports[RECORDER_PROBLEM_COUNT] = {
	[RECORDER_LINKS_GONE] = { true, true, "programs are not attached any more: ", " (their links below ",
				  " are gone); their events are not recorded; attach them again: ", "reload" },
	[RECORDER_STANDSTILL] = { false, false, "", " processes and threads were created and the kernel side counted no end of"
				  " any process: ends, and perhaps all other events, are not recorded; cri-ebpf-loader status"
				  " shows what is attached; attach it again: ", "", "reload" },
	[RECORDER_LOSING] = { false, false, "events are being lost, ", " of them since the recorder looked before: they come"
			      " faster than they are stored; if the disk is not slow, raise ring_buffer_size (takes effect with"
			      " cri-ebpf-loader unload and load)", "", NULL },
	[RECORDER_METADATA_FROZEN] = { true, true, "", "somebody in group cri-ebpf-ring has frozen the map of cgroups below ",
				       ": the recorder cannot tell the kernel what is a container, so that the host's events"
				       " fill the ring; stop the recorder, store what is left (cri-ebpf record --once), then"
				       " cri-ebpf-loader unload and load", NULL },
	[RECORDER_RETENTION_FAILS] = { false, false, "old events cannot be removed: ", "; the database grows beyond"
				       " retention_size and retention_age; free disk space, or end what locks it", "", NULL },
};

static int find_report(const char *name)
{
	for (int i = 0; name && i < RECORDER_PROBLEM_COUNT; i++)
		if (strcmp(recorder_problem_names[i], name) == 0)
			return i;
	return -1;
}

void health_check_reported(struct health *health, const struct health_recorder *recorder, const char *name, int64_t since,
			   const char *detail)
{
	int which = find_report(name);
	char command[HEALTH_TEXT_SIZE] = "";

	if (which < 0 || (!reports[which].outlives && !health_recorder_is_alive(recorder->state)))
		return;
	if (reports[which].verb)
		(void)loader_command(recorder, reports[which].verb, command, sizeof(command));
	add(health, recorder_problem_names[which], since, "%s%s%s%s%s%s", reports[which].before, detail ? detail : "",
	    reports[which].between, reports[which].names_pins ? recorder->pin_dir : "", reports[which].after, command);
}

/* ------------------------------------------------------------------ probes */

void health_check_probe(struct health *health, const char *name, const char *rung, const struct health_wanted *wanted)
{
	const struct {
		const char *name, *what;
		bool wanted;
	} essential[] = {
		{ "oom_kill", "OOM kills", wanted->oom_kills },
		{ "process_exit", "ends of processes", wanted->exits },
	};

	if (!name || (rung && rung[0]))
		return;
	for (size_t i = 0; i < ARRAY_SIZE(essential); i++)
		if (essential[i].wanted && strcmp(name, essential[i].name) == 0)
			add(health, "probe_unavailable", 0,
			    "%s are not recorded: nothing that shows them could be attached on this kernel;"
			    " cri-ebpf-loader check says why",
			    essential[i].what);
}
