#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Nothing is lost, nothing is doubled, and the order stays: the recorder is killed at random, and at each place
# between the first write and the acknowledgement.
set -u
. "$(dirname "$0")/../lib/scenario.sh"
. tests/lib/truth.sh

RANDOM=${CRI_EBPF_TEST_SEED:=$$}
command -v sqlite3 >/dev/null || skip_all "sqlite3 is not installed"
scenario_prepare 'ring_buffer_size = 16M'
truth_begin
diag "CRI_EBPF_TEST_SEED=$CRI_EBPF_TEST_SEED"

# Half a database is no obstacle: it dies while it makes one.
programs_install "$BUILD/hooked"
loader load || bail_out "cri-ebpf-loader load failed"
for point in db_write db_sync wal_write wal_write:9 wal_write:30 wal_sync in_start after_start; do
	(CRI_TEST_DIE=$point record --once >>"$RECORDER_LOG" 2>&1)
	is $? 137 "a new database: died at $point"
done
programs_install "$BUILD"

# exactness_round: two loads, and a recorder that is killed again and again while they run.
exactness_round()
{
	local status

	truth_start 250 1
	truth_start 250 1
	while :; do
		# not a synchronisation: when the recorder dies is what is tried
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

# exactness_rounds COUNT: it lives from the first to the last of them, but for its kills.
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
is "$(grep -cvx 137 "$SCENARIO_DIR/kills")" 0 "and never died otherwise"
recorder_start
ok $? "it came back"
recorder_stop
is $? 0 "it drained the ring and ended in order"
truth_holds
ok $? "every exit, kill, start and stop once and in order"

programs_install "$BUILD/hooked"

recorder_is_dead()
{
	! is_running "$RECORDER_PID"
}

# died_at POINT:N NAME: the recorder died there. Another one goes on.
died_at()
{
	local status

	wait "$RECORDER_PID"
	status=$?
	RECORDER_PID=
	is "$status" 137 "died at $1"
}

# At these it comes by while it stores; N times, so that it is not always the first.
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

# At these it comes by when it starts, with something in the ring.
for point in in_start after_start; do
	truth_start 100 1
	truth_wait
	CRI_TEST_DIE=$point recorder_spawn
	wait_for 10 recorder_is_dead
	died_at "$point"
done

# And at these when it ends in order, and the log goes into the database.
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
ok $? "every exit, kill, start and stop once and in order" || diag "$(truth_count)"
record --once >>"$RECORDER_LOG" 2>&1
truth_holds
ok $? "the same after record --once again"
is "$(query 'map(select(.type == "gap")) | length')" 0 "no gap"
is "$(sqlite3 "$DB" 'PRAGMA integrity_check')" ok "the database is sound"
counters_reconcile
done_testing
