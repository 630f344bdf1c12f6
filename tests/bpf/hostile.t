#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# What a container can do to the record of others: choose its names, be busy, and pretend.
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

# --- Names. Each is a cgroup's and a process's, of which the kernel keeps 15 bytes.
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
# and killed for memory under such a name, in a container and in a service
evil=$'\033]2;evil\a'
path=$outer/$evil$'\342\200\256'
service=$CG_PRIVATE_SLICE/$evil.service
evil_pids=()
for path in "$outer/$evil"$'\342\200\256' "$service"; do
	cg_make "$path" $((8 << 20)) || bail_out "cannot make a cgroup"
	cg_start "$path" /dev/null "$named" $'kill\nme\033[5m' 0 64
	evil_pids+=("$CG_PID")
	wait "$CG_PID" 2>/dev/null
	is $? 137 "a process with such a name is killed"
done
# a name with the end of a line in it
cg_run "$outer" "$named" $'a\nkilled\rb' 3
wait_for 20 holds 'map(select(.comm | startswith("kill"))) | length == 2' -t oom_kill --pid "${evil_pids[0]}" --pid "${evil_pids[1]}"
ok $? "both kills are recorded"
wait_for 20 holds "map(select(.type == \"process_exit\" and .exit_code == 3)) | length == $((${#names[@]} + 1))" -c "$id" -n 1000
ok $? "and all exits"

# ask SQL: one value, as it is
ask()
{
	cri_ebpf sql "$1" --json 2>/dev/null | jq -r 'to_entries[0].value'
}

for i in "${!names[@]}"; do
	is "$(ask "SELECT lower(hex(comm)) FROM v_exit WHERE pid = ${ids[i]} AND exit_code = 3")" \
		"$(printf %s "${names[i]}" | head -c 15 | hex_of)" "name $i: the process's, byte for byte"
	is "$(ask "SELECT lower(hex(cgroup)) FROM v_exit WHERE pid = ${ids[i]} AND exit_code = 3")" \
		"$(printf %s "$outer/${names[i]}" | hex_of)" "name $i: the cgroup's"
	is "$(ask "SELECT container_id FROM v_exit WHERE pid = ${ids[i]} AND exit_code = 3")" "$id" "name $i: of this container"
done
is "$(ask "SELECT lower(hex(cgroup)) FROM v_oom WHERE container_id IS NULL AND pid = ${evil_pids[1]}")" \
	"$(printf %s "$service" | hex_of)" "the service's name is, too"

for command in "events -n 1000" "events -n 1000 -o wide" "events -n 1000 -o json" "events -n 1000 -o csv" \
	"events -n 1000 -o export" "oom -o wide" "why $id" "why $id --json" "ps -a" "stats" "status" "status --json"; do
	# shellcheck disable=SC2086
	cri_ebpf $command >"$SCENARIO_DIR/shown" 2>&1
	is "$(harmless "$SCENARIO_DIR/shown" '\015')" "" "$command: nothing that hurts"
done

# --- Pretence. A cgroup inside one container, called as another; and a line in the kernel's log.
victim_id=$(random_hex 64)
victim=$(pod_cgroup "$(random_uuid)")/$victim_id
cg_make "$victim" $((16 << 20)) || bail_out "cannot make $victim"
cg_start "$victim" /dev/null sleep 1000
sleeper=$CG_PID
wait_for 20 holds 'any(.[]; .type == "container_start")' -c "$victim_id"
ok $? "a container runs"
cg_make "$outer/$victim_id" || bail_out "cannot make the pretender"
cg_run "$outer/$victim_id" "$named" pretender 9
cg_remove "$outer/$victim_id"
wait_for 20 holds 'any(.[]; .type == "process_exit" and .comm == "pretender")' -c "$victim_id"
ok $? "another pretends to be it, and ends"
is "$(ask "SELECT count(*) FROM v_container WHERE container_id = '$victim_id' AND outer_id IS NULL AND stopped_unix_nano IS NULL")" \
	1 "the container still runs, says the history"
is "$(ask "SELECT count(*) FROM v_exit e JOIN v_container c ON c.container_pk = e.container_pk
	WHERE e.comm = 'pretender' AND c.outer_id = '$id'")" 1 "and whose process it was"
is "$(cri_ebpf ps --json -c "$victim_id" 2>/dev/null | jq -s 'map(select(.state == "running")) | length')" 1 "ps too"

if [ -w /dev/kmsg ]; then
	printf '<4>Memory cgroup out of memory: Killed process %s (sleep) total-vm:1kB, anon-rss:1kB\n' "$sleeper" >/dev/kmsg
	cg_run "$outer" "$named" marker 5
	wait_for 20 holds 'any(.[]; .comm == "marker")' -c "$id" -n 1000
	is "$(ask "SELECT count(*) FROM v_oom WHERE pid = $sleeper")" 0 "a line in the kernel's log is no kill"
else
	skip "a line in the kernel's log" "/dev/kmsg cannot be written"
fi

# --- Storms. One container makes processes and another cgroups as fast as they can; a third is killed meanwhile.
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
ok $? "the storms rage"
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
ok $? "three processes of another container were killed while they raged"
kill "$forks" "$makes"
while is_running "$forks" || is_running "$makes"; do
	now=$(rss_kb)
	[ "$now" -le "$rss" ] || rss=$now
	wait_for 0 false
done
wait "$forks"
is $? 0 "the processes came and went" || diag "$(cat "$SCENARIO_DIR/forks")"
wait "$makes"
is $? 0 "the cgroups too" || diag "$(cat "$SCENARIO_DIR/cgroups")"

