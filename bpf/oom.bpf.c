/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * OOM kills: one record per victim process. `current` is the task whose allocation failed, the trigger; it need not be
 * the victim.
 *
 *   rungs fentry, kprobe   oom_kill_process + __oom_kill_process
 *   rung mark_victim       tracepoint mark_victim, with signal_generate; the owner of the limit is inferred
 *   rung mark_victim_only  the same without signal_generate: also records marks of exiting processes
 *   rung mark_victim_pid   the tracepoint's older form, which has only a pid
 *
 * mm/oom_kill.c: oom_kill_process() is one decision and knows the owner of the limit. __oom_kill_process() is one
 * kill; with memory.oom.group it is called for every member, and twice for the chosen one. mark_oom_victim() is also
 * called for a process that is exiting already and is not killed; before a kill, SIGKILL is sent, which signal.bpf.c
 * notes. All of this runs under oom_lock, so there is one decision at a time on the whole machine.
 */
#include "bpf/bpf.bpf.h"
#include "bpf/kill_note.bpf.h"
#include "bpf/kill_state.bpf.h"
#include "bpf/pressure.bpf.h"

/* One decision of the OOM killer, which may have several victims. */
struct decision {
	__u64 invoker; /* pid_tgid of the trigger */
	__u64 time_ns;
	struct limit limit;
	__u64 group_id; /* kernfs id of the cgroup whose members are all killed (memory.oom.group); 0: none */
	__u32 constraint;
	__u32 flags;
	__u32 chosen; /* tgid of the chosen process; 0: not known yet, it is the next victim */
	__u32 zero;
};

/* The current decision; one entry is enough because decisions are made under oom_lock. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct decision);
} decisions SEC(".maps");

static __always_inline struct decision *decision_slot(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&decisions, &zero);
}

static __always_inline void oom_fill_memory(const bool typed, struct task_struct *victim, struct ev_oom_kill *e)
{
	struct mm_struct *mm = GET(typed, victim, mm);

	if (!mm) {
		e->rss_anon_bytes = e->rss_file_bytes = e->rss_shmem_bytes = EV_UNKNOWN;
		e->swap_bytes = e->pgtables_bytes = EV_UNKNOWN;
		return;
	}
	e->rss_anon_bytes = GET_RSS(typed, mm, MM_ANONPAGES);
	e->rss_file_bytes = GET_RSS(typed, mm, MM_FILEPAGES);
	e->rss_shmem_bytes = GET_RSS(typed, mm, MM_SHMEMPAGES);
	e->swap_bytes = GET_RSS(typed, mm, MM_SWAPENTS);
	e->pgtables_bytes = GET(typed, mm, pgtables_bytes.counter);
}

/* Appends the names, which move the end of the record, and sends it. */
static __always_inline void oom_send(struct scratch *s, struct ev_oom_kill *e, struct cgroup *victim,
				     struct cgroup *limit, enum emit_room room)
{
	__u32 end = sizeof(*e);

	if (cgroup_names_append(s, &end, &e->names, victim))
		e->flags |= EV_F_NAMES_CUT;
	if (cfg_probe_read) {
		struct task_struct *current = (struct task_struct *)bpf_get_current_task();
		struct cgroup *cgroup = task_cgroup(false, current);

		cgroup_identify(false, cgroup, &e->trigger_cgroup);
		if (e->trigger_cgroup.id != e->cgroup.id && cgroup_names_append(s, &end, &e->trigger_names, cgroup))
			e->flags |= EV_F_TRIGGER_NAMES_CUT;
	}
	if (e->limit_cgroup.id && e->limit_cgroup.id != e->cgroup.id &&
	    cgroup_names_append(s, &end, &e->limit_names, limit))
		e->flags |= EV_F_LIMIT_NAMES_CUT;
	emit_output(s, EV_OOM_KILL, end, room);
}

/* The kill counts for the container of the victim, whoever owns the limit. Elsewhere it counts for the limit, and for the
 * victim's cgroup when there is none. The exit that the kill causes gets the same room. */
static __always_inline enum emit_room oom_room(const bool typed, struct cgroup *cgroup, const struct ev_oom_kill *e)
{
	__u64 owner = share_owner(typed, cgroup);

	if (!owner)
		owner = e->limit_cgroup.id ? e->limit_cgroup.id : e->cgroup.id;
	if (share_take(EV_OOM_KILL, owner))
		return EMIT_FIRST_KILL;
	kill_state_set(e->victim.pid, e->victim.start_ns, SEEN_REPEATED);
	return EMIT_KILL;
}

