#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# A foreign process has changed the ring's consumer position, or a second recorder starts: no crash, no endless loop,
# nothing recorded twice.
set -u
. "$(dirname "$0")/../lib/scenario.sh"
. tests/lib/store.sh

scenario_prepare
set_position=$(tool set_position) || bail_out "cannot build set_position"
install -m 0755 "$set_position" "$SCENARIO_DIR/bin/"
recorder_user=(setpriv --reuid cri-ebpf --regid cri-ebpf --groups "$(getent group cri-ebpf-ring | cut -d: -f3)")

# hostile NAME POSITION REASON: the kernel drops records while the consumer position is beyond its own; the loss is a gap.
hostile()
{
	local name=$1 position=$2

	begin_roomy "$name"
	recorder_stop
	exits 20
	"${recorder_user[@]}" "$SCENARIO_DIR/bin/set_position" "$PIN_DIR/events" "$position" >"$SCENARIO_DIR/position" 2>&1 ||
		bail_out "$name: cannot write the position: $(cat "$SCENARIO_DIR/position")"
	recorder_start
	ok $? "$name: the recorder starts" || return
	exits 20
	after_is_recorded()
	{
		[ "$(exits_recorded)" -ge 40 ]
	}
	wait_for 10 after_is_recorded
	ok $? "$name: later exits are recorded" || diag "$(exits_recorded)"
	[ "$(exits_recorded)" -le "$EXITS_TRUTH" ]
	ok $? "$name: nothing is recorded twice"
	if [ "$3" = none ]; then
		all_recorded 10 "$name: nothing is missing"
		is "$(gaps)" "" "$name: no gap"
	else
		like "$(gaps)" "(^| )$3:" "$name: there is a gap"
	fi
	wait_for 10 is_healthy true
	ok $? "$name: status is healthy"
	is_running "$RECORDER_PID"
	ok $? "$name: the recorder runs"
	recorder_stop
	is $? 0 "$name: it exits cleanly"
}

# position 0: the position in the database is used instead
hostile "zero" 0 none
hostile "not a multiple of 8" +3 'rejected'
hostile "beyond the producer's position" +4096 'rejected'
hostile "2^63" 9223372036854775808 'rejected'
hostile "all bits" 18446744073709551615 'rejected'
hostile "the producer's position" +0 'store_replaced'

# refused NAME REGEX FLAG...: a second recorder is refused
refused()
{
	local out

	out=$("$SCENARIO_DIR/bin/cri-ebpf" record --config "$CONFIG" "${@:3}" 2>&1 </dev/null)
	is $? 6 "$1: exit status 6"
	like "$out" "another (recorder|process), pid $RECORDER_PID, (uses|has locked) the $2" "$1: the message names the other recorder"
}

begin_roomy "two"
refused "the same ring and database" "pins \"$PIN_DIR\"" --pin-dir "$PIN_DIR" --db "$DB"
refused "the same ring, another database" "pins \"$PIN_DIR\"" --pin-dir "$PIN_DIR" --db "$SCENARIO_DIR/other/events.db"
[ ! -e "$SCENARIO_DIR/other" ]
ok $? "it created nothing"
other=$PIN_DIR-other
"$SCENARIO_DIR/bin/cri-ebpf-loader" load --pin-dir "$other" --config "$CONFIG" >"$SCENARIO_DIR/loader.log" 2>&1
ok $? "another ring is loaded"
refused "another ring, the same database" "database \"$DB\"" --pin-dir "$other" --db "$DB"
"$SCENARIO_DIR/bin/cri-ebpf-loader" unload --pin-dir "$other" --config "$CONFIG" >"$SCENARIO_DIR/loader.log" 2>&1
[ ! -d "$other" ] || rmdir "$other"
exits 20
all_recorded 10 "the first recorder continues"
is "$(gaps)" "" "nothing is missing"

done_testing
