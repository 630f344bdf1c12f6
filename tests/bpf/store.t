#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# A database of another program or of a newer version, or one that cannot be read, is left unchanged.
set -u
. "$(dirname "$0")/../lib/scenario.sh"

scenario_prepare
command -v sqlite3 >/dev/null || skip_all "sqlite3 is not installed"
loader load || bail_out "cri-ebpf-loader load failed"

# refused NAME REGEX: with the file $DB record exits with status 3 and a matching message, and leaves the file unchanged.
refused()
{
	local before out

	chown cri-ebpf:cri-ebpf "${DB%/*}" "$DB"
	[ "$1" != unreadable ] || chown root:root "$DB"
	before=$(sha256sum <"$DB")$(stat -c %a:%u:%g "$DB")
	out=$(record --once 2>&1 </dev/null)
	is $? 3 "$1: exit status 3"
	like "$out" "$2" "$1: the message says why"
	is "$(sha256sum <"$DB")$(stat -c %a:%u:%g "$DB")" "$before" "$1: the file is unchanged"
	is "$(find "${DB%/*}" -name '*.corrupt-*')" "" "$1: nothing was set aside"
	rm -rf "${DB%/*}"
	mkdir -m 0750 "${DB%/*}"
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
refused foreign "$DB"

printf 'this is a letter, not a database\n%.0s' {1..200} >"$DB"
chmod 0640 "$DB"
refused letter "$DB"

sqlite3 "$DB" 'CREATE TABLE t(x)'
chmod 0600 "$DB"
refused unreadable "ermission denied"

done_testing
