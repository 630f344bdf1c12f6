#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# status: healthy or not, and why.
set -u
. "$(dirname "$0")/fixture.sh"

# write JSON: stores it as the state of the recorder.
write()
{
	printf "REPLACE INTO status VALUES('recorder', '%s');" "$1" | mkdb "$DB"
}

# A process named cri-ebpf that stands in for the recorder.
"$CRI" events -f --db "$T/none.db" --config "$T/empty.conf" >/dev/null 2>&1 &
LIVE=$!
trap 'kill "$LIVE" 2>/dev/null; rm -rf "$T"' EXIT
is_called() { [ "$(cat "/proc/$LIVE/comm")" = cri-ebpf ]; }
wait_for 10 is_called

# recorder PID AGE_SECONDS RUNNING LOADED ATTACHED [INTERVAL_SECONDS]
recorder()
{
	local beat=$(($(date +%s) - $2))000000000

	BEAT=$(date -d "@${beat%?????????}" '+%F %T').000

	JSON="{\"loader\":{\"loaded\":$4,\"abi\":1,\"probes\":[{\"name\":\"oom\",\"rung\":\"fentry\",\"attached\":$5},{\"name\":\"fork\",\"rung\":\"\",\"attached\":null}]},\"recorder\":{\"running\":$3,\"pid\":$1,\"heartbeat_unix_nano\":$beat,\"metrics_interval_ns\":\"${6:+${6}000000000}\",\"lag_bytes\":0,\"last_commit\":\"2025-11-22T16:31:07.000000000Z\"},\"counters\":{\"sent\":{\"oom_kill\":4,\"process_exit\":12},\"stored\":{\"oom_kill\":4,\"process_exit\":11},\"rejected\":{},\"unread\":{\"process_exit\":1},\"lost\":{},\"filtered\":{}}}"
	write "$JSON"
}

cri status; is "$CODE" 4 "no status yet is unhealthy"
like "$OUT" 'reason: no recorder has written a status' "and says so"
cri status --json; is "$(jq -c '[.healthy,.recorder.running,.loader.loaded,.store.events]' <<<"$OUT")" '[false,false,false,23]' "the JSON has all its objects"

recorder "$LIVE" 1 true true null
cri status; is "$CODE" 0 "a fresh heartbeat is healthy"
like "$OUT" 'healthy: yes' "and says so"
like "$OUT" 'process_exit +12 +11 +- +1 ' "counters are listed"
like "$OUT" "loader: as of $BEAT: " "the loader's state has its time"
like "$OUT" "counters as of $BEAT:" "so have the counters"
like "$OUT" 'last commit 2025-11-22 16:31:07.000' "the last commit is in the form of the other times"
TZ=Asia/Tokyo cri status; like "$OUT" 'last commit 2025-11-23 01:31:07.000' "in local time"
cri status
like "$OUT" 'oom \(fentry\), fork \(off or not available\)' "probes are listed"
cri status --json
is "$(jq -c '[.healthy,.recorder.running,.recorder.lag_bytes,.loader.probes[0].attached,.counters.sent.process_exit,.counters.unread.process_exit]' <<<"$OUT")" \
	'[true,true,0,null,12,1]' "the recorder's values are printed"
is "$(jq -c '[.store.path,.store.oldest]' <<<"$OUT")" "[\"$DB\",\"2025-11-22T08:26:41.000000000Z\"]" "the values of the store are current"

recorder "$LIVE" 91 true true null
cri status; is "$CODE" 4 "no heartbeat for three intervals is unhealthy"
like "$OUT" 'has written nothing since' "and says since when"
cri status --json; is "$(jq -c '[.healthy,.recorder.running]' <<<"$OUT")" '[false,false]' "then it counts as not running"
cri status --metrics-interval 60s; is "$CODE" 0 "the reader's interval is used when the recorder has stored none"

recorder "$LIVE" 91 true true null 60
cri status; is "$CODE" 0 "the recorder's own interval is used"
cri status --metrics-interval 1s; is "$CODE" 0 "and overrides the reader's"
recorder "$LIVE" 31 true true null 10
cri status; is "$CODE" 4 "also when it is shorter"
recorder $$ 1 true true null
cri status; is "$CODE" 4 "a process of another name is no recorder"
like "$OUT" "pid $$\) is gone" "and the message says so"
recorder 4194304 1 true true null
cri status; is "$CODE" 4 "a recorder that died is unhealthy at once"
recorder "$LIVE" 1 false true null
cri status; like "$OUT" 'was stopped at' "a clean stop is distinguished from a crash"
like "$OUT" 'start it: cri-ebpf record; until then the kernel keeps' "the first remedy is to start it"
recorder 4194304 1 true false null
cri status; like "$(grep -m 1 reason: <<<"$OUT")" 'start it: cri-ebpf record' "also with nothing loaded"
is "$(grep -c 'the kernel keeps' <<<"$OUT")" 0 "the kernel keeps nothing when nothing was loaded"
like "$OUT" "as of $BEAT nothing was loaded" "with the time of the recorder's state"

