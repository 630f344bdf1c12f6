#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Memory pressure is reported once when usage reaches the threshold, and again only when it has been below the re-arm
# level since, or after ten seconds.
set -u
. "$(dirname "$0")/../lib/scenario.sh"

size=64
scenario_begin
levels=$(tool levels) || bail_out "cannot build levels"

# Steps of "percent of the limit:milliseconds".
declare -A steps=(
	[stays]="93:2000"
	[dips]="93:500 87:500 93:500"
	[falls]="93:500 80:500 93:500"
	[long]="93:12500"
)
declare -A ids=() pids=()

for name in "${!steps[@]}"; do
	ids[$name]=$(random_hex 64)
	path=$(pod_cgroup "$(random_uuid)")/${ids[$name]}
	cg_make "$path" $((size * 1048576)) || bail_out "cannot make $path"
	# shellcheck disable=SC2086
	cg_start "$path" /dev/null "$levels" $size ${steps[$name]}
	pids[$name]=$CG_PID
done

# reports NAME: the times of the reports of one container, in nanoseconds, once its process has ended.
reports()
{
	wait "${pids[$1]}"
	is $? 0 "$1 (${steps[$1]}): ran to its end"
	wait_for 10 holds "any(.[]; .type == \"process_exit\" and .pid == ${pids[$1]})" -c "${ids[$1]}"
	ok $? "$1: its exit is recorded"
	times=$(query 'map(select(.type == "memory_pressure" and .level == "high").time_unix_nano | tonumber) | sort' \
		-c "${ids[$1]}")
}

reports stays
is "$(jq length <<<"$times")" 1 "one report however long usage stays there"
reports dips
is "$(jq length <<<"$times")" 1 "no second one when usage was between the re-arm level and the threshold"
reports falls
is "$(jq length <<<"$times")" 2 "a second one when usage was below the re-arm level"
reports long
is "$(jq length <<<"$times")" 2 "a second one when usage stays there for more than ten seconds"
field_holds "$times" '.[1] - .[0] >= 10e9 and .[1] - .[0] < 11.5e9' "ten seconds after the first"

recorder_stop
is $? 0 "the recorder ends in order"
counters_reconcile
done_testing
