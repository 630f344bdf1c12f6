#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# What a hostile container can do to the records of others: choose names, cause storms, and imitate another container.
set -u
. "$(dirname "$0")/../lib/scenario.sh"
. tests/lib/harmless.sh

scenario_prepare
for name in named storm eat; do
	tool "$name" >/dev/null || bail_out "cannot build $name"
done
named=$(tool named) storm=$(tool storm) eat=$(tool eat)
loader load || bail_out "cri-ebpf-loader load failed"
recorder_start --verbose || bail_out "the recorder did not start: $(cat "$RECORDER_LOG")"

# --- Names. Each is the name of a cgroup and of a process (the kernel keeps 15 bytes).
long=$(head -c 255 /dev/zero | tr '\0' x)
names=(
	$'\033]0;pwned\a' $'\033[2J\033[31m' $'\302\2332J' "%s%n%x%p" "'; DROP TABLE event; --" $'\377\376\303('
	$'gnp.\342\200\256exe' '</script>' '"},{"' $'tab\tbell\a' '\x1b\u001b' "$long" "${long:1}"$'\377'
)
id=$(random_hex 64)
uid=$(random_uuid)
outer=$(pod_cgroup "$uid")/$id
cg_make "$outer" || bail_out "cannot make $outer"
ids=()
for i in "${!names[@]}"; do
	path=$outer/${names[i]}
	cg_make "$path" || bail_out "cannot make a cgroup called $(printf %q "${names[i]}")"
	cg_start "$path" /dev/null "$named" "${names[i]}" 3
	wait "$CG_PID"
	ids+=("$CG_PID")
done
# OOM kills under such names, in a container and in a service
evil=$'\033]2;evil\a'
path=$outer/$evil$'\342\200\256'
service=$CG_PRIVATE_SLICE/$evil.service
evil_pids=()
for path in "$outer/$evil"$'\342\200\256' "$service"; do
	cg_make "$path" $((8 << 20)) || bail_out "cannot make a cgroup"
	cg_start "$path" /dev/null "$named" $'kill\nme\033[5m' 0 64
	evil_pids+=("$CG_PID")
	wait "$CG_PID" 2>/dev/null
	is $? 137 "a process with a hostile name is OOM-killed"
done
# a name with line ends in it
cg_run "$outer" "$named" $'a\nkilled\rb' 3
wait_for 20 holds 'map(select(.comm | startswith("kill"))) | length == 2' -t oom_kill --pid "${evil_pids[0]}" --pid "${evil_pids[1]}"
ok $? "both kills are recorded"
wait_for 20 holds "map(select(.type == \"process_exit\" and .exit_code == 3)) | length == $((${#names[@]} + 1))" -c "$id" -n 1000
ok $? "all exits are recorded"

# sql_value SQL: prints one value unescaped
sql_value()
{
	cri_ebpf sql "$1" --json 2>/dev/null | jq -r 'to_entries[0].value'
}

for i in "${!names[@]}"; do
	is "$(sql_value "SELECT lower(hex(comm)) FROM v_exit WHERE pid = ${ids[i]} AND exit_code = 3")" \
		"$(printf %s "${names[i]}" | head -c 15 | hex_of)" "name $i: the process name is stored byte for byte"
	is "$(sql_value "SELECT lower(hex(cgroup)) FROM v_exit WHERE pid = ${ids[i]} AND exit_code = 3")" \
		"$(printf %s "$outer/${names[i]}" | hex_of)" "name $i: so is the cgroup path"
	is "$(sql_value "SELECT container_id FROM v_exit WHERE pid = ${ids[i]} AND exit_code = 3")" "$id" "name $i: the container is right"
done
is "$(sql_value "SELECT lower(hex(cgroup)) FROM v_oom WHERE container_id IS NULL AND pid = ${evil_pids[1]}")" \
	"$(printf %s "$service" | hex_of)" "the path of the service is stored byte for byte"

for command in "events -n 1000" "events -n 1000 -o wide" "events -n 1000 -o json" "events -n 1000 -o csv" \
	"events -n 1000 -o export" "oom -o wide" "why $id" "why $id --json" "ps -a" "stats" "status" "status --json"; do
	# shellcheck disable=SC2086
	cri_ebpf $command >"$SCENARIO_DIR/shown" 2>&1
	is "$(harmless "$SCENARIO_DIR/shown" '\015')" "" "$command: the output is harmless"
done