# The recorder's lock counts more than its pid.
: >"$DB.lock"
recorder "$LIVE" 1 true true null
cri status; is "$CODE" 4 "a lock that is not held: the recorder is gone"
exec 9>"$DB.lock"; flock 9
recorder 4194304 1 true true null
cri status; is "$CODE" 0 "a lock that is held: the recorder runs, whatever its pid"
recorder "$LIVE" 91 true true null
cri status; is "$CODE" 4 "but it must write heartbeats too"
exec 9>&-
cri status >/dev/null; flock -n -x "$DB.lock" true; ok $? "status releases the lock"
rm "$DB.lock"
recorder "$LIVE" 1 true false null
cri status; is "$CODE" 4 "nothing loaded is unhealthy"
like "$OUT" 'cri-ebpf-loader load' "and names the command"
recorder "$LIVE" 1 true true false
cri status; is "$CODE" 4 "a probe that is not attached is unhealthy"
like "$OUT" 'reason: the probe oom is not attached' "and is named"

# Verbs that query the history warn too.
stale='the recorder has written nothing since .*: later events may still be in the ring; see cri-ebpf status'
recorder "$LIVE" 91 true true null
for verb in events oom "ps -a" stats "show 5" "why nginx" "sql 'SELECT 1'"; do
	eval "cri $verb --json"; quiet=$OUT
	is "$CODE $(grep -cE "$stale" <<<"$ERR")" "0 1" "$verb warns without a recent heartbeat, and goes on"
	like "$ERR" "since $BEAT" "and says since when"
	eval "cri $verb --json -q"
	is "$CODE$ERR" 0 "but not with -q"
	is "$quiet" "$OUT" "and the answer is the same"
done
cri events -c absent; is "$CODE" 1 "the exit code is not affected"
"$CRI" events -f --json --db "$DB" --config "$T/empty.conf" 2>"$T/follow.err" | head -n 1 >/dev/null
is "$(grep -cE "$stale" "$T/follow.err")" 1 "events --follow warns too"
recorder 4194304 1 true true null
cri events -n 1; like "$ERR" "$stale" "a recorder that died is reported at once"
recorder "$LIVE" 1 false true null
cri events -n 1; like "$ERR" "$stale" "so is one that was stopped"
recorder "$LIVE" 1 true true null
cri events -n 1; is "$ERR" "" "no warning while it runs"
recorder "$LIVE" 91 true true null 60
cri events -n 1; is "$ERR" "" "also with a long interval of its own"

recorder "$LIVE" 1 true true null
printf 'No space left on device: \033full' >"$DB.trouble"
cri status; is "$CODE" 4 "a recorder that cannot store is unhealthy"
like "$OUT" "cannot store into \"$DB\": No space left on device: .x1bfull; events wait in the ring" "and says why, escaped"
cri status --json; is "$(jq -c '[.healthy,.recorder.running,(.reasons|length)]' <<<"$OUT")" '[false,true,1]' "in JSON too"
recorder "$LIVE" 91 true true null
cri status --json; like "$(jq -r '.reasons[]' <<<"$OUT")" '^the recorder cannot store' "and no missing heartbeat besides"
recorder "$LIVE" 1 false true null
cri status; like "$OUT" 'reason: the recorder was stopped' "the fault of a stopped recorder is not reported"
: >"$DB.trouble"
recorder "$LIVE" 1 true true null
cri status; is "$CODE" 0 "without the fault it is healthy again"
rm "$DB.trouble"

write "${JSON/'"name":"oom","rung":"fentry"'/'"name":"oom_kill","rung":null'}"
cri status; is "$CODE" 4 "without a probe for OOM kills it is unhealthy"
like "$OUT" 'reason: OOM kills are not recorded: .*check says why' "and says so"
cri status --oom-kill=no; is "$CODE" 0 "unless they are switched off"

write 'no JSON'
cri events -n 1; is "$ERR" "" "no warning about a history without a recorder"
cri status; is "$CODE" 4 "a status that is no JSON is unhealthy"
cri status extra; is "$CODE" 2 "an unexpected word is exit 2"

done_testing
