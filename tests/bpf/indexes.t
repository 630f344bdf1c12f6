#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# A database that lacks indexes is recorded into at once, and gets them while the ring is quiet.
set -u
. "$(dirname "$0")/../lib/scenario.sh"
. tests/lib/store.sh

command -v sqlite3 >/dev/null || skip_all "sqlite3 is not installed"
PROGRAMS=$BUILD/hooked
scenario_prepare
begin_roomy indexes
recorder_stop

indexes()
{
	sqlite3 "$DB" "SELECT name FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL ORDER BY 1"
}

are_back()
{
	[ "$(indexes)" = "$ALL" ]
}

# answers NAME: the verbs that read through an index
answers()
{
	local verb

	for verb in "ps -a" "why $EXITS_ID" "events -c $EXITS_ID" stats; do
		# shellcheck disable=SC2086 # words
		cri_ebpf $verb >/dev/null 2>"$SCENARIO_DIR/err"
		is $? 0 "$1: $verb" || diag "$(cat "$SCENARIO_DIR/err")"
	done
}

ALL=$(indexes)
sqlite3 "$DB" "DROP INDEX ${ALL//$'\n'/; DROP INDEX }"
is "$(indexes)" "" "all indexes are dropped"
chown cri-ebpf:cri-ebpf "$DB"*
answers "without indexes"
exits 20
CRI_TEST_UPKEEP_DELAY=3600000000000 recorder_start
ok $? "a recorder starts without them"
all_recorded 10 "it stores what waited in the ring"
# a new container, and its first process
exits_begin
exits 20
all_recorded 10 "and what comes"
is "$(query 'length' -c "$EXITS_ID" -t container_start)" 1 "the start of a container among it"
is "$(indexes)" "" "still without an index"
answers "while recording"
recorder_stop
is $? 0 "the recorder ends cleanly"

log_mark
recorder_start
wait_for 20 are_back
ok $? "a recorder with time to spare builds all of them" || diag "$(indexes)"
is "$(logged 'built the index')" "$(wc -l <<<"$ALL")" "and says so"
exits 20
all_recorded 10 "recording goes on"

sqlite3 "$DB" "DROP INDEX event_time"
chown cri-ebpf:cri-ebpf "$DB"*
exits 20
all_recorded 10 "also when an index is dropped meanwhile"
recorder_stop
recorder_start
wait_for 20 are_back
ok $? "it is back after the next start"
is "$(gaps)" "" "no gap"
balanced indexes
sound indexes
recorder_stop
is $? 0 "the recorder ends cleanly"

done_testing
