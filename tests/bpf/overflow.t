#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# The ring fills up while no recorder reads it. Gaps report how many events of which kind were lost, when and why; no OOM
# kill is lost.
set -u
. "$(dirname "$0")/../lib/scenario.sh"
. tests/lib/truth.sh

RANDOM=${CRI_EBPF_TEST_SEED:=$$}
command -v bpftool >/dev/null || skip_all "bpftool is not installed"
scenario_begin 'ring_buffer_size = 64K' 'metrics_interval = 1s'
truth_begin
diag "CRI_EBPF_TEST_SEED=$CRI_EBPF_TEST_SEED"

# Makes a container and waits until the recorder has classified it, so that its exits may use three quarters of the ring.
# Sets id, path, and known, the number of its stored exits.
known_container()
{
	local tries

	id=$(random_hex 64)
	path=$(truth_path "$id")
	truth_container "$id"
	for ((tries = 0; tries < 10; tries++)); do
		cg_start "$path/load" /dev/null true
		wait "$CG_PID"
		! wait_for 3 last_is_stored || break
	done
	last_is_stored || bail_out "the recorder does not know $path"
	known=$(exits_stored | wc -l)
}

last_is_stored()
{
	[ "$(exits_stored | tail -n 1)" = "$CG_PID 0" ]
}

# storm EXITS KILLS: runs a load there, which notes what happened in $file; its own exit is the last line.
storm()
{
	truth_load "$id" "$1" "$2"
	wait "$CG_PID" || bail_out "the load failed: $(cat "$file.out")"
	echo "$CG_PID 0 exit $(tail -n 1 "$file" | cut -d' ' -f5) $(date +%s%N)" >>"$file"
}

# The kernel's count of a kind, on all CPUs. The number is enum ev_kind's.
kernel_lost()
{
	counters_of_kernel | jq --arg kind "$1" '.[$kind].lost'
}

exits_stored()
{
	rows "SELECT pid, wait_status FROM v_exit WHERE container_id = '$id' ORDER BY id"
}

kills_stored()
{
	rows "SELECT pid FROM v_oom WHERE container_id = '$id' ORDER BY id"
}

# reported_since ID REASON TYPE: the number of lost events in gap rows after that id.
reported_since()
{
	rows "SELECT coalesce(sum(lost), 0) FROM v_gap WHERE id > $1 AND reason = '$2' AND lost_type = '$3'"
}

last_id()
{
	rows 'SELECT coalesce(max(id), 0) FROM v_events'
}

# Prints the lines of $file that have no row. Both are in order; the first rows are those of known_container. Returns 1
# when a row is not in $file, or is there twice.
lost_exits()
{
	exits_stored | tail -n +$((known + 1)) >"$SCENARIO_DIR/stored"
	awk -v stored="$SCENARIO_DIR/stored" '
		function following() { if ((getline line < stored) <= 0) line = "" }
		BEGIN { following() }
		line == $1 " " $2 { following(); next }
		{ print }
		END { exit line != "" }' "$file"
}

# reported_exactly REASON: the gaps since begin report as many as the kernel counted, and at least as many as are missing.
reported_exactly()
{
	missing=-1 reported=-2 counted=-3
	lost_exits >"$file.lost" && [ -s "$SCENARIO_DIR/stored" ] || return 1
	missing=$(wc -l <"$file.lost")
	reported=$(reported_since "$before_id" "$1" process_exit)
	counted=$(($(kernel_lost 4) - before_lost))
	[ "$reported" -eq "$counted" ] && [ "$reported" -ge "$missing" ]
}

# Every lost exit lies in the interval of a gap; the load noted two times between which each process ended.
gaps_cover_losses()
{
	rows "SELECT from_unix_nano, to_unix_nano FROM v_gap WHERE id > $before_id AND lost_type = 'process_exit'" |
		awk -v lost="$file.lost" '
		{ from[NR] = $1; to[NR] = $2; if ($1 > $2) bad = 1 }
		END {
			while ((getline line < lost) > 0) {
				split(line, exit_, " ")
				inside = 0
				for (i in from)
					inside = inside || (from[i] <= exit_[5] && to[i] >= exit_[4])
				bad = bad || !inside
			}
			exit bad
		}'
}

# Gaps report everything that was lost, once.
all_reported()
{
	[ "$(kernel_lost 4)" -eq "$(rows "SELECT coalesce(sum(lost), 0) FROM v_gap WHERE lost_type = 'process_exit'")" ]
}

begin()
{
	known_container
	file=$TRUTH_DIR/$id
	wait_for 10 all_reported
	before_id=$(last_id)
	before_lost=$(kernel_lost 4)
}

