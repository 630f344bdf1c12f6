#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Containers of a real containerd: an OOM kill within milliseconds, exit codes, a victim that is not the init.
set -u
. "$(dirname "$0")/../lib/scenario.sh"

scenario_prepare
reason=$(containers_unusable containerd ctr runc)
[ -z "$reason" ] || skip_all "$reason"
loader load || bail_out "cri-ebpf-loader load failed"
recorder_start || bail_out "the recorder did not start: $(cat "$RECORDER_LOG")"
mkdir "$SCENARIO_DIR/ctr"
containerd_start "$SCENARIO_DIR/ctr" "$(tool eat)" "$(tool late_exit)" "$(tool as_child)" ||
	bail_out "containerd did not start: $(tail -n 3 "$SCENARIO_DIR/ctr/containerd.log")"

# run_to_stop FLAG... -- ID COMMAND...: runs a container, waits until its stop is recorded, and returns its exit status.
run_to_stop()
{
	local args=("$@") id status

	while [ "$1" != -- ]; do shift; done
	id=$2
	ctr_run "${args[@]}" >"$SCENARIO_DIR/out" 2>"$SCENARIO_DIR/err"
	status=$?
	wait_for 10 holds 'any(.[]; .type == "container_stop")' -c "$id" || diag "no container_stop of $id"
	return "$status"
}

# of TYPE ID: the events of that type of a container.
of()
{
	query 'map(select(.type == "'"$1"'"))' -c "$2"
}

# once ID: it started once and stopped once.
once()
{
	is "$(of container_start "$1" | jq length)" 1 "container_start once"
	is "$(of container_stop "$1" | jq length)" 1 "container_stop once"
}

# the_exit ID JQ: the one exit for which JQ is true.
the_exit()
{
	of process_exit "$1" | jq -c 'map(select('"$2"')) | if length == 1 then .[0] else {exits: length} end'
}

page=$(getconf PAGESIZE)
limit=$((15000000 / page * page))
id=$(random_hex 64)
run_to_stop --memory-limit 15000000 -- "$id" dd if=/dev/zero of=/dev/null bs=20M
is $? 137 "dd is killed because of its buffer"
kills=$(of oom_kill "$id")
is "$(jq length <<<"$kills")" 1 "one oom_kill"
kill=$(jq -c '.[0]' <<<"$kills")
field_is "$kill" .container.id "$id" "container id"
field_is "$kill" .container.runtime containerd "runtime"
field_is "$kill" .cgroup "$(ctr_cgroup "$id")" "the path with the namespace"
field_is "$kill" .limit_bytes "$limit" "limit"
field_is "$kill" .scope container "scope"
field_is "$kill" .comm dd "the victim's name"
exit=$(the_exit "$id" '.comm == "dd"')
field_is "$exit" .signal 9 "exit: signal"
field_is "$exit" .oom_killed true "exit: oom_killed"
field_is "$exit" .container_init true "exit: the container's init"
field_holds "$exit" '.duration_ns < 2e9' "exit: duration below 2 s"
once "$id"
field_is "$(of container_start "$id")" '.[0].memory_limit_bytes' "$limit" "container_start: limit"
field_is "$(of container_stop "$id")" '.[0].oom_kills' 1 "container_stop: one kill"

id=cri-ebpf-exit-$$
run_to_stop -- "$id" sh -c 'exit 42'
is $? 42 "sh exits with 42"
exit=$(the_exit "$id" .container_init)
field_is "$exit" .exit_code 42 "exit code"
field_is "$exit" .signal 0 "no signal"
field_is "$exit" .oom_killed false "not by the OOM killer"
field_is "$exit" .comm sh "name"
once "$id"

# the init of a pid namespace ignores its own SIGTERM, hence the inner shell
id=cri-ebpf-term-$$
# shellcheck disable=SC2016
run_to_stop -- "$id" sh -c 'sh -c "kill -TERM \$\$"; exit $?'
is $? 143 "sh reports that SIGTERM ended its child"
exit=$(the_exit "$id" '.signal == 15')
field_is "$exit" .exit_code null "no exit code"
field_is "$exit" .container_init false "it was not the init"
field_is "$(the_exit "$id" .container_init)" .exit_code 143 "the init's exit code"
once "$id"

id=cri-ebpf-late-$$
run_to_stop -- "$id" late_exit 7 2000
is $? 7 "the last thread ends the process with 7"
exit=$(the_exit "$id" '.comm == "late_exit"')
field_is "$exit" .exit_code 7 "exit code, once"
field_is "$exit" .signal 0 "no signal"
field_holds "$exit" '.duration_ns >= 2e9' "duration of at least 2 s"
once "$id"

id=cri-ebpf-child-$$
run_to_stop --memory-limit $((16 * 1048576)) -- "$id" as_child eat 32 0.3
is $? 0 "the container survives its child"
like "$(cat "$SCENARIO_DIR/out")" '^[0-9]+ 9$' "waitpid reports that SIGKILL ended the child"
exit=$(the_exit "$id" '.comm == "eat"')
field_is "$exit" .signal 9 "the child: signal"
field_is "$exit" .oom_killed true "the child: oom_killed"
field_is "$exit" .container_init false "the child: not the init"
exit=$(the_exit "$id" .container_init)
field_is "$exit" .comm as_child "the init"
field_is "$exit" .exit_code 0 "the init: exit code"
field_is "$exit" .oom_killed false "the init: not killed"
kill=$(of oom_kill "$id" | jq -c 'if length == 1 then .[0] else {kills: length} end')
field_is "$kill" .comm eat "the victim"
once "$id"

is "$(query 'map(select(.type == "gap")) | length')" 0 "no gap"
counters_reconcile
done_testing
