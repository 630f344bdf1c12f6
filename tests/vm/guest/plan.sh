# shellcheck shell=dash
# SPDX-License-Identifier: BSD-2-Clause
#
# The plans: what a guest does. plan_NAME is run when NAME is in CRI_PLAN (init.sh).

# The loader alone: load, load again, replace, unload.
plan_loader()
{
	pin_dir_make
	loader_json check
	loader_report load
	pins_report
	loader_json status
	loader_report load
	loader_report load --replace
	pins_report
	loader_json status
	loader_report unload
	pins_report
}

# ladder SCENARIOS FLAG...: loads with these flags of the loader, records while the scenarios run, and reports the rows.
ladder()
{
	local scenarios="$1" scenario

	shift
	pin_dir_make
	recorder_prepare
	set -- --config "$CONFIG" "$@"
	loader_json check "$@"
	loader_report load "$@" || return 0
	loader_json status
	[ -x /bin/cri-ebpf ] || return 0
	if ! recorder_start; then
		report recorder status:null log="$(cat "$RECORDER_LOG")" error="it did not start: $(cri_ebpf status 2>&1)"
		recorder_end KILL
		return 0
	fi
	report process asked="$RECORDER_CAPS" caps="$(process_field CapEff)" seccomp="$(process_field Seccomp)" \
		uid="$(process_field Uid)" query="$(/bin/cri-ebpf status -v --db "$DB" --config "$CONFIG" 2>&1)"
	for scenario in $scenarios; do
		"scenario_$scenario"
	done
	recorder_quiet
	report counters json:"$(cri_ebpf status --json)"
	recorder_end TERM
	recorder_report
}

SHORT="own fast group parent exits"

plan_best()
{
	ladder "slow $SHORT child init dying many burst"
}

plan_short()
{
	ladder "$SHORT"
}

# Exits while the kernel preempts programs as often as it can (preempt=full on the command line).
plan_storm()
{
	RECORDER_SETTINGS='ring_buffer_size = 8M'
	ladder storm
}

plan_node()
{
	ladder node
}

# perf_events LEVEL COMMAND...: runs it with this perf_event_paranoid. Debian's kernels refuse perf_event_open to
# CAP_PERFMON above 2, and with it kprobes and clock events; their default is 3.
perf_events()
{
	echo "$1" >/proc/sys/kernel/perf_event_paranoid
	shift
	"$@"
	echo 3 >/proc/sys/kernel/perf_event_paranoid
}

plan_kprobe()
{
	perf_events 2 ladder "$SHORT dying" --rung oom_kill=kprobe --rung memory_pressure_high=kprobe \
		--rung memory_pressure_limit=kprobe --rung process_exit=raw_tp --rung process_exit_late=raw_tp --skip-exits 3 \
		--rung process_fork=raw_tp \
		--rung cgroup_mkdir=raw_tp --rung cgroup_exec=raw_tp --rung cgroup_rmdir=raw_tp
}

# On a kernel that cannot pin links of perf events: the other probes are loaded.
plan_unpinnable()
{
	perf_events 2 ladder exits --rung oom_kill=kprobe --rung memory_pressure_high=kprobe \
		--rung memory_pressure_limit=kprobe
}

# With perf_event_paranoid at its default, which refuses kprobes: the other probes are loaded.
plan_refused()
{
	ladder exits --rung oom_kill=kprobe
}

# Does not force tp_btf_live for exits: the loader chooses it only where nothing better exists. Every other exit is
# skipped on purpose, and found late.
plan_mark()
{
	ladder "$SHORT" --rung oom_kill=mark_victim --rung memory_pressure_high=runtime \
		--rung memory_pressure_limit=oom_kill --rung process_exit_late=tp_btf --skip-exits 2
}

# Where programs may not read kernel memory: the verifier accepts those of this rung too.
plan_unread()
{
	ladder exits --rung oom_kill=mark_victim
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

# Only for kernels whose tracepoint has the pid as its one argument; on others that argument is a pointer.
plan_pid()
{
	ladder "own group" --rung oom_kill=mark_victim_pid --rung memory_pressure_limit=oom_kill
}

# On a kernel without the memory controller: the loader refuses.
plan_no_memory()
{
	pin_dir_make
	loader_json check
	loader_report load
	pins_report
}

# Settings of a host that matter to the loader. The last plan of a boot: unprivileged_bpf_disabled cannot be set back
# from 1.
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
	loader_report load
	chmod 1777 /sys/fs/bpf
	pins_report

	SET=settings_root
	chmod 0700 /sys/fs/bpf
	/bin/cri-ebpf-loader load >/tmp/error 2>&1
	report load status:$? error="$(cat /tmp/error)"
	out=$(/bin/cri-ebpf-loader status --json 2>/tmp/error)
	report status status:$? json:"${out:-null}" error="$(cat /tmp/error)"
	/bin/cri-ebpf-loader unload >/tmp/error 2>&1
	report unload status:$? error="$(cat /tmp/error)"
	chmod 1777 /sys/fs/bpf
	pins_report

	SET=settings_capability
	pin_dir_make
	as cri-ebpf-loader bpf /bin/cri-ebpf-loader load --pin-dir "$PIN_DIR" >/tmp/error 2>&1
	report load status:$? error="$(cat /tmp/error)"
	pins_report

	SET=settings_unmounted
	umount /sys/fs/bpf
	/bin/cri-ebpf-loader load >/tmp/error 2>&1
	report load status:$? error="$(cat /tmp/error)"
	mount -t bpf bpf /sys/fs/bpf
	pins_report
}
