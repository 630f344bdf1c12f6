/* SPDX-License-Identifier: BSD-2-Clause */
#include "loader/object.h"

#include <errno.h>
#include <limits.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>

#include "common/cleanup.h"
#include "common/pins.h"
#include "common/text.h"
#include "loader/object_maps.h"

#include "cri_ebpf.skel.h"

/* More than one link for each CPU of the largest known host. */
#define OBJECT_LINKS_MAX 4096

struct object {
	struct cri_ebpf *skeleton;
	struct bpf_link *links[OBJECT_LINKS_MAX];
	size_t link_count;
	bool second_maps_made; /* by this load */
};

static struct {
	unsigned int verbosity;
	char last[512];
} object_log;

__attribute__((format(printf, 2, 0))) static int object_log_print(enum libbpf_print_level level, const char *format,
								  va_list arguments)
{
	va_list copy;

	if (level == LIBBPF_DEBUG && object_log.verbosity < 2)
		return 0;
	va_copy(copy, arguments);
	if (level == LIBBPF_WARN)
		(void)vsnprintf(object_log.last, sizeof(object_log.last), format, copy);
	va_end(copy);
	object_log.last[strcspn(object_log.last, "\n")] = 0;
	return object_log.verbosity ? vfprintf(stderr, format, arguments) : 0;
}

void object_log_init(unsigned int verbosity)
{
	object_log.verbosity = verbosity;
	libbpf_set_print(object_log_print);
}

const char *object_log_last(void)
{
	return object_log.last;
}

static int object_open(struct object **ret)
{
	struct object *object = calloc(1, sizeof(*object));
	struct bpf_program *program;

	if (!object)
		return -ENOMEM;
	object->skeleton = cri_ebpf__open();
	if (!object->skeleton) {
		int r = -errno;

		free(object);
		return r;
	}
	bpf_object__for_each_program(program, object->skeleton->obj)
		bpf_program__set_autoload(program, false);
	object_maps_make_none(object->skeleton->obj);
	*ret = object;
	return 0;
}

void object_free(struct object *object)
{
	if (!object)
		return;
	for (size_t i = 0; i < object->link_count; i++)
		bpf_link__destroy(object->links[i]);
	cri_ebpf__destroy(object->skeleton);
	free(object);
}

static void cleanup_object(struct object **object)
{
	object_free(*object);
}

static void object_configure(struct object *object, const struct config *config, bool probe_read)
{
	struct cri_ebpf__rodata *knobs = object->skeleton->rodata;

	knobs->cfg_probe_read = probe_read;
	knobs->cfg_record_host = config->record_host;
	knobs->cfg_page_shift = __builtin_ctz(getpagesize());
	knobs->cfg_threshold = config->pressure_threshold;
	knobs->cfg_rearm = config->pressure_rearm;
	knobs->cfg_wakeup_events = config->wakeup_events;
	knobs->cfg_ring_bytes = config->ring_buffer_size;
}

static int object_autoload(struct object *object, const char *name)
{
	struct bpf_program *program = bpf_object__find_program_by_name(object->skeleton->obj, name);

	return program ? bpf_program__set_autoload(program, true) : -ENOENT;
}

/* before: the rung's iterator as well. */
static int object_enable(struct object *object, const struct probe_rung *rung, bool before)
{
	int r = 0;
	struct cri_ebpf__rodata *knobs = object->skeleton->rodata;

	if (rung->exit_twice)
		knobs->cfg_exit_twice = true;
	if (rung->kill_noted) {
		knobs->cfg_kill_noted = true;
		object_maps_make(object->skeleton->obj, OBJECT_MAPS_KILL_NOTES);
	}
	if (rung->scans)
		object_maps_make(object->skeleton->obj, OBJECT_MAPS_SCANS);
	if (rung->kill_seen)
		knobs->cfg_kill_seen = true;
	if (rung->second_chance) {
		knobs->cfg_second_chance = true;
		object_maps_make(object->skeleton->obj, OBJECT_MAPS_SECOND);
	}
	if (rung->derived)
		knobs->cfg_limit_from_kill = true;
	for (size_t i = 0; r == 0 && i < PROBE_PROGRAMS && rung->programs[i]; i++)
		r = object_autoload(object, rung->programs[i]);
	return r == 0 && before && rung->before ? object_autoload(object, rung->before) : r;
}

static int object_enable_choices(struct object *object, const struct probe_choices *choices)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < PROBE_COUNT; i++)
		if (choices->probe[i].rung)
			r = object_enable(object, choices->probe[i].rung, choices->iterators);
	return r;
}

static int object_add_link(struct object *object, struct bpf_link *link)
{
	if (object->link_count == OBJECT_LINKS_MAX) {
		bpf_link__destroy(link);
		return -E2BIG;
	}
	object->links[object->link_count++] = link;
	return 0;
}

