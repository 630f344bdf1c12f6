#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Nothing is lost and nothing is counted twice: the recorder is killed again and again, or is not there at all.
set -u
. "$(dirname "$0")/../lib/scenario.sh"

seed=${CRI_EBPF_TEST_SEED:-$$}
RANDOM=$seed
scenario_begin 'ring_buffer_size = 16M'
many_exits=$(tool many_exits) || bail_out "cannot build many_exits"
diag "CRI_EBPF_TEST_SEED=$seed"

# What waitpid said, sorted: "pid status" of every process that ended in the cgroup.
truth_of()
{
	local pid=$1 status=$2 file=$3

	{ cat "$file"; echo "$pid $((status << 8))"; } | sort
}

# The same as recorded, rebuilt from the JSON fields. A pid may come twice, so this is a list, not a set.
recorded_of()
{
	cri_ebpf events --json -t process_exit -c "$1" |
		jq -r '"\(.pid) \((.exit_code // 0) * 256 + (if .core_dumped then 128 else 0 end) + .signal)"' | sort
}

# compare ID PID STATUS FILE NAME
compare()
{
	truth_of "$2" "$3" "$4" >"$SCENARIO_DIR/truth.sorted"
	recorded_of "$1" >"$SCENARIO_DIR/recorded.sorted"
	is "$(wc -l <"$SCENARIO_DIR/recorded.sorted")" "$(wc -l <"$SCENARIO_DIR/truth.sorted")" "$5: number of exits"
	cmp -s "$SCENARIO_DIR/truth.sorted" "$SCENARIO_DIR/recorded.sorted"
	ok $? "$5: every exit once, with its status" ||
		diag "$(diff "$SCENARIO_DIR/truth.sorted" "$SCENARIO_DIR/recorded.sorted" | head -n 10)"
}

container()
{
	echo "$CG_PRIVATE/kubepods/pod$(random_uuid)/$1"
}

id=$(random_hex 64)
path=$(container "$id")
cg_make "$path" || bail_out "cannot make $path"
cg_start "$path" "$SCENARIO_DIR/many.out" "$many_exits" 20000 "$SCENARIO_DIR/truth"
many_pid=$CG_PID
kills=0 died=0
while is_running "$many_pid"; do
	# not a synchronisation: when the recorder dies is what is tried
	sleep "0.$(printf %03d $((RANDOM % 200 + 1)))"
	recorder_kill
	status=$?
	if [ "$status" -eq 137 ]; then
		kills=$((kills + 1))
	else
		diag "the recorder ended with $status before it was killed"
		died=$((died + 1))
	fi
	recorder_spawn
done
wait "$many_pid"
many_status=$?
is "$many_status" 0 "20000 processes came and went"
[ "$kills" -ge 10 ]
ok $? "the recorder was killed meanwhile" || diag "only $kills times"
diag "killed $kills times"
is "$died" 0 "and never died otherwise"
wait_for 20 recorder_is_ready
ok $? "the recorder came back"
recorder_stop
is $? 0 "it drained the ring and ended in order"
compare "$id" "$many_pid" "$many_status" "$SCENARIO_DIR/truth" "killed recorder"

id=$(random_hex 64)
path=$(container "$id")
cg_make "$path" || bail_out "cannot make $path"
cg_start "$path" "$SCENARIO_DIR/many.out" "$many_exits" 1000 "$SCENARIO_DIR/truth"
many_pid=$CG_PID
wait "$many_pid"
many_status=$?
record --once >>"$RECORDER_LOG" 2>&1
is $? 0 "record --once"
compare "$id" "$many_pid" "$many_status" "$SCENARIO_DIR/truth" "no recorder"

is "$(query 'map(select(.type == "gap")) | length')" 0 "no gap"
record --once >>"$RECORDER_LOG" 2>&1
is $? 0 "record --once again"
compare "$id" "$many_pid" "$many_status" "$SCENARIO_DIR/truth" "read twice"

# Exact when quiet: other processes of this machine go on ending in cgroups that are not classified yet.
counters_agree()
{
	record --once >>"$RECORDER_LOG" 2>&1
	counters=$(cri_ebpf status --json | jq -c '.counters | map_values(.process_exit)')
	[ "$(jq '.sent == .stored + .rejected and .unread == 0 and .lost == 0' <<<"$counters")" = true ]
}

wait_for 20 counters_agree
ok $? "the counters agree: sent = stored" || diag "$counters"

done_testing
