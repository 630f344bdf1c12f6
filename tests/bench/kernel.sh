#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# What the BPF programs cost, by the kernel's own count (bpf_stats, which itself costs 60 to 100 ns a run), and what the
# recorder holds, while a container ends 20000 processes. One JSON object a line. Needs root, and bpftool to read the statistics.
set -u

cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=tests/lib/scenario.sh
. tests/lib/scenario.sh

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

# storm SUFFIX [AT_ONCE]: 20000 processes end, so many at once, else one after the other. Prints nanoseconds per run of each
# program; and per exit, for which the second chance runs too on kernels that need it: here it is forced.
storm()
{
	local suffix=$1 before after

	shift
	before=$(costs)
	echo 1 >"$stats"
	cg_run "$path" "$exits" 20000 "$SCENARIO_DIR/truth" "$@"
	echo "$enabled" >"$stats"
	after=$(costs)
	jq -cn --argjson before "$before" --argjson after "$after" --arg suffix "$suffix" '
		def mean: . * 10 | round / 10;
		$after | to_entries | map(.value = [.value[0] - $before[.key][0], .value[1] - $before[.key][1]] | select(.value[0] > 0) |
			.value = .value[1] / .value[0]) |
		(.[] | {name: "kernel_\(.key)\($suffix)", value: (.value | mean), unit: "ns"}),
		{name: "kernel_exit\($suffix)", value: (map(select(.key | startswith("exit_")).value) | add | mean), unit: "ns"}'
}

scenario_prepare
loader load --rung process_exit_late=tp_btf >/dev/null 2>&1 || bail_out "cri-ebpf-loader load failed"
recorder_start || bail_out "the recorder did not start: $(cat "$RECORDER_LOG")"
exits=$(tool many_exits)
path=$(pod_cgroup "$(random_uuid)")/$(random_hex 64)
cg_make "$path"
storm "" 24
# One by one a CPU is idle between two exits, and has lost from its caches what the program needs.
storm _alone
wait_for 20 holds 'length >= 40000' --type process_exit -n 50000

# Without the ring's pages, which are the kernel's and in every count of resident memory.
figure recorder_rss "$(awk '/^[0-9a-f]+-[0-9a-f]+ / { ring = /bpf-map/ } /^Rss:/ && !ring { kb += $2 } END { print kb + 0 }' \
	"/proc/$RECORDER_PID/smaps")" KiB
