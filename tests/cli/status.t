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

# Pins that nobody can open: whether programs are loaded is not known.
mkdir "$T/unreadable"
: >"$T/unreadable/info"

# recorder PID AGE_SECONDS RUNNING LOADED ATTACHED [INTERVAL_SECONDS]
recorder()
{
	local beat=$(($(date +%s) - $2))000000000

	BEAT=$(date -d "@${beat%?????????}" '+%F %T').000

	JSON="{\"loader\":{\"loaded\":$4,\"abi\":1,\"probes\":[{\"name\":\"oom\",\"rung\":\"fentry\",\"attached\":$5},{\"name\":\"fork\",\"rung\":\"\",\"attached\":null}]},\"recorder\":{\"running\":$3,\"pid\":$1,\"heartbeat_unix_nano\":$beat,\"metrics_interval_ns\":\"${6:+${6}000000000}\",\"lag_bytes\":0,\"last_commit\":\"2025-11-22T16:31:07.000000000Z\"},\"counters\":{\"sent\":{\"oom_kill\":4,\"process_exit\":12},\"stored\":{\"oom_kill\":4,\"process_exit\":11},\"rejected\":{},\"unread\":{\"process_exit\":1},\"lost\":{},\"filtered\":{}}}"
	write "$JSON"
}

cri status; is "$CODE" 4 "no status yet is unhealthy"
like "$OUT" 'problem: no recorder has written a status' "and says so"
cri status --json; is "$(jq -c '[.healthy,.recorder.running,.loader.loaded,.store.events]' <<<"$OUT")" '[false,false,false,23]' "the JSON has all its objects"

recorder "$LIVE" 1 true true null
cri status; is "$CODE" 0 "a fresh heartbeat is healthy"
like "$OUT" 'healthy: yes' "and says so"
like "$OUT" 'process_exit +12 +11 +- +1 ' "counters are listed"
like "$OUT" "as of $BEAT, the recorder's last report:.*  loader: probes .*recorder: running, pid" \
	"the states of the loader and of the recorder have one time"
like "$OUT" "records from the kernel as of $BEAT " "so have the counters"
like "$OUT" 'last commit 2025-11-22 16:31:07.000' "the last commit is in the form of the other times"
TZ=Asia/Tokyo cri status; like "$OUT" 'last commit 2025-11-23 01:31:07.000' "in local time"
cri status
like "$OUT" 'oom \(fentry\), fork \(not available\)' "probes are listed"
cri status --json
is "$(jq -c '[.healthy,.recorder.running,.recorder.lag_bytes,.loader.probes[0].attached,.counters.sent.process_exit,.counters.unread.process_exit]' <<<"$OUT")" \
	'[true,true,0,null,12,1]' "the recorder's values are printed"
is "$(jq -c '[.store.path,.store.oldest]' <<<"$OUT")" "[\"$DB\",\"2025-11-22T08:26:41.000000000Z\"]" "the values of the store are current"

recorder "$LIVE" 91 true true null
cri status; is "$CODE" 4 "no heartbeat for three intervals is unhealthy"
like "$OUT" "problem: since $BEAT: the recorder .pid $LIVE. writes nothing" "and says since when"
like "$OUT" "recorder: running but silent, pid $LIVE, not yet read" "it runs nevertheless"
cri status --json; is "$(jq -c '[.healthy,.recorder.running,.recorder.lag_bytes]' <<<"$OUT")" '[false,true,null]' "in JSON too"
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
cri status --pin-dir "$T/unreadable"
like "$OUT" 'since .*: the recorder was stopped' "a clean stop is distinguished from a crash"
like "$OUT" 'start it: cri-ebpf record; if the programs are still loaded, the kernel keeps' "the first remedy is to start it"
recorder 4194304 1 true false null
cri status --pin-dir "$T/unreadable"
like "$(grep -m 1 problem: <<<"$OUT")" "run cri-ebpf-loader load --pin-dir $T/unreadable" "with nothing loaded the first one is to load"
like "$OUT" "since $BEAT: the recorder .pid 4194304. is gone; its last sign of life was then; start it: cri-ebpf record" "then to start it"
is "$(grep -c 'the kernel keeps' <<<"$OUT")" 0 "the kernel keeps nothing when nothing was loaded"
like "$OUT" "since $BEAT: nothing was loaded" "with the time of the recorder's state"

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

