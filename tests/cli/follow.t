#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# --follow: what was there, what comes, a database that comes later or is replaced.
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
add() { printf "INSERT INTO event VALUES(%d, 3, @NOW@, 2, 2, 1, 1, 0, '%s', 0, 0, 1);" "$1" "$2" | mkdb "$DB"; }

follow "$T/a" --json --db "$DB"
wait_for 10 has_lines "$T/a" 10; ok $? "the last ten come first"
is "$(jq -r .id "$T/a" | tr '\n' ' ')" "14 15 16 19 17 18 20 21 22 23 " "in order"
add 100 new1; wait_for 5 has_lines "$T/a" 11; ok $? "a new event is shown"
add 101 new2; add 102 new3; wait_for 5 has_lines "$T/a" 13; ok $? "and the next"
is "$(tail -n 3 "$T/a" | jq -r .comm | tr '\n' ' ')" "new1 new2 new3 " "once each, in order"

follow "$T/b" -n 0 --comm wanted --db "$DB"
# Open and past its first look: only what is added now is new to it.
has_open() { [ -n "$(find "/proc/${pids[1]}/fd" -lname "$DB" 2>/dev/null)" ]; }
wait_for 5 has_open
add 110 other; add 111 wanted
wait_for 5 grep -q wanted "$T/b"; ok $? "filters hold for what comes"
is "$(grep -c other "$T/b")" 0 "and leave the rest out"
like "$(head -n 1 "$T/b")" '^TIME +TYPE' "text has its header once"

follow "$T/c" --json --db "$T/late.db"
wait_for 5 grep -q waiting "$T/c.err"; ok $? "a missing database is waited for"
sed 's/(23, 3/(24, 3/' "$ROOT/tests/cli/fixture.sql" | mkdb "$T/new.db"
mv "$T/new.db" "$T/late.db"
wait_for 5 has_lines "$T/c" 10; ok $? "and followed when it comes"
is "$(grep -c waiting "$T/c.err")" 1 "it is said once"

# Replaced: the old one moved away, a new one that counts from the beginning in its place.
mv "$DB" "$T/old.db"; rm -f "$DB-wal" "$DB-shm"
printf "INSERT INTO boot VALUES(1,'@BOOT@');INSERT INTO event VALUES(1,3,@NOW@,1,NULL,1,1,0,'afterwards',0,0,1);" | mkdb "$T/next.db"
mv "$T/next.db" "$DB"
wait_for 5 grep -q afterwards "$T/a"; ok $? "a replaced database is followed"

# A reader that leaves ends it, quietly.
"$CRI" events -f --json --config "$T/empty.conf" --db "$T/late.db" 2>"$T/d.err" | head -n 1 >/dev/null
is "${PIPESTATUS[0]} $(cat "$T/d.err")" "0 " "it ends when nobody reads any more"

# Interrupt and termination keep their meaning: no handler, and not ignored by us.
"$CRI" events -f --config "$T/empty.conf" --db "$T/late.db" >"$T/e" 2>&1 &
pid=$!
wait_for 5 has_lines "$T/e" 5
caught=$(sed -n 's/^SigCgt:\t//p' "/proc/$pid/status")
is $((0x${caught: -4} & 0x4002)) 0 "SIGINT and SIGTERM are not caught"
kill -TERM $pid; wait $pid; is $? 143 "and end it"

done_testing
