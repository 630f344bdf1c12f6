#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# In a time namespace whose boot time is not the kernel's, nothing is loaded or recorded, and queries still know when
# the host booted.
set -u
. "$(dirname "$0")/../lib/scenario.sh"

# shifted SECONDS COMMAND...: runs it where boot time is ahead by SECONDS.
shifted()
{
	unshare --time --boottime "$1" --fork "${@:2}"
}

shifted 100000 true 2>/dev/null || skip_all "unshare cannot shift boot time"
scenario_prepare
export -f loader record cri_ebpf
export SCENARIO_DIR PIN_DIR CONFIG DB

out=$(shifted 100000 bash -c 'loader load' 2>&1)
is $? 6 "load is refused"
like "$out" 'time namespace.*start it in the host' "the message says why and what to do"
is "$(find "$PIN_DIR" -mindepth 1 2>/dev/null)" "" "nothing is loaded"
out=$(shifted 100000 bash -c 'loader check --json' 2>/dev/null)
is $? 4 "check: unhealthy"
like "$(jq -r .obstacle <<<"$out")" 'time namespace' "the obstacle is named"

loader load || bail_out "cri-ebpf-loader load failed"
out=$(shifted 100000 bash -c 'loader reload' 2>&1)
is $? 6 "reload is refused"
like "$out" 'time namespace' "the message says why"
# shellcheck disable=SC2016
out=$(shifted 100000 bash -c 'timeout 20 "$SCENARIO_DIR/bin/cri-ebpf" record --once --pin-dir "$PIN_DIR" --db "$DB" \
	--config "$CONFIG"' 2>&1)
is $? 6 "record is refused"
like "$out" 'time namespace.*nothing is recorded: start the recorder in the host' "the message says why and what to do"
[ ! -e "$DB" ]
ok $? "and makes no database"

recorder_start || bail_out "the recorder did not start: $(cat "$RECORDER_LOG")"
path=$(pod_cgroup "$(random_uuid)")/$(random_hex 64)
cg_make "$path" && cg_run "$path" true
wait_for 10 holds 'any(.[]; .type == "process_exit")' -c "${path##*/}"
ok $? "one event is recorded"
recorded=$(cut -d. -f1 /proc/uptime)

# Boot time begins anew in this namespace, so that its own start of the clock lies behind the event.
is_old()
{
	[ "$(cut -d. -f1 /proc/uptime)" -gt $((recorded + 2)) ]
}
wait_for 10 is_old
# shellcheck disable=SC2016
is "$(shifted "-$(cut -d. -f1 /proc/uptime)" bash -c 'cri_ebpf events --json -t process_exit -S boot -c "$0"' "${path##*/}" |
	wc -l)" 1 "-S boot means the boot of the host"

# "status" compares its own clock with the recorder's
for offset in 100000 "-$(cut -d. -f1 /proc/uptime)"; do
	out=$(shifted "$offset" bash -c 'cri_ebpf status' 2>&1)
	is $? 0 "status is healthy where boot time is shifted by $offset" || diag "$out"
done
recorder_stop
is $? 0 "the recorder ends cleanly"
done_testing
