/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bpf/armed.bpf.h on two CPUs, in every order in which their calls of the kernel can follow each other: an edge of memory
 * pressure is reported once.
 */
#include <errno.h>
#include <ucontext.h>

#include "common/maps.h"
#include "tests/harness.h"

/* What the header needs from other headers of bpf/. */
#define CRI_BPF_COMPAT_H
#define CRI_BPF_MAPS_H
#define __weak
#undef __always_inline
#define __always_inline inline
#define BPF_ANY		0
#define BPF_NOEXIST	1

/* AddressSanitizer does not know the stacks of swapcontext(): with it, the CPUs run one after the other. */
#ifdef CRI_SANITIZED
#define SANITIZED true
#else
#define SANITIZED false
#endif

#define CPUS	      2
#define CALLS	      64 /* more than the programs of one schedule make */
#define ENTRIES	      8
#define STACK	      (64 << 10)
#define CLOCK_SKEW_NS 20 /* the clock of one CPU may be that much behind */

static const struct ev_cgroup limited = { .hierarchy = 3, .id = 42 };

/* The map. An element is one of these; only keys of one cgroup are in it. */
static struct element {
	struct map_armed_key key;
	__u64 value;
	bool used;
} elements[ENTRIES];
static char armed; /* its address stands for the map */
static __u64 clock_ns;
static int broken; /* -errno of every update */

/* The CPUs, and the schedule: at each call of the kernel the next entry says which CPU goes on. */
static struct cpu {
	ucontext_t context;
	char stack[STACK];
	void (*program)(struct cpu *cpu);
	int reports;
	bool ended;
} cpus[CPUS];
static ucontext_t scheduler;
static struct cpu *running;

/* Before each call of the kernel another CPU may run. */
static void preempt(void)
{
	if (running && !SANITIZED)
		assert_int_equal(swapcontext(&running->context, &scheduler), 0);
}

static struct element *find(const struct map_armed_key *key)
{
	for (size_t i = 0; i < ENTRIES; i++)
		if (elements[i].used && memcmp(&elements[i].key, key, sizeof(*key)) == 0)
			return &elements[i];
	return NULL;
}

static int put(const struct map_armed_key *key, __u64 value)
{
	struct element *element = find(key);

	for (size_t i = 0; !element && i < ENTRIES; i++)
		if (!elements[i].used)
			element = &elements[i];
	assert_non_null(element);
	*element = (struct element){ .key = *key, .value = value, .used = true };
	return 0;
}

static void *bpf_map_lookup_elem(void *map, const void *key)
{
	static __u64 copies[CPUS];
	struct element *found;

	assert_ptr_equal(map, &armed);
	preempt();
	found = find(key);
	if (!found)
		return NULL;
	copies[running - cpus] = found->value; /* the caller reads it at once */
	return &copies[running - cpus];
}

static long bpf_map_update_elem(void *map, const void *key, const void *value, __u64 flags)
{
	assert_ptr_equal(map, &armed);
	preempt();
	if (broken)
		return broken;
	if (flags == BPF_NOEXIST && find(key))
		return -EEXIST;
	return put(key, *(const __u64 *)value);
}

static long bpf_map_delete_elem(void *map, const void *key)
{
	struct element *found;

	assert_ptr_equal(map, &armed);
	preempt();
	found = find(key);
	if (!found)
		return -ENOENT;
	found->used = false;
	return 0;
}

static __u64 bpf_ktime_get_boot_ns(void)
{
	preempt();
	return ++clock_ns - (running == &cpus[1] ? CLOCK_SKEW_NS : 0);
}

static int map_add(void *map, const void *key, const void *value)
{
	return (int)bpf_map_update_elem(map, key, value, BPF_NOEXIST);
}

#include "bpf/armed.bpf.h"

static void claim(struct cpu *cpu)
{
	const struct map_armed_key key = armed_key(EV_MEMORY_HIGH, &limited);

	if (armed_claim(&key, REARM_HIGH_NS))
		cpu->reports++;
}

static void rearm(struct cpu *cpu)
{
	const struct map_armed_key key = armed_key(EV_MEMORY_HIGH, &limited);

	(void)cpu;
	armed_rearm(&key);
}

static void claim_twice(struct cpu *cpu)
{
	claim(cpu);
	claim(cpu);
}

static void rearm_and_claim(struct cpu *cpu)
{
	rearm(cpu);
	claim(cpu);
}

static void claim_and_rearm(struct cpu *cpu)
{
	claim(cpu);
	rearm(cpu);
}

static void run_program(void)
{
	running->program(running);
	running->ended = true;
}

static void start(struct cpu *cpu, void (*program)(struct cpu *cpu))
{
	cpu->program = program;
	cpu->reports = 0;
	cpu->ended = false;
	if (SANITIZED)
		return;
	assert_int_equal(getcontext(&cpu->context), 0);
	cpu->context.uc_stack.ss_sp = cpu->stack;
	cpu->context.uc_stack.ss_size = STACK;
	cpu->context.uc_link = &scheduler;
	makecontext(&cpu->context, run_program, 0);
}

