#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Containers that run out of memory at the same time: every kill has its own decision of the OOM killer, and so an incident
# and a line of its own.
set -u
. "$(dirname "$0")/../lib/scenario.sh"

scenario_begin
eat=$(tool eat) || bail_out "cannot build eat"
containers=3
kills=12
limit=$((16 * 1048576))

# One process after the other fills the container; prints how many were killed.
# shellcheck disable=SC2016
loop='n=0
for i in $(seq "$1"); do
	sh -c "echo 1000 >/proc/self/oom_score_adj; exec \"\$0\" 32 0" "$0" 2>/dev/null
	[ $? -ne 137 ] || n=$((n + 1))
done
echo "$n"'

pids=()
paths=()
which=()
for i in $(seq "$containers"); do
	path=$(pod_cgroup "$(random_uuid)")/$(random_hex 64)
	cg_make "$path" "$limit" || bail_out "cannot make $path"
	cg_start "$path" "$SCENARIO_DIR/killed$i" sh -c "$loop" "$eat" "$kills"
	pids+=("$CG_PID")
	paths+=("$path")
	which+=(-c "${path##*/}")
done
for pid in "${pids[@]}"; do
	wait "$pid"
done
total=$((containers * kills))
is "$(awk '{ sum += $1 } END { print sum }' "$SCENARIO_DIR"/killed*)" "$total" "every process was killed"

# shellcheck disable=SC2016
ours='map(select(.type == "oom_kill" and (.cgroup | IN($ARGS.positional[]))))'
oom()
{
	cri_ebpf oom --json | jq -sc "$ours | $1" --args "${paths[@]}"
}
all_stored()
{
	[ "$(oom length)" = "$total" ]
}

wait_for 10 all_stored
is "$(oom length)" "$total" "every kill is recorded"
is "$(oom 'group_by(.cgroup) | map(length) | unique | .[]')" "$kills" "those of each container"
is "$(oom 'map(select(.limit_cgroup != .cgroup)) | length')" 0 "each for the limit of its own container"
is "$(oom 'map(.incident) | unique | length')" "$total" "every kill is an incident of its own"
is "$(oom 'map(select(.incident != .id)) | length')" 0 "that is numbered by its kill"
is "$(cri_ebpf oom --no-legend -F ID,VICTIMS -c "${paths[0]##*/}" | awk '$2 == 1' | wc -l)" "$kills" "text: a line for each of a container"
is "$(cri_ebpf oom --no-legend -F ID "${which[@]}" | tr -d ' ' | sort -n | tr '\n' ' ')" \
	"$(oom '.[].id | tonumber' | sort -n | tr '\n' ' ')" "text: a line for each of all"

counters_reconcile
done_testing
