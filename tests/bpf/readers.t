#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Members of group cri-ebpf can read the history and nothing else. Recording continues whatever lock one of them holds.
set -u
. "$(dirname "$0")/../lib/scenario.sh"
. tests/lib/store.sh

PROGRAMS=$BUILD/hooked
export CRI_TEST_SHARE_DELAY=0 # no delay, to test each lock; with the usual delay: near the end
scenario_begin 'metrics_interval = 1s'
reader=cri-test-$$
account_user "$reader" nogroup --groups cri-ebpf >/dev/null 2>&1 ||
	account_user "$reader" nobody --groups cri-ebpf >/dev/null || bail_out "cannot make user $reader"
chmod 0644 "$CONFIG"
hold_lock=$(tool hold_lock) || bail_out "cannot build hold_lock"
install -m 0755 "$hold_lock" "$SCENARIO_DIR/bin/"
hold_lock=$SCENARIO_DIR/bin/hold_lock
exits_begin
# every step execs, so that $! is the pid of the command
as_reader=(setpriv --reuid "$reader" --regid "$(id -g "$reader")" --init-groups --inh-caps=-all)
HOLDER=

is_held()
{
	grep -q held "$SCENARIO_DIR/held"
}

# hold FILE TYPE KIND FIRST [COUNT]: takes a lock as a member of the group, as soon as no process writes. HOLDER is its pid.
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

# goes_on NAME FILE KIND FIRST [COUNT]: recording continues while such a lock is held.
goes_on()
{
	local name=$1 file=$2 kind=$3

	shift 3
	hold "$file" read "$kind" "$@" || bail_out "$name: cannot lock: $(cat "$SCENARIO_DIR/held")"
	exits 5
	all_recorded 10 "$name"
	is_running "$HOLDER" || bail_out "$name: the lock was released"
	release
}

exits 5
all_recorded 10 "without a lock"

log_mark
hold "$DB-shm" read posix 120
exits 5
all_recorded 10 "a lock on the bytes of writers"
wait_for 5 is_logged "process $HOLDER held a lock on \"$DB-shm\".*replaced and recording goes on"
ok $? "the message names holder, file and consequence"
is "$(logged 'cannot store')" 0 "no failure is reported"
before=$(stat -c %i "$DB-shm")
recorder_beat
ok $? "the recorder writes its state"
release
wait_for 5 is_healthy true
ok $? "status is healthy"
hold "$DB-shm" read ofd 120
recorder_beat
ok $? "it also writes its state with a lock on the new file and nothing to store"
[ "$(stat -c %i "$DB-shm")" != "$before" ]
ok $? "the new file was replaced for that too"
release
is "$(logged 'held a lock on')" 1 "that is reported once"

for kind in posix ofd; do
	for byte in 120 121 122 123 124 125 126 127 128; do
		goes_on "wal-index, $kind, byte $byte" "$DB-shm" "$kind" "$byte"
	done
	goes_on "wal-index, $kind, all bytes" "$DB-shm" "$kind" 0 0
	goes_on "wal-index, $kind, read marks" "$DB-shm" "$kind" 124 4
	goes_on "database, $kind, pending" "$DB" "$kind" 0x40000000
	goes_on "database, $kind, reserved" "$DB" "$kind" 0x40000001
	goes_on "database, $kind, shared" "$DB" "$kind" 0x40000002 510
	goes_on "database, $kind, all bytes" "$DB" "$kind" 0 0
	goes_on "WAL, $kind, all bytes" "$DB-wal" "$kind" 0 0
done

# at the start, after a clean exit and after a kill
for how in stop kill; do
	"recorder_$how"
	hold "$DB-shm" read posix 0 0 || bail_out "cannot lock: $(cat "$SCENARIO_DIR/held")"
	exits 5
	recorder_start
	ok $? "start after $how: with every byte of the wal-index locked"
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

# what a member may not do
for file in "$DB" "$DB-wal" "$DB-shm"; do
	"${as_reader[@]}" sh -c ": >>'$file'" 2>/dev/null
	ok $((!$?)) "a member cannot write ${file##*/}"
done
"${as_reader[@]}" sh -c ": <'$DB.lock'" 2>/dev/null
ok $((!$?)) "a member cannot open the recorder's lock file"
"${as_reader[@]}" touch "${DB%/*}/x" 2>/dev/null
ok $((!$?)) "a member cannot create a file beside the database"
"${as_reader[@]}" flock -n "$PIN_DIR" true 2>/dev/null
ok $((!$?)) "a member cannot lock the pin directory"

