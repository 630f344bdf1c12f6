#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# What lasts makes status unhealthy within one interval; what is over is listed as missing.
set -u
. "$(dirname "$0")/../lib/scenario.sh"
. tests/lib/store.sh

scenario_prepare
command -v sqlite3 >/dev/null || skip_all "sqlite3 is not installed"
eat=$(tool eat) || bail_out "cannot build eat"

# kills N: N processes are OOM-killed, each at the limit of a container of its own.
kills()
{
	local path i

	for ((i = 0; i < $1; i++)); do
		path=$(pod_cgroup "$(random_uuid)")/$(random_hex 64)
		cg_make "$path" 8388608 || bail_out "cannot make $path"
		cg_start "$path" /dev/null "$eat" 16 0
		wait "$CG_PID" 2>/dev/null
		is $? 137 "a process is killed at its limit"
	done
}

# The kills of this script; other containers may be killed on this machine too.
kills_recorded()
{
	cri_ebpf events --json -t oom_kill --cgroup "$CG_PRIVATE" 2>/dev/null | jq -s length
}

kills_are()
{
	[ "$(kills_recorded)" = "$1" ]
}

# problem NAME: status reports it.
problem()
{
	status_now | jq -e --arg name "$1" 'any(.problems[]; .name == $name)'
}

# outages FILTER: of the gaps whose reason is that programs were not attached.
outages()
{
	query "map(select(.type == \"gap\" and .reason == \"not_attached\") | {type: .lost_type, lost, from, to}) | $1"
}

state()
{
	cri_ebpf status --pin-dir "$PIN_DIR" "$@" 2>/dev/null
}

# As many exits are missing as the kernel counted. The machine may lose others meanwhile, and while no recorder runs.
losses_agree()
{
	recorder_beat
	LOSSES="counted $(status_now | jq .counters.lost.process_exit), missing $(query '
		map(select(.lost_type == "process_exit" and .reason != "rejected").lost) | add')"
	[[ $LOSSES =~ ^counted\ ([0-9]+),\ missing\ ([0-9]+)$ ]] && [ "${BASH_REMATCH[1]}" = "${BASH_REMATCH[2]}" ]
}

# --- links ---

begin status "$SCENARIO_DIR/status/events.db" 256K
wait_for 5 is_healthy true
ok $? "a new recorder is healthy" || diag "$(state)"
served='(.rung != null and .rung != "off" and .rung != "unneeded")'
is "$(status_now | jq -c "[.loader.probes[] | select($served).attached] | unique")" '[true]' \
	"every probe that has a rung is attached"
is "$(status_now | jq -c "[.loader.probes[] | select($served | not).attached] | unique")" '[null]' \
	"of the others it is not known"
kills 1
wait_for 10 kills_are 1
ok $? "a kill is recorded"

several=$(find "$PIN_DIR" -name 'link_*_[0-9]' -printf '%f\n' | sort | head -n 1)
if [ -n "$several" ]; then
	rm "$PIN_DIR/$several"
	recorder_beat
	out=$(state)
	is $? 4 "one of several links of a probe is gone: unhealthy with the next look"
	like "$out" "programs are not attached any more: ${several:5:-2}[ ,]" "and the probe is named" || diag "$several"
	loader reload >"$SCENARIO_DIR/loader.log" 2>&1
	is $? 0 "reload"
	recorder_beat
	out=$(state)
	is $? 0 "healthy with the next look" || diag "$out"
	is "$(outages 'map([.lost, (.from < .to)]) | unique')" '[[null,true]]' "and its time is missing" || diag "$out"
else
	skip "one of several links of a probe" "each probe has one link on this kernel"
fi

find "$PIN_DIR" -name 'link_*' -delete
recorder_beat
out=$(state)
is $? 4 "all links are gone: unhealthy with the next look"
like "$out" "healthy: no.*problem: since .*: programs are not attached any more: oom_kill, .* \(their links below $PIN_DIR are gone\); their events are not recorded; attach them again: cri-ebpf-loader reload --pin-dir $PIN_DIR" \
	"what, its consequence and what to do"
like "$out" 'loader: probes .*oom_kill \([a-z_]+, NOT ATTACHED\)' "the probe is marked"
like "$out" 'missing: an unknown number of oom_kill between .* and an unknown time: its programs were not attached' "what is missing"
before_kills=$(date -u +%FT%T.%N)
kills 10
after_kills=$(date -u +%FT%T.%N)
is "$(status_now | jq -c '[.healthy, (.problems[] | .name, (.since | type)), ([.loader.probes[].attached] | any)]')" \
	'[false,"links_gone","string",false]' "the same in JSON while kills go by"