# No other scenario runs on this machine, whose containers would be recorded here too. Of two runs of this script one
# waits for the other.
alone()
{
	local dir pid

	for dir in "$CG_ROOT"/cri-ebpf-test-*; do
		pid=${dir##*-} pid=${pid%.slice}
		[ -d "$dir" ] && [ "$pid" != "$$" ] && [ -d "/proc/$pid" ] || continue
		[ "$pid" -gt $$ ] && grep -q "${0##*/}" "/proc/$pid/cmdline" || return 1
	done
}

# overflow REASON NAME STOP START: STOP ends reading, START begins it again. Tries again when other containers lost events
# at the same time, because the kernel counts those too.
overflow()
{
	local tries

	for ((tries = 0; tries < 3; tries++)); do
		[ "$tries" -eq 0 ] || wait_for 20 alone
		begin
		"$3"
		storm 2000 4
		"$4"
		wait_for 20 reported_exactly "$1"
		[ "$reported" -ne "$missing" ] || break
		diag "missing $missing, reported $reported: other containers lost events too"
	done
	[ "$missing" -gt 1000 ]
	ok $? "$2: the ring was full" || diag "missing $missing"
	is "$reported" "$counted" "$2: the gaps report as many as the kernel counted"
	gaps_cover_losses
	ok $? "$2: the gaps cover the times of the lost exits" || diag "$(rows "SELECT * FROM v_gap")" "$(sed -n '1p;$p' "$file.lost")"
	is "$(kills_stored)" "$(awk '$3 == "oom" { print $1 }' "$file")" "$2: every OOM kill is recorded, in order"
	if [ "$reported" -ne "$missing" ] && ! alone; then
		skip "$2: the gaps report as many as are missing" "other containers lost events in each of $tries tries"
		return
	fi
	is "$reported" "$missing" "$2: the gaps report as many as are missing"
	is "$(grep -c oom "$file.lost")" 0 "$2: the exits of the victims are recorded"
}

stop_reading()
{
	kill -STOP "$RECORDER_PID"
}

read_again()
{
	kill -CONT "$RECORDER_PID"
}

start_again()
{
	recorder_start || bail_out "the recorder did not start again: $(cat "$RECORDER_LOG")"
}

overflow ring_full "a stopped recorder" stop_reading read_again
overflow recorder_down "no recorder" recorder_kill start_again
is "$(reported_since "$before_id" ring_full process_exit)" 0 "no recorder: no gap has another reason"

# The recorder dies while it writes a gap for a loss that no record has shown yet.
recorder_is_dead()
{
	! is_running "$RECORDER_PID"
}

die_reconciling()
{
	programs_install "$BUILD/hooked"
	CRI_TEST_DIE=in_reconcile recorder_spawn
	wait_for 5 recorder_is_dead
	died=$?
	recorder_kill
	programs_install "$BUILD"
	start_again
}

# Tries again when records of other containers show the loss at once, because then there is nothing left to reconcile.
for ((round = 0; round < 3; round++)); do
	overflow recorder_down "died writing the gap" recorder_kill die_reconciling
	[ "$died" -ne 0 ] || break
done
ok "$died" "the recorder died while it wrote the gap"

# A loss that was reported from the counters alone is not reported again when records show it, nor after a restart.
recorder_stop
start_again
for cpu in $(taskset -pc $$ | sed 's/.*: //; s/[-,]/ /g'); do
	cg_start "$path/load" /dev/null taskset -c "$cpu" true
	wait "$CG_PID"
done
wait_for 10 last_is_stored
ok $? "new records are stored"
wait_for 10 all_reported
ok $? "nothing is reported twice" || diag "$(rows "SELECT * FROM v_gap")"

# Creation and removal of cgroups. A first exec that had no room in the ring is replaced by the next exec.
begin
fresh=$(random_hex 64)
cg_make "$(truth_path "$fresh")" || bail_out "cannot make a cgroup"
counters_of_kernel >"$SCENARIO_DIR/before"
stop_reading
storm 1000 0
for ((i = 0; i < 10; i++)); do
	mkdir "$CG_ROOT$path/$i" && rmdir "$CG_ROOT$path/$i"
done
cg_run "$(truth_path "$fresh")" true
counters_of_kernel >"$SCENARIO_DIR/after"
read_again

# kind_lost KIND...: since the ring was full.
kind_lost()
{
	jq -n --slurpfile before "$SCENARIO_DIR/before" --slurpfile after "$SCENARIO_DIR/after" \
		'[$ARGS.positional[] | $after[0][.].lost - $before[0][.].lost] | add' --args "$@"
}

# all_reported_of TYPE KIND...
all_reported_of()
{
	[ "$(reported_since "$before_id" ring_full "$1")" -eq "$(kind_lost "${@:2}")" ]
}
[ "$(kind_lost 6)" -ge 10 ] && [ "$(kind_lost 7)" -ge 1 ] && [ "$(kind_lost 8)" -ge 10 ]
ok $? "cgroups: the ring was full" || diag "$(cat "$SCENARIO_DIR/before" "$SCENARIO_DIR/after")"
wait_for 10 all_reported_of container_start 6 7
ok $? "lost creations and execs are reported" || diag "$(rows "SELECT * FROM v_gap")"
wait_for 10 all_reported_of container_stop 8
ok $? "lost removals are reported" || diag "$(rows "SELECT * FROM v_gap")"
is "$(query 'map(select(.type == "container_start")) | length' -c "$fresh")" 0 "the start had no room"
cg_run "$(truth_path "$fresh")" true
wait_for 10 holds 'any(.[]; .type == "container_start")' -c "$fresh"
ok $? "the next exec gives the start"

counters_reconcile
done_testing
