#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# A database of another program, of another user or of a newer version, or one that cannot be read, is left unchanged, with
# everything beside it. One of an older version is set aside, and so is a journal without one.
set -u
. "$(dirname "$0")/../lib/scenario.sh"
. tests/lib/store.sh

scenario_prepare
command -v sqlite3 >/dev/null || skip_all "sqlite3 is not installed"
loader load || bail_out "cri-ebpf-loader load failed"

# Names, modes, owners, inodes and contents of everything in the directory of the database.
directory_state()
{
	(cd "${DB%/*}" && find . -printf '%p %s %i %m %u:%g\n' | sort && find . -type f -exec sha256sum {} + | sort)
}

# refused NAME REGEX [OWNER]: with what is at $DB, record and a query exit with status 3 and a matching message, and leave
# the directory unchanged.
refused()
{
	local before out

	chown cri-ebpf:cri-ebpf "${DB%/*}"
	find "${DB%/*}" -name 'events.db*' -exec chown "${3:-cri-ebpf}" {} +
	before=$(directory_state)
	out=$(record --once 2>&1 </dev/null)
	is $? 3 "$1: exit status 3"
	like "$out" "$2" "$1: the message says why"
	if [ "$1" != owner ] && [ "$1" != unreadable ]; then
		cri_ebpf events >/dev/null 2>&1
		is $? 3 "$1: a query exits with status 3"
	fi
	is "$(directory_state)" "$before" "$1: nothing is changed, and nothing was made beside it"
	directory_anew
}

directory_anew()
{
	rm -rf "${DB%/*}"
	mkdir -m 0750 "${DB%/*}"
	chown cri-ebpf:cri-ebpf "${DB%/*}"
}

# another_begin SQL: another program, of the recorder's user, does this and keeps $DB open until another_end.
another_begin()
{
	chown cri-ebpf:cri-ebpf "${DB%/*}"
	rm -f "$SCENARIO_DIR/words"
	mkfifo "$SCENARIO_DIR/words"
	setpriv --reuid cri-ebpf --regid cri-ebpf --clear-groups sqlite3 "$DB" <"$SCENARIO_DIR/words" >"$SCENARIO_DIR/said" 2>&1 &
	ANOTHER=$!
	exec 9>"$SCENARIO_DIR/words"
	echo "$1; SELECT 'begun';" >&9
	wait_for 10 grep -q begun "$SCENARIO_DIR/said" || bail_out "sqlite3: $(cat "$SCENARIO_DIR/said")"
}

another_end()
{
	exec 9>&-
	wait "$ANOTHER"
}

record --once >"$SCENARIO_DIR/out" 2>&1
is $? 0 "a new database" || diag "$(cat "$SCENARIO_DIR/out")"
ln -s "$DB" "$SCENARIO_DIR/link.db"
rm -f "$DB.lock"
(DB=$SCENARIO_DIR/link.db record --once) >"$SCENARIO_DIR/out" 2>&1
is $? 0 "through a symbolic link" || diag "$(cat "$SCENARIO_DIR/out")"
[ -e "$DB.lock" ] && [ ! -e "$SCENARIO_DIR/link.db.lock" ]
ok $? "the lock file lies beside the database, not beside the link"
ln -s nothing "$SCENARIO_DIR/dangling.db"
out=$(DB=$SCENARIO_DIR/dangling.db record --once 2>&1)
is $? 3 "through a dangling link: exit status 3"
like "$out" 'dangling.db.*nothing is recorded: .*a link must lead to a database' "the message says why"
sqlite3 "$DB" 'PRAGMA user_version = 999' >/dev/null
refused newer 'newer'

sqlite3 "$DB" 'CREATE TABLE t(x); PRAGMA application_id = 1234; PRAGMA user_version = 1'
chmod 0640 "$DB"
refused foreign "$DB.*application id 0x000004d2; its owner has uid $(id -u cri-ebpf)"

another_begin 'PRAGMA journal_mode = WAL; PRAGMA application_id = 1196444487; CREATE TABLE t(x)'
refused "foreign, in use" 'another program.*application id 0x47504b47 "GPKG"'
another_end
directory_anew

