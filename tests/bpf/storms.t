#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Whatever one container does, the first OOM kill of another one is recorded, and so is the exit that it causes: while the
# recorder runs, and while it is stopped and the ring is as full as the storm can make it.
set -u
. "$(dirname "$0")/../lib/scenario.sh"

# NAME : CONTAINERS : HOW : KIND : FLOOD...
# HOW: known, the recorder has classified the containers before the storm; or new, they are made while it is stopped.
# KIND: of enum ev_kind, lost when the storm has filled its part of the ring. FLOOD: for tests/tools/flood.c; @ is a
# cgroup below the container.
storms=(
	"an OOM loop : 2 : new : 1 : oom @"
	"an OOM loop of known containers : 2 : known : 1 : oom @"
	"OOM kills in cgroups of its own : 1 : new : 1 : cgroups @ 1"
	"OOM kills in cgroups of a known container : 1 : known : 1 : cgroups @ 1"
	"OOM kills deeper than cgroups are searched : 1 : new : 1 : cgroups @ 18"
	"pressure that comes and goes in many cgroups : 1 : new : 2 : pressure @ 16"
	"a fork storm : 1 : known : 5 : fork"
	"nested namespaces : 1 : known : 4 : namespaces"
)
minute=$(bound 0 60) # seconds of a storm, at least
batches=$(bound 1 4) # groups of victims in each storm: at the end, and before
victims=2            # in each

command -v bpftool >/dev/null || skip_all "bpftool is not installed"
scenario_begin "ring_buffer_size = $(bound 256K 1M)" 'process_fork = yes' 'metrics_interval = 1s'
flood=$(tool flood) && levels=$(tool levels) || bail_out "cannot build the tools"

# container [LIMIT]: makes one; sets id and path.
container()
{
	id=$(random_hex 64)
	path=$(pod_cgroup "$(random_uuid)")/$id
	cg_make "$path" "$@" || bail_out "cannot make $path"
}

# A container in which a flood can run, from its cgroup load in cgroups below nest.
flood_container()
{
	container
	cg_make "$path/load" && cg_make "$path/nest" || bail_out "cannot make a cgroup in $path"
}

# Waits until the recorder has classified the container: its exits then have more of the ring.
become_known()
{
	cg_start "$path/load" /dev/null true
	wait "$CG_PID"
	wait_for 10 holds "any(.[]; .pid == $CG_PID)" -t process_exit -c "$id" || bail_out "the recorder does not know $path"
}

# flood_start PATH OUTPUT FLOOD...: sets CG_PID.
flood_start()
{
	local nest=$1/nest output=$SCENARIO_DIR/$2

	shift 2
	[ "$1" != oom ] || cg_limit "$nest" 2097152 || bail_out "cannot limit $nest"
	cg_start "${nest%/nest}/load" "$output" "$flood" "${@/#@/$CG_ROOT$nest}"
}

lost()
{
	counters_of_kernel | jq --arg kind "$1" '.[$kind].lost'
}

# lost_more KIND THAN
lost_more()
{
	[ "$(lost "$1")" -gt "$2" ]
}

# Exits of a known container fill three quarters of the ring, so that the storm has less to do.
fill_with_exits()
{
	local before

	before=$(lost 4)
	flood_start "$filler" filler fork
	wait_for 30 lost_more 4 "$before" || bail_out "the ring does not fill"
	kill "$CG_PID"
	wait "$CG_PID"
}

# The kernel side has claimed a report of the pressure in the cgroup with that id: its record is sent, or lost.
pressure_is_claimed()
{
	bpftool -j map dump pinned "$PIN_DIR/armed" | jq -e --arg id "$1" 'any(.[].formatted.key;
		.kind == 2 and .claim == 0 and (.id | tostring) == $id)' >/dev/null
}

# Starts a process in the container that will be killed; sets CG_PID. Where its pressure matters, it stays at the threshold
# until that was seen: the rungs that sample may miss a limit that is filled at once.
victim_start()
{
	if [ "$flood_kind" != pressure ]; then
		cg_start "$path" /dev/null "$levels" 64 100:0
		return
	fi
	cg_start "$path" /dev/null "$levels" 64 23:120000 100:0
	wait_for 60 pressure_is_claimed "$(stat -c %i "$CG_ROOT$path")" || bail_out "the pressure of a victim was not seen"
	kill -USR1 "$CG_PID"
}

# Containers that are killed for the first time. Adds their ids and pids to ids and pids.
kill_victims()
{
	local i

	for ((i = 0; i < victims; i++)); do
		container 16777216
		victim_start
		ids+=("$id") pids+=("$CG_PID")
		wait "$CG_PID" 2>/dev/null
		[ $? -eq 137 ] || bail_out "a victim was not killed"
		cg_remove "${path%/*}"
	done
}