# --- Imitation. A cgroup inside one container has the id of another as its name; a forged line in the kernel log.
victim_id=$(random_hex 64)
victim=$(pod_cgroup "$(random_uuid)")/$victim_id
cg_make "$victim" $((16 << 20)) || bail_out "cannot make $victim"
cg_start "$victim" /dev/null sleep 1000
sleeper=$CG_PID
wait_for 20 holds 'any(.[]; .type == "container_start")' -c "$victim_id"
ok $? "a container runs"
cg_make "$outer/$victim_id" || bail_out "cannot make the imitating cgroup"
cg_run "$outer/$victim_id" "$named" pretender 9
cg_remove "$outer/$victim_id"
wait_for 20 holds 'any(.[]; .type == "process_exit" and .comm == "pretender")' -c "$outer/$victim_id"
ok $? "a process in the imitating cgroup ends"
is "$(sql_value "SELECT count(*) FROM v_container WHERE container_id = '$victim_id' AND outer_id IS NULL AND stopped_unix_nano IS NULL")" \
	1 "the real container is still recorded as running"
is "$(sql_value "SELECT count(*) FROM v_exit e JOIN v_container c ON c.container_pk = e.container_pk
	WHERE e.comm = 'pretender' AND c.outer_id = '$id'")" 1 "the exit belongs to an instance inside the hostile container"
is "$(query 'map(select(.type == "container_start" or .comm == "pretender") | .type)' -c "$victim_id" -n 1000)" '["container_start"]' \
	"the bare id means the real container: its start is found and the imitation is not"
is "$(cri_ebpf ps --json -c "$victim_id" 2>/dev/null | jq -s 'map(select(.state == "running")) | length')" 1 "ps shows one running container"

if [ -w /dev/kmsg ]; then
	printf '<4>Memory cgroup out of memory: Killed process %s (sleep) total-vm:1kB, anon-rss:1kB\n' "$sleeper" >/dev/kmsg
	cg_run "$outer" "$named" marker 5
	wait_for 20 holds 'any(.[]; .comm == "marker")' -c "$id" -n 1000
	is "$(sql_value "SELECT count(*) FROM v_oom WHERE pid = $sleeper")" 0 "a forged line in the kernel log is not recorded as a kill"
else
	skip "a forged line in the kernel log" "/dev/kmsg cannot be written"
fi

# --- Storms. One container creates processes and another cgroups as fast as possible; a third is OOM-killed meanwhile.
count_metadata()
{
	bpftool -j map dump pinned "$PIN_DIR/metadata" 2>/dev/null | jq length
}

recorder_ms()
{
	awk -v hz="$(getconf CLK_TCK)" '{ sub(/^.*\) /, ""); print int(($12 + $13) * 1000 / hz) }' "/proc/$RECORDER_PID/stat"
}

rss_kb()
{
	awk '$1 == "RssAnon:" { print $2 }' "/proc/$RECORDER_PID/status"
}

metadata_before=$(count_metadata)
cpu_before=$(recorder_ms)
forker=$(pod_cgroup "$(random_uuid)")/$(random_hex 64)
maker=$(pod_cgroup "$(random_uuid)")/$(random_hex 64)
cg_make "$forker" && cg_make "$maker" || bail_out "cannot make the cgroups of the storms"
cg_start "$forker" "$SCENARIO_DIR/forks" "$storm" fork "$(bound 20000 1000000)"
forks=$CG_PID
cg_start "$maker" "$SCENARIO_DIR/cgroups" "$storm" cgroup "$(bound 5000 100000)" "$CG_ROOT$maker"
makes=$CG_PID
wait_for 60 grep -q begun "$SCENARIO_DIR/forks" && wait_for 60 grep -q begun "$SCENARIO_DIR/cgroups"
ok $? "the storms have begun"
kill "$sleeper"
wait "$sleeper" 2>/dev/null
killed=() rss=0
for ((i = 0; i < 3; i++)); do
	cg_start "$victim" /dev/null "$eat" 32 0
	killed+=("$CG_PID")
	wait "$CG_PID" 2>/dev/null
	now=$(rss_kb)
	[ "$now" -le "$rss" ] || rss=$now
done
is_running "$forks" && is_running "$makes"
ok $? "three processes of another container were OOM-killed during the storms"
kill "$forks" "$makes"
while is_running "$forks" || is_running "$makes"; do
	now=$(rss_kb)
	[ "$now" -le "$rss" ] || rss=$now
	wait_for 0 false
done
wait "$forks"
is $? 0 "the process storm ended without an error" || diag "$(cat "$SCENARIO_DIR/forks")"
wait "$makes"
is $? 0 "so did the cgroup storm" || diag "$(cat "$SCENARIO_DIR/cgroups")"

has_all_kills()
{
	[ "$(sql_value "SELECT group_concat(pid, ' ') FROM (SELECT pid FROM v_oom WHERE container_id = '$victim_id' ORDER BY id)")" = "${killed[*]}" ]
}

wait_for 30 has_all_kills
ok $? "each kill has a row, in order, with the right container" ||
	diag "$(cri_ebpf oom -c "$victim_id")"
is "$(sql_value "SELECT count(*) FROM v_oom WHERE cgroup LIKE '${forker%/*}%' OR cgroup LIKE '${maker%/*}%'")" 0 "no kill is recorded for the other containers"