another_begin 'PRAGMA journal_mode = WAL; CREATE TABLE t(x)'
kill -9 "$ANOTHER"
another_end 2>/dev/null
[ -s "$DB-wal" ] && [ "$(sqlite3 "file:$DB?immutable=1" 'SELECT count(*) FROM sqlite_master')" = 0 ]
ok $? "foreign, in a WAL only: that is so"
refused "foreign, in a WAL only" 'another program.*without application id'

another_begin 'CREATE TABLE t(x); BEGIN; INSERT INTO t VALUES(1)'
[ -s "$DB-journal" ]
ok $? "foreign, with a journal: there is one"
refused "foreign, with a journal" 'another program.*without application id'
another_end
directory_anew

# The database of a program that was killed is deleted, and its journal is left.
head -c 4096 /dev/urandom >"$DB-journal"
chown cri-ebpf:cri-ebpf "$DB-journal"
sum=$(sha256sum <"$DB-journal")
out=$(record --once 2>&1)
is $? 0 "a journal alone: the recorder records"
like "$out" "$DB. is gone, and only its WAL or its journal is left: it was moved to .$DB.corrupt-[0-9]+" \
	"a journal alone: it is set aside, and the message says so"
is "$(sha256sum <"$(find "${DB%/*}" -name 'events.db.corrupt-*-journal')")" "$sum" "a journal alone: it is kept"
directory_anew

printf 'this is a letter, not a database\n%.0s' {1..200} >"$DB"
chmod 0640 "$DB"
refused letter "$DB.*it begins with text"

sqlite3 "$DB" 'CREATE TABLE t(x)'
chmod 0600 "$DB"
refused unreadable "ermission denied" root:root

mkdir "$DB"
refused directory "Is a directory"

record --once >"$SCENARIO_DIR/out" 2>&1
sqlite3 "$DB" 'PRAGMA user_version = 1' >/dev/null
chown cri-ebpf:cri-ebpf "${DB%/*}" "$DB"*
out=$(record --once 2>&1)
is $? 0 "older: the recorder records"
like "$out" "$DB. was made by an older version of cri-ebpf.*moved to .$DB.v1-[0-9]+. and a new one is begun; nothing of it is lost" \
	"older: it is set aside, and the message says so"
is "$(sqlite3 "$(find "${DB%/*}" -name 'events.db.v1-*[0-9]')" 'PRAGMA user_version')" 1 "older: it is kept"
is "$(gaps)" older_version:null:null "older: the gap says where the earlier events are"
directory_anew

record --once >"$SCENARIO_DIR/out" 2>&1
chown root:root "$DB"
chmod 0666 "$DB"
rm "$DB.lock" "$DB.trouble"
chmod 0777 "${DB%/*}"
refused owner 'belongs to another user.*creB.*its owner has uid 0' root:root

# In use when it is replaced
directory_anew
recorder_start || bail_out "the recorder did not start: $(cat "$RECORDER_LOG")"
exits_begin
exits 20
wait_for 10 exits_are 20
ok $? "replaced: exits before are recorded"
sqlite3 "$SCENARIO_DIR/foreign.db" 'PRAGMA application_id = 1234; CREATE TABLE t(x)'
chown cri-ebpf:cri-ebpf "$SCENARIO_DIR/foreign.db"
sum=$(sha256sum <"$SCENARIO_DIR/foreign.db")
mv "$SCENARIO_DIR/foreign.db" "$DB"
exits 20
ended()
{
	! is_running "$RECORDER_PID"
}
wait_for 20 ended
ok $? "replaced: the recorder ends"
wait "$RECORDER_PID"
is $? 3 "replaced: exit status 3"
like "$(cat "$RECORDER_LOG")" "was replaced: .*another program.*application id 0x000004d2.*nothing is acknowledged" \
	"replaced: the message says by what"
is "$(sha256sum <"$DB")" "$sum" "replaced: it is unchanged"
RECORDER_PID=

done_testing
