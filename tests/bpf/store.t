#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# A database that is not ours, is too new, or cannot be read stays as it is.
set -u
. "$(dirname "$0")/../lib/scenario.sh"

scenario_prepare
command -v sqlite3 >/dev/null || skip_all "sqlite3 is not installed"
loader load || bail_out "cri-ebpf-loader load failed"

# refused NAME REGEX: the file $DB makes record end with exit status 3, for the reason given, and stays as it is.
refused()
{
	local before out

	chown cri-ebpf:cri-ebpf "${DB%/*}" "$DB"
	[ "$1" != unreadable ] || chown root:root "$DB"
	before=$(sha256sum <"$DB")$(stat -c %a:%u:%g "$DB")
	out=$(record --once 2>&1 </dev/null)
	is $? 3 "$1: exit status 3"
	like "$out" "$2" "$1: the message says why"
	is "$(sha256sum <"$DB")$(stat -c %a:%u:%g "$DB")" "$before" "$1: the file is as it was"
	is "$(find "${DB%/*}" -name '*.corrupt-*')" "" "$1: nothing was set aside"
	rm -rf "${DB%/*}"
	mkdir -m 0750 "${DB%/*}"
}

record --once >"$SCENARIO_DIR/out" 2>&1
is $? 0 "a new database" || diag "$(cat "$SCENARIO_DIR/out")"
ln -s "$DB" "$SCENARIO_DIR/link.db"
rm -f "$DB.lock"
(DB=$SCENARIO_DIR/link.db record --once) >"$SCENARIO_DIR/out" 2>&1
is $? 0 "through a link from elsewhere" || diag "$(cat "$SCENARIO_DIR/out")"
[ -e "$DB.lock" ] && [ ! -e "$SCENARIO_DIR/link.db.lock" ]
ok $? "the lock is the database's, not the link's"
ln -s nothing "$SCENARIO_DIR/dangling.db"
out=$(DB=$SCENARIO_DIR/dangling.db record --once 2>&1)
is $? 3 "through a link to nothing: exit status 3"
like "$out" 'dangling.db.*nothing is recorded: .*a link must lead to a database' "and the message says why"
sqlite3 "$DB" 'PRAGMA user_version = 999' >/dev/null
refused newer 'newer'

sqlite3 "$DB" 'CREATE TABLE t(x); PRAGMA application_id = 1234; PRAGMA user_version = 1'
chmod 0640 "$DB"
refused foreign "$DB"

printf 'this is a letter, not a database\n%.0s' {1..200} >"$DB"
chmod 0640 "$DB"
refused letter "$DB"

sqlite3 "$DB" 'CREATE TABLE t(x)'
chmod 0600 "$DB"
refused unreadable "ermission denied"

done_testing
