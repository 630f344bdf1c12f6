#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# A database that was made to mislead its readers, to keep them busy or to fill their memory: every verb ends, says why, and
# exits 3.
set -u
. "$(dirname "$0")/fixture.sh"
command -v sqlite3 >/dev/null || skip_all "sqlite3 is not installed"

HOOKED=${BUILD:-build}/hooked/cri-ebpf
ENDLESS=${BUILD:-build}/tests/tools/endless_tree
H=$T/hostile.db
pids=()
trap 'kill "${pids[@]}" 2>/dev/null; rm -rf "$T"' EXIT

verbs=("events" "events -n 1" "events -r -o wide" "events --json" "events -c nginx" "oom" "oom --json" "ps -a" "stats" "stats -k kind"
	"status" "status --json" "why 4242" "why nginx" "show 3" "vacuum --dry-run" "sql SELECT-1" "sql SELECT*FROM(v_container)")

# on_copy SQL: $H is the fixture, changed by another program
on_copy()
{
	rm -f "$H"*
	sqlite3 "$DB" ".backup '$H'" && sqlite3 "$H" "PRAGMA journal_mode = WAL; $1" >/dev/null
}

# run PROGRAM VERB: standard output in $T/out; CODE, ERR. No verb may need more than a minute.
run()
{
	local words

	read -ra words <<<"$2"
	timeout -k 1 60 "$1" "${words[@]}" --db "$H" --config "$T/empty.conf" >"$T/out" 2>"$T/err"
	CODE=$?
	ERR=$(cat "$T/err")
}

# refused NAME SQL: every verb exits 3 with one sentence and prints nothing
refused()
{
	local wrong="" verb

	on_copy "$2" || { ok 1 "$1: the database is made"; return; }
	for verb in "${verbs[@]}"; do
		run "$CRI" "$verb"
		[ "$CODE" = 3 ] && [[ $ERR == "cri-ebpf: error: cannot open \"$H\": its tables and views are not exactly those of cri-ebpf"* ]] &&
			[ ! -s "$T/out" ] && [ "$(wc -l <"$T/err")" = 1 ] || wrong+="$verb: $CODE $ERR; "
	done
	is "$wrong" "" "$1: every verb refuses it"
}

n="WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)"
refused "a view instead of the events" "ALTER TABLE event RENAME TO other; CREATE VIEW event AS $n
	SELECT i AS id, 3 AS type, 1763830000000000000 + i AS time, 2 AS boot, 1 AS cgroup, 1 AS pid, 1 AS ppid, 0 AS uid, 'x' AS comm,
	0 AS status, 2 AS flags, 1 AS duration FROM n"
refused "a view instead of the types" "DROP TABLE type; CREATE VIEW type AS $n SELECT i AS type, 'x' AS name FROM n"
refused "a view instead of the boots" "DROP TABLE boot; CREATE VIEW boot AS $n SELECT i AS boot, 'x' AS boot_id FROM n"
refused "a generated column" "DROP TABLE fork; CREATE TABLE fork(id INTEGER PRIMARY KEY, child_pid INTEGER NOT NULL,
	child_comm TEXT GENERATED ALWAYS AS (printf('%.*c', 900000000, 'x')) VIRTUAL)"
refused "a documented view with another text" "DROP VIEW v_events; CREATE VIEW v_events AS $n SELECT i AS id FROM n"
refused "a trigger" "CREATE TRIGGER t AFTER INSERT ON event BEGIN DELETE FROM event; END"

# Values larger than any that is stored: an answer, or one sentence.
on_copy "UPDATE event SET comm = replace(hex(zeroblob(2000000)), '0', 'x');
	UPDATE cgroup SET path = replace(hex(zeroblob(2000000)), '0', '/');
	INSERT OR REPLACE INTO status VALUES('recorder', json_array(replace(hex(zeroblob(2000000)), '0', 'x')))"
wrong=
for verb in "events" "events --json" "ps -a" "show 3" "status" "sql SELECT*FROM(status) --json" "events -o csv"; do
	run "$CRI" "$verb"
	case $CODE in 0 | 1 | 2 | 3 | 4) ;; *) wrong+="$verb: $CODE $ERR; " ;; esac
	[ "$(wc -c <"$T/out")" -lt 20000000 ] || wrong+="$verb: $(wc -c <"$T/out") bytes; "
done
is "$wrong" "" "huge values: every verb ends"
run "$CRI" events
is "$CODE" 3 "huge values: the exit code says that the answer is incomplete"
like "$ERR" 'a value in it is larger than any that cri-ebpf stores' "and the message why"