# What the recorder reported. reported NAME DETAIL
reported()
{
	write "${JSON%\}},\"problems\":[{\"name\":\"$1\",\"since\":\"2026-11-22T16:31:07.000000000Z\",\"detail\":$2}]}"
}
recorder "$LIVE" 1 true true false
cri status; like "$OUT" 'oom \(fentry, NOT ATTACHED\), fork \(not available\)' "a probe that is not attached is marked"
JSON=${JSON/'"rung":"fentry"'/'"rung":"unneeded"'}
write "${JSON/'"attached":false'/'"attached":null'}"
cri status; like "$OUT" 'oom \(not needed\), fork' "one that this kernel does not need is called so"

recorder "$LIVE" 1 true true null
reported links_gone '"oom, fork"'
cri status; is "$CODE" 4 "links that are gone are unhealthy"
like "$OUT" 'problem: since 2026-11-22 16:31:07.000: programs are not attached any more: oom, fork \(their links below /sys/fs/bpf/cri-ebpf are gone\); their events are not recorded; attach them again: cri-ebpf-loader reload' \
	"and named, with the time"
cri status --json; is "$(jq -c '[.healthy, (.problems[] | .name, .since, (.text | length > 50))]' <<<"$OUT")" \
	'[false,"links_gone","2026-11-22T16:31:07.000000000Z",true]' "and in JSON"
for problem in counters_stand_still:'"2000"' losing_events:'"17"' metadata_frozen:null retention_fails:'"a \u001breason"'; do
	reported "${problem%%:*}" "${problem#*:}"
	cri status --json; is "$CODE $(jq -r '.problems[].name' <<<"$OUT")" "4 ${problem%%:*}" "${problem%%:*} is unhealthy"
done
cri status; like "$OUT" 'a .x1breason' "details are escaped"
reported something null
cri status; is "$CODE" 0 "a problem of an unknown name is none"
write "${JSON%\}},\"problems\":7}"
cri status; is "$CODE" 0 "nor is one that is no list"

# What is missing.
cri status; is "$CODE" 0 "what was lost and is over is healthy"
like "$OUT" 'missing: 17 process_exit between 2025-11-22 16:31:05.000 and 2025-11-22 16:31:06.000: the ring was full' "but told"
cri status --json
is "$(jq -c '[.healthy, .missing, .missing_total]' <<<"$OUT")" '[true,[{"type":"process_exit","lost":17,"from":"2025-11-22T16:31:05.000000000Z","to":"2025-11-22T16:31:06.000000000Z","reason":"ring_full"}],{"gaps":1,"lost":17}]' \
	"in JSON with all fields"
cri status --strict; is "$CODE" 5 "with --strict it is exit 5"
cri status --strict --since '2025-11-22 16:31:06'; is "$CODE" 5 "also what ended at the beginning of the range"
cri status --strict --since '2025-11-22 16:31:07'; is "$CODE" 0 "not what ended before it"
is "$(grep -c missing: <<<"$OUT")" 0 "nor is it listed"
printf '%s' "REPLACE INTO event(id, type, time, boot) VALUES(9000, 7, 1763829080000000000, 2);" \
	"REPLACE INTO gap VALUES(9000, 'not_attached', 1, NULL, 1763829070000000000, NULL);" | mkdb "$DB"
words='an unknown number of oom_kill between 2025-11-22 16:31:10.000 and an unknown time: its programs were not attached'
cri status; like "$OUT" "missing: $words" "what may last has no end"
cri events -t gap -S '2025-11-22 16:31:20'; like "$OUT" "$words" "in the words of events"
cri status --strict --since '2026-01-01'; is "$CODE" 5 "and concerns every later time"
cri events --strict -S '2026-01-01'; is "$CODE" 5 "also of events"
printf '%s' "DELETE FROM event WHERE id = 9000; DELETE FROM gap WHERE id = 9000;" | mkdb "$DB"
cri status --since never; is "$CODE" 2 "a wrong time is exit 2"
like "$ERR" 'since: "never" is not a time' "and named"
reported links_gone '"oom"'
cri status --strict; is "$CODE" 4 "what lasts counts more than what is over"

# For the probes of an orchestrator.
recorder "$LIVE" 1 true true null
cri status --alive; is "$CODE$OUT" 0 "--alive: a recorder that runs; nothing is printed"
reported links_gone '"oom"'
cri status --alive; is "$CODE" 0 "--alive: a restart does not bring links back"
recorder "$LIVE" 91 true true null
cri status --alive; is "$CODE" 4 "--alive: it hangs"
printf 'No space left on device' >"$DB.trouble"
cri status --alive; is "$CODE" 0 "--alive: a restart does not mend a full disk"
rm "$DB.trouble"
recorder 4194304 1 true true null
cri status --alive; is "$CODE" 4 "--alive: it is gone"
write "{}"
cri status --alive; is "$CODE" 4 "--alive: none has run yet"

