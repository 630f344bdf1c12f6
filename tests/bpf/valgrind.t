#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# The working recorder under valgrind: no memory error, and no leak at a clean exit.
#
# Valgrind makes system calls that the seccomp filter refuses, so this uses the test build, which can run without its
# sandbox.
set -u
BUILD=${BUILD:-build}/hooked
. "$(dirname "$0")/../lib/scenario.sh"

command -v valgrind >/dev/null || skip_all "valgrind is not installed"
scenario_prepare
loader load || bail_out "cri-ebpf-loader load failed"
many_exits=$(tool many_exits) || bail_out "cannot build many_exits"
eat=$(tool eat) || bail_out "cannot build eat"
report=$SCENARIO_DIR/valgrind.log

# Valgrind opens its report before the recorder drops root. --vgdb=no: no files for a debugger.
valgrind_spawn()
{
	CRI_TEST_NO_SANDBOX=1 valgrind --quiet --vgdb=no --leak-check=full --show-leak-kinds=definite,indirect,possible \
		--errors-for-leak-kinds=definite,indirect,possible --error-exitcode=99 \
		--suppressions=tests/valgrind.supp --log-file="$report" \
		"$SCENARIO_DIR/bin/cri-ebpf" record --pin-dir "$PIN_DIR" --db "$DB" --config "$CONFIG" --metrics-interval 1s \
		>>"$RECORDER_LOG" 2>&1 </dev/null &
	RECORDER_PID=$!
}

# Under valgrind the process has another name, so status does not recognise it as a recorder; the pid is enough.
has_written()
{
	[ "$(cri_ebpf status --json 2>/dev/null | jq .recorder.pid)" = "$RECORDER_PID" ]
}

valgrind_spawn
wait_for 60 has_written
ok $? "the recorder works under valgrind" || diag "$(cat "$report" "$RECORDER_LOG")"

# Causes exits, starts, stops, pressure and OOM kills.
end=$((SECONDS + $(bound 10 60)))
rounds=0
while [ "$SECONDS" -lt "$end" ]; do
	path=$(pod_cgroup "$(random_uuid)")/$(random_hex 64)
	cg_make "$path" 16777216 || bail_out "cannot make $path"
	cg_run "$path" "$many_exits" 200 "$SCENARIO_DIR/truth" || bail_out "many_exits failed"
	cg_run "$path" "$eat" 32 0 >/dev/null 2>&1
	cg_remove "$path"
	rounds=$((rounds + 1))
done
diag "$rounds rounds"
is_complete()
{
	[ "$(query 'map(select(.type == "oom_kill")) | length')" -ge "$rounds" ] &&
		[ "$(query 'map(select(.type == "process_exit")) | length')" -ge $((200 * rounds)) ]
}
wait_for 60 is_complete
ok $? "it stores everything" || diag "$(query 'group_by(.type) | map({(.[0].type): length}) | add')"

recorder_stop
is $? 0 "it exits cleanly, without a memory error or a leak" || diag "$(cat "$report")"
is "$(cat "$report")" "" "the report of valgrind is empty"

done_testing
