/* SPDX-License-Identifier: BSD-2-Clause */
#include "consumer/sandbox/process_limit.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "common/log.h"

#define TICK_NS	  250000000 /* of the timer for process_limit_time */
#define TICKS_MAX (1 << 30)

/* Ticks until the end; 0: no limit. */
static volatile sig_atomic_t cpu_ticks, time_ticks;
static sig_atomic_t cpu_ticks_given;

/* Odd inside a call; time_calls_seen: at the last tick after the limit. */
static volatile sig_atomic_t time_calls, time_calls_seen;

static struct end {
	int exit_code;
	size_t length;
	char line[LOG_LINE_MAX];
} cpu_end, time_end;

/* Calls only what a signal handler may call. */
static void __attribute__((noreturn)) end_process(const struct end *end)
{
	(void)!write(STDERR_FILENO, end->line, end->length);
	/* The pager ends at the end of its input, or when the reader leaves it. */
	(void)close(STDOUT_FILENO);
	while (waitpid(-1, NULL, 0) > 0 || errno == EINTR)
		;
	_exit(end->exit_code);
}

static void tick_cpu(int signal)
{
	(void)signal;
	if (cpu_ticks > 0 && --cpu_ticks == 0)
		end_process(&cpu_end);
}

/* After the limit, a call that lasts from one tick to the next does not notice it. */
static void tick_time(int signal)
{
	(void)signal;
	if (time_ticks > 1)
		time_ticks--;
	else if (time_ticks == 1 && time_calls % 2 == 1 && time_calls == time_calls_seen)
		end_process(&time_end);
	else if (time_ticks == 1)
		time_calls_seen = time_calls;
}

struct timer {
	clockid_t clock;
	int signal; /* from SIGRTMIN: the others may belong to a debugging tool */
	void (*tick)(int signal);
	bool made;
	timer_t id;
};

/* Calls `tick` again and again after each interval of that clock. */
static void start_timer(struct timer *timer, const struct timespec *interval)
{
	const struct itimerspec value = { .it_interval = *interval, .it_value = *interval };
	struct sigaction action = { .sa_handler = timer->tick, .sa_flags = SA_RESTART };
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN + timer->signal };

	(void)sigemptyset(&action.sa_mask);
	(void)sigaction(event.sigev_signo, &action, NULL);
	timer->made = timer->made || timer_create(timer->clock, &event, &timer->id) == 0;
	if (timer->made)
		(void)timer_settime(timer->id, 0, &value, NULL);
}

static struct timer cpu_timer = { .clock = CLOCK_PROCESS_CPUTIME_ID, .signal = 0, .tick = tick_cpu };
static struct timer time_timer = { .clock = CLOCK_MONOTONIC, .signal = 1, .tick = tick_time };

static void __attribute__((format(printf, 3, 4))) set_end(struct end *end, int exit_code, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	end->length = log_format(end->line, sizeof(end->line), LOG_LEVEL_ERROR, format, args);
	va_end(args);
	end->exit_code = exit_code;
}

void process_limit_cpu(uint64_t seconds, int exit_code, const char *reason)
{
	static const struct timespec second = { .tv_sec = 1 };

	set_end(&cpu_end, exit_code, "%s", reason);
	cpu_ticks_given = (sig_atomic_t)(seconds < TICKS_MAX ? seconds : TICKS_MAX);
	process_limit_cpu_renew();
	start_timer(&cpu_timer, &second);
}

void process_limit_cpu_renew(void)
{
	cpu_ticks = cpu_ticks_given;
}

void process_limit_cpu_lift(void)
{
	cpu_ticks = 0;
}

void process_limit_prepare_time(int exit_code, const char *reason)
{
	static const struct timespec tick = { .tv_nsec = TICK_NS };

	set_end(&time_end, exit_code, "%s", reason);
	start_timer(&time_timer, &tick);
}

void process_limit_time(uint64_t limit_ns)
{
	uint64_t ticks = limit_ns / TICK_NS + 1;

	time_ticks = (sig_atomic_t)(ticks < TICKS_MAX ? ticks : TICKS_MAX);
}

void process_limit_enter(void)
{
	time_calls = (time_calls + 1) % TICKS_MAX;
}

void process_limit_leave(void)
{
	process_limit_enter();
}