"$CRI" status --alive --db "$T/none.db" --config "$T/empty.conf" 2>/dev/null
is $? 3 "--alive: without a database"
: >"$T/none.db.lock"
exec 9>"$T/none.db.lock"; flock 9
"$CRI" status --alive --db "$T/none.db" --config "$T/empty.conf" 2>/dev/null
is $? 0 "--alive: a recorder that cannot make its database waits for room"
exec 9>&-

# A recorder that has not written its state yet, after one that was stopped.
recorder "$LIVE" 1 false true null
exec 9>"$DB.lock"; flock 9
cri status; is "$CODE" 4 "a recorder that is starting is not healthy yet"
like "$OUT" 'problem: a recorder has begun.*recorder: starting' "and said to be starting"
cri status --alive; is "$CODE" 0 "--alive: it is"
printf 'No space left on device' >"$DB.trouble"
cri status; like "$OUT" 'problem: since .*: the recorder cannot store into' "its fault is reported"
exec 9>&-
rm "$DB.lock" "$DB.trouble"

# What nobody knows while no recorder runs: how much of the ring it has not read.
recorder 4194304 1 true true null
cri status --pin-dir "$T/none"
like "$OUT" 'not yet read an unknown amount' "without a recorder nothing is said to be read"
like "$OUT" 'process_exit +12 +11 +- +[?] ' "nor counted as read"
cri status --pin-dir "$T/none" --json
is "$(jq -c '[.recorder.lag_bytes, .counters.unread, .counters.stored.process_exit]' <<<"$OUT")" \
	'[null,{"oom_kill":null,"process_exit":null},11]' "null in JSON"

# The age of a heartbeat is measured by boot time: a step of the wall clock is no silence.
beat()
{
	write "$(jq -c --argjson ns "$1" --arg boot "$2" '.recorder.heartbeat_boot_ns = ($ns | tostring) | .recorder.boot_id = $boot' <<<"$JSON")"
}
uptime_ns=$(awk '{ printf "%d000000000", $1 }' /proc/uptime) boot=$(cat /proc/sys/kernel/random/boot_id)
recorder "$LIVE" 3600 true true null
beat "$uptime_ns" "$boot"
cri status; is "$CODE" 0 "the clock went forward by an hour: healthy"
beat $((uptime_ns > 91000000000 ? uptime_ns - 91000000000 : 1)) "$boot"
cri status; is "$CODE" 4 "an old heartbeat: not healthy"
recorder "$LIVE" -3600 true true null
beat $((uptime_ns > 91000000000 ? uptime_ns - 91000000000 : 1)) "$boot"
cri status; is "$CODE" 4 "also when the clock went back by an hour"
beat "$uptime_ns" 00000000-0000-0000-0000-000000000000
cri status; is "$CODE" 0 "of another boot the wall clock counts"

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
cri status --json; is "$(jq -c '[.healthy,.recorder.running,(.problems|length)]' <<<"$OUT")" '[false,true,1]' "in JSON too"
recorder "$LIVE" 91 true true null
cri status --json; is "$(jq -r '.problems[].name' <<<"$OUT")" cannot_store "and no missing heartbeat besides"
recorder "$LIVE" 1 false true null
cri status; like "$OUT" ': the recorder was stopped' "the fault of a stopped recorder is not reported"
: >"$DB.trouble"
recorder "$LIVE" 1 true true null
cri status; is "$CODE" 0 "without the fault it is healthy again"
rm "$DB.trouble"

write "${JSON/'"name":"oom","rung":"fentry"'/'"name":"oom_kill","rung":null'}"
cri status; is "$CODE" 4 "without a probe for OOM kills it is unhealthy"
like "$OUT" 'problem: OOM kills are not recorded: .*check says why' "and says so"
cri status --oom-kill=no; is "$CODE" 0 "unless they are switched off"

write 'no JSON'
cri events -n 1; is "$ERR" "" "no warning about a history without a recorder"
cri status; is "$CODE" 4 "a status that is no JSON is unhealthy"
cri status extra; is "$CODE" 2 "an unexpected word is exit 2"

done_testing
