#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# A recorder that starts with a large old history brings it within its bounds while it records. vacuum is refused
# meanwhile.
set -u
. "$(dirname "$0")/../lib/scenario.sh"

scenario_prepare 'retention_age = 30d' 'retention_size = 8M'
command -v sqlite3 >/dev/null || skip_all "sqlite3 is not installed"
eat=$(tool eat) || bail_out "cannot build eat"
loader load || bail_out "cri-ebpf-loader load failed"
rows=$(bound 120000 5000000)

# A recorder creates the database. Events of years ago and 160000 of the last hour, more than fit, are added to it.
record --once >>"$RECORDER_LOG" 2>&1 || bail_out "record --once failed"
sqlite3 "$DB" "BEGIN; DELETE FROM event; DELETE FROM lifecycle; DELETE FROM pressure; DELETE FROM oom; DELETE FROM gap;
	INSERT INTO event(id, type, time, boot, pid, comm, status, flags)
		WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $rows)
		SELECT i, iif(i = 7, 1, 3), 1700000000000000000 + i, 1, i, 'old', 0, 0 FROM n;
	INSERT INTO event(id, type, time, boot, pid, comm, status, flags)
		WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 160000)
		SELECT $rows + i, iif(i = 7, 1, 3), $(date -d '1 hour ago' +%s) * 1000000000 + i, 1, i, 'young', 0, 0 FROM n;
	INSERT INTO oom(id, incident, decision, limit_source, group_kill, chosen)
		SELECT id, id, time, 'kernel', 0, 1 FROM event WHERE type = 1;
	UPDATE ring SET next_id = $((rows + 300000));
	COMMIT;" || bail_out "sqlite3 failed"
chown cri-ebpf:cri-ebpf "$DB"*
before=$(stat -c %s "$DB")
[ "$before" -gt $((16 << 20)) ]
ok $? "the database is far too large" || diag "$before bytes"
recorder_start || bail_out "the recorder did not start: $(cat "$RECORDER_LOG")"

# An OOM kill during retention.
id=$(random_hex 64)
path=$(pod_cgroup "$(random_uuid)")/$id
cg_make "$path" $((16 << 20)) || bail_out "cannot make $path"
cg_run "$path" "$eat" 32 0 >/dev/null 2>&1
wait_for 20 holds 'any(.[]; .type == "oom_kill")' -c "$id"
ok $? "a kill during retention is recorded"

count()
{
	cri_ebpf sql "SELECT count(*) FROM v_events WHERE comm = '$1' AND type = '$2'" -o csv --no-legend 2>/dev/null | tr -d '\r'
}

all_old_gone()
{
	[ "$(count old process_exit)" = 0 ] && [ "$(count old oom_kill)" = 0 ]
}

fits()
{
	local bytes

	bytes=$(($(stat -c %s "$DB") + $(stat -c %s "$DB-wal")))
	# free pages are returned in steps too, and some stay
	[ "$bytes" -le $((11 << 20)) ]
}

wait_for "$(bound 120 1800)" all_old_gone
ok $? "events older than retention_age are gone"
wait_for "$(bound 120 600)" fits
ok $? "database and WAL are hardly larger than retention_size" ||
	diag "$(stat -c '%s %n' "$DB" "$DB-wal")"
is "$(count young oom_kill)" 1 "of the recent events the kill has stayed"
left=$(cri_ebpf sql "SELECT count(*) FROM v_exit" -o csv --no-legend 2>/dev/null | tr -d '\r')
# other processes that end meanwhile are more recent and take their place
[ "$(count young process_exit)" -lt 160000 ] && [ "$left" -gt 10000 ]
ok $? "and only as many exits as have room" || diag "$left exits, $(count young process_exit) of them young"
holds 'any(.[]; .type == "oom_kill")' -c "$id"
ok $? "the kill during retention has stayed"
is "$(query 'map(select(.lost_type == "oom_kill")) | length' -t gap)" 0 "no kill was lost"

out=$(cri_ebpf vacuum --time=1d 2>&1)
is $? 6 "vacuum while a recorder runs: exit status 6"
like "$out" "pid $RECORDER_PID,.*nothing was removed" "the message names the recorder"
cri_ebpf vacuum --time=1d --dry-run >/dev/null 2>&1
is $? 0 "vacuum --dry-run is allowed"
recorder_stop
is $? 0 "the recorder exits cleanly"
out=$(cri_ebpf vacuum --time=1s 2>&1)
is $? 0 "vacuum works without a recorder"
like "$out" "removed [0-9]+ events" "it reports how many events it removed"
is "$(count young process_exit)" 0 "the events are gone"

done_testing
