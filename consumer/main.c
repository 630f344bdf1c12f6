/* SPDX-License-Identifier: BSD-2-Clause */
/* The verbs; the row of each is at the end of its cmd_<verb>.c. */
#include <locale.h>
#include <signal.h>
#include <string.h>

#include "common/answer.h"
#include "common/descriptor.h"
#include "common/exit_code.h"
#include "common/log.h"
#include "consumer/cli/command.h"

static const struct command *const commands[] = {
	&cmd_record, &cmd_events, &cmd_oom,  &cmd_why,	  &cmd_show,	   &cmd_ps,   &cmd_stats,   &cmd_sql,
	&cmd_status, &cmd_meta,	  &cmd_vacuum, &cmd_completion, &cmd_help, &cmd_version, NULL,
};

int main(int argc, char **argv)
{
	int r = descriptor_open_standard();

	/* Only characters: numbers must not get the decimal comma of a locale. */
	(void)setlocale(LC_CTYPE, "");
	(void)signal(SIGXFSZ, SIG_IGN); /* at the limit of file sizes a write fails, as on a full disk */
	log_init("cri-ebpf", LOG_LEVEL_INFO);
	if (r < 0) {
		log_error("cannot open /dev/null for a closed descriptor: %s; nothing was done", strerror(-r));
		return EXIT_DENIED;
	}
	return answer_end(command_dispatch(commands, cmd_events.name, argc, argv));
}
