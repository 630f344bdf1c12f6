# shellcheck shell=dash
# SPDX-License-Identifier: BSD-2-Clause
#
# The plans: what a guest does, by word of its command line.

# Loads, looks, loads again, unloads.
plan_loader()
{
	pin_dir_make
	loader_json check
	loader_say load
	pins_say
	loader_json status
	loader_say load
	loader_say load --replace
	pins_say
	loader_json status
	loader_say unload
	pins_say
}

# ladder SCENARIOS FLAG...: loads with these flags of the loader, records the scenarios, and tells.
ladder()
{
	local scenarios="$1" scenario

	shift
	pin_dir_make
	recorder_prepare
	set -- --config "$CONFIG" "$@"
	loader_json check "$@"
	loader_say load "$@" || return 0
	loader_json status
	[ -x /bin/cri-ebpf ] || return 0
	if ! recorder_start; then
		say recorder status:null log="$(cat "$RECORDER_LOG")" error="it did not start: $(cri_ebpf status 2>&1)"
		recorder_end KILL
		return 0
	fi
	say process asked="$RECORDER_CAPS" caps="$(process_field CapEff)" seccomp="$(process_field Seccomp)" \
		uid="$(process_field Uid)" query="$(/bin/cri-ebpf status -v --db "$DB" --config "$CONFIG" 2>&1)"
	for scenario in $scenarios; do
		"scenario_$scenario"
	done
	recorder_quiet
	say counters json:"$(cri_ebpf status --json)"
	recorder_end TERM
	recorder_tell
}

SHORT="own fast group parent exits"

plan_best()
{
	ladder "slow $SHORT child init many burst"
}

plan_short()
{
	ladder "$SHORT"
}

plan_node()
{
	ladder node
}

# perf_events LEVEL COMMAND...: Debian's kernels refuse perf_event_open, and so kprobes and clocks, to CAP_PERFMON
# above 2; their default is 3.
perf_events()
{
	echo "$1" >/proc/sys/kernel/perf_event_paranoid
	shift
	"$@"
	echo 3 >/proc/sys/kernel/perf_event_paranoid
}

plan_kprobe()
{
	perf_events 2 ladder "$SHORT" --rung oom_kill=kprobe --rung memory_pressure_high=kprobe \
		--rung memory_pressure_limit=kprobe --rung process_exit=raw_tp --rung process_fork=raw_tp \
		--rung cgroup_mkdir=raw_tp --rung cgroup_exec=raw_tp --rung cgroup_rmdir=raw_tp
}

# The same where links of perf events cannot be pinned: the others are loaded all the same.
plan_unpinnable()
{
	perf_events 2 ladder exits --rung oom_kill=kprobe --rung memory_pressure_high=kprobe \
		--rung memory_pressure_limit=kprobe
}

# And where perf_event_paranoid refuses them.
plan_refused()
{
	ladder exits --rung oom_kill=kprobe
}

# Of exits, tp_btf_live is not asked for: it is the choice of the kernels that have no better one, and these do not
# preempt a tracepoint, so it has no twins (bpf/twin.bpf.h).
plan_mark()
{
	ladder "$SHORT" --rung oom_kill=mark_victim --rung memory_pressure_high=runtime \
		--rung memory_pressure_limit=oom_kill
}

plan_only()
{
	perf_events 2 ladder "own group parent" --rung oom_kill=mark_victim_only --rung memory_pressure_high=clock \
		--rung memory_pressure_limit=oom_kill
}

plan_typed()
{
	ladder "own fast parent" --rung memory_pressure_high=fentry_typed
}

# Only on kernels where the tracepoint tells a pid and nothing else: elsewhere it would be a pointer.
plan_pid()
{
	ladder "own group" --rung oom_kill=mark_victim_pid --rung memory_pressure_limit=oom_kill
}

# A kernel without the memory controller: there is nothing to record, and the loader says so.
plan_no_memory()
{
	pin_dir_make
	loader_json check
	loader_say load
	pins_say
}

# The settings of a host that the loader meets. unprivileged_bpf_disabled cannot leave 1 again.
plan_settings()
{
	local value out

	for value in 2 0 1; do
		echo $value >/proc/sys/kernel/unprivileged_bpf_disabled
		SET=settings_unprivileged_$value
		ladder "own exits"
		loader unload >/dev/null 2>&1
	done

	SET=settings_closed
	pin_dir_make
	chmod 0700 /sys/fs/bpf
	loader_say load
	chmod 1777 /sys/fs/bpf
	pins_say

	SET=settings_root
	chmod 0700 /sys/fs/bpf
	/bin/cri-ebpf-loader load >/tmp/error 2>&1
	say load status:$? error="$(cat /tmp/error)"
	out=$(/bin/cri-ebpf-loader status --json 2>/tmp/error)
	say status status:$? json:"${out:-null}" error="$(cat /tmp/error)"
	/bin/cri-ebpf-loader unload >/tmp/error 2>&1
	say unload status:$? error="$(cat /tmp/error)"
	chmod 1777 /sys/fs/bpf
	pins_say

	SET=settings_capability
	pin_dir_make
	as cri-ebpf-loader bpf /bin/cri-ebpf-loader load --pin-dir "$PIN_DIR" >/tmp/error 2>&1
	say load status:$? error="$(cat /tmp/error)"
	pins_say

	SET=settings_unmounted
	umount /sys/fs/bpf
	/bin/cri-ebpf-loader load >/tmp/error 2>&1
	say load status:$? error="$(cat /tmp/error)"
	mount -t bpf bpf /sys/fs/bpf
	pins_say
}
