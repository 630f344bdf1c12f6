#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Members of the group read the history, and that is all: whatever lock one of them holds, recording goes on.
set -u
. "$(dirname "$0")/../lib/scenario.sh"
. tests/lib/store.sh

PROGRAMS=$BUILD/hooked
export CRI_TEST_SHARE_DELAY=0 # each lock by itself; with the delay of every recorder: near the end
scenario_begin 'metrics_interval = 1s'
reader=cri-test-$$
account_user "$reader" nogroup --groups cri-ebpf >/dev/null 2>&1 ||
	account_user "$reader" nobody --groups cri-ebpf >/dev/null || bail_out "cannot make user $reader"
chmod 0644 "$CONFIG"
hold_lock=$(tool hold_lock) || bail_out "cannot build hold_lock"
install -m 0755 "$hold_lock" "$SCENARIO_DIR/bin/"
hold_lock=$SCENARIO_DIR/bin/hold_lock
exits_begin
# every one on the way execs, so that $! is the process itself
as_reader=(setpriv --reuid "$reader" --regid "$(id -g "$reader")" --init-groups --inh-caps=-all)
HOLDER=

is_held()
{
	grep -q held "$SCENARIO_DIR/held"
}

# hold FILE TYPE KIND FIRST [COUNT]: as a member of the group, as soon as nobody writes; HOLDER is its pid.
hold()
{
	: >"$SCENARIO_DIR/held"
	"${as_reader[@]}" "$hold_lock" -w "$@" >"$SCENARIO_DIR/held" 2>&1 &
	HOLDER=$!
	wait_for 5 is_held
}

release()
{
	kill -KILL "$HOLDER"
	wait "$HOLDER" 2>/dev/null
	HOLDER=
}

trap '[ -z "$HOLDER" ] || kill -KILL "$HOLDER"; scenario_end' EXIT

# goes_on NAME FILE KIND FIRST [COUNT]: with such a lock, what happens is recorded all the same.
goes_on()
{
	local name=$1 file=$2 kind=$3

	shift 3
	hold "$file" read "$kind" "$@" || bail_out "$name: cannot lock: $(cat "$SCENARIO_DIR/held")"
	exits 5
	all_recorded 10 "$name"
	is_running "$HOLDER" || bail_out "$name: the lock was given up"
	release
}

exits 5
all_recorded 10 "without a lock"

log_mark
hold "$DB-shm" read posix 120
exits 5
all_recorded 10 "a lock on the bytes of writers"
wait_for 5 is_told "process $HOLDER held a lock on \"$DB-shm\".*replaced and recording goes on"
ok $? "who held it, on what, and what became of it is told"
is "$(told 'cannot store')" 0 "and no failure"
before=$(stat -c %i "$DB-shm")
recorder_beat
ok $? "the recorder tells its state too"
release
wait_for 5 is_healthy true
ok $? "and is healthy"
hold "$DB-shm" read ofd 120
recorder_beat
ok $? "with such a lock on the new file, and nothing to store, as well"
[ "$(stat -c %i "$DB-shm")" != "$before" ]
ok $? "for that it was replaced too"
release
is "$(told 'held a lock on')" 1 "that is told once"

for kind in posix ofd; do
	for byte in 120 121 122 123 124 125 126 127 128; do
		goes_on "index, $kind, byte $byte" "$DB-shm" "$kind" "$byte"
	done
	goes_on "index, $kind, all bytes" "$DB-shm" "$kind" 0 0
	goes_on "index, $kind, marks of readers" "$DB-shm" "$kind" 124 4
	goes_on "database, $kind, pending" "$DB" "$kind" 0x40000000
	goes_on "database, $kind, reserved" "$DB" "$kind" 0x40000001
	goes_on "database, $kind, shared" "$DB" "$kind" 0x40000002 510
	goes_on "database, $kind, all bytes" "$DB" "$kind" 0 0
	goes_on "log, $kind, all bytes" "$DB-wal" "$kind" 0 0
done

# at the start, after an end in order and after none
for how in stop kill; do
	"recorder_$how"
	hold "$DB-shm" read posix 0 0 || bail_out "cannot lock: $(cat "$SCENARIO_DIR/held")"
	exits 5
	recorder_start
	ok $? "start after $how: with every byte of the index locked"
	all_recorded 10 "start after $how: everything is recorded"
	release
	recorder_stop
	hold "$DB" read posix 0 0 || bail_out "cannot lock: $(cat "$SCENARIO_DIR/held")"
	exits 5
	recorder_start
	ok $? "start after $how: with every byte of the database locked"
	all_recorded 10 "start after $how: everything is recorded"
	release
done

# what a member may not
for file in "$DB" "$DB-wal" "$DB-shm"; do
	"${as_reader[@]}" sh -c ": >>'$file'" 2>/dev/null
	ok $((!$?)) "a member cannot write ${file##*/}"
done
"${as_reader[@]}" sh -c ": <'$DB.lock'" 2>/dev/null
ok $((!$?)) "nor open the recorders' lock"
"${as_reader[@]}" touch "${DB%/*}/x" 2>/dev/null
ok $((!$?)) "nor make a file beside it"
"${as_reader[@]}" flock -n "$PIN_DIR" true 2>/dev/null
ok $((!$?)) "nor lock the pins"

