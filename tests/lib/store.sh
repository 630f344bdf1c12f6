# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
#
# Shared by tests of the database file: processes whose exits are recorded, and checks of messages, counters and gaps.
# Needs tests/lib/scenario.sh.

# exits_begin: makes the cgroup of a container, EXITS_ID, in which processes can end.
exits_begin()
{
	EXITS_ID=$(random_hex 64)
	EXITS_PATH=$(pod_cgroup "$(random_uuid)")/$EXITS_ID
	EXITS_TRUTH=0
	EXITS_MANY=$(tool many_exits) || bail_out "cannot build many_exits"
	cg_make "$EXITS_PATH" || bail_out "cannot make $EXITS_PATH"
}

# exits N: N processes end in it, many_exits itself being one of them.
exits()
{
	cg_run "$EXITS_PATH" "$EXITS_MANY" $(($1 - 1)) "$SCENARIO_DIR/many.truth" || bail_out "many_exits failed"
	EXITS_TRUTH=$((EXITS_TRUTH + $1))
}

exits_recorded()
{
	cri_ebpf events --json -t process_exit -c "$EXITS_ID" 2>/dev/null | jq -s length
}

exits_are()
{
	[ "$(exits_recorded)" = "$1" ]
}

# all_recorded SECONDS NAME: every exit so far is recorded once within the time.
all_recorded()
{
	wait_for "$1" exits_are "$EXITS_TRUTH"
	is "$(exits_recorded)" "$EXITS_TRUTH" "$2"
}

# logged REGEX: the number of matching messages of the recorder since log_mark.
log_mark()
{
	LOG_FROM=$(($(wc -l <"$RECORDER_LOG") + 1))
}

logged()
{
	tail -n "+$LOG_FROM" "$RECORDER_LOG" | grep -cE "$1"
}

is_logged()
{
	[ "$(logged "$1")" -gt 0 ]
}

status_now()
{
	cri_ebpf status --json 2>/dev/null
}

is_healthy()
{
	[ "$(status_now | jq .healthy)" = "$1" ]
}

# status reports that the recorder cannot store, with a reason that matches.
trouble_is_shown()
{
	status_now | jq -e --arg regex "$1" '.healthy == false and any(.problems[]; .name == "cannot_store" and (.text | test($regex)))'
}

# sent = stored + rejected + unread for process exits. Exact only when nothing ends at that moment.
books_balance()
{
	recorder_beat
	BOOKS=$(status_now | jq -c '.counters | [.sent, .stored, .rejected, .unread, .lost] | map(.process_exit)')
	[ "$(jq '.[0] == .[1] + .[2] + .[3]' <<<"$BOOKS")" = true ]
}

# Waits until the recorder has written its state again; scenarios set metrics_interval to 1s.
recorder_beat()
{
	local before

	before=$(status_now | jq -r .as_of)
	wait_for 5 beat_is_later "$before"
}

beat_is_later()
{
	[[ $(status_now | jq -r .as_of) > $1 ]]
}

gaps()
{
	query 'map(select(.type == "gap")) | map("\(.reason):\(.lost_type):\(.lost)") | join(" ")'
}

# begin NAME FILE RING: after scenario_prepare: loads a ring of that size, starts a recorder with a new database FILE
begin()
{
	DB=$2
	printf '%s\n' 'metrics_interval = 1s' "ring_buffer_size = $3" >"$CONFIG"
	[ ! -d "$PIN_DIR" ] || loader unload >"$SCENARIO_DIR/loader.log" 2>&1
	loader load >"$SCENARIO_DIR/loader.log" 2>&1 || bail_out "$1: load failed: $(cat "$SCENARIO_DIR/loader.log")"
	recorder_start || bail_out "$1: the recorder did not start: $(tail -n 5 "$RECORDER_LOG")"
	exits_begin
	exits 20
	all_recorded 10 "$1: exits before the fault are recorded"
	log_mark
}

# begin_roomy NAME: with a ring that also holds what else ends on this machine while no recorder runs
begin_roomy()
{
	begin "$1" "$SCENARIO_DIR/$1/events.db" 8M
}

# sound NAME
sound()
{
	is "$(sqlite3 "$DB" 'PRAGMA integrity_check' 2>&1)" ok "$1: integrity_check passes"
	is "$(sqlite3 "$DB" "SELECT count(*) - count(DISTINCT id) FROM v_events" 2>&1)" 0 "$1: ids are unique"
}

# balanced NAME
balanced()
{
	wait_for 20 books_balance
	ok $? "$1: sent = stored + rejected + unread" || diag "$BOOKS"
}

# logged_once NAME REGEX
logged_once()
{
	wait_for 10 is_logged "$2"
	is "$(logged "$2")" 1 "$1: reported once" || diag "$(tail -n "+$LOG_FROM" "$RECORDER_LOG")"
}