static __always_inline void oom_fill_decision(struct ev_oom_kill *e, struct decision *d)
{
	if (!d->chosen)
		d->chosen = e->victim.pid;
	e->limit_cgroup = d->limit.cgroup;
	e->limit_bytes = d->limit.limit_bytes;
	e->usage_bytes = d->limit.usage_bytes;
	e->decision_ns = d->time_ns;
	e->constraint = d->constraint;
	e->flags = d->flags | (d->chosen == e->victim.pid ? EV_F_CHOSEN : 0);
}

/* Records one victim. d: NULL when nothing is known about the decision. */
static __always_inline int oom_emit(const bool typed, struct task_struct *victim, struct decision *d)
{
	struct scratch *s = emit_scratch(SCRATCH_OOM);
	struct cgroup *cgroup = task_cgroup(typed, victim);
	struct signal_struct *signal = GET(typed, victim, signal);
	struct ev_oom_kill *e;

	if (!s || !role_read().records)
		return 0;
	e = (struct ev_oom_kill *)s->bytes;
	__builtin_memset(e, 0, sizeof(*e));
	task_fill(typed, victim, &e->victim, true);
	if (!kill_state_first(e->victim.pid, e->victim.start_ns, SEEN_RECORDED))
		return 0;
	task_fill_current(&e->trigger);
	cgroup_identify(typed, cgroup, &e->cgroup);
	oom_fill_memory(typed, victim, e);
	e->oom_score_adj = GET(typed, signal, oom_score_adj);
	if (d) {
		oom_fill_decision(e, d);
	} else {
		e->decision_ns = bpf_ktime_get_boot_ns();
		e->constraint = EV_CONSTRAINT_UNKNOWN;
		e->limit_bytes = e->usage_bytes = EV_UNKNOWN;
		e->flags = EV_F_CHOSEN;
	}
	oom_send(s, e, cgroup, d ? d->limit.owner : NULL, oom_room(typed, cgroup, e));
	return 0;
}

/* kernfs id of the cgroup that is killed as a group, 0 when there is none: the outermost cgroup with memory.oom.group
 * set, up to the owner of the limit (mm/memcontrol.c, mem_cgroup_get_oom_group()). */
static __always_inline __u64 oom_group_of(struct mem_cgroup *memcg, __u64 domain_id)
{
	__u64 group = 0;

	for (int level = 0; level < LIMIT_DEPTH && memcg; level++) {
		__u64 id = BPF_CORE_READ(memcg, css.cgroup, kn, id);

		if (BPF_CORE_READ(memcg, oom_group))
			group = id;
		if (id == domain_id)
			break;
		memcg = memcg_parent(memcg);
	}
	return group;
}

static __always_inline void decision_set_group(struct decision *d, struct task_struct *victim)
{
	if (!cfg_probe_read)
		return;
	d->group_id = oom_group_of(memcg_of_css(task_memory_css(false, victim)), d->limit.cgroup.id);
	if (d->group_id)
		d->flags |= EV_F_GROUP_KILL;
}

/* --- rungs fentry and kprobe --- */

static __always_inline int decision_begin(const bool typed, struct oom_control *oc)
{
	struct decision *d = decision_slot();
	struct mem_cgroup *memcg = GET(typed, oc, memcg);
	struct task_struct *chosen = GET(typed, oc, chosen);

	if (!d)
		return 0;
	__builtin_memset(d, 0, sizeof(*d));
	d->invoker = bpf_get_current_pid_tgid();
	d->time_ns = bpf_ktime_get_boot_ns();
	d->constraint = GET(typed, oc, constraint);
	d->chosen = GET(typed, chosen, tgid);
	d->flags = EV_F_LIMIT_EXACT;
	d->limit.limit_bytes = d->limit.usage_bytes = EV_UNKNOWN;
	if (memcg)
		limit_fill(typed, memcg, &d->limit);
	decision_set_group(d, chosen);
	return 0;
}

static __always_inline int decision_kill(const bool typed, struct task_struct *victim)
{
	struct decision *d = decision_slot();

	if (d && d->invoker != bpf_get_current_pid_tgid())
		d = NULL;
	return oom_emit(typed, victim, d);
}

SEC("fentry/oom_kill_process")
int BPF_PROG(oom_decide_fentry, struct oom_control *oc)
{
	return decision_begin(true, oc);
}

SEC("fentry/__oom_kill_process")
int BPF_PROG(oom_kill_fentry, struct task_struct *victim)
{
	return decision_kill(true, victim);
}

SEC("kprobe/oom_kill_process")
int BPF_KPROBE(oom_decide_kprobe, struct oom_control *oc)
{
	return decision_begin(false, oc);
}