# a reader whose answer is cut off reports that; one that follows events continues
exits 1000
all_recorded 20 "many exits"
events=("$SCENARIO_DIR/bin/cri-ebpf" events --db "$DB" --config "$CONFIG" -t process_exit -c "$EXITS_ID" --json)
mkfifo -m 0666 "$SCENARIO_DIR/fifo"
"${as_reader[@]}" "${events[@]}" >"$SCENARIO_DIR/fifo" 2>"$SCENARIO_DIR/reader.err" &
slow=$!
exec 8<"$SCENARIO_DIR/fifo"
read -r -n 1 -u 8 # it has begun to write, more than a pipe holds
"${as_reader[@]}" "${events[@]}" -f -n 0 >"$SCENARIO_DIR/followed" 2>&1 &
follower=$!
follows()
{
	[ -n "$(find "/proc/$follower/fd" -lname anon_inode:inotify)" ] && [ -n "$(find "/proc/$follower/fd" -lname "$DB")" ]
}
wait_for 5 follows
hold "$DB-shm" read posix 120
exits 5
all_recorded 10 "everything is recorded while another process reads slowly"
cat <&8 >/dev/null
exec 8<&-
wait "$slow"
is $? 3 "the interrupted reader exits with status 3"
like "$(cat "$SCENARIO_DIR/reader.err")" "$DB-shm.*replaced.*run the query again" "the message says to run it again"
release
out=$("${as_reader[@]}" "${events[@]}" 2>&1 | wc -l)
is "$out" "$EXITS_TRUTH" "the next answer is complete"
exits 5
followed()
{
	[ "$(grep -c process_exit "$SCENARIO_DIR/followed")" -ge 5 ]
}
wait_for 10 followed
ok $? "the following reader continues" || diag "$(cat "$SCENARIO_DIR/followed")"
kill "$follower"
wait "$follower" 2>/dev/null

all_recorded 10 "nothing is recorded twice"
is "$(gaps)" "" "no gap"
wait_for 20 books_balance
ok $? "sent = stored + rejected + unread" || diag "$BOOKS"
recorder_stop
is $? 0 "the recorder exits cleanly"
is "$(sqlite3 "$DB" 'PRAGMA integrity_check' 2>&1)" ok "integrity_check passes"
is "$("${as_reader[@]}" "${events[@]}" 2>/dev/null | wc -l)" "$EXITS_TRUTH" "the history can be read without a recorder"

# a member who locks every new wal-index as soon as it can be opened
unset CRI_TEST_SHARE_DELAY
recorder_start
ok $? "start with the usual delay"
: >"$SCENARIO_DIR/held"
"${as_reader[@]}" "$hold_lock" -e "$DB-shm" read ofd 120 >"$SCENARIO_DIR/held" 2>&1 &
HOLDER=$!
wait_for 5 is_held
ok $? "the wal-index is locked, and the next ones will be"
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
is "$late" 0 "every new wal-index is locked: everything is recorded within seconds"
[ "$locked" -ge 3 ]
ok $? "it was locked at least 3 times" || diag "$locked times"
[ "$locked" -le "$((rounds * 2 / 3))" ]
ok $? "but not in more than two of three rounds" || diag "$locked times in $rounds rounds"
is "$root_reads" 1 "root can read meanwhile"
[ "$shut_out" -gt 0 ]
ok $? "readers are kept out meanwhile, with exit status 3 and the reason" || diag "$(cat "$SCENARIO_DIR/reader.err")"
is_running "$HOLDER" || bail_out "the locks were released"
release
all_recorded 10 "nothing is recorded twice"
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
ok $? "readers can read again"
recorder_stop
is $? 0 "the recorder exits cleanly"
is "$(stat -c %a "$DB-shm")" 640 "and leaves the wal-index readable"

# a new database that is locked before it has a WAL. Last, because it takes records that the other database then lacks.
DB=$SCENARIO_DIR/db/new.db
: >"$SCENARIO_DIR/held"
"${as_reader[@]}" "$hold_lock" -w "$DB" read posix 0 0 >"$SCENARIO_DIR/held" 2>&1 &
HOLDER=$!
recorder_start
ok $? "the recorder starts with a new database that is locked as soon as possible"
wait_for 5 is_held
ok $? "it was locked"
release
for file in "$DB" "$DB-wal" "$DB-shm"; do
	is "$(stat -c %a:%U:%G "$file")" 640:cri-ebpf:cri-ebpf "the group may read ${file##*/}"
done
recorder_stop
is $? 0 "its recorder exits cleanly"

done_testing
