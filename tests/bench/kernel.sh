#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# What the BPF programs cost, by the kernel's own count (bpf_stats, which itself costs 60 to 100 ns a run), and what the
# recorder holds, while a container ends 20000 processes. Since machines differ much,
# kernel_exit_ratio compares with kernel_bare, a program that only sends a record of the same size. One JSON object a line. Needs root,
# and bpftool to read the statistics.
set -u

cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=tests/lib/scenario.sh
. tests/lib/scenario.sh

EXIT_BYTES=104 # sizeof(struct ev_process_exit)
stats=/proc/sys/kernel/bpf_stats_enabled
enabled=$(cat "$stats")

figure()
{
	printf '{"name":"%s","value":%s,"unit":"%s"}\n' "$1" "$2" "$3"
}

# The programs behind our pins, as a JSON array of ids: others on this machine may have the same names.
our_programs()
{
	local link

	for link in "$PIN_DIR"/link_*; do
		bpftool -j link show pinned "$link" 2>/dev/null
	done | jq -sc 'flatten | map(.prog_id)'
}

# What our programs have cost so far: {NAME: [runs, nanoseconds]}
costs()
{
	bpftool -j prog show 2>/dev/null | jq -c --argjson ids "$(our_programs)" '
		[.[] | select(.id as $id | $ids | index($id)) | {key: .name, value: [.run_cnt // 0, .run_time_ns // 0]}] | from_entries'
}

# counted COMMAND...: runs it while the kernel counts.
counted()
{
	echo 1 >"$stats"
	"$@"
	echo "$enabled" >"$stats"
}

# processes_end [AT_ONCE]: 20000 of them, so many at once, else one after the other.
processes_end()
{
	cg_run "$path" "$exits" 20000 "$SCENARIO_DIR/truth" "$@"
}

# bare [AT_ONCE]: nanoseconds per run of a program that does nothing but send a record as large as that of an exit.
bare()
{
	local fifo=$SCENARIO_DIR/bare id=$SCENARIO_DIR/bare.id pid

	rm -f "$fifo" "$id"
	mkfifo "$fifo"
	"$bare_program" "$EXIT_BYTES" <"$fifo" >"$id" &
	pid=$!
	exec 9>"$fifo"
	wait_for 10 test -s "$id" || return 1
	counted processes_end "$@"
	bpftool -j prog show id "$(cat "$id")" 2>/dev/null | jq '.run_time_ns / .run_cnt * 10 | round / 10'
	exec 9>&-
	wait "$pid"
}

# storm SUFFIX BARE [AT_ONCE]: 20000 processes end. BARE: what bare() printed for as many at once. Prints nanoseconds per run of
# each program; and per exit, for which the second chance runs too on kernels that need it: here it is forced.
storm()
{
	local suffix=$1 bare=$2 before after

	shift 2
	before=$(costs)
	counted processes_end "$@"
	after=$(costs)
	figure "kernel_bare$suffix" "$bare" ns
	jq -cn --argjson before "$before" --argjson after "$after" --arg suffix "$suffix" --argjson bare "$bare" '
		def mean: . * 10 | round / 10;
		$after | to_entries | map(.value = [.value[0] - $before[.key][0], .value[1] - $before[.key][1]] | select(.value[0] > 0) |
			.value = .value[1] / .value[0]) |
		(map(select(.key | startswith("exit_")).value) | add) as $exit |
		(.[] | {name: "kernel_\(.key)\($suffix)", value: (.value | mean), unit: "ns"}),
		{name: "kernel_exit\($suffix)", value: ($exit | mean), unit: "ns"},
		{name: "kernel_exit_ratio\($suffix)", value: ($exit / $bare | mean), unit: "ratio"}'
}

scenario_prepare
exits=$(tool many_exits) && bare_program=$(tool bare_program) || bail_out "cannot build the tools"
path=$(pod_cgroup "$(random_uuid)")/$(random_hex 64)
cg_make "$path"
bare=$(bare 24) && bare_alone=$(bare) || bail_out "the bare program does not run"
loader load --rung process_exit_late=tp_btf >/dev/null 2>&1 || bail_out "cri-ebpf-loader load failed"
recorder_start || bail_out "the recorder did not start: $(cat "$RECORDER_LOG")"
storm "" "$bare" 24
# One by one a CPU is idle between two exits, and has lost from its caches what the program needs.
storm _alone "$bare_alone"
wait_for 20 holds 'length >= 40000' --type process_exit -n 50000

# Without the ring's pages, which are the kernel's and in every count of resident memory.
figure recorder_rss "$(awk '/^[0-9a-f]+-[0-9a-f]+ / { ring = /bpf-map/ } /^Rss:/ && !ring { kb += $2 } END { print kb + 0 }' \
	"/proc/$RECORDER_PID/smaps")" KiB
