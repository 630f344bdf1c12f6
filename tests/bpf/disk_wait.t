#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# The recorder has to wait for another writer's lock, for a larger limit of file sizes or for a reader that never ends; the
# wall clock jumps.
set -u
. "$(dirname "$0")/../lib/scenario.sh"
. tests/lib/store.sh

scenario_prepare
command -v sqlite3 >/dev/null || skip_all "sqlite3 is not installed"
SQL=

wait_end()
{
	local status=$?

	[ -z "$SQL" ] || kill -KILL "$SQL" 2>/dev/null
	(exit "$status")
	scenario_end
}
trap wait_end EXIT

# sql_begin STATEMENT...: starts sqlite3 as root with an open transaction; SQL is its pid.
sql_begin()
{
	rm -f "$SCENARIO_DIR/sql"
	mkfifo "$SCENARIO_DIR/sql"
	sqlite3 "$DB" <"$SCENARIO_DIR/sql" >"$SCENARIO_DIR/sql.out" 2>&1 &
	SQL=$!
	exec 7>"$SCENARIO_DIR/sql"
	printf '%s\n' '.timeout 10000' "$@" "SELECT 'begun';" >&7
	wait_for 15 grep -q begun "$SCENARIO_DIR/sql.out"
}

sql_end()
{
	printf '%s\n' "$@" >&7
	exec 7>&-
	wait "$SQL"
	SQL=
}

begin_roomy "locked by root"
sql_begin 'BEGIN IMMEDIATE;'
ok $? "locked by root: a write transaction is open"
exits 30
logged_once "locked by root" "cannot store into \"$DB\":.*locked: process $SQL holds a lock on \"$DB-shm\", end it"
until=$((SECONDS + $(bound 5 30)))
lasts()
{
	[ "$SECONDS" -ge "$until" ]
}
wait_for 10 trouble_is_shown 'locked'
ok $? "locked by root: status reports it"
wait_for 60 lasts
is "$(logged 'cannot store')" 1 "locked by root: still reported once"
is "$(logged 'was replaced')" 0 "locked by root: the lock of a process that may write is not broken"
sql_end 'COMMIT;'
all_recorded 10 "locked by root: everything is recorded after the commit"
is "$(logged 'stores into .* again')" 1 "locked by root: the recovery is reported once"
wait_for 10 is_healthy true
ok $? "locked by root: status is healthy"
is "$(gaps)" "" "locked by root: no gap"
balanced "locked by root"
recorder_stop

# file_limit BYTES|unlimited: of the running recorder
file_limit()
{
	setpriv --reuid cri-ebpf --regid cri-ebpf --clear-groups prlimit --pid "$RECORDER_PID" --fsize="$1:"
}

begin_roomy "file limit"
file_limit "$(stat -c %s "$DB-wal")"
ok $? "file limit: the WAL may not grow further"
exits 200
logged_once "file limit" "cannot store into \"$DB\": the limit of file sizes \(RLIMIT_FSIZE"
wait_for 10 trouble_is_shown 'limit of file sizes'
ok $? "file limit: status reports it" || diag "$(status_now)" "$(stat -c "%n %s" "$DB"*)"
file_limit unlimited
all_recorded 10 "file limit: everything is recorded when it is raised"
wait_for 10 is_healthy true
ok $? "file limit: status is healthy"
is "$(gaps)" "" "file limit: no gap"
balanced "file limit"
sound "file limit"
recorder_stop
is $? 0 "file limit: the recorder exits cleanly"

# only a test build can lower wal_limit and shift the clock
if [ -x "$BUILD/hooked/cri-ebpf" ]; then
	install -m 0755 "$BUILD/hooked/cri-ebpf" "$SCENARIO_DIR/bin/"
	export CRI_TEST_WAL_WARN=100000 CRI_TEST_CLOCK=$SCENARIO_DIR/clock/clock
	begin_roomy "long reader"
	sql_begin 'BEGIN;' 'SELECT count(*) FROM event;'
	largest=0
	for _ in $(seq "$(bound 16 400)"); do
		exits 50
		wait_for 10 exits_are "$EXITS_TRUTH" || break
		size=$(stat -c %s "$DB-wal")
		[ "$size" -le "$largest" ] || largest=$size
	done
	is "$(exits_recorded)" "$EXITS_TRUTH" "long reader: recording continues"
	[ "$largest" -gt 400000 ] && [ "$largest" -lt 1200000 ]
	ok $? "long reader: the WAL stays within its bound" || diag "$largest bytes"
	[ "$(logged 'has grown to')" -gt 0 ]
	ok $? "long reader: the growth is reported"
	is "$(logged "process $SQL held a lock")" 1 "long reader: breaking its lock is reported once"
	sql_end 'SELECT count(*) FROM event;' 'COMMIT;' 'SELECT count(*) FROM event;'
	like "$(tail -n 1 "$SCENARIO_DIR/sql.out")" 'unable to open' "long reader: its next transaction fails"
	is "$(gaps)" "" "long reader: no gap"
	balanced "long reader"
	sound "long reader"
	recorder_stop

	begin_roomy clock
	echo $((40 * 86400)) >"$CRI_TEST_CLOCK"
	exits 20
	wait_for 20 is_logged 'the clock went forward by 9[0-9]+ hours: nothing is deleted'
	ok $? "clock: forward by 40 days"
	all_recorded 10 "clock: nothing is removed as too old"
	echo -86400 >"$CRI_TEST_CLOCK"
	exits 20
	all_recorded 10 "clock: back by 41 days"
	rm "$CRI_TEST_CLOCK"
	exits 20
	all_recorded 10 "clock: right again"
	is "$(logged 'the clock went')" 1 "clock: reported once"
	is "$(gaps)" "" "clock: no gap"
	sound clock
	recorder_stop
	is $? 0 "clock: the recorder exits cleanly"
else
	skip "long reader, clock" "no test build: run make variants"
fi

done_testing
