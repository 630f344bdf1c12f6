/* SPDX-License-Identifier: BSD-2-Clause */
#include "consumer/cli/health.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

__attribute__((format(printf, 2, 3))) static void add_reason(struct health *health, const char *format, ...)
{
	va_list arguments;

	if (health->count == HEALTH_REASONS_MAX)
		return;
	va_start(arguments, format);
	(void)vsnprintf(health->reasons[health->count++], sizeof(health->reasons[0]), format, arguments);
	va_end(arguments);
}

/* Adds why the recorder does not run and how to start it again. */
static void explain_presence(struct health *health, const struct health_recorder *recorder)
{
	static const char start[] = "start it: cri-ebpf record";
	const struct recorder_state *state = recorder->state;
	const char *until_then = state->loaded ? "; until then the kernel keeps what the ring can hold" : "";

	switch (state->state) {
	case RECORDER_NEVER:
		add_reason(health, "no recorder has written a status yet; %s", start);
		return;
	case RECORDER_RUNNING:
		return;
	case RECORDER_STOPPED:
		add_reason(health, "the recorder was stopped at %s; %s%s", recorder->as_of, start, until_then);
		return;
	case RECORDER_SILENT:
		add_reason(health,
			   "the recorder (pid %" PRId64 ") has written nothing since %s; restart it: it may hang",
			   state->pid, recorder->as_of);
		return;
	case RECORDER_GONE:
		add_reason(health, "the recorder (pid %" PRId64 ") is gone; its last heartbeat was at %s; %s%s",
			   state->pid, recorder->as_of, start, until_then);
		return;
	}
}

void health_check_recorder(struct health *health, const struct health_recorder *recorder)
{
	enum recorder_presence presence = recorder->state->state;
	bool is_alive = presence == RECORDER_RUNNING || presence == RECORDER_SILENT;

	/* A fault also explains why a living recorder is silent. */
	if (is_alive && recorder->fault)
		add_reason(health,
			   "the recorder cannot store into \"%s\": %s; events wait in the ring, and what does not fit is"
			   " lost",
			   recorder->db_path, recorder->fault);
	else
		explain_presence(health, recorder);
	if (presence != RECORDER_NEVER && !recorder->state->loaded)
		add_reason(health, "as of %s nothing was loaded: pins were missing below %s; run cri-ebpf-loader load",
			   recorder->as_of, recorder->pin_dir);
}

void health_check_probe(struct health *health, const char *name, const char *rung, bool attached, bool wants_oom_kills)
{
	if (!attached)
		add_reason(health, "the probe %s is not attached: cri-ebpf-loader status and check say why",
			   name ? name : "?");
	else if (name && strcmp(name, "oom_kill") == 0 && (!rung || !rung[0]) && wants_oom_kills)
		add_reason(health, "OOM kills are not recorded: nothing that shows them could be attached on this kernel;"
				   " cri-ebpf-loader check says why");
}
