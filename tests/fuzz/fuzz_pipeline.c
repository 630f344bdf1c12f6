/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A whole recorder in generated steps: valid and invalid records, maps, crashes and restarts. The ring is
 * always drained, each valid record is counted once, and stored events can be printed as lines of JSON.
 */
#include <errno.h>

#include "consumer/print/event_table.h"
#include "consumer/print/print.h"
#include "consumer/query/query.h"
#include "consumer/text/error.h"
#include "tests/fuzz/fuzz_lines.h"
#include "tests/pipeline_rig.h"

#define RING_SIZE (64 << 10)
#define STEPS	  64

enum step {
	STEP_RECORD,
	STEP_RAW,
	STEP_BUSY,
	STEP_DISCARD,
	STEP_POKE,
	STEP_NAME,
	STEP_COMMIT,
	STEP_RESTART,
	STEP_RECONCILE
};

struct input {
	const uint8_t *at, *end;
};

static size_t take(struct input *input, void *out, size_t size)
{
	size_t left = (size_t)(input->end - input->at), n = size < left ? size : left;

	memset(out, 0, size);
	memcpy(out, input->at, n);
	input->at += n;
	return n;
}

static unsigned int take_byte(struct input *input)
{
	uint8_t byte;

	(void)take(input, &byte, 1);
	return byte;
}

struct trial {
	struct recorder_rig r;
	struct input input;
	uint64_t pushed; /* complete records */
	bool sound;	 /* so far the ring's structure is intact, and no record has a newer version */
};

/* A record from the input, 16 bits of length before it. */
static uint32_t take_record(struct trial *trial, unsigned char *record, size_t room)
{
	uint8_t length[2];

	(void)take(&trial->input, length, sizeof(length));
	return (uint32_t)take(&trial->input, record, (size_t)(length[0] | length[1] << 8) % room);
}

static void push(struct trial *trial, enum step step)
{
	static const uint32_t flags[] = { [STEP_BUSY] = RIG_BUSY, [STEP_DISCARD] = RIG_DISCARD };
	union {
		struct ev_header h;
		unsigned char bytes[EV_RECORD_MAX];
	} record;
	struct rig *rig = &trial->r.rig;
	uint32_t length = take_record(trial, record.bytes, sizeof(record));

	if (step == STEP_RECORD && length >= sizeof(record.h)) {
		enum ev_kind kind = (enum ev_kind)(1 + record.h.kind % (EV_KIND_COUNT - 1));

		trial->pushed += (uint64_t)rig_emit(rig, record.h.cpu % RIG_CPUS, kind, record.bytes, length);
		return;
	}
	trial->sound = trial->sound && step == STEP_DISCARD;
	(void)rig_push(rig, record.bytes, length, step < STEP_POKE ? flags[step] : 0);
}

static void poke(struct trial *trial)
{
	unsigned char bytes[8];
	unsigned int back = take_byte(&trial->input) * 8;

	(void)take(&trial->input, bytes, sizeof(bytes));
	trial->sound = false;
	if (trial->r.rig.producer - trial->r.rig.consumer >= back + sizeof(bytes))
		rig_poke(&trial->r.rig, trial->r.rig.producer - back - sizeof(bytes), bytes, sizeof(bytes));
}

/* An entry as kernel_maps.h guarantees it: lengths within bounds, any other content. */
static void put_name(struct trial *trial)
{
	struct ev_cgroup key = rig_cgroup(1 + take_byte(&trial->input) % 8);
	struct map_metadata value;

	(void)take(&trial->input, &value, sizeof(value));
	value.path_length %= META_PATH_MAX + 1;
	if (!fake_find(&trial->r.maps, &key))
		fake_put(&trial->r.maps, key.id, META_SEED, "");
	*fake_find(&trial->r.maps, &key) = value;
}

static void run_step(struct trial *trial, enum step step)
{
	struct pipeline *pipeline = trial->r.pipeline;
	int r;

	switch (step) {
	case STEP_POKE:
		poke(trial);
		break;
	case STEP_NAME:
		put_name(trial);
		break;
	case STEP_COMMIT:
		(void)pipeline_scan(pipeline);
		r = pipeline_commit(pipeline);
		FUZZ_ASSERT(r == 0 || (r == -ERROR_RECORD_NEWER && !trial->sound));
		break;
	case STEP_RESTART:
		recorder_rig_kill(&trial->r);
		FUZZ_ASSERT(recorder_rig_start(&trial->r) == 0);
		break;
	case STEP_RECONCILE:
		r = pipeline_reconcile(pipeline);
		FUZZ_ASSERT(r == 0);
		break;
	default:
		push(trial, step);
	}
}