SEC("kprobe/__oom_kill_process")
int BPF_KPROBE(oom_kill_kprobe, struct task_struct *victim)
{
	return decision_kill(false, victim);
}

/* --- rung mark_victim --- */

/*
 * Number of times that this cgroup's own limit caused an OOM, 0 when it cannot be read. The kernel counts it before it
 * kills for it (mm/memcontrol.c, mem_cgroup_oom() and the writers of memory.max). `armed` remembers under *ret_key the
 * count at the last recorded kill, so that an OOM without a recorded kill can be recognised.
 */
static __always_inline __u64 oom_count(struct mem_cgroup *memcg, struct map_armed_key *ret_key)
{
	struct ev_cgroup cgroup;

	if (!bpf_core_field_exists(memcg->memory_events_local))
		return 0;
	cgroup_identify(false, BPF_CORE_READ(memcg, css.cgroup), &cgroup);
	*ret_key = armed_key(EV_OOM_KILL, &cgroup);
	return memcg_event(__builtin_preserve_access_index(&memcg->memory_events_local[0]),
			   bpf_core_enum_value(enum memcg_memory_event, MEMCG_OOM));
}

/* True when the last OOM of this cgroup's limit has no recorded kill. */
static __always_inline bool oom_is_unrecorded(struct mem_cgroup *memcg)
{
	struct map_armed_key key;
	__u64 count = oom_count(memcg, &key);
	__u64 *recorded = count ? bpf_map_lookup_elem(&armed, &key) : NULL;

	return count && (!recorded || *recorded != count);
}

static __always_inline void oom_set_recorded(struct mem_cgroup *memcg)
{
	struct map_armed_key key;
	__u64 count = oom_count(memcg, &key);

	if (count && bpf_map_update_elem(&armed, &key, &count, BPF_ANY))
		emit_map_error(EV_OOM_KILL);
}

/* The innermost cgroup with an OOM that is not recorded yet, as a number; 0 when there is none. Not inlined, so that
 * the verifier checks it separately and its paths do not multiply with those of the caller; before 6.8 it does so even
 * when nobody calls it, so that without cfg_probe_read it must not read memory. */
__noinline __u64 oom_unrecorded_owner(__u64 innermost)
{
	struct mem_cgroup *memcg = cfg_probe_read ? (struct mem_cgroup *)innermost : NULL;

	for (int level = 0; level < LIMIT_DEPTH && memcg; level++) {
		if (!limit_is_none(BPF_CORE_READ(memcg, memory.max)) && oom_is_unrecorded(memcg))
			return (__u64)memcg;
		memcg = memcg_parent(memcg);
	}
	return 0;
}

/*
 * Infers the owner of the limit. In this order:
 * - The outermost ancestor whose oom_lock is held: mem_cgroup_oom() holds oom_lock in the whole subtree of the owner
 *   while it kills. The field may be compiled out, and a write that lowers memory.max takes no lock.
 * - The ancestor with the least room below its limit, if it has an OOM that is not recorded yet. Where oom_lock does
 *   not exist, an ancestor with a little room counts too: reclaim or other CPUs may have freed memory since the OOM.
 * - The innermost ancestor with an OOM that is not recorded yet: an earlier victim may have freed so much that its
 *   limit is not reached any more.
 * - The ancestor with the least room.
 * NULL: no ancestor qualifies. *ret_known is false when there are more than LIMIT_DEPTH ancestors, so that the owner
 * may be one that was not checked.
 */
static __always_inline struct mem_cgroup *oom_limit_owner(struct mem_cgroup *innermost, bool *ret_known)
{
	struct mem_cgroup *memcg = innermost, *locked = NULL, *fullest = NULL;
	const struct mem_cgroup___v1 *v1 = NULL;
	const bool has_lock = bpf_core_field_exists(v1->oom_lock);
	__u64 least = ~0ULL, unrecorded;

	for (int level = 0; level < LIMIT_DEPTH && memcg; level++) {
		__u64 usage = BPF_CORE_READ(memcg, memory.usage.counter);
		__u64 max = BPF_CORE_READ(memcg, memory.max);
		__u64 slack = has_lock ? 0 : 64 + max / 32;
		__u64 room = max > usage ? max - usage : 0;

		if (has_lock && BPF_CORE_READ((struct mem_cgroup___v1 *)memcg, oom_lock))
			locked = memcg;
		if (!limit_is_none(max) && room <= slack && room < least) {
			least = room;
			fullest = memcg;
		}
		memcg = memcg_parent(memcg);
	}
	*ret_known = !memcg;
	if (memcg)
		return NULL;
	if (locked)
		return locked;
	if (fullest && oom_is_unrecorded(fullest))
		return fullest;
	unrecorded = oom_unrecorded_owner((__u64)innermost);
	return unrecorded ? (struct mem_cgroup *)unrecorded : fullest;
}

