#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# load --replace again and again while containers start, end and are killed; the recorder sees the pin directory through a
# bind mount, as in its unit. The loader is also killed at each step that changes something.
set -u
. "$(dirname "$0")/../lib/scenario.sh"
. tests/lib/load.sh

scenario_prepare 'ring_buffer_size = 16M' 'metrics_interval = 1s'
trap 'load_kill; scenario_end' EXIT
command -v strace >/dev/null || skip_all "strace is not installed"
loader load || bail_out "cri-ebpf-loader load failed"

# Starts the recorder in a mount namespace of its own, so that nothing is left to unmount.
recorder_spawn()
{
	mkdir -p "$SCENARIO_DIR/pins"
	# the inner shell expands its own arguments
	# shellcheck disable=SC2016
	unshare --mount --propagation private sh -c 'mount --bind "$0" "$1" && shift && exec "$@"' "$PIN_DIR" \
		"$SCENARIO_DIR/pins" "$SCENARIO_DIR/bin/cri-ebpf" record --pin-dir "$SCENARIO_DIR/pins" --db "$DB" \
		--config "$CONFIG" >>"$RECORDER_LOG" 2>&1 </dev/null &
	RECORDER_PID=$!
}

pins()
{
	find "$PIN_DIR" -mindepth 1 -printf '%f %m %u:%g\n' | sort
}

load_is_past()
{
	[ "$(wc -l <"$LOAD_DIR/kills")" -gt "$1" ]
}

is_settled()
{
	is "$(pins)" "$pins_before" "$1: the same pins as before"
	field_is "$(loader status --json)" .replacing false "$1: no replacement is under way"
}

recorder_start || bail_out "the recorder did not start: $(cat "$RECORDER_LOG")"
recorder=$RECORDER_PID
pins_before=$(pins)
load_begin
wait_for 20 test -s "$LOAD_DIR/kills" || bail_out "the load makes no progress"

# Asks both programs for their status again and again, until "watched" is removed; notes each that is unhealthy.
watch()
{
	trap - EXIT
	while [ -e "$SCENARIO_DIR/watched" ]; do
		loader status >"$SCENARIO_DIR/loader.status" 2>&1
		[ $? -ne 4 ] || cat "$SCENARIO_DIR/loader.status"
		cri_ebpf status >"$SCENARIO_DIR/cri.status" 2>&1
		[ $? -ne 4 ] || head -n 5 "$SCENARIO_DIR/cri.status"
		echo >>"$SCENARIO_DIR/looks"
		sleep 0.2 # leaves the CPU to what is tested
	done >>"$SCENARIO_DIR/alarms"
}
touch "$SCENARIO_DIR/watched"
watch &
watcher=$!

rounds=$(bound 20 100) failed=0
for ((round = 0; round < rounds; round++)); do
	loader load --replace >"$SCENARIO_DIR/out" 2>&1 || { failed=$((failed + 1)); diag "$(cat "$SCENARIO_DIR/out")"; }
done
is "$failed" 0 "$rounds times load --replace"
rm "$SCENARIO_DIR/watched"
wait "$watcher"
[ "$(wc -l <"$SCENARIO_DIR/looks")" -ge 5 ]
ok $? "and status was asked $(wc -l <"$SCENARIO_DIR/looks") times meanwhile"
is "$(cat "$SCENARIO_DIR/alarms")" "" "it was healthy each time"
is_settled "replaced"

# The system call before which the loader is killed. chmod follows the pinning of a link. The three membarriers: both
# program sets are attached, the new one takes over, the old one is gone.
for stop in unlink:1 membarrier:1 chmod:1 chmod:4 membarrier:2 rename:1 rename:4 membarrier:3; do
	strace -o "$SCENARIO_DIR/strace" -e trace="${stop%:*}" -e inject="${stop%:*}:signal=KILL:when=${stop#*:}" \
		"$SCENARIO_DIR/bin/cri-ebpf-loader" load --replace --pin-dir "$PIN_DIR" --config "$CONFIG" >"$SCENARIO_DIR/out" 2>&1
	is $? 137 "killed before $stop"
	[ "$(pins)" != "$pins_before" ]
	ok $? "$stop: the killed loader left something behind" || diag "$(pins)"
	# the half-replaced programs record for some time
	kills=$(wc -l <"$LOAD_DIR/kills")
	wait_for 20 load_is_past $((kills + 1))
	verb=$([ "${stop#*:}" = 1 ] && echo load || echo load --replace)
	# shellcheck disable=SC2086
	out=$(loader $verb 2>&1)
	is $? 0 "$stop: $verb" || diag "$out"
	is_settled "$stop"
done
load_end

is_running "$recorder"
ok $? "the same recorder ran all the time"
recorder_stop
is $? 0 "it exits cleanly"
load_compare "under load"
counters_reconcile
done_testing