/* A record that is never ready takes two rounds: one to see it, one to step over it. */
static void drain(struct trial *trial)
{
	uint64_t before, counted = 0;
	int r;

	do {
		before = trial->r.rig.consumer;
		r = pipeline_drain(trial->r.pipeline);
		if (r == 0 && trial->r.rig.consumer == before)
			r = pipeline_drain(trial->r.pipeline);
		FUZZ_ASSERT(r == 0 || (r == -ERROR_RECORD_NEWER && !trial->sound));
	} while (trial->r.rig.consumer != before);
	FUZZ_ASSERT(r || trial->r.rig.consumer == trial->r.rig.producer);
	for (unsigned int kind = 0; kind < EV_KIND_COUNT; kind++) {
		struct ring_counters tally;

		FUZZ_ASSERT(pipeline_counters(trial->r.pipeline, kind, &tally));
		counted += tally.stored + tally.rejected;
	}
	FUZZ_ASSERT(!trial->sound || counted == trial->pushed);
}

static int print_event(void *context, const struct value *row)
{
	return print_row(context, row, NULL);
}

static void print_all(struct db *db)
{
	const struct print_options options = { .json = true };
	struct filter_options filter_options;
	struct filter filter = { .options = &filter_options, .since = INT64_MIN, .until = INT64_MAX };
	struct query *query = NULL;
	struct print *print = NULL;
	char *text = NULL, message[256];
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	const struct print_target target = { .out = out, .boot_id = "" };

	filter_options_init(&filter_options);
	FUZZ_ASSERT(print_open(&options, event_table(), &target, &print, message, sizeof(message)) == 0);
	FUZZ_ASSERT(query_open(db, &filter, 0, INT64_MAX, false, &query) == 0);
	while (query_page(query, print_event, print) > 0)
		;
	FUZZ_ASSERT(print_finish(print) == 0);
	query_close(query);
	print_close(print);
	(void)fclose(out);
	FUZZ_ASSERT(strlen(text) == size);
	fuzz_check_lines(db, text, true);
	free(text);
}

static struct trial trial;
static char *fresh; /* an empty database, made once: making one takes longer than a trial */
static size_t fresh_size;

static void remove_files(void)
{
	recorder_rig_close(&trial.r);
	free(fresh);
}

static void make_fresh(void)
{
	FILE *file, *copy = open_memstream(&fresh, &fresh_size);
	int byte;

	recorder_rig_open(&trial.r, RING_SIZE);
	trial.r.settings.busy_limit_ns = 1;
	FUZZ_ASSERT(atexit(remove_files) == 0);
	FUZZ_ASSERT(recorder_rig_start(&trial.r) == 0);
	recorder_rig_kill(&trial.r);
	file = fopen(trial.r.path, "re");
	FUZZ_ASSERT(file && copy);
	while ((byte = getc(file)) != EOF)
		(void)putc(byte, copy);
	FUZZ_ASSERT(fclose(file) == 0 && fclose(copy) == 0 && fresh_size > 0);
}

static void begin(void)
{
	char path[160];

	(void)snprintf(path, sizeof(path), "%s-shm", trial.r.path);
	(void)unlink(path);
	harness_write_file(path, sizeof(path), trial.r.directory, "events.db-wal", "", 0);
	harness_write_file(path, sizeof(path), trial.r.directory, "events.db", fresh, fresh_size);
	rig_close(&trial.r.rig);
	rig_open(&trial.r.rig, RING_SIZE);
	memset(&trial.r.maps, 0, sizeof(trial.r.maps));
	trial.r.maps.rig = &trial.r.rig;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!fresh)
		make_fresh();
	begin();
	trial.input = (struct input){ data, data + size };
	trial.pushed = 0;
	trial.sound = true;
	FUZZ_ASSERT(recorder_rig_start(&trial.r) == 0);
	for (int i = 0; i < STEPS && trial.input.at < trial.input.end; i++)
		run_step(&trial, (enum step)(take_byte(&trial.input) % (STEP_RECONCILE + 1)));
	drain(&trial);
	print_all(pipeline_db(trial.r.pipeline));
	recorder_rig_kill(&trial.r);
	return 0;
}
