#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# The OOM killer also marks a process that is exiting already, without killing it: that is no OOM kill, and its exit is
# not one of a victim. On the rungs that see only the mark, the signal of the kill shows which one it is.
set -u
. "$(dirname "$0")/../lib/scenario.sh"

scenario_prepare
loader load --rung oom_kill=mark_victim >/dev/null 2>&1 || bail_out "cri-ebpf-loader load failed"
[ "$(loader status --json | jq -r '.probes[] | select(.name == "oom_kill").rung')" = mark_victim ] ||
	skip_all "this kernel has no tracepoint for the mark"
recorder_start || bail_out "the recorder did not start: $(cat "$RECORDER_LOG")"
held_exit=$(tool held_exit) && eat=$(tool eat) || bail_out "cannot build the tools"

id=$(random_hex 64)
path=$(pod_cgroup "$(random_uuid)")/$id
cg_make "$path" $((32 * 1048576)) || bail_out "cannot make $path"
pid=$(cg_run "$path" "$held_exit" 20 24)
is $? 0 "a process that is exiting gave way to another" || bail_out "nothing to see"

wait_for 10 holds "any(.[]; .type == \"process_exit\" and .pid == $pid)" -c "$id"
ok $? "its exit is recorded"
exit=$(query "map(select(.type == \"process_exit\" and .pid == $pid)) | .[0]" -c "$id")
field_is "$exit" .exit_code 3 "with its own exit code"
field_is "$exit" .oom_killed false "and not as an OOM kill"
is "$(query 'map(select(.type == "oom_kill")) | length' -c "$id")" 0 "no OOM kill is recorded"

# The same cgroup, with a real one.
cg_start "$path" /dev/null "$eat" 64 0
victim=$CG_PID
wait "$victim" 2>/dev/null
is $? 137 "the kernel killed a process"
wait_for 10 holds "any(.[]; .type == \"process_exit\" and .pid == $victim)" -c "$id"
ok $? "its exit is recorded"
is "$(query 'map(select(.type == "oom_kill").pid)' -c "$id")" "[$victim]" "its OOM kill is recorded"
field_is "$(query "map(select(.type == \"process_exit\" and .pid == $victim)) | .[0]" -c "$id")" .oom_killed true \
	"its exit is that of a victim"

recorder_stop
is $? 0 "the recorder ends in order"
counters_reconcile
done_testing
