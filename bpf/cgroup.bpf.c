/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Creation and removal of a cgroup and the first exec in it, in the hierarchy of the memory controller.
 *
 *   mkdir   cgroup_mkdir         rung tp_btf, rung raw_tp
 *   exec    sched_process_exec   the same
 *   rmdir   cgroup_rmdir         the same
 *
 * The path is stored in `metadata` at creation, so that later events of the cgroup can be named although its directory
 * may be gone when the recorder reads them, and although the record of the creation may have been lost.
 */
#include "bpf/bpf.bpf.h"
#include "bpf/filter.bpf.h"
#include "bpf/memcg.bpf.h"
#include "bpf/task.bpf.h"
#include "common/unit_name.h"

/* Offsets in scratch memory behind the record. */
#define METADATA_OFFSET 2048
#define NAME_OFFSET     3072

_Static_assert(sizeof(struct ev_lifecycle) + EV_PATH_MAX <= METADATA_OFFSET, "the record ends before the metadata");
_Static_assert(METADATA_OFFSET + sizeof(struct map_metadata) <= NAME_OFFSET, "the metadata ends before the name");

static __always_inline void lifecycle_fill(const bool typed, struct ev_lifecycle *e, struct cgroup *cgroup,
					   const struct ev_cgroup *identity)
{
	struct cgroup_subsys_state *parent = GET(typed, cgroup, self.parent);

	task_fill_current(&e->task);
	e->cgroup = *identity;
	__builtin_memset(&e->parent, 0, sizeof(e->parent));
	if (parent)
		cgroup_identify(typed, GET(typed, parent, cgroup), &e->parent);
	e->limit_bytes = e->peak_bytes = e->oom_kills = EV_UNKNOWN;
	e->flags = 0;
	__builtin_memset(&e->path, 0, sizeof(e->path));
}

/* The cgroup's memory controller; NULL where the controller is not enabled in this cgroup (v2). */
static __always_inline struct mem_cgroup *cgroup_memcg(struct cgroup *cgroup)
{
	return memcg_of_css(GET_AT(false, cgroup, subsys, memory_subsys()));
}

/* True when the cgroup is a plain systemd unit directly below one that is (common/unit_name.h). */
static __always_inline bool is_host_unit(struct scratch *s, struct cgroup *cgroup, const struct ev_cgroup *parent)
{
	struct map_metadata *m = bpf_map_lookup_elem(&metadata, parent);
	long n;

	if (!m || !m->unit)
		return false;
	n = bpf_probe_read_kernel_str(&s->bytes[NAME_OFFSET], LIMIT_NAME, BPF_CORE_READ(cgroup, kn, name));
	return n > 1 && unit_name_is_host(&s->bytes[NAME_OFFSET], n - 1);
}

/* Keeps the end of a path that is too long, because the container id is there. */
static __always_inline void metadata_set_path(struct map_metadata *m, const char *path, __u32 length)
{
	__u32 cut = length > META_PATH_MAX ? length - META_PATH_MAX : 0;

	m->path_cut = cut > 0 ? META_CUT_BEGINNING : 0;
	if (length == EV_PATH_MAX - 1)
		m->path_cut |= META_CUT_END;
	m->path_length = length - cut;
	bpf_probe_read_kernel(m->path, META_PATH_MAX, path + (cut & (EV_PATH_MAX - 1)));
}

/* Adds the new cgroup to `metadata`. Returns true when it is a plain systemd unit of the host. */
static __always_inline bool metadata_add(struct scratch *s, struct cgroup *cgroup, struct ev_lifecycle *e)
{
	struct map_metadata *m = (struct map_metadata *)&s->bytes[METADATA_OFFSET];
	bool host = is_host_unit(s, cgroup, &e->parent);
	int err;

	__builtin_memset(m, 0, sizeof(*m));
	m->class = host ? META_HOST : META_UNKNOWN;
	m->unit = host;
	m->source = META_BIRTH;
	m->made_by_host = filter_current_is_host();
	metadata_set_path(m, &s->bytes[sizeof(*e)], e->path.length);
	err = map_add(&metadata, &e->cgroup, m);
	if (err && err != -EEXIST)
		emit_map_error(EV_CGROUP_MKDIR);
	return host;
}

static __always_inline int cgroup_created(const bool typed, struct cgroup *cgroup, const char *path)
{
	struct scratch *s = emit_scratch(SCRATCH_CGROUP);
	struct ev_cgroup identity = {};
	const struct role role = role_read();
	struct ev_lifecycle *e;
	bool host = false;

	cgroup_identify(typed, cgroup, &identity);
	if (!s || !role.records || identity.hierarchy != cfg_memory_hierarchy)
		return 0;
	if (role.shared && !seen_first(EV_CGROUP_MKDIR, identity.hierarchy, identity.id, SEEN_RECORDED))
		return 0;
	e = (struct ev_lifecycle *)s->bytes;
	lifecycle_fill(typed, e, cgroup, &identity);
	if (cfg_probe_read) {
		long n = bpf_probe_read_kernel_str(&s->bytes[sizeof(*e)], EV_PATH_MAX, path);

		if (n > 1) {
			e->path.offset = sizeof(*e);
			e->path.length = n - 1;
		}
		host = metadata_add(s, cgroup, e);
	}
	if (host && !cfg_record_host) {
		emit_filtered(EV_CGROUP_MKDIR);
		return 0;
	}
	emit_output(s, EV_CGROUP_MKDIR, sizeof(*e) + e->path.length, EMIT_BULK);
	return 0;
}

