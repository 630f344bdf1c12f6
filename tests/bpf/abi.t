#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Programs and recorder of different versions. build/abi has the same programs with the next version of the wire format. A
# recorder reads its own version and the previous one; it stops before the first record of a newer version.
set -u
. "$(dirname "$0")/../lib/scenario.sh"
. tests/lib/load.sh

scenario_prepare 'ring_buffer_size = 16M'
trap 'load_kill; scenario_end' EXIT
mkdir -m 0755 "$SCENARIO_DIR/next"
for program in cri-ebpf cri-ebpf-loader; do
	install -m 0755 "$BUILD/abi/$program" "$SCENARIO_DIR/next/" || bail_out "$BUILD/abi/$program is missing: run make variants"
done
mv "$SCENARIO_DIR/bin" "$SCENARIO_DIR/this"

# use this|next: selects the version that the functions of the scenario run.
use()
{
	ln -sfn "$1" "$SCENARIO_DIR/bin"
}

pins()
{
	find "$PIN_DIR" -mindepth 1 -printf '%f %i %m %u:%g\n' | sort
}

# load_some COUNT: runs the load until COUNT containers were killed.
load_some()
{
	load_begin
	wait_for 60 load_has "$1" || bail_out "the load makes no progress"
}

load_has()
{
	[ "$(wc -l <"$LOAD_DIR/kills")" -ge "$1" ] && [ "$(wc -l <"$LOAD_DIR/exits")" -ge 200 ]
}

load_next()
{
	load_end
	rm -rf "$LOAD_DIR"
}

# --- the recorder is the newer one ---

use this
loader load || bail_out "cri-ebpf-loader load failed"
load_some 5
load_end
use next
record --once >"$SCENARIO_DIR/out" 2>&1
is $? 0 "a recorder reads records of the previous version in the ring" || diag "$(cat "$SCENARIO_DIR/out")"
load_compare "left in the ring"
load_next

# --- as packages do it: the recorder is restarted, then the programs are replaced ---

use this
recorder_start || bail_out "the recorder did not start: $(cat "$RECORDER_LOG")"
load_some 5
recorder_stop
is $? 0 "the old recorder exits cleanly"
use next
recorder_start
ok $? "the new recorder starts with the old programs loaded" || diag "$(cat "$RECORDER_LOG")"
recorder=$RECORDER_PID
wait_for 60 load_has 15
out=$(loader load 2>&1)
is $? 0 "load of the new loader accepts the old programs" || diag "$out"
out=$(loader load --replace 2>&1)
is $? 0 "load --replace replaces them" || diag "$out"
is "$(loader status --json | jq -c '[.abi, .replacing]')" '[2,false]' "status shows the new version"
wait_for 60 load_has 25
load_end
is_running "$recorder"
ok $? "the recorder keeps running"
recorder_stop
is $? 0 "and exits cleanly"
load_compare "package order"
load_next

# --- the loader is the older one ---

use this
before=$(pins)
for verb in 'load' 'load --replace'; do
	# shellcheck disable=SC2086
	out=$(loader $verb 2>&1)
	is $? 6 "$verb of an older loader is refused"
	like "$out" 'write records of format 2.*nothing was changed.*Use the' "the message says what, why, and what to do"
	is "$(pins)" "$before" "and changes nothing"
done
out=$(timeout 20 "$SCENARIO_DIR/bin/cri-ebpf" record --once --pin-dir "$PIN_DIR" --config "$CONFIG" --db "$DB" 2>&1)
is $? 6 "an older recorder does not start"
like "$out" 'version 2.*install the same version.*' "the message says why"
loader unload >/dev/null 2>&1

# --- the wrong order: the programs are replaced under an older recorder ---

# A new database, because newly loaded programs leave a gap in the other one (accounting.t).
loader load || bail_out "cri-ebpf-loader load failed"
DB=$SCENARIO_DIR/db/wrong-order.db
: >"$RECORDER_LOG"
recorder_start || bail_out "the recorder did not start: $(cat "$RECORDER_LOG")"
load_some 5
use next
loader load --replace >"$SCENARIO_DIR/out" 2>&1
is $? 0 "the programs are replaced under an older recorder" || diag "$(cat "$SCENARIO_DIR/out")"
has_ended()
{
	! is_running "$RECORDER_PID"
}
wait_for 20 has_ended
ok $? "the older recorder stops" || kill -KILL "$RECORDER_PID"
wait "$RECORDER_PID"
is $? 6 "with exit status 6"
RECORDER_PID=
like "$(cat "$RECORDER_LOG")" "next record in the ring.*newer version than the 1.*stay in the ring.*this one ends.*install" "the message says why, and what to do"
wait_for 60 load_has $(($(wc -l <"$LOAD_DIR/kills") + 5))
load_end
stored=$(query 'length')
[ "$stored" -gt 0 ]
ok $? "events before the newer records are stored: $stored"
record --once >"$SCENARIO_DIR/out" 2>&1
is $? 0 "the newer recorder takes over" || diag "$(cat "$SCENARIO_DIR/out")"
# the programs were unloaded before this part, so this is another ring
load_compare "wrong order"
counters_reconcile
done_testing
