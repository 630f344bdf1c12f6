#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# --follow: existing events, new events, a database that is created later or replaced.
set -u
. "$(dirname "$0")/fixture.sh"
pids=()
trap 'kill "${pids[@]}" 2>/dev/null; rm -rf "$T"' EXIT

# follow FILE FLAG...: in the background, into FILE.
follow()
{
	local out=$1

	shift
	"$CRI" events -f --config "$T/empty.conf" "$@" >"$out" 2>"$out.err" &
	pids+=($!)
}

# has_lines FILE N
has_lines() { [ "$(wc -l <"$1")" -ge "$2" ]; }

# add ID COMM: one more exit.
add() { printf "INSERT INTO event(id, type, time, boot, cgroup, pid, ppid, uid, comm, status, flags, duration) VALUES(%d, 3, @NOW@, 2, 2, 1, 1, 0, '%s', 0, 0, 1);" "$1" "$2" | mkdb "$DB"; }

follow "$T/a" --json --db "$DB"
wait_for 10 has_lines "$T/a" 10; ok $? "the last ten come first"
is "$(jq -r .id "$T/a" | tr '\n' ' ')" "14 15 16 19 17 18 20 21 22 23 " "in order"
add 100 new1; wait_for 5 has_lines "$T/a" 11; ok $? "a new event is shown"
add 101 new2; add 102 new3; wait_for 5 has_lines "$T/a" 13; ok $? "and the next"
is "$(tail -n 3 "$T/a" | jq -r .comm | tr '\n' ' ')" "new1 new2 new3 " "once each, in order"

follow "$T/b" -n 1 --comm food --comm wanted --db "$DB"
# Once the past is shown, events that are added are new to the follower.
wait_for 5 grep -q food "$T/b"
add 110 other; add 111 wanted
wait_for 5 grep -q wanted "$T/b"; ok $? "filters apply to new events"
is "$(grep -c other "$T/b")" 0 "other events are left out"
like "$(head -n 1 "$T/b")" '^TIME +TYPE' "text has its header once"

follow "$T/c" --json --db "$T/late.db"
wait_for 5 grep -q waiting "$T/c.err"; ok $? "a missing database is waited for"
sed 's/(23, 3/(24, 3/' "$ROOT/tests/cli/fixture.sql" | mkdb "$T/new.db"
mv "$T/new.db" "$T/late.db"
wait_for 5 has_lines "$T/c" 10; ok $? "and followed once it exists"
is "$(grep -c waiting "$T/c.err")" 1 "with one message"

# The database is moved away and replaced by a new one whose ids start at 1.
mv "$DB" "$T/old.db"; rm -f "$DB-wal" "$DB-shm"
printf "INSERT INTO boot VALUES(1,'@BOOT@');INSERT INTO event(id, type, time, boot, cgroup, pid, ppid, uid, comm, status, flags, duration) VALUES(1,3,@NOW@,1,NULL,1,1,0,'afterwards',0,0,1);" | mkdb "$T/next.db"
mv "$T/next.db" "$DB"
wait_for 5 grep -q afterwards "$T/a"; ok $? "a replaced database is followed"

# Without a WAL the database is read as a file that does not change, until a writer makes one.
mkdb "$T/still.db" <"$ROOT/tests/cli/fixture.sql"
rm "$T/still.db-wal" "$T/still.db-shm"
follow "$T/f" --json -n 1 --db "$T/still.db"
wait_for 5 has_lines "$T/f" 1
(DB=$T/still.db; add 120 awake)
wait_for 5 grep -q awake "$T/f"; ok $? "a database that had no WAL is followed when it gets one"

# It ends without a message when its reader closes the pipe.
"$CRI" events -f --json --config "$T/empty.conf" --db "$T/late.db" 2>"$T/d.err" | head -n 1 >/dev/null
is "${PIPESTATUS[0]} $(cat "$T/d.err")" "0 " "it ends when the pipe is closed"

# SIGINT and SIGTERM keep their default action.
"$CRI" events -f --config "$T/empty.conf" --db "$T/late.db" >"$T/e" 2>&1 &
pid=$!
wait_for 5 has_lines "$T/e" 5
caught=$(sed -n 's/^SigCgt:\t//p' "/proc/$pid/status")
is $((0x${caught: -4} & 0x4002)) 0 "SIGINT and SIGTERM are not caught"
kill -TERM $pid; wait $pid; is $? 143 "SIGTERM ends it"

done_testing