SEC("tp_btf/cgroup_mkdir")
int BPF_PROG(cgroup_mkdir_btf, struct cgroup *cgroup, const char *path)
{
	return cgroup_created(true, cgroup, path);
}

SEC("raw_tp/cgroup_mkdir")
int BPF_PROG(cgroup_mkdir_raw, struct cgroup *cgroup, const char *path)
{
	return cgroup_created(false, cgroup, path);
}

/*
 * Records the first exec in a cgroup. The runtime may exec there before the container's own process does (runc execs
 * itself), so the exec of a pid namespace's init is recorded as well, first or not.
 */
static __always_inline int cgroup_exec(const bool typed, struct task_struct *task)
{
	struct cgroup *cgroup = task_cgroup(typed, task);
	struct ev_cgroup identity = {};
	struct ev_task who = {};
	struct ev_lifecycle *e;
	const struct role role = role_read();
	struct emit out = { .unnumbered = cfg_preempted && role.shared }; /* two sets may preempt each other */
	__u32 level = 0;
	bool first, init;

	cgroup_identify(typed, cgroup, &identity);
	if (!role.records || filter_is_host(&identity))
		return 0;
	task_fill(typed, task, &who, true);
	first = seen_first(EV_CGROUP_EXEC, identity.hierarchy, identity.id, SEEN_RECORDED);
	init = task_is_ns_init(typed, task, who.pid, &level) && level > 0;
	if (!first && !(init && seen_first(EV_CGROUP_EXEC, who.pid, who.start_ns, SEEN_RECORDED)))
		return 0;
	e = emit_reserve(&out, EV_CGROUP_EXEC, sizeof(*e), EMIT_BULK);
	if (!e) {
		if (first)
			seen_forget(EV_CGROUP_EXEC, identity.hierarchy, identity.id);
		return 0;
	}
	lifecycle_fill(typed, e, cgroup, &identity);
	e->task = who;
	e->flags = init ? EV_F_NS_INIT : 0;
	if (cfg_probe_read) {
		struct mem_cgroup *memcg = cgroup_memcg(cgroup);

		if (memcg)
			e->limit_bytes = limit_to_bytes(BPF_CORE_READ(memcg, memory.max));
	}
	emit_submit(&out, e);
	return 0;
}

SEC("tp_btf/sched_process_exec")
int BPF_PROG(cgroup_exec_btf, struct task_struct *task)
{
	return cgroup_exec(true, task);
}

SEC("raw_tp/sched_process_exec")
int BPF_PROG(cgroup_exec_raw, struct task_struct *task)
{
	return cgroup_exec(false, task);
}

static __always_inline void lifecycle_fill_memory(struct ev_lifecycle *e, struct cgroup *cgroup)
{
	struct mem_cgroup *memcg = cgroup_memcg(cgroup);
	__u64 kills;

	if (!memcg)
		return;
	e->limit_bytes = limit_to_bytes(BPF_CORE_READ(memcg, memory.max));
	e->peak_bytes = pages_to_bytes(BPF_CORE_READ(memcg, memory.watermark));
	kills = memcg_event(__builtin_preserve_access_index(&memcg->memory_events[0]),
			    bpf_core_enum_value(enum memcg_memory_event, MEMCG_OOM_KILL));
	if (kills != EV_UNKNOWN)
		e->oom_kills = kills;
}

static __always_inline int cgroup_removed(const bool typed, struct cgroup *cgroup)
{
	const struct role role = role_read();
	struct ev_cgroup identity = {};
	struct ev_lifecycle *e;
	struct emit out = {};

	cgroup_identify(typed, cgroup, &identity);
	if (!role.records || identity.hierarchy != cfg_memory_hierarchy)
		return 0;
	if (role.shared && !seen_first(EV_CGROUP_RMDIR, identity.hierarchy, identity.id, SEEN_RECORDED))
		return 0;
	if (filter_is_host(&identity)) {
		bpf_map_delete_elem(&metadata, &identity); /* the recorder gets no event by which to do it */
		emit_filtered(EV_CGROUP_RMDIR);
		return 0;
	}
	e = emit_reserve(&out, EV_CGROUP_RMDIR, sizeof(*e), EMIT_BULK);
	if (!e) {
		bpf_map_delete_elem(&metadata, &identity); /* here neither */
		return 0;
	}
	lifecycle_fill(typed, e, cgroup, &identity);
	if (cfg_probe_read)
		lifecycle_fill_memory(e, cgroup);
	emit_submit(&out, e);
	return 0;
}

SEC("tp_btf/cgroup_rmdir")
int BPF_PROG(cgroup_rmdir_btf, struct cgroup *cgroup)
{
	return cgroup_removed(true, cgroup);
}

SEC("raw_tp/cgroup_rmdir")
int BPF_PROG(cgroup_rmdir_raw, struct cgroup *cgroup)
{
	return cgroup_removed(false, cgroup);
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
