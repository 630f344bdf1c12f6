#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# FIFOs, sockets, devices and directories where files are expected: nothing waits for their other end. Closed standard
# descriptors.
set -u
. "$(dirname "$0")/fixture.sh"
pids=()
trap 'kill -9 "${pids[@]}" 2>/dev/null; rm -rf "$T"' EXIT

# run COMMAND...: CODE (124: it waited), OUT, ERR
run()
{
	OUT=$(timeout -k 1 20 "$@" 2>"$T/err")
	CODE=$?
	ERR=$(cat "$T/err")
}

verbs=("events" "oom" "ps -a" "stats" "status" "why 4242" "show 3" "sql SELECT-1" "vacuum --dry-run" "vacuum" "record")

mkfifo "$T/fifo"
ln -s fifo "$T/link"
for place in "$T/fifo" "$T/link" /dev/zero /dev/tty; do
	wrong=
	for verb in "${verbs[@]}"; do
		read -ra words <<<"$verb"
		run "$CRI" "${words[@]}" --db "$place" --config "$T/empty.conf" --pin-dir "$T/nonexistent" </dev/null
		case $CODE in 3 | 6) ;; *) wrong+="$verb: $CODE $ERR; " ;; esac
	done
	is "$wrong" "" "${place##*/} as the database: every verb refuses it"
done
run "$CRI" events --db "$T/fifo" --config "$T/empty.conf"
is "$CODE" 3 "a FIFO as the database"
like "$ERR" "cannot open \"$T/fifo\": \"$T/fifo\" is a FIFO, socket or device; name a file" "and the message says what it is"
for suffix in -wal -shm -journal; do
	mkdir "$T/beside$suffix"
	cp "$DB" "$T/beside$suffix/events.db"
	mkfifo "$T/beside$suffix/events.db$suffix"
	run "$CRI" events --db "$T/beside$suffix/events.db" --config "$T/empty.conf"
	[ "$CODE" = 0 ] || like "$ERR" "cannot open .*\"$T/beside$suffix/events.db$suffix\" is a FIFO, socket or device" \
		"and the file that is one is named"
	case $CODE in 0 | 3) ok 0 "a FIFO as $suffix beside it" ;; *) ok 1 "a FIFO as $suffix beside it: $CODE" ;; esac
done

run "$CRI" events --db "$DB" --config "$T/fifo"
is "$CODE" 2 "a FIFO as the configuration"
like "$ERR" 'is not a regular file: the configuration must be a regular file' "and the message says so"
run "$CRI" events --db "$DB" --config "$T"
is "$CODE" 2 "a directory as the configuration"

for zone in "$T/fifo" ":$T/fifo" ":$T/link" /dev/tty /dev/zero; do
	run env TZ="$zone" "$CRI" events -n 1 --db "$DB" --config "$T/empty.conf" </dev/null
	is "$CODE" 0 "TZ=${zone/#*$T/...}: the answer comes"
	like "$OUT" '2025-11-22 16:31:30.010' "in UTC"
	like "$ERR" 'the time zone \(TZ, or /etc/localtime\) is not a regular file; times are in UTC' "and a warning says so"
done
run env TZDIR="$T" TZ=fifo "$CRI" events -n 1 --db "$DB" --config "$T/empty.conf"
is "$CODE" 0 "a FIFO below TZDIR"
run env TZDIR="$T" "$CRI" events -n 1 -S '2025-11-22 fifo' --db "$DB" --config "$T/empty.conf"
is "$CODE" 2 "a FIFO as the zone of a timestamp"

# A follower waits for a database, not in open(2): it sees the one that takes the FIFO's place, or SIGTERM.
mkfifo "$T/later.db"
"$CRI" events -f --json --db "$T/later.db" --config "$T/empty.conf" >"$T/out" 2>"$T/err"
is "$?" 3 "-f on a FIFO is refused"
"$CRI" events -f --json --db "$DB" --config "$T/empty.conf" >"$T/out" 2>"$T/err" &
pids+=($!)
wait_for 10 test -s "$T/out"
rm -f "$DB-wal" "$DB-shm"
mv "$DB" "$T/moved.db"
mkfifo "$DB"
ended() { ! kill -0 "${pids[0]}" 2>/dev/null; }
wait_for 1 ended
ended || kill -TERM "${pids[0]}"
wait_for 10 ended
ok $? "-f on a database that became a FIFO ends at once or by SIGTERM"
rm "$DB"
mv "$T/moved.db" "$DB"

# Closed standard descriptors: the same answer, and nothing else is written to their numbers.
before=$(sha256sum <"$DB")
for verb in "events" "events --json" "oom" "ps -a" "stats" "status" "why 4242" "show 3" "sql SELECT-1" "vacuum --dry-run" \
	"meta path /docker/x" "version" "help"; do
	read -ra words <<<"$verb --db $DB --config $T/empty.conf"
	case $verb in meta* | version | help) read -ra words <<<"$verb" ;; esac
	"$CRI" "${words[@]}" </dev/null >"$T/want" 2>"$T/want.err"
	want=$?
	"$CRI" "${words[@]}" <&- >"$T/got" 2>"$T/got.err"
	is "$? $(cmp "$T/want" "$T/got" 2>&1)$(cmp "$T/want.err" "$T/got.err" 2>&1)" "$want " "$verb: standard input is closed"
	"$CRI" "${words[@]}" </dev/null >"$T/got" 2>&-
	is "$? $(cmp "$T/want" "$T/got" 2>&1)" "$want " "$verb: standard error is closed"
	"$CRI" "${words[@]}" </dev/null >&- 2>"$T/got.err"
	got=$?
	[ "$got" = "$want" ] || [ "$got" -ge 1 ]
	ok $? "$verb: standard output is closed: ends"
	is "$(grep -c 'usermod' "$T/got.err")" 0 "and not for want of a group"
	"$CRI" "${words[@]}" <&- >&- 2>&-
	[ $? -le 6 ]
	ok $? "$verb: all three are closed: ends"
done
is "$(sha256sum <"$DB")" "$before" "and the database is unchanged"

done_testing