# victims_without SQL: the victims whose container and pid the query does not return.
victims_without()
{
	local i

	cri_ebpf sql "$1" --output csv --no-legend --time-limit 60s 2>"$SCENARIO_DIR/query" | tr -d '\r' | sort >"$SCENARIO_DIR/have"
	[ ! -s "$SCENARIO_DIR/query" ] || echo "the query failed: $(cat "$SCENARIO_DIR/query")"
	for ((i = 0; i < ${#ids[@]}; i++)); do
		echo "${ids[i]},${pids[i]}"
	done | sort | comm -23 - "$SCENARIO_DIR/have"
}

kills="SELECT container_id, pid FROM v_oom WHERE container_id IS NOT NULL"
exits="SELECT container_id, pid FROM v_exit WHERE container_id IS NOT NULL AND oom_killed"
# Of the cgroup: the task of such a record is the one that ran when the pressure was noticed.
pressure="SELECT container_id, pid FROM v_oom
	WHERE container_id IN (SELECT container_id FROM v_pressure WHERE level = 'high')"

all_have()
{
	[ -z "$(victims_without "$1")" ]
}

# Kills in cgroups that are not ours, since the event with that id: of other scripts, whose first ones use the ring too.
others_kills()
{
	cri_ebpf sql "SELECT count(*) FROM v_oom WHERE id > $1 AND cgroup NOT LIKE '$CG_PRIVATE/%'" --output csv --no-legend
}

last_id()
{
	cri_ebpf sql 'SELECT coalesce(max(id), 0) FROM v_events' --output csv --no-legend
}

# storm_run MODE CONTAINERS HOW KIND FLOOD...: sets ids and pids of the victims, begun, full, and ended.
storm_run()
{
	local mode=$1 containers=$2 how=$3 kind=$4 paths=() floods=() before batch i

	shift 4
	ids=() pids=() begun=0 ended=0
	before=$(lost "$kind")
	[ "$mode" != stopped ] || [ "$how" != new ] || kill -STOP "$RECORDER_PID"
	while [ ${#paths[@]} -lt "$containers" ]; do
		flood_container
		paths+=("$path")
		[ "$mode" = stopped ] && [ "$how" = new ] || become_known
	done
	if [ "$mode" = stopped ]; then
		kill -STOP "$RECORDER_PID"
		fill_with_exits
	fi
	for path in "${paths[@]}"; do
		flood_start "$path" "flood${#floods[@]}" "$@"
		floods+=("$CG_PID")
	done
	for ((batch = 1; batch <= batches; batch++)); do
		sleep "$((minute / batches))"
		[ "$mode" = running ] || wait_for 60 lost_more "$kind" "$before"
		wait_for 120 grep -q begun "$SCENARIO_DIR/flood0" || begun=1
		kill_victims
	done
	full=$(($(lost "$kind") - before))
	kill "${floods[@]}"
	for i in "${!floods[@]}"; do
		wait "${floods[i]}" || ended=1
	done
	kill -CONT "$RECORDER_PID"
	for path in "${paths[@]}"; do
		cg_remove "${path%/*}"
	done
}

# storm MODE NAME CONTAINERS HOW KIND FLOOD...: tries again when other scripts had OOM kills at the same time.
storm()
{
	local name="$2, recorder $1" mode=$1 flood_kind=$6 ids pids begun ended full tries first

	for ((tries = 0; tries < 3; tries++)); do
		first=$(last_id)
		storm_run "$1" "${@:3}"
		wait_for 10 all_have "$kills" && wait_for 10 all_have "$exits" && break
		[ "$(others_kills "$first")" -gt 20 ] || break
	done
	is "$begun$ended" 00 "$name: the floods ran" || diag "$(cat "$SCENARIO_DIR"/flood?)"
	[ "$mode" = running ] || [ "$full" -gt 0 ]
	ok $? "$name: its part of the ring was full: $full lost of kind $5"
	wait_for 20 all_have "$kills"
	ok $? "$name: every first OOM kill of another container is recorded" ||
		diag "missing of ${#ids[@]}: $(victims_without "$kills")" "$(counters_of_kernel)" "of others: $(others_kills "$first")"
	wait_for 10 all_have "$exits"
	ok $? "$name: and so is the exit that it caused" || diag "missing: $(victims_without "$exits")"
	[ "$flood_kind" = pressure ] || return 0
	wait_for 10 all_have "$pressure"
	ok $? "$name: and their first pressure" || diag "missing: $(victims_without "$pressure")"
}

flood_container
filler=$path
become_known
for mode in running stopped; do
	for row in "${storms[@]}"; do
		IFS=: read -r name containers how kind words <<<"${row// : /:}"
		read -ra words <<<"$words"
		storm "$mode" "$name" "$containers" "$how" "$kind" "${words[@]}"
	done
done

recorder_stop
is $? 0 "the recorder ends in order"
counters_reconcile
done_testing
