#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# A database that lacks an index answers as one that has it.
set -u
. "$(dirname "$0")/fixture.sh"

command -v sqlite3 >/dev/null || skip_all "sqlite3 is not installed"

sqlite3 "$DB" 'PRAGMA wal_checkpoint(TRUNCATE)' >/dev/null
questions=('events' 'events -c 3f2a' 'events -t oom_kill' 'events -S 2025-11-22T16:31:00Z' 'oom' 'ps -a' 'stats' 'stats -c 3f2a'
	'why 3f2a' 'why shop/web-7d4b' 'why foo.service' 'why 4242' 'show 1')

# answers: exit status and output of every question
answers()
{
	local question

	for question in "${questions[@]}"; do
		# shellcheck disable=SC2086 # words
		cri $question --json
		printf '%s: %s: %s\n%s\n' "$question" "$CODE" "$ERR" "$OUT"
	done
}

indexes()
{
	sqlite3 "$DB" "SELECT name FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL ORDER BY 1"
}

cri ps --json -a
is "$CODE" 0 "the database answers"
want=$(answers)
all=$(indexes)
for index in $all; do
	cp "$DB" "$T/whole.db"
	sqlite3 "$DB" "DROP INDEX $index"
	is "$(answers)" "$want" "without $index: the same answers"
	mv "$T/whole.db" "$DB"
	rm -f "$DB-wal" "$DB-shm"
done

sqlite3 "$DB" "DROP INDEX ${all//$'\n'/; DROP INDEX }"
is "$(indexes)" "" "no index is left"
is "$(answers)" "$want" "without any: the same answers"
"$MKDB" "$DB" <<<"SELECT 1"
is "$(indexes)" "" "to open the database for writing builds none"

done_testing
