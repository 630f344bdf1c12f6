#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# The database file or its directory is moved, deleted, replaced or damaged. Recording continues, no file is deleted, nothing is stored
# twice, and what is missing is a gap.
set -u
. "$(dirname "$0")/../lib/scenario.sh"
. tests/lib/store.sh

scenario_prepare
command -v sqlite3 >/dev/null || skip_all "sqlite3 is not installed"

# anew NAME [MORE]: checks that a new database is begun after its path names another file, or none
anew()
{
	local before=$EXITS_TRUTH

	exits 20
	logged_once "$1" "database \"$DB\" was moved or deleted: a new one is begun"
	wait_for 10 exits_are $((EXITS_TRUTH - before + ${2:-0}))
	is "$(exits_recorded)" $((EXITS_TRUTH - before + ${2:-0})) "$1: later exits are recorded once"
	is "$(gaps)" store_replaced:null:null "$1: there is a gap"
	balanced "$1"
	sound "$1"
}

begin_roomy deleted
rm "$DB" "$DB-wal" "$DB-shm"
anew deleted
recorder_kill

begin_roomy "deleted alone"
rm "$DB"
anew "deleted alone"
recorder_kill

begin_roomy moved
mv "$DB" "${DB%/*}/old.db"
anew moved
is "$(sqlite3 "${DB%/*}/old.db" "SELECT count(*) FROM v_exit WHERE container_id = '$EXITS_ID'")" 20 "moved: the moved file keeps its events"
recorder_kill

# Opening a FIFO must not wait for its other end.
begin_roomy "a FIFO"
ln "$DB" "${DB%/*}/before.db"
mkfifo "${DB%/*}/fifo"
mv -fT "${DB%/*}/fifo" "$DB" # at once: the recorder would begin a new database when it finds none
exits 20
logged_once "a FIFO" "$DB\" is a FIFO, socket or device"
rm "$DB"
anew "a FIFO" 20
recorder_stop
ok $? "a FIFO: the recorder ends in order"

# The copy knows this ring, but not everything that the recorder has read from it since.
begin_roomy "old copy"
sqlite3 "$DB" ".backup '$SCENARIO_DIR/copy'" && chown cri-ebpf:cri-ebpf "$SCENARIO_DIR/copy" && chmod 0640 "$SCENARIO_DIR/copy"
cp -p "$SCENARIO_DIR/copy" "$SCENARIO_DIR/copy2"
exits 30
all_recorded 10 "old copy: exits after the copy are recorded"
mv "$SCENARIO_DIR/copy" "$DB"
anew "old copy" 20
recorder_stop
mv "$SCENARIO_DIR/copy2" "$DB"
exits 10
recorder_start
ok $? "old copy put back while no recorder runs: the recorder starts"
wait_for 10 exits_are 30
is "$(exits_recorded)" 30 "old copy put back while no recorder runs: later exits are recorded once"
is "$(gaps)" store_replaced:null:null "old copy put back while no recorder runs: there is a gap"
sound "old copy put back while no recorder runs"
recorder_kill

for file in wal shm; do
	begin_roomy "no $file"
	rm "$DB-$file"
	exits 20
	logged_once "no $file" "\"$DB-wal\" or \"$DB-shm\" was moved or deleted: what was stored is kept"
	all_recorded 10 "no $file: everything is recorded"
	recorder_kill
	is "$(sqlite3 "$DB" "SELECT count(*) FROM v_exit WHERE container_id = '$EXITS_ID'")" 40 "no $file: also after a kill of the recorder"
	sound "no $file"
done

# The sandbox admits only the directory that was there when the recorder started.
ended()
{
	! is_running "$RECORDER_PID"
}

begin_roomy "other directory"
mv "${DB%/*}" "$SCENARIO_DIR/away"
exits 20
wait_for 10 is_logged 'cannot store into|moved or deleted'
ok $? "other directory: while there is none the recorder waits"
cp -a "$SCENARIO_DIR/away" "${DB%/*}"
exits 20
wait_for 30 ended
ok $? "other directory: the recorder ends"
wait "$RECORDER_PID"
is $? 4 "other directory: exit status 4, which its unit answers with a new start"
is "$(logged "the directory of \"$DB\" was replaced by another one")" 1 "other directory: it is reported once"
recorder_start
ok $? "other directory: the next recorder starts"
all_recorded 10 "other directory: everything is recorded there"
balanced "other directory"
sound "other directory"
recorder_kill

# damaged NAME: the database and its WAL are set aside, and a new database is begun
damaged()
{
	exits 20
	recorder_start
	ok $? "$1: the recorder starts"
	logged_once "$1" "database \"$DB\" is damaged: it was moved to \"$DB.corrupt-[0-9]+\" and a new one is begun"
	wait_for 10 exits_are 20
	is "$(exits_recorded)" 20 "$1: later exits are recorded"
	like "$(gaps)" '^store_replaced:' "$1: there is a gap"
	is "$(find "${DB%/*}" -name '*.corrupt-*' ! -name '*-shm' -printf . | wc -c)" 2 "$1: the damaged file and its WAL are kept"
	sound "$1"
	recorder_kill
}

# marked: what is in the database of a clean stop
marked()
{
	sqlite3 "$DB" "SELECT count(*) FROM status WHERE key = 'clean_stop'"
}

begin_roomy "damaged table"
is "$(marked)" 0 "damaged table: no mark of a clean stop while a recorder runs"
exits 2000
all_recorded 10 "damaged table: exits before the damage are recorded"
recorder_stop
is "$(marked)" 1 "damaged table: the mark after a clean stop"
dd if=/dev/urandom of="$DB" bs=4096 seek=1 count=$(($(stat -c %s "$DB") / 4096 - 1)) conv=notrunc 2>/dev/null
damaged "damaged table"

# In the middle, where nothing is read at the start: found while the ring is quiet, after a stop that was not clean.
begin_roomy "damaged pages"
exits 2000
all_recorded 10 "damaged pages: exits before the damage are recorded"
recorder_stop
recorder_start
recorder_kill
is "$(marked)" 0 "damaged pages: no mark after a kill"
sqlite3 "$DB" 'PRAGMA wal_checkpoint(TRUNCATE)' >/dev/null
dd if=/dev/urandom of="$DB" bs=4096 seek=$(($(stat -c %s "$DB") / 8192)) count=4 conv=notrunc 2>/dev/null
exits 20
recorder_start
ok $? "damaged pages: the recorder starts"
logged_once "damaged pages" "database \"$DB\" is damaged: it was moved"
exits 20
wait_for 10 exits_are 20
ok $? "damaged pages: it records into a new one"
like "$(gaps)" '^store_replaced:' "damaged pages: there is a gap"
balanced "damaged pages"
sound "damaged pages"
recorder_stop
is "$(marked)" 1 "damaged pages: the new database is marked at a clean stop"

begin_roomy "damaged header"
recorder_stop
dd if=/dev/urandom of="$DB" bs=100 count=1 conv=notrunc 2>/dev/null
damaged "damaged header"

# A power cut can leave a WAL that ends early: the database is sound, and what it lacks is reported.
begin_roomy "damaged WAL"
exits 500
all_recorded 10 "damaged WAL: exits before the damage are recorded"
recorder_kill
dd if=/dev/urandom of="$DB-wal" bs=4096 seek=$(($(stat -c %s "$DB-wal") / 8192)) count=1 conv=notrunc 2>/dev/null
exits 20
recorder_start
ok $? "damaged WAL: the recorder starts"
is_later()
{
	[ "$(exits_recorded)" -ge 20 ]
}
wait_for 10 is_later
ok $? "damaged WAL: it records"
like "$(gaps)" '^store_replaced:null:null$' "damaged WAL: commits that are lost become a gap"
sound "damaged WAL"
recorder_kill

done_testing