is "$(kills_recorded)" 1 "none of these ten kills can be recorded"
loader status >"$SCENARIO_DIR/loader.log" 2>&1
is $? 4 "the loader's status is unhealthy too"
loader reload >"$SCENARIO_DIR/loader.log" 2>&1
is $? 0 "reload attaches them again" || diag "$(cat "$SCENARIO_DIR/loader.log")"
recorder_beat
is_healthy true
ok $? "healthy with the next look" || diag "$(state)"
during="map(select(.from < \"$before_kills\" and .to > \"$after_kills\"))"
is "$(outages "$during | map(.lost) | unique")" '[null]' "what was lost meanwhile is missing: nobody knows how much"
is "$(outages "$during | map(.type) | [index(\"oom_kill\"), index(\"process_exit\")] | all(. != null)")" true "of each type once" ||
	diag "$(outages .)"
is "$(outages "$during | length == (map(.type) | unique | length)")" true "and only once"
is "$(outages 'map(select(.to == null)) | length')" 0 "nothing is said to last"
state --strict >/dev/null
is $? 5 "with --strict exit status 5"
kills 1
wait_for 10 kills_are 2
ok $? "and kills are recorded again"

# --- links that come back while no recorder runs ---

find "$PIN_DIR" -name 'link_oom_kill*' -delete
wait_for 10 problem links_gone
ok $? "the links of one probe are gone"
before_kills=$(date -u +%FT%T.%N)
recorder_kill
loader reload >"$SCENARIO_DIR/loader.log" 2>&1
is $? 0 "reload without a recorder"
recorder_start
wait_for 10 is_healthy true
ok $? "the next recorder is healthy" || diag "$(state)"
is "$(outages "map(select(.type == \"oom_kill\" and .from < \"$before_kills\" and .to > \"$before_kills\")) | length")" 1 \
	"and ends the gap that the one before began" || diag "$(outages .)"
kills 1
wait_for 10 kills_are 3
ok $? "kills are recorded again"

# --- a loss, and its end ---

kill -STOP "$RECORDER_PID"
exits 4000
kill -CONT "$RECORDER_PID"
wait_for 10 problem losing_events
ok $? "events are being lost: unhealthy" || diag "$(state)"
wait_for 10 is_healthy true
ok $? "once that is over it is healthy" || diag "$(state)"
out=$(state)
is $? 0 "with exit status 0"
like "$out" 'healthy: yes.*missing: [0-9]+ process_exit between .* and .*: the ring was full' "and what is missing"
lost=$(status_now | jq .counters.lost.process_exit)
[ "$lost" -gt 100 ]
ok $? "the ring was full" || diag "lost: $lost"
wait_for 10 losses_agree
ok $? "as many as the kernel counted" || diag "$LOSSES"
is "$(status_now | jq '.missing_total.lost')" "$(query 'map(select(.type == "gap").lost) | add')" "with the total"
state --strict >/dev/null
is $? 5 "with --strict exit status 5"
state --strict --since +1h >/dev/null
is $? 0 "not for what is asked of a later time"

# --- no recorder ---

wait_for 10 books_balance
recorder_kill
kills 3
out=$(state)
is $? 4 "the recorder was killed: unhealthy"
like "$out" 'recorder: not running, pid [0-9]+, not yet read [1-9][0-9]* records' "not all is read"
is "$(state --json | jq -c '[.counters.unread.oom_kill >= 3, .recorder.lag_bytes]')" '[true,null]' "three kills are not read yet"
is "$(state --json | jq '[.counters | .sent.oom_kill - .stored.oom_kill - .rejected.oom_kill - .unread.oom_kill]')" \
	"$(jq -n '[0]')" "the counters fit"
install -m 0644 /dev/null "$SCENARIO_DIR/empty.conf"
member=$(setpriv --reuid nobody --regid cri-ebpf --clear-groups "$SCENARIO_DIR/bin/cri-ebpf" status --db "$DB" \
	--pin-dir "$PIN_DIR" --config "$SCENARIO_DIR/empty.conf" --json 2>&1)
is "$(jq -c '[.healthy, .counters.unread.oom_kill]' <<<"$member")" '[false,null]' "who may not read the kernel's counters is told nothing" || diag "$member"
recorder_start
ok $? "it starts again"
wait_for 10 kills_are 6
ok $? "and the three kills are stored"
wait_for 10 books_balance
ok $? "the counters fit" || diag "$BOOKS"

# --- the map of cgroups ---

if command -v bpftool >/dev/null && bpftool map freeze pinned "$PIN_DIR/metadata" 2>/dev/null; then
	recorder_beat
	out=$(state)
	is $? 4 "a map that is frozen: unhealthy with the next look"
	like "$out" "problem: since .*: somebody in group cri-ebpf-ring has frozen the map of cgroups below $PIN_DIR:" "and said so"
else
	skip "a map that is frozen" "bpftool is not installed, or cannot freeze a map"
fi
recorder_stop
is $? 0 "the recorder exits cleanly"

# --- programs that record nothing although they are attached ---

if command -v bpftool >/dev/null; then
	# Only a test build can be sure after seconds instead of minutes.
	limit=$(bound 3000000000 '')
	if [ -n "$limit" ]; then
		programs_install "$BUILD/hooked"
		export CRI_TEST_STANDSTILL=$limit
	fi
	begin standstill "$SCENARIO_DIR/standstill/events.db" 1M
	read -ra info < <(bpftool map dump pinned "$PIN_DIR/info" -j | jq -r ".[0].value | join(\" \")")
	# map_info.set: of programs that are not loaded
	bpftool map update pinned "$PIN_DIR/info" key 0 0 0 0 value "${info[@]:0:16}" 1 0 0 0 0 0 0 0 "${info[@]:24}"
	cg_run "$EXITS_PATH" "$EXITS_MANY" 2000 "$SCENARIO_DIR/many.truth"
	wait_for "$(bound 30 330)" problem counters_stand_still
	ok $? "counters that stand still: unhealthy" || diag "$(state)"
	recorder_stop
else
	skip "counters that stand still" "bpftool is not installed"
fi

done_testing
