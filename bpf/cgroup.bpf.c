/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Birth of a cgroup, the first exec in it, its death; only in the hierarchy of the memory controller.
 *
 * The path is kept in `metadata` at birth, so that whatever happens later in the cgroup has a name although
 * the directory may be gone when anybody looks, and although the record of the birth may have been lost.
 */
#include "bpf/bpf.bpf.h"
#include "bpf/again.bpf.h"
#include "bpf/filter.bpf.h"
#include "bpf/memcg.bpf.h"
#include "common/unit_name.h"

#define METADATA_AT 2048 /* in the scratch, behind the record */
#define NAME_AT     3072

_Static_assert(sizeof(struct ev_lifecycle) + EV_PATH_MAX <= METADATA_AT, "the record ends before the metadata");
_Static_assert(METADATA_AT + sizeof(struct map_metadata) <= NAME_AT, "the metadata ends before the name");

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

/* The cgroup's own memory controller; NULL where it is not enabled for it (v2). */
static __always_inline struct mem_cgroup *cgroup_memcg(struct cgroup *cgroup)
{
	return memcg_of_css(GET_AT(false, cgroup, subsys, memory_subsys()));
}

static __always_inline bool is_host_unit(struct scratch *s, struct cgroup *cgroup, const struct ev_cgroup *parent)
{
	struct map_metadata *m = bpf_map_lookup_elem(&metadata, parent);
	long n;

	if (!m || !m->unit)
		return false;
	n = bpf_probe_read_kernel_str(&s->bytes[NAME_AT], LIMIT_NAME, BPF_CORE_READ(cgroup, kn, name));
	return n > 1 && unit_name_is_host(&s->bytes[NAME_AT], n - 1);
}

/* The end of a long path says more than its beginning: the container is there. */
static __always_inline void metadata_set_path(struct map_metadata *m, const char *path, __u32 length)
{
	__u32 cut = length > META_PATH_MAX ? length - META_PATH_MAX : 0;

	m->path_cut = cut > 0;
	m->path_length = length - cut;
	bpf_probe_read_kernel(m->path, META_PATH_MAX, path + (cut & (EV_PATH_MAX - 1)));
}

/* True when the new cgroup is the host's own. */
static __always_inline bool metadata_add(struct scratch *s, struct cgroup *cgroup, struct ev_lifecycle *e)
{
	struct map_metadata *m = (struct map_metadata *)&s->bytes[METADATA_AT];
	bool host = is_host_unit(s, cgroup, &e->parent);
	int err;

	__builtin_memset(m, 0, sizeof(*m));
	m->class = host ? META_HOST : META_UNKNOWN;
	m->unit = host;
	m->source = META_BIRTH;
	metadata_set_path(m, &s->bytes[sizeof(*e)], e->path.length);
	err = map_add(&metadata, &e->cgroup, m);
	if (err && err != -EEXIST)
		emit_map_error(EV_CGROUP_MKDIR);
	return host;
}

static __always_inline int cgroup_born(const bool typed, struct cgroup *cgroup, const char *path)
{
	struct scratch *s = emit_scratch(SCRATCH_CGROUP);
	struct ev_cgroup identity = {};
	const struct turn turn = turn_take();
	struct ev_lifecycle *e;
	bool host = false;

	cgroup_identify(typed, cgroup, &identity);
	if (!s || !turn.ours || identity.hierarchy != cfg_memory_hierarchy)
		return 0;
	if (turn.shared && !seen_first(EV_CGROUP_MKDIR, identity.hierarchy, identity.id, SEEN_RECORDED))
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
	return cgroup_born(true, cgroup, path);
}

SEC("raw_tp/cgroup_mkdir")
int BPF_PROG(cgroup_mkdir_raw, struct cgroup *cgroup, const char *path)
{
	return cgroup_born(false, cgroup, path);
}

/*
 * A runtime may be in the cgroup before the container's own first process: runc execs itself there. So the init of
 * a pid namespace is told too, whether or not it is the first.
 */
static __always_inline int cgroup_exec(const bool typed, struct task_struct *task, const bool again)
{
	struct cgroup *cgroup = task_cgroup(typed, task);
	struct ev_cgroup identity = {};
	struct ev_task who = {};
	struct ev_lifecycle *e;
	struct emit out = { .unnumbered = again };
	__u32 level = 0;
	bool first, init;

	cgroup_identify(typed, cgroup, &identity);
	if (!turn_take().ours || filter_is_host(&identity))
		return 0;
	task_fill(typed, task, &who);
	if (!handle(again, HANDLED_EXEC, who.pid, who.start_ns)) {
		handle_next(HANDLED_EXEC, who.pid);
		return 0;
	}
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
	return cgroup_exec(true, task, false);
}

/* Only for what the first one skipped (again.bpf.h): `seen` does not tell, an init is recorded a second time. */
SEC("tp_btf/sched_process_exec")
int BPF_PROG(cgroup_exec_again, struct task_struct *task)
{
	return cgroup_exec(true, task, true);
}

SEC("raw_tp/sched_process_exec")
int BPF_PROG(cgroup_exec_raw, struct task_struct *task)
{
	return cgroup_exec(false, task, false);
}

SEC("raw_tp/sched_process_exec")
int BPF_PROG(cgroup_exec_raw_again, struct task_struct *task)
{
	return cgroup_exec(false, task, true);
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

static __always_inline int cgroup_died(const bool typed, struct cgroup *cgroup)
{
	const struct turn turn = turn_take();
	struct ev_cgroup identity = {};
	struct ev_lifecycle *e;
	struct emit out;

	cgroup_identify(typed, cgroup, &identity);
	if (!turn.ours || identity.hierarchy != cfg_memory_hierarchy)
		return 0;
	if (turn.shared && !seen_first(EV_CGROUP_RMDIR, identity.hierarchy, identity.id, SEEN_RECORDED))
		return 0;
	if (filter_is_host(&identity)) {
		bpf_map_delete_elem(&metadata, &identity); /* nobody else will hear of it */
		emit_filtered(EV_CGROUP_RMDIR);
		return 0;
	}
	e = emit_reserve(&out, EV_CGROUP_RMDIR, sizeof(*e), EMIT_BULK);
	if (!e) {
		bpf_map_delete_elem(&metadata, &identity); /* nor of this one */
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
	return cgroup_died(true, cgroup);
}

SEC("raw_tp/cgroup_rmdir")
int BPF_PROG(cgroup_rmdir_raw, struct cgroup *cgroup)
{
	return cgroup_died(false, cgroup);
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