/* One run: the CPU that goes on at each step, 0 where `schedule` does not say. Returns the number of steps, and in
 * choices how many CPUs could have gone on at each. */
static size_t run(unsigned char schedule[CALLS], unsigned char choices[CALLS])
{
	size_t step = 0;

	while (!cpus[0].ended || !cpus[1].ended) {
		assert_true(step < CALLS);
		choices[step] = !cpus[0].ended && !cpus[1].ended ? 2 : 1;
		if (choices[step] == 1)
			schedule[step] = cpus[0].ended;
		running = &cpus[schedule[step]];
		if (SANITIZED)
			run_program();
		else
			assert_int_equal(swapcontext(&scheduler, &running->context), 0);
		step++;
	}
	running = NULL;
	return step;
}

/* The next schedule of `steps` steps, as a number is counted up. False behind the last. */
static bool next_schedule(unsigned char schedule[CALLS], const unsigned char choices[CALLS], size_t steps)
{
	while (steps-- > 0) {
		if (choices[steps] == 2 && schedule[steps] == 0) {
			schedule[steps] = 1;
			memset(schedule + steps + 1, 0, CALLS - steps - 1);
			return true;
		}
	}
	return false;
}

static size_t claims_left(void)
{
	size_t count = 0;

	for (size_t i = 0; i < ENTRIES; i++)
		count += elements[i].used && elements[i].key.claim;
	return count;
}

struct row {
	const char *name;
	void (*program[CPUS])(struct cpu *cpu);
	__u64 age_ns;	 /* of the last report; 0: there is none */
	int least, most; /* reports of both CPUs together */
};

static void test_every_schedule(void **state)
{
	static const struct row rows[] = {
		{ "the first report", { claim, claim }, 0, 1, 1 },
		{ "nothing is due", { claim_twice, claim }, REARM_HIGH_NS / 2, 0, 0 },
		{ "both see that it is due", { claim, claim }, 2 * REARM_HIGH_NS, 1, 1 },
		{ "one of them again", { claim_twice, claim }, 2 * REARM_HIGH_NS, 1, 1 },
		{ "both again", { claim_twice, claim_twice }, 2 * REARM_HIGH_NS, 1, 1 },
		{ "re-armed before the report", { rearm_and_claim, claim }, REARM_HIGH_NS / 2, 1, 1 },
		{ "re-armed while it is due", { rearm_and_claim, claim }, 2 * REARM_HIGH_NS, 1, 1 },
		{ "re-armed by both", { rearm_and_claim, rearm_and_claim }, REARM_HIGH_NS / 2, 1, 1 },
		{ "re-armed after the report", { claim_and_rearm, claim_twice }, 2 * REARM_HIGH_NS, 1, 1 },
		{ "re-armed too early", { rearm_and_claim, claim }, REARM_LEAST_NS / 2, 0, 0 },
	};

	(void)state;
	if (SANITIZED)
		return;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *row = &rows[i];
		const struct map_armed_key key = armed_key(EV_MEMORY_HIGH, &limited);
		unsigned char schedule[CALLS] = { 0 }, choices[CALLS];
		size_t schedules = 0, steps;

		do {
			memset(elements, 0, sizeof(elements));
			clock_ns = 10 * REARM_HIGH_NS;
			if (row->age_ns)
				(void)put(&key, clock_ns - row->age_ns);
			for (size_t cpu = 0; cpu < CPUS; cpu++)
				start(&cpus[cpu], row->program[cpu]);
			steps = run(schedule, choices);
			schedules++;
			row_check(row->name, cpus[0].reports + cpus[1].reports >= row->least);
			row_check(row->name, cpus[0].reports + cpus[1].reports <= row->most);
			row_check(row->name, claims_left() == 0);
		} while (next_schedule(schedule, choices, steps));
		row_check(row->name, schedules > 5);
	}
}

static void claim_alone(struct cpu *cpu)
{
	const struct map_armed_key key = armed_key(EV_MEMORY_HIGH, &limited);

	cpu->reports = armed_claim(&key, REARM_HIGH_NS);
}

/* A map that takes no entry: every time pressure is seen the caller reports it, and counts the error. */
static void test_a_map_that_fails(void **state)
{
	static const __u64 ages_ns[] = { 0, 2 * REARM_HIGH_NS };
	const struct map_armed_key key = armed_key(EV_MEMORY_HIGH, &limited);

	(void)state;
	for (size_t i = 0; i < sizeof(ages_ns) / sizeof(ages_ns[0]); i++) {
		unsigned char schedule[CALLS] = { 0 }, choices[CALLS];

		memset(elements, 0, sizeof(elements));
		clock_ns = 10 * REARM_HIGH_NS;
		if (ages_ns[i])
			(void)put(&key, clock_ns - ages_ns[i]);
		for (size_t cpu = 0; cpu < CPUS; cpu++)
			start(&cpus[cpu], claim_alone);
		broken = -ENOMEM;
		(void)run(schedule, choices);
		broken = 0;
		for (size_t cpu = 0; cpu < CPUS; cpu++)
			assert_int_equal(cpus[cpu].reports, -ENOMEM);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_schedule),
		cmocka_unit_test(test_a_map_that_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