has_all_kills()
{
	[ "$(ask "SELECT group_concat(pid, ' ') FROM (SELECT pid FROM v_oom WHERE container_id = '$victim_id' ORDER BY id)")" = "${killed[*]}" ]
}

wait_for 30 has_all_kills
ok $? "each of them has its row, in order, of the right container" ||
	diag "$(cri_ebpf oom -c "$victim_id")"
is "$(ask "SELECT count(*) FROM v_oom WHERE cgroup LIKE '${forker%/*}%' OR cgroup LIKE '${maker%/*}%'")" 0 "and nobody else has"

# The recorder does not get to run while a storm fills its part of the ring; there is room left for a kill.
kill -STOP "$RECORDER_PID"
cg_start "$forker" "$SCENARIO_DIR/still" "$storm" fork 20000
wait_for 60 grep -q begun "$SCENARIO_DIR/still"
ok $? "a storm while the recorder stands still"
kill "$CG_PID"
wait "$CG_PID"
cg_start "$victim" /dev/null "$eat" 32 0
killed+=("$CG_PID")
wait "$CG_PID" 2>/dev/null
kill -CONT "$RECORDER_PID"
wait_for 30 has_all_kills
ok $? "the kill behind it is recorded" || diag "$(cri_ebpf oom -c "$victim_id")"
wait_for 30 holds 'any(.[]; .type == "gap" and .lost_type == "process_exit" and .lost > 1000)' -t gap
ok $? "and that exits were lost"

# What was lost is told, and how much of what; nothing is lost of kills.
accounts_agree()
{
	local gaps

	gaps=$(query 'map(select(.type == "gap" and .lost_type)) | group_by(.lost_type) |
		map({key: .[0].lost_type, value: (map(.lost) | add)}) | from_entries' -t gap -n 100000)
	counters=$(cri_ebpf status --json 2>/dev/null | jq -c '.counters')
	told="gaps $gaps, counters $counters"
	jq -e --argjson gaps "$gaps" '
		(.lost.oom_kill == 0) and (.lost.process_exit > 0) and (.unread | add) == 0 and
		(. as $c | .lost | to_entries | all(.value == ($gaps[.key] // 0))) and
		(. as $c | .sent | to_entries | all(.value == $c.stored[.key] + $c.rejected[.key]))' <<<"$counters" >/dev/null
}

# What it cost: stated bounds, far from what is normal (CPU a sixth of the generators', 3 MB).
metadata_is_as_before()
{
	[ "$(count_metadata)" -le $((metadata_before + 1000)) ]
}

wait_for 30 metadata_is_as_before
ok $? "the kernel's map of cgroups does not keep what is gone" || diag "$metadata_before before, $(count_metadata) now"
cpu=$(($(recorder_ms) - cpu_before))
storm_cpu=$(tail -qn 1 "$SCENARIO_DIR/forks" "$SCENARIO_DIR/cgroups" | awk '{ sum += $1 } END { print sum }')
[ "$cpu" -le "$storm_cpu" ]
ok $? "the recorder took less CPU time than the storms" || diag "recorder: $cpu ms, storms: $storm_cpu ms"
[ "$rss" -le 32768 ]
ok $? "and never more than 32 MB of memory" || diag "$rss kB"
diag "recorder: $cpu ms of CPU time, at most $rss kB; storms: $storm_cpu ms; metadata: $metadata_before, $(count_metadata)"
is "$(harmless "$RECORDER_LOG")" "" "its messages hurt nobody"
[ "$(wc -l <"$RECORDER_LOG")" -lt 100 ]
ok $? "and are few" || diag "$(wc -l <"$RECORDER_LOG") lines"

# the last gap is told when the ring is quiet, with the status
recorder_stop
is $? 0 "the recorder ends in order"
settled()
{
	record --once >>"$RECORDER_LOG" 2>&1 && accounts_agree
}
wait_for 30 settled
ok $? "what was lost is in gap rows, by type and to the last event" || diag "$told"
diag "$told"

# --- More cgroups than the kernel's map has room for, and all of them stay.
loader unload >/dev/null 2>&1 || bail_out "cannot unload"
echo 'metadata_cache_size = 200' >>"$CONFIG"
loader load || bail_out "cannot load again"
recorder_start || bail_out "the recorder did not start again"
for ((i = 0; i < 400; i++)); do
	mkdir "$CG_ROOT$maker/crowd-$i" || break
done
is "$i" 400 "a container fills the map of cgroups"
fresh_id=$(random_hex 64)
fresh=$(pod_cgroup "$(random_uuid)")/$fresh_id
cg_make "$fresh" $((16 << 20)) || bail_out "cannot make $fresh"
cg_run "$fresh" "$named" late 7
cg_start "$fresh" /dev/null "$eat" 32 0
wait "$CG_PID" 2>/dev/null
wait_for 20 holds "any(.[]; .type == \"oom_kill\" and .pid == $CG_PID)" -c "$fresh_id"
ok $? "a container that is made now has its kill"
wait_for 20 holds 'any(.[]; .type == "process_exit" and .exit_code == 7)' -c "$fresh_id"
ok $? "and its exits"
wait_for 20 holds 'any(.[]; .type == "container_start")' -c "$fresh_id"
ok $? "and its start"
cg_remove "$fresh"
wait_for 20 holds 'any(.[]; .type == "container_stop")' -c "$fresh_id"
ok $? "and its end"
recorder_stop
is $? 0 "the recorder ends in order"

done_testing