# a reader whose answer is cut off says so; one that follows goes on
exits 1000
all_recorded 20 "many exits"
events=("$SCENARIO_DIR/bin/cri-ebpf" events --db "$DB" --config "$CONFIG" -t process_exit -c "$EXITS_ID" --json)
mkfifo -m 0666 "$SCENARIO_DIR/fifo"
"${as_reader[@]}" "${events[@]}" >"$SCENARIO_DIR/fifo" 2>"$SCENARIO_DIR/reader.err" &
slow=$!
exec 8<"$SCENARIO_DIR/fifo"
read -r -n 1 -u 8 # it writes, more than a pipe takes
"${as_reader[@]}" "${events[@]}" -f -n 0 >"$SCENARIO_DIR/followed" 2>&1 &
follower=$!
follows()
{
	[ -n "$(find "/proc/$follower/fd" -lname anon_inode:inotify)" ] && [ -n "$(find "/proc/$follower/fd" -lname "$DB")" ]
}
wait_for 5 follows
hold "$DB-shm" read posix 120
exits 5
all_recorded 10 "while somebody reads slowly"
cat <&8 >/dev/null
exec 8<&-
wait "$slow"
is $? 3 "a reader that was in the middle of it: exit status 3"
like "$(cat "$SCENARIO_DIR/reader.err")" "$DB-shm.*replaced.*run the query again" "and is told to run it again"
release
out=$("${as_reader[@]}" "${events[@]}" 2>&1 | wc -l)
is "$out" "$EXITS_TRUTH" "the next answer is whole"
exits 5
followed()
{
	[ "$(grep -c process_exit "$SCENARIO_DIR/followed")" -ge 5 ]
}
wait_for 10 followed
ok $? "who follows goes on" || diag "$(cat "$SCENARIO_DIR/followed")"
kill "$follower"
wait "$follower" 2>/dev/null

all_recorded 10 "nothing is doubled"
is "$(gaps)" "" "no gap"
wait_for 20 books_balance
ok $? "sent = stored + rejected + unread" || diag "$BOOKS"
recorder_stop
is $? 0 "the recorder ends in order"
is "$(sqlite3 "$DB" 'PRAGMA integrity_check' 2>&1)" ok "the database is sound"
is "$("${as_reader[@]}" "${events[@]}" 2>/dev/null | wc -l)" "$EXITS_TRUTH" "and is read without a recorder"

# one who locks every new index as soon as he can open it
unset CRI_TEST_SHARE_DELAY
recorder_start
ok $? "start with the delay of every recorder"
: >"$SCENARIO_DIR/held"
"${as_reader[@]}" "$hold_lock" -e "$DB-shm" read ofd 120 >"$SCENARIO_DIR/held" 2>&1 &
HOLDER=$!
wait_for 5 is_held
ok $? "the index is locked, and so will be the next"
late=0 rounds=0 locked=0 shut_out=0 root_reads=1
deadline=$((SECONDS + $(bound 40 120)))
while [ "$SECONDS" -lt "$deadline" ]; do
	[ "$rounds" -lt "$(bound 12 60)" ] || [ "$locked" -lt 3 ] || [ "$shut_out" -eq 0 ] || break
	exits 5
	wait_for 3 exits_are "$EXITS_TRUTH" || late=$((late + 1))
	rounds=$((rounds + 1)) locked=$(grep -c held "$SCENARIO_DIR/held")
	[ "$shut_out" -eq 0 ] || continue
	"${as_reader[@]}" "${events[@]}" >/dev/null 2>"$SCENARIO_DIR/reader.err"
	[ $? -ne 3 ] || ! grep -q 'keeps readers out for the moment' "$SCENARIO_DIR/reader.err" || shut_out=1
	exits_are "$EXITS_TRUTH" || root_reads=0
done
is "$late" 0 "every index locked again: everything is recorded within seconds"
[ "$locked" -ge 3 ]
ok $? "it was locked again and again" || diag "$locked times"
[ "$locked" -le "$((rounds * 2 / 3))" ]
ok $? "and more and more seldom" || diag "$locked times in $rounds rounds"
is "$root_reads" 1 "root reads meanwhile"
[ "$shut_out" -gt 0 ]
ok $? "readers are kept out meanwhile, and told why: exit status 3" || diag "$(cat "$SCENARIO_DIR/reader.err")"
is_running "$HOLDER" || bail_out "the locks were given up"
release
all_recorded 10 "nothing is doubled"
is "$(gaps)" "" "no gap"
recorder_kill
chmod 0600 "$DB-shm" # as when it is killed while readers are kept out
recorder_start
ok $? "killed and started again"
reader_sees_all()
{
	[ "$("${as_reader[@]}" "${events[@]}" 2>/dev/null | wc -l)" = "$EXITS_TRUTH" ]
}
wait_for 10 reader_sees_all
ok $? "readers may read again"
recorder_stop
is $? 0 "the recorder ends in order"
is "$(stat -c %a "$DB-shm")" 640 "and leaves the index readable"

# a database that is made while somebody waits for it, to lock it before it has a log. Last: it takes records that the other lacks.
DB=$SCENARIO_DIR/db/new.db
: >"$SCENARIO_DIR/held"
"${as_reader[@]}" "$hold_lock" -w "$DB" read posix 0 0 >"$SCENARIO_DIR/held" 2>&1 &
HOLDER=$!
recorder_start
ok $? "a new database, locked as soon as that can be done"
wait_for 5 is_held
ok $? "it was locked"
release
for file in "$DB" "$DB-wal" "$DB-shm"; do
	is "$(stat -c %a:%U:%G "$file")" 640:cri-ebpf:cri-ebpf "the group may read ${file##*/}"
done
recorder_stop
is $? 0 "its recorder ends in order"

done_testing