# A tree of a few pages with more ways through it than any computer can follow.
make_endless()
{
	local root

	rm -f "$H"*
	{
		cat "$ROOT/tests/cli/fixture.sql"
		echo "INSERT INTO event(id, type, time, boot, cgroup, pid, comm, status, flags)
			WITH RECURSIVE n(i) AS (SELECT 1000 UNION ALL SELECT i + 1 FROM n LIMIT 4000)
			SELECT i, 3, 1763830000000000000 + i, 2, 101, i, 'exit', 0, 0 FROM n;"
	} | mkdb "$H"
	root=$(sqlite3 "$H" "PRAGMA wal_checkpoint(TRUNCATE); SELECT rootpage FROM sqlite_master WHERE name = '$1'" | tail -n 1)
	"$ENDLESS" "$H" "$root"
}

# busy NAME VERB: ends by its limit of CPU time, here one second
busy()
{
	CRI_TEST_CPU_S=1 run "$HOOKED" "$2"
	is "$CODE" 3 "$1: $2 exits 3"
	like "$ERR" 'takes more than 1 s of CPU time.*the answer is incomplete$' "$1: $2 says why"
}

if [ -x "$HOOKED" ]; then
	make_endless event
	busy "an endless table" "vacuum --dry-run"
	make_endless event_time
	busy "an endless index" "why 4242"
	wrong=
	for verb in "${verbs[@]}"; do
		CRI_TEST_CPU_S=1 run "$HOOKED" "$verb"
		case $CODE in 0 | 1 | 3 | 4) ;; *) wrong+="$verb: $CODE $ERR; " ;; esac
	done
	is "$wrong" "" "an endless index: every verb ends"

	# The limits of the process, as the kernel has them. Nothing ends a follower that waits.
	"$HOOKED" events -f --db "$DB" --config "$T/empty.conf" >"$T/follow" 2>&1 &
	pids+=($!)
	wait_for 10 test -s "$T/follow"
	limit=$(awk '/^Max data size/ { print $4, $5 }' "/proc/${pids[0]}/limits")
	size=$(stat -c %b "$DB" "$DB-wal" 2>/dev/null | awk '{ n += 512 * $1 } END { print 4 * n }')
	[ "${limit% *}" -le $(((64 << 20) + size)) ] && [ "${limit% *}" = "${limit#* }" ]
	ok $? "a reader's memory is limited" || diag "limit: $limit, four times the size of the files: $size"

	# A follower may live for ever: its CPU time is counted anew for each change.
	CRI_TEST_CPU_S=2 "$HOOKED" events -f --json -n 1 --db "$DB" --config "$T/empty.conf" >"$T/many" 2>"$T/many.err" &
	pids+=($!)
	has_lines() { [ "$(wc -l <"$T/many")" -ge "$1" ]; }
	wait_for 10 has_lines 1
	ticks() { awk '{ print $14 + $15 }' "/proc/${pids[1]}/stat" 2>/dev/null || echo gone; }
	hertz=$(getconf CLK_TCK)
	rows=0
	while used=$(ticks) && [ "$used" != gone ] && [ "$used" -lt $((3 * hertz)) ] && [ "$rows" -lt 2000000 ]; do
		mkdb "$DB" <<<"INSERT INTO event(id, type, time, boot, cgroup, pid, comm, status, flags)
			WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 10000)
			SELECT 100000 + $rows + i, 3, 1763830000000000000 + i, 2, 1, i, 'exit', 0, 0 FROM n;"
		rows=$((rows + 10000))
		wait_for 30 has_lines $((rows + 1)) || break
	done
	has_lines $((rows + 1)) && [ "$(ticks)" != gone ]
	ok $? "a follower goes on after 3 s of CPU time with a limit of 2" || diag "$(wc -l <"$T/many") of $rows; $(cat "$T/many.err")"
elif [[ ${BUILD:-build} != *sanitized ]]; then # those programs have no limits
	skip "bounds of CPU time and memory" "$HOOKED is not built: make hooked"
fi

# sql: the time limit holds inside one function too.
H=$DB
for query in "SELECT instr(zeroblob(4000000) || x'01' || zeroblob(4000000), zeroblob(3999999) || x'0101')" \
	"SELECT count(*) FROM event a, event b, event c, event d, event e, event f, event g"; do
	timeout 60 "$CRI" sql "$query" --time-limit 500ms --db "$DB" --config "$T/empty.conf" >"$T/out" 2>"$T/err"
	is "$?" 2 "sql: ${query:0:20}: exits 2"
	like "$(cat "$T/err")" 'the query was not run to its end: it took too long: narrow it down, or allow more time with --time-limit' \
		"and says what to do"
done
cri sql "SELECT replace(hex(zeroblob(8000000)), '0', 'abcdefghi')"
is "$CODE" 2 "sql: a value that is too large"
like "$ERR" 'a value is larger than 16M' "and the message says so"
cri sql "$n SELECT group_concat(i, printf('%.1000000c', 'x')) FROM (SELECT i FROM n LIMIT 100)"
is "$CODE" 2 "also when it is put together from many"

done_testing