# The recorder is stopped while a storm fills the part of the ring for bulk events; a kill still has room.
kill -STOP "$RECORDER_PID"
cg_start "$forker" "$SCENARIO_DIR/still" "$storm" fork 20000
wait_for 60 grep -q begun "$SCENARIO_DIR/still"
ok $? "a storm runs while the recorder is stopped"
kill "$CG_PID"
wait "$CG_PID"
cg_start "$victim" /dev/null "$eat" 32 0
killed+=("$CG_PID")
wait "$CG_PID" 2>/dev/null
kill -CONT "$RECORDER_PID"
wait_for 30 has_all_kills
ok $? "the kill after the storm is recorded" || diag "$(cri_ebpf oom -c "$victim_id")"
wait_for 30 holds 'any(.[]; .type == "gap" and .lost_type == "process_exit" and .lost > 1000)' -t gap
ok $? "the lost exits are a gap"

# The gaps agree with the counters by type, and no kill was lost. No recorder runs: what is unread is not known.
accounts_agree()
{
	local gaps

	gaps=$(query 'map(select(.type == "gap" and .lost_type)) | group_by(.lost_type) |
		map({key: .[0].lost_type, value: (map(.lost) | add)}) | from_entries' -t gap -n 100000)
	counters=$(cri_ebpf status --json 2>/dev/null | jq -c '.counters')
	compared="gaps $gaps, counters $counters"
	jq -e --argjson gaps "$gaps" '
		(.lost.oom_kill == 0) and (.lost.process_exit > 0) and all(.unread[]; . == null) and
		(. as $c | .lost | to_entries | all(.value == ($gaps[.key] // 0))) and
		(. as $c | .sent | to_entries | all(.value == $c.stored[.key] + $c.rejected[.key]))' <<<"$counters" >/dev/null
}

# Bounds of the cost, far above the usual values (CPU a sixth of the generators', memory 3 MB).
metadata_is_as_before()
{
	[ "$(count_metadata)" -le $((metadata_before + 1000)) ]
}

wait_for 30 metadata_is_as_before
ok $? "the metadata map does not keep removed cgroups" || diag "$metadata_before before, $(count_metadata) now"
cpu=$(($(recorder_ms) - cpu_before))
storm_cpu=$(tail -qn 1 "$SCENARIO_DIR/forks" "$SCENARIO_DIR/cgroups" | awk '{ sum += $1 } END { print sum }')
[ "$cpu" -le "$storm_cpu" ]
ok $? "the recorder took less CPU time than the storms" || diag "recorder: $cpu ms, storms: $storm_cpu ms"
[ "$rss" -le 32768 ]
ok $? "and at most 32 MB of memory" || diag "$rss kB"
diag "recorder: $cpu ms of CPU time, at most $rss kB; storms: $storm_cpu ms; metadata: $metadata_before, $(count_metadata)"
is "$(harmless "$RECORDER_LOG")" "" "its messages are harmless"
[ "$(wc -l <"$RECORDER_LOG")" -lt 100 ]
ok $? "and fewer than 100" || diag "$(wc -l <"$RECORDER_LOG") lines"

# the last gap is written when the ring is idle, together with the status
recorder_stop
is $? 0 "the recorder exits cleanly"
gaps_are_complete()
{
	record --once >>"$RECORDER_LOG" 2>&1 && accounts_agree
}
wait_for 30 gaps_are_complete
ok $? "gap rows count every lost event, by type" || diag "$compared"
diag "$compared"

# --- More cgroups exist than the metadata map has room for.
loader unload >/dev/null 2>&1 || bail_out "cannot unload"
echo 'metadata_cache_size = 200' >>"$CONFIG"
loader load || bail_out "cannot load again"
recorder_start || bail_out "the recorder did not start again"
for ((i = 0; i < 400; i++)); do
	mkdir "$CG_ROOT$maker/crowd-$i" || break
done
is "$i" 400 "a container fills the metadata map"
fresh_id=$(random_hex 64)
fresh=$(pod_cgroup "$(random_uuid)")/$fresh_id
cg_make "$fresh" $((16 << 20)) || bail_out "cannot make $fresh"
cg_run "$fresh" "$named" late 7
cg_start "$fresh" /dev/null "$eat" 32 0
wait "$CG_PID" 2>/dev/null
wait_for 20 holds "any(.[]; .type == \"oom_kill\" and .pid == $CG_PID)" -c "$fresh_id"
ok $? "a container created now: its OOM kill is recorded"
wait_for 20 holds 'any(.[]; .type == "process_exit" and .exit_code == 7)' -c "$fresh_id"
ok $? "its exits are recorded"
wait_for 20 holds 'any(.[]; .type == "container_start")' -c "$fresh_id"
ok $? "its start is recorded"
cg_remove "$fresh"
wait_for 20 holds 'any(.[]; .type == "container_stop")' -c "$fresh_id"
ok $? "its stop is recorded"
recorder_stop
is $? 0 "the recorder exits cleanly"

done_testing
