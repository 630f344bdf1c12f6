#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# The owner of the limit: a pod, another ancestor, a plain service. Victim and trigger are in different cgroups.
set -u
. "$(dirname "$0")/../lib/scenario.sh"

scenario_begin
eat=$(tool eat) || bail_out "cannot build eat"
limit=$((32 * 1048576))

# oom_between LIMITED VICTIM TRIGGER: VICTIM holds 16 MiB and is preferred by the OOM killer; TRIGGER fills LIMITED.
# Sets victim_pid and trigger_pid. The kernel may kill the trigger as well, because a dying victim is skipped before its
# memory is freed (mm/mmap.c, exit_mmap: MMF_OOM_SKIP is set, then tlb_finish_mmu frees). That kill must have a row too.
oom_between()
{
	local limited=$1 victim=$2 trigger=$3 output=$SCENARIO_DIR/victim.out killed=0 exited

	cg_make "$victim" && cg_make "$trigger" && cg_limit "$limited" "$limit" || bail_out "cannot make $limited"
	# shellcheck disable=SC2016
	cg_start "$victim" "$output" sh -c 'echo 1000 >/proc/self/oom_score_adj && exec "$0" 16 0 forever' "$eat"
	victim_pid=$CG_PID
	wait_for 10 grep -q ready "$output" || bail_out "the victim did not get its memory"
	cg_start "$trigger" /dev/null "$eat" 24 1
	trigger_pid=$CG_PID
	wait "$trigger_pid" 2>/dev/null
	[ $? -ne 137 ] || killed=1
	wait "$victim_pid" 2>/dev/null
	is $? 137 "the victim is killed"
	for exited in "$victim_pid" "$trigger_pid"; do
		wait_for 10 holds 'any(.[]; .type == "process_exit" and .pid == '"$exited"')'
	done
	is "$(kills_of "$trigger_pid")" "$killed" "the trigger has a row exactly if it was killed"
	holds 'any(.[]; .type == "process_exit" and .pid == '"$victim_pid"' and .oom_killed)'
}

kills_of()
{
	query 'map(select(.type == "oom_kill" and .pid == '"$1"')) | length'
}

# The one kill of a pid.
kill_of()
{
	query 'map(select(.type == "oom_kill" and .pid == '"$1"')) | if length == 1 then .[0] else {kills: length} end'
}

uid=$(random_uuid)
victim_id=$(random_hex 64)
trigger_id=$(random_hex 64)
pod=$(pod_cgroup "$uid")
oom_between "$pod" "$pod/$victim_id" "$pod/$trigger_id"
ok $? "a limit of the pod: recorded"
kill=$(kill_of "$victim_pid")
field_is "$kill" .scope pod "scope"
field_is "$kill" .limit_cgroup "$pod" "the limit was the pod's"
field_is "$kill" .limit_bytes "$limit" "limit"
field_is "$kill" .cgroup "$pod/$victim_id" "the victim's cgroup"
field_is "$kill" .container.id "$victim_id" "the victim's container"
field_is "$kill" .pod.uid "$uid" "the victim's pod"
field_is "$kill" .trigger_cgroup "$pod/$trigger_id" "the trigger's cgroup"
field_is "$kill" .trigger_pid "$trigger_pid" "the trigger's pid"
field_is "$kill" .oom_score_adj 1000 "oom_score_adj"
pressure=$(query 'map(select(.type == "memory_pressure" and .level == "high" and .cgroup == "'"$pod"'")) | .[0]')
field_is "$pressure" .container null "pressure on the pod has no container"
field_is "$pressure" .pod.uid "$uid" "pressure on the pod: its uid"
field_holds "[$pressure,$kill]" '.[0].time_unix_nano < .[1].time_unix_nano' "pressure before the kill"

qos=$CG_PRIVATE/kubepods/besteffort
victim=$(pod_cgroup "$(random_uuid)" besteffort)/$(random_hex 64)
trigger=$(pod_cgroup "$(random_uuid)" besteffort)/$(random_hex 64)
oom_between "$qos" "$victim" "$trigger"
ok $? "a limit above the pod: recorded"
kill=$(kill_of "$victim_pid")
field_is "$kill" .scope ancestor "scope"
field_is "$kill" .limit_cgroup "$qos" "the limit was the ancestor's"
field_is "$kill" .limit_bytes "$limit" "limit"
field_is "$kill" .container.id "${victim##*/}" "the victim's container"
field_is "$kill" .trigger_cgroup "$trigger" "the trigger's cgroup"

service=$CG_PRIVATE_SLICE/foo.service
cg_make "$service" $((16 * 1048576)) || bail_out "cannot make $service"
cg_start "$service" /dev/null "$eat" 32 0.3
pid=$CG_PID
wait "$pid" 2>/dev/null
is $? 137 "a service is killed"
wait_for 10 holds 'any(.[]; .type == "process_exit" and .pid == '"$pid"')'
ok $? "a limit of a service: recorded, the exit too"
kill=$(kill_of "$pid")
field_is "$kill" .scope cgroup "scope"
field_is "$kill" .container null "no container"
field_is "$kill" .pod null "no pod"
field_is "$kill" .cgroup "$service" "the unit's cgroup"
field_is "$kill" .limit_cgroup "$service" "the limit was the unit's"
field_is "$kill" .limit_bytes $((16 * 1048576)) "limit"
exit=$(query 'map(select(.type == "process_exit" and .pid == '"$pid"' and .cgroup == "'"$service"'")) | .[0]')
field_is "$exit" .oom_killed true "exit: oom_killed"

counters_reconcile
done_testing