static int perf_clock_open(int cpu, uint64_t hz)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_SOFTWARE,
		.size = sizeof(attr),
		.config = PERF_COUNT_SW_CPU_CLOCK,
		.freq = 1,
		.sample_freq = hz,
	};
	int fd = syscall(SYS_perf_event_open, &attr, -1, cpu, -1, PERF_FLAG_FD_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

/* -ENODEV: the CPU is offline. */
static int object_attach_clock(struct object *object, struct bpf_program *program, int cpu, uint64_t hz,
			       struct bpf_link **ret)
{
	AUTO_CLOSE int fd = perf_clock_open(cpu, hz);
	struct bpf_link *link;
	int r;

	if (fd < 0)
		return fd;
	link = bpf_program__attach_perf_event(program, fd);
	if (!link)
		return -errno;
	(void)TAKE_FD(fd); /* the link closes it */
	r = object_add_link(object, link);
	if (!r)
		*ret = link;
	return r;
}

static int object_attach_clocks(struct object *object, struct bpf_program *program, const struct config *config,
				const char *probe, object_publish *publish, void *context)
{
	const int cpus = libbpf_num_possible_cpus();
	int attached = 0;

	for (int cpu = 0; cpu < cpus; cpu++) {
		char name[64];
		struct bpf_link *link = NULL;
		int r = object_attach_clock(object, program, cpu, config->pressure_sample_hz, &link);

		if (r == -ENODEV)
			continue;
		if (r < 0)
			return r;
		(void)snprintf(name, sizeof(name), PIN_LINK_PREFIX "%s_%d", probe, cpu);
		r = publish(link, name, context);
		if (r < 0)
			return r;
		attached++;
	}
	return attached ? 0 : -ENODEV;
}

static int object_attach_program(struct object *object, struct bpf_program *program, const char *probe, size_t index,
				 object_publish *publish, void *context)
{
	char name[64];
	struct bpf_link *link = bpf_program__attach(program);
	int r;

	if (!link)
		return -errno;
	r = object_add_link(object, link);
	if (r < 0)
		return r;
	if (index)
		(void)snprintf(name, sizeof(name), PIN_LINK_PREFIX "%s_%zu", probe, index);
	else
		(void)snprintf(name, sizeof(name), PIN_LINK_PREFIX "%s", probe);
	return publish(link, name, context);
}

static int object_attach_rung(struct object *object, const struct config *config, const char *probe,
			      const struct probe_rung *rung, object_publish *publish, void *context)
{
	/* In reverse order: what the first program depends on (a note) must run before it does. */
	for (size_t i = PROBE_PROGRAMS; i-- > 0;) {
		struct bpf_program *program;
		int r;

		if (!rung->programs[i])
			continue;
		program = bpf_object__find_program_by_name(object->skeleton->obj, rung->programs[i]);
		if (!program)
			return -ENOENT;
		r = rung->per_cpu ? object_attach_clocks(object, program, config, probe, publish, context) :
				    object_attach_program(object, program, probe, i, publish, context);
		if (r < 0)
			return r;
	}
	return 0;
}

int object_attach(struct object *object, const struct config *config, enum probe_id probe,
		  const struct probe_choice *choice, object_publish *publish, void *context)
{
	if (!choice->rung)
		return 0;
	return object_attach_rung(object, config, probes[probe].name, choice->rung, publish, context);
}

/* Pins the link and removes the pin: a link that cannot be pinned would end with the loader. */
static int object_try_pin(struct bpf_link *link, const char *name, void *context)
{
	const char *pin_dir = context;
	char path[PATH_MAX];
	int r;

	if (!pin_dir)
		return 0;
	if (snprintf(path, sizeof(path), "%s/" PIN_TRY_PREFIX "%d_%s", pin_dir, getpid(), name) >= (int)sizeof(path))
		return -ENAMETOOLONG;
	r = bpf_link__pin(link, path);
	if (r < 0)
		return r;
	return unlink(path) < 0 ? -errno : 0;
}

/* -ENOENT: a function that a program attaches to does not exist. -ENOSYS: the kernel has no kprobes. libbpf would
 * return a misleading error: it searches modules too, which needs CAP_SYS_ADMIN, and fails with EPERM; and it reports
 * a kernel without kprobes as one without the function. */
static int object_find_functions(const struct object *object, const struct probe_rung *rung, const struct btf *kernel)
{
	static const char fentry[] = "fentry/", kprobes[] = "/sys/bus/event_source/devices/kprobe";

	for (size_t i = 0; i < PROBE_PROGRAMS && rung->programs[i]; i++) {
		const struct bpf_program *program =
			bpf_object__find_program_by_name(object->skeleton->obj, rung->programs[i]);
		const char *section = bpf_program__section_name(program);

		if (text_starts_with(section, fentry) &&
		    btf__find_by_name_kind(kernel, section + strlen(fentry), BTF_KIND_FUNC) < 0)
			return -ENOENT;
		if (text_starts_with(section, "kprobe/") && access(kprobes, F_OK) < 0)
			return -ENOSYS;
	}
	return 0;
}

int object_try(const struct config *config, const struct probe_rung *rung, const struct btf *kernel, bool probe_read,
	       const char *pin_dir)
{
	CLEANUP(cleanup_object) struct object *object = NULL;
	int r;

	object_log.last[0] = 0;
	r = object_open(&object);
	if (r < 0)
		return r;
	object_maps_size_small(object->skeleton->obj);
	object_configure(object, config, probe_read);
	r = object_enable(object, rung, false);
	if (r == 0)
		r = object_find_functions(object, rung, kernel);
	if (r < 0)
		return r;
	r = bpf_object__load(object->skeleton->obj);
	if (r < 0)
		return r;
	return object_attach_rung(object, config, "try", rung, object_try_pin, (void *)pin_dir);
}

int object_try_iterator(const struct config *config, const char *program)
{
	const struct probe_rung rung = { .before = program, .second_chance = true };
	CLEANUP(cleanup_object) struct object *object = NULL;
	int r = object_open(&object);

	if (r < 0)
		return r;
	object_maps_size_small(object->skeleton->obj);
	object_configure(object, config, false);
	r = object_enable(object, &rung, true);
	if (r == 0)
		r = bpf_object__load(object->skeleton->obj);
	return r == 0 ? object_run_iterator(object, program) : r;
}

int object_load(const struct config *config, const struct probe_choices *choices, const struct map_info *info,
		uint64_t set, unsigned int skip_exits, const char *reuse_dir, struct object **ret)
{
	CLEANUP(cleanup_object) struct object *object = NULL;
	int r;

	object_log.last[0] = 0;
	r = object_open(&object);
	if (r < 0)
		return r;
	object_configure(object, config, choices->probe_read);
	object->skeleton->rodata->cfg_set = set;
	object->skeleton->rodata->cfg_preempted = choices->preempted;
	object->skeleton->rodata->cfg_skip_exits = skip_exits;
	object->skeleton->rodata->cfg_memory_hierarchy = info->memory_hierarchy;
	object->skeleton->rodata->cfg_ring_bytes = info->ring_bytes;
	object_maps_size_own(object->skeleton->obj);
	if (reuse_dir)
		r = object_maps_reuse(object->skeleton->obj, reuse_dir);
	else
		object_maps_size_pinned(object->skeleton->obj, config);
	if (r >= 0)
		r = object_enable_choices(object, choices);
	if (r >= 0 && object->skeleton->rodata->cfg_second_chance)
		r = object_maps_take_second(object->skeleton->obj, reuse_dir, &object->second_maps_made);
	if (r >= 0)
		r = bpf_object__load(object->skeleton->obj);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(object);
	return 0;
}

int object_measure_maps(const struct config *config, const struct probe_choices *choices, uint64_t *ret)
{
	CLEANUP(cleanup_object) struct object *object = NULL;
	int r = object_open(&object);

	if (r < 0)
		return r;
	object_maps_size_pinned(object->skeleton->obj, config);
	object_maps_size_own(object->skeleton->obj);
	object_maps_size_second(object->skeleton->obj);
	r = object_enable_choices(object, choices);
	if (r == 0)
		*ret = object_maps_memory(object->skeleton->obj);
	return r;
}

int object_map_fd(const struct object *object, const char *name)
{
	return bpf_object__find_map_fd_by_name(object->skeleton->obj, name);
}

int object_pin_map(struct object *object, const char *name, const char *path)
{
	int fd = object_map_fd(object, name);

	if (fd < 0)
		return fd;
	return bpf_obj_pin(fd, path) < 0 ? -errno : 0;
}

int object_pin_program(struct object *object, const char *program, const char *path)
{
	const struct bpf_program *found = bpf_object__find_program_by_name(object->skeleton->obj, program);

	if (!found)
		return -ENOENT;
	return bpf_obj_pin(bpf_program__fd(found), path) < 0 ? -errno : 0;
}

bool object_second_maps_made(const struct object *object)
{
	return object->second_maps_made;
}

/* Reads the iterator to its end; its program writes nothing. */
static int iterator_read(const struct bpf_link *link)
{
	AUTO_CLOSE int fd = bpf_iter_create(bpf_link__fd(link));
	char nothing[64];
	ssize_t n;

	if (fd < 0)
		return -errno;
	do
		n = read(fd, nothing, sizeof(nothing));
	while (n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR)));
	return n < 0 ? -errno : 0;
}

int object_run_iterator(struct object *object, const char *program)
{
	const struct bpf_program *found = bpf_object__find_program_by_name(object->skeleton->obj, program);
	struct bpf_link *link = found ? bpf_program__attach_iter(found, NULL) : NULL;
	int r;

	if (!link)
		return found ? -errno : -ENOENT;
	r = iterator_read(link);
	bpf_link__destroy(link);
	return r;
}
