/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Makes the seeds of fuzz_decode, one good record of each form: make_decode_corpus DIRECTORY. Run again when
 * the layout of records changes.
 */
#include <stdio.h>
#include <string.h>

#include "common/event.h"

static const char names[] = "docker-1.scope\0system.slice";

struct record {
	union {
		struct ev_header h;
		struct ev_oom_kill oom_kill;
		struct ev_memory memory;
		struct ev_process_exit process_exit;
		struct ev_process_fork process_fork;
		struct ev_lifecycle lifecycle;
		char bytes[2048];
	};
	size_t length;
};

static struct ev_tail append(struct record *record, const char *text, size_t length)
{
	struct ev_tail tail = { (__u16)record->length, (__u16)length };

	memcpy(record->bytes + record->length, text, length);
	record->length += length;
	return tail;
}

static int save_bytes(const char *directory, const char *name, const struct record *record)
{
	char path[4096];
	FILE *file;
	size_t written;

	(void)snprintf(path, sizeof(path), "%s/%s", directory, name);
	file = fopen(path, "we");
	if (!file) {
		perror(path);
		return 1;
	}
	written = fwrite(record->bytes, 1, record->length, file);
	return fclose(file) != 0 || written != record->length;
}

static int save(const char *directory, const char *name, struct record *record, enum ev_kind kind)
{
	record->h = (struct ev_header){ .abi = EV_ABI, .kind = (__u16)kind, .length = (__u32)record->length,
					.cpu = 1, .seq = 1, .time_ns = 1000000000 };
	return save_bytes(directory, name, record);
}

static int save_oom_kill(const char *directory, const char *name, int tails)
{
	struct record record = { .length = sizeof(struct ev_oom_kill) };

	(void)strcpy(record.oom_kill.victim.comm, "dd");
	record.oom_kill.constraint = EV_CONSTRAINT_MEMCG;
	if (tails) {
		record.oom_kill.names = append(&record, names, sizeof(names));
		record.oom_kill.trigger_names = append(&record, names, sizeof(names));
		record.oom_kill.limit_names = append(&record, "system.slice", sizeof("system.slice"));
	}
	return save(directory, name, &record, EV_OOM_KILL);
}

static int save_memory(const char *directory, const char *name, enum ev_kind kind)
{
	struct record record = { .length = sizeof(struct ev_memory) };

	record.memory.usage_bytes = 90;
	record.memory.limit_bytes = 100;
	record.memory.names = append(&record, names, sizeof(names));
	return save(directory, name, &record, kind);
}

static int save_lifecycle(const char *directory, const char *name, enum ev_kind kind, const char *path)
{
	struct record record = { .length = sizeof(struct ev_lifecycle) };

	if (path)
		record.lifecycle.path = append(&record, path, strlen(path));
	return save(directory, name, &record, kind);
}

int main(int argc, char **argv)
{
	struct record exit = { .length = sizeof(struct ev_process_exit) };
	struct record fork = { .length = sizeof(struct ev_process_fork) };
	const char *directory = argv[1];
	int failed = 0;

	if (argc != 2) {
		(void)fprintf(stderr, "usage: make_decode_corpus DIRECTORY\n");
		return 2;
	}
	failed |= save_oom_kill(directory, "oom_kill", 0);
	failed |= save_oom_kill(directory, "oom_kill_tails", 1);
	failed |= save_memory(directory, "memory_high", EV_MEMORY_HIGH);
	failed |= save_memory(directory, "memory_limit", EV_MEMORY_LIMIT);
	failed |= save(directory, "process_exit", &exit, EV_PROCESS_EXIT);
	failed |= save(directory, "process_fork", &fork, EV_PROCESS_FORK);
	failed |= save_lifecycle(directory, "cgroup_mkdir", EV_CGROUP_MKDIR, "/system.slice/docker-1.scope");
	failed |= save_lifecycle(directory, "cgroup_exec", EV_CGROUP_EXEC, NULL);
	failed |= save_lifecycle(directory, "cgroup_rmdir", EV_CGROUP_RMDIR, NULL);
	exit.length = 60;
	failed |= save_bytes(directory, "short", &exit);
	fork.h.abi = EV_ABI + 1;
	failed |= save_bytes(directory, "newer", &fork);
	return failed;
}