/* True when `next` belongs to the decision d: marks that follow each other under one group kill are one decision. The
 * first victims may have freed so much that no owner is found for the later ones. */
static __always_inline bool decision_continues(const struct decision *d, const struct decision *next)
{
	const __u64 owner = next->limit.cgroup.id;

	return d->group_id && d->group_id == next->group_id && d->invoker == next->invoker &&
	       (!owner || d->limit.cgroup.id == owner) && next->time_ns - d->time_ns < 1000000000ULL;
}

static __always_inline struct decision *decision_infer(struct task_struct *victim)
{
	struct decision next = {
		.invoker = bpf_get_current_pid_tgid(),
		.time_ns = bpf_ktime_get_boot_ns(),
		.limit = { .limit_bytes = EV_UNKNOWN, .usage_bytes = EV_UNKNOWN },
	};
	struct decision *d = decision_slot();
	struct mem_cgroup *owner;
	bool known;

	if (!d || !cfg_probe_read)
		return NULL;
	owner = oom_limit_owner(memcg_of_css(task_memory_css(false, victim)), &known);
	if (owner) {
		limit_fill(false, owner, &next.limit);
		oom_set_recorded(owner);
	}
	next.constraint = owner ? EV_CONSTRAINT_MEMCG : known ? EV_CONSTRAINT_NONE : EV_CONSTRAINT_UNKNOWN;
	decision_set_group(&next, victim);
	if (!decision_continues(d, &next))
		*d = next;
	return d;
}

SEC("tp_btf/mark_victim")
int BPF_PROG(oom_mark, struct task_struct *victim)
{
	struct task_struct *leader = victim->group_leader;
	struct decision *d;

	if (cfg_kill_noted && !kill_noted(victim->tgid)) {
		/* During a replacement these programs may have been attached between the kill and its mark. */
		if (!role_read().current)
			return 0;
		kill_state_first(victim->tgid, leader->start_boottime, SEEN_DYING);
		emit_filtered(EV_OOM_KILL);
		return 0;
	}
	d = decision_infer(victim);
	if (d && cfg_limit_from_kill && d->limit.cgroup.id)
		pressure_limit(false, &d->limit);
	return oom_emit(true, victim, d);
}

/* Only the trigger's cgroup is known: that of the victim, or near to it, unless the node is out of memory. exit_room()
 * looks for the note without a start time too. */
static __always_inline enum emit_room oom_room_of_pid(__u32 pid)
{
	__u64 owner = SHARE_COMMON;
	bool first;

	if (cfg_probe_read) {
		struct cgroup *cgroup = task_cgroup(false, (struct task_struct *)bpf_get_current_task());

		owner = share_owner(false, cgroup);
		if (!owner)
			owner = BPF_CORE_READ(cgroup, kn, id);
	}
	first = share_take(EV_OOM_KILL, owner);
	kill_state_set(pid, 0, first ? SEEN_RECORDED : SEEN_REPEATED);
	return first ? EMIT_FIRST_KILL : EMIT_KILL;
}

/* Before "mm: update mark_victim tracepoints fields" (6.9, backported to stable kernels) the tracepoint has only the
 * pid. */
SEC("tp_btf/mark_victim")
int BPF_PROG(oom_mark_pid, int pid)
{
	struct scratch *s = emit_scratch(SCRATCH_OOM);
	struct ev_oom_kill *e;

	if (!s || !role_read().current) /* `seen` needs the start time too, so only one set may record */
		return 0;
	e = (struct ev_oom_kill *)s->bytes;
	__builtin_memset(e, 0, sizeof(*e));
	e->victim.pid = pid;
	task_fill_current(&e->trigger);
	e->decision_ns = bpf_ktime_get_boot_ns();
	e->constraint = EV_CONSTRAINT_UNKNOWN;
	e->limit_bytes = e->usage_bytes = EV_UNKNOWN;
	e->rss_anon_bytes = e->rss_file_bytes = e->rss_shmem_bytes = EV_UNKNOWN;
	e->swap_bytes = e->pgtables_bytes = EV_UNKNOWN;
	e->flags = EV_F_CHOSEN;
	emit_output(s, EV_OOM_KILL, sizeof(*e), oom_room_of_pid(pid));
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
