#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# The recorder is killed while it replaces the wal-index. No process may go on using the old one beside the new one.
set -u
. "$(dirname "$0")/../lib/scenario.sh"
. tests/lib/store.sh

PROGRAMS=$BUILD/hooked
export CRI_TEST_SHARE_DELAY=0
scenario_prepare 'metrics_interval = 1s'
command -v sqlite3 >/dev/null || skip_all "sqlite3 is not installed"
hold_lock=$(tool hold_lock) || bail_out "cannot build hold_lock"
HOLDER='' FOLLOWER='' WRITER=

index_end()
{
	local status=$? pid

	for pid in $HOLDER $FOLLOWER $WRITER; do
		kill -KILL "$pid" 2>/dev/null
	done
	(exit "$status")
	scenario_end
}
trap index_end EXIT

has_line()
{
	grep -q "$2" "$1"
}

has_ended()
{
	! is_running "$RECORDER_PID"
}

# writer_query SQL: prints what a process reads that may write and keeps the database open all the time
writer_query()
{
	printf '%s;\n' "$1" "SELECT 'end of answer'" >&7
	wait_for 10 has_line "$SCENARIO_DIR/written" 'end of answer' || return 1
	grep -v 'end of answer' "$SCENARIO_DIR/written"
	: >"$SCENARIO_DIR/written"
}

loader load >/dev/null 2>&1 || bail_out "cri-ebpf-loader load failed"
CRI_TEST_DIE=index_invalidated recorder_start
ok $? "the recorder runs"
exits_begin
exits 5
all_recorded 10 "and records"

: >"$SCENARIO_DIR/written"
mkfifo "$SCENARIO_DIR/statements"
sqlite3 "$DB" <"$SCENARIO_DIR/statements" >>"$SCENARIO_DIR/written" 2>&1 &
WRITER=$!
exec 7>"$SCENARIO_DIR/statements"
like "$(writer_query 'SELECT count(*) > 0 FROM event')" '^1$' "an idle process that may write has the database open"
"$SCENARIO_DIR/bin/cri-ebpf" events --db "$DB" --config "$CONFIG" --json -t process_exit -c "$EXITS_ID" -f -n 0 \
	>"$SCENARIO_DIR/followed" 2>"$SCENARIO_DIR/follower.err" &
FOLLOWER=$!
follows()
{
	[ -n "$(find "/proc/$FOLLOWER/fd" -lname anon_inode:inotify)" ] && [ -n "$(find "/proc/$FOLLOWER/fd" -lname "$DB")" ]
}
wait_for 5 follows
ok $? "another process follows events"

"$hold_lock" -w "$DB-shm" read posix 120 >"$SCENARIO_DIR/held" 2>&1 &
HOLDER=$!
wait_for 5 has_line "$SCENARIO_DIR/held" held
ok $? "a lock is held that makes the recorder replace the wal-index"
before=$(stat -c %i "$DB-shm")
exits 5
wait_for 20 has_ended
wait "$RECORDER_PID"
is $? 137 "the recorder is killed at the beginning of the replacement"
RECORDER_PID=
kill -KILL "$HOLDER"
wait "$HOLDER" 2>/dev/null
HOLDER=

cri_ebpf events >/dev/null 2>"$SCENARIO_DIR/reader.err"
is $? 3 "a reader now exits with status 3"
like "$(cat "$SCENARIO_DIR/reader.err")" 'keeps readers out for the moment.*where no recorder runs, start one' "the message says why"
recorder_start
ok $? "a recorder starts"
[ "$(stat -c %i "$DB-shm")" != "$before" ]
ok $? "with a new wal-index"
all_recorded 10 "records that waited in the ring are stored"
like "$(writer_query "INSERT INTO status VALUES('written beside the recorder', '')")" 'unable to open database file' \
	"a process with the old wal-index cannot write"
exits 5
all_recorded 10 "recording continues"
followed()
{
	[ "$(wc -l <"$SCENARIO_DIR/followed")" -ge 10 ]
}
wait_for 10 followed
ok $? "the following process continues" || diag "$(cat "$SCENARIO_DIR/follower.err")"
is "$(wc -l <"$SCENARIO_DIR/followed")" 10 "it shows nothing twice"
echo .quit >&7
wait "$WRITER"
WRITER=
kill "$FOLLOWER"
wait "$FOLLOWER" 2>/dev/null
FOLLOWER=
is "$(gaps)" "" "no gap"
sound "in the end"
recorder_stop
is $? 0 "the recorder exits cleanly"

done_testing
