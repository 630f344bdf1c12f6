#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# A container of a pod fills its own limit within a second: one kill, pressure before it, and correct fields.
set -u
. "$(dirname "$0")/../lib/scenario.sh"

limit=$((16 * 1048576))
id=$(random_hex 64)
uid=$(random_uuid)
scenario_begin
eat=$(tool eat) || bail_out "cannot build eat"

path=$(pod_cgroup "$uid")/$id
cg_make "$path" "$limit" || bail_out "cannot make $path"
cg_start "$path" /dev/null "$eat" 32 2
pid=$CG_PID
wait "$pid" 2>/dev/null
is $? 137 "the kernel killed the process"

wait_for 10 holds 'any(.[]; .type == "process_exit" and .oom_killed)' -c "$id"
ok $? "the recorder has the exit of the victim"

kills=$(query 'map(select(.type == "oom_kill"))' -c "$id")
is "$(jq length <<<"$kills")" 1 "one oom_kill"
kill=$(jq -c '.[0]' <<<"$kills")
field_is "$kill" .pid "$pid" "the victim's pid"
field_is "$kill" .comm eat "the victim's name"
field_is "$kill" .container.id "$id" "container id"
field_is "$kill" .pod.uid "$uid" "pod uid"
field_is "$kill" .cgroup "$path" "cgroup"
field_is "$kill" .scope container "scope"
field_is "$kill" .limit_cgroup "$path" "the limit was the container's"
field_is "$kill" .limit_bytes "$limit" "limit"
field_holds "$kill" '.usage_bytes > .limit_bytes * 0.95 and .usage_bytes <= .limit_bytes' "usage near the limit"
field_holds "$kill" '.victim_rss_anon_bytes > 8e6 and .victim_rss_anon_bytes <= .limit_bytes' "the victim's memory"
field_is "$kill" .chosen true "chosen"
field_is "$kill" .group_kill false "no group kill"
field_is "$kill" .trigger_pid "$pid" "the victim triggered the kill itself"
field_holds "$kill" '.incident == .id' "the kill is its own incident"

pressure=$(query 'map(select(.type == "memory_pressure" and .level == "high")) | .[0]' -c "$id")
field_is "$pressure" .cgroup "$path" "pressure: the cgroup whose limit it is"
field_is "$pressure" .container.id "$id" "pressure: container id"
field_is "$pressure" .limit_bytes "$limit" "pressure: limit"
field_holds "$pressure" '.utilization >= 0.9 and .utilization <= 1' "pressure: from 90 % on"
field_holds "[$pressure,$kill]" '.[0].time_unix_nano < .[1].time_unix_nano' "pressure before the kill"

exits=$(query 'map(select(.type == "process_exit" and .pid == '"$pid"'))' -c "$id")
is "$(jq length <<<"$exits")" 1 "one exit of the victim"
exit=$(jq -c '.[0]' <<<"$exits")
field_is "$exit" .signal 9 "exit: signal"
field_is "$exit" .exit_code null "exit: no exit code"
field_is "$exit" .oom_killed true "exit: oom_killed"
field_is "$exit" .container.id "$id" "exit: container id"
field_holds "[$kill,$exit]" '.[0].time_unix_nano < .[1].time_unix_nano' "the exit after the kill"

cg_remove "$path"
wait_for 10 holds 'any(.[]; .type == "container_stop")' -c "$id"
ok $? "its stop is recorded when the cgroup is removed"
why=$(cri_ebpf why "$id" --json)
field_is "$why" .verdict oom_killed "why: verdict"
like "$(cri_ebpf why "${id:0:12}")" "OOM" "why, for people"
is "$(query 'map(select(.type == "gap")) | length')" 0 "no gap"

recorder_stop
is $? 0 "the recorder exits cleanly"
counters_reconcile
done_testing
