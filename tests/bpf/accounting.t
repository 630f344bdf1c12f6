#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Every record that the kernel counted is accounted for, across kills, restarts and a full ring, and after retention has
# removed rows.
set -u
. "$(dirname "$0")/../lib/scenario.sh"
. tests/lib/truth.sh

RANDOM=${CRI_EBPF_TEST_SEED:=$$}
command -v sqlite3 >/dev/null || skip_all "sqlite3 is not installed"
scenario_begin 'ring_buffer_size = 64K' 'metrics_interval = 1s' 'process_fork = yes'
truth_begin
diag "CRI_EBPF_TEST_SEED=$CRI_EBPF_TEST_SEED"

counts()
{
	cri_ebpf status --json 2>/dev/null | jq -c ".counters | $1"
}

for ((round = 0; round < $(bound 3 100); round++)); do
	truth_start 100 1
	truth_wait
	kill -STOP "$RECORDER_PID"
	truth_start 800 1
	truth_wait
	kill -CONT "$RECORDER_PID"
	truth_start 20 1
	recorder_kill
	truth_wait
	recorder_start || bail_out "the recorder did not start again: $(cat "$RECORDER_LOG")"
done
counters_reconcile
counters=$(counts .)
field_holds "$counters" '.lost.process_exit > 500 and .lost.process_fork > 500' "the ring was full"
field_holds "$counters" '.stored.oom_kill >= 9 and .lost.oom_kill == 0' "no OOM kill was lost"
field_holds "$counters" '.sent | all(.container_start, .container_stop; . > 0)' "starts and stops were recorded"

# Adds 200 000 old events, so that retention_size makes retention remove everything that it may remove.
sqlite3 "$DB" "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200000)
	INSERT INTO event(id, type, time, boot, pid, ppid, uid, comm, status)
		SELECT -i, 3, 1600000000000000000 + i, 1, i, 1, 0, 'long ago', 0 FROM n" || bail_out "cannot fill the database"
printf '%s\n' 'retention_age = 1s' 'retention_size = 8M' >>"$CONFIG"
last=$(rows 'SELECT coalesce(max(id), 0) FROM v_events')
recorder_start || bail_out "the recorder did not start again: $(cat "$RECORDER_LOG")"
truth_start 50 1
truth_wait

earlier_exits()
{
	rows "SELECT count(*) FROM v_exit WHERE id <= $last"
}

none_is_left()
{
	[ "$(earlier_exits)" = 0 ]
}
wait_for 60 none_is_left
ok $? "retention removed the earlier exits" || diag "$(earlier_exits) are left"
counters_reconcile trimmed
field_holds "[$counters,$(counts .)]" '.[1].stored.process_exit >= .[0].stored.process_exit + 50 and
	.[1].sent.process_exit >= .[0].sent.process_exit + 50' "but the counters keep counting them"
is "$(sqlite3 "$DB" 'SELECT sum(lost) FROM tally')" "$(counts '[.lost[]] | add')" "the number of lost events stays"

# Newly loaded programs have a new ring and new counters. What happened in between is not known.
sed -i '/^retention/d' "$CONFIG"
last=$(rows 'SELECT coalesce(max(id), 0) FROM v_events')
loader unload && loader load || bail_out "cannot load again"
recorder_start || bail_out "the recorder did not start: $(cat "$RECORDER_LOG")"
truth_start 50 1
truth_wait
counters_reconcile trimmed
field_holds "$(counts .)" '.stored.process_exit >= 52' "the new ring has counters of its own"
is "$(rows "SELECT lost_type, lost, from_unix_nano < to_unix_nano FROM v_gap WHERE id > $last AND reason = 'reload'")" "  1" \
	"the interval without programs is a gap"
done_testing
