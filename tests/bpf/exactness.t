#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Nothing is lost, recorded twice or reordered when the recorder is killed at random times, and at each point between the
# first write and the acknowledgement.
set -u
. "$(dirname "$0")/../lib/scenario.sh"
. tests/lib/truth.sh

RANDOM=${CRI_EBPF_TEST_SEED:=$$}
command -v sqlite3 >/dev/null || skip_all "sqlite3 is not installed"
scenario_prepare 'ring_buffer_size = 16M'
truth_begin
diag "CRI_EBPF_TEST_SEED=$CRI_EBPF_TEST_SEED"

# A recorder killed while it creates the database does not hinder the next one.
programs_install "$BUILD/hooked"
loader load || bail_out "cri-ebpf-loader load failed"
for point in db_write db_sync wal_write wal_write:9 wal_write:30 wal_sync in_start after_start; do
	(CRI_TEST_DIE=$point record --once >>"$RECORDER_LOG" 2>&1)
	is $? 137 "a new database: died at $point"
done
programs_install "$BUILD"

# exactness_round: two loads run while the recorder is killed again and again.
exactness_round()
{
	local status

	truth_start 250 1
	truth_start 250 1
	while :; do
		# not a synchronisation: the moment of the kill is random on purpose
		sleep "0.$(printf %03d $((RANDOM % 150 + 1)))"
		recorder_kill
		status=$?
		echo "$status" >>"$SCENARIO_DIR/kills"
		[ "$status" -eq 137 ] || diag "the recorder ended with $status before it was killed"
		recorder_spawn
		truth_runs || break
	done
	truth_wait
}

# exactness_rounds COUNT: runs rounds in one shell with one recorder that is restarted after each kill.
exactness_rounds()
{
	local round

	recorder_start || bail_out "the recorder did not start: $(cat "$RECORDER_LOG")"
	for ((round = 0; round < $1; round++)); do
		exactness_round
	done
	recorder_kill
	return 0
}

rounds=$(bound 25 1000)
for ((round = 0; round < rounds; round += 25)); do
	truth_apart exactness_rounds 25
done
kills=$(grep -cx 137 "$SCENARIO_DIR/kills")
[ "$kills" -ge "$rounds" ]
ok $? "the recorder was killed in each of $rounds rounds" || diag "only $kills times"
diag "killed $kills times; $(truth_count)"
is "$(grep -cvx 137 "$SCENARIO_DIR/kills")" 0 "it never ended in another way"
recorder_start
ok $? "the recorder starts again"
recorder_stop
is $? 0 "it drains the ring and exits cleanly"
truth_holds
ok $? "every exit, kill, start and stop is recorded once and in order"

programs_install "$BUILD/hooked"

recorder_is_dead()
{
	! is_running "$RECORDER_PID"
}

# died_at POINT:N: the recorder died there.
died_at()
{
	local status

	wait "$RECORDER_PID"
	status=$?
	RECORDER_PID=
	is "$status" 137 "died at $1"
}

# Points that it passes while storing. It dies at the Nth pass, N at random, not always at the first.
for point in before_begin after_begin in_batch before_commit after_commit after_full_commit after_ack wal_write wal_sync; do
	most=3
	[ "$point" != in_batch ] && [ "$point" != wal_write ] || most=60
	[ "$point" != wal_sync ] || most=2
	for ((round = 0; round < $(bound 1 20); round++)); do
		export CRI_TEST_DIE=$point:$((RANDOM % most + 1))
		recorder_spawn
		unset CRI_TEST_DIE
		for ((tries = 0; tries < 100; tries++)); do
			truth_start 100 2
			truth_wait
			! recorder_is_dead || break
		done
		died_at "$point"
	done
done

# Points that it passes when it starts with records in the ring.
for point in in_start after_start; do
	truth_start 100 1
	truth_wait
	CRI_TEST_DIE=$point recorder_spawn
	wait_for 10 recorder_is_dead
	died_at "$point"
done

# Points that it passes at a clean exit, when the WAL is written back into the database.
for point in db_write db_sync; do
	CRI_TEST_DIE=$point recorder_spawn
	truth_start 100 1
	truth_wait
	wait_for 10 recorder_is_ready
	! is_running "$RECORDER_PID" || kill -TERM "$RECORDER_PID"
	died_at "$point"
done

programs_install "$BUILD"
record --once >>"$RECORDER_LOG" 2>&1
is $? 0 "record --once stores the rest"
truth_holds
ok $? "every exit, kill, start and stop is recorded once and in order" || diag "$(truth_count)"
record --once >>"$RECORDER_LOG" 2>&1
truth_holds
ok $? "and still so after another record --once"
is "$(query 'map(select(.type == "gap")) | length')" 0 "no gap"
is "$(sqlite3 "$DB" 'PRAGMA integrity_check')" ok "integrity_check passes"
counters_reconcile
done_testing
