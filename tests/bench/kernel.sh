#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# What the BPF programs cost, by the kernel's own count (bpf_stats), and what the recorder holds, while a
# container ends 20000 processes. One JSON object a line. Needs root, and bpftool to read the statistics.
set -u

cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=tests/lib/scenario.sh
. tests/lib/scenario.sh

stats=/proc/sys/kernel/bpf_stats_enabled
before=$(cat "$stats")

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

# mean NAME: nanoseconds per run of our program of that name.
mean()
{
	bpftool -j prog show 2>/dev/null | jq -r --arg name "$1" --argjson ids "$(our_programs)" '
		[.[] | select(.name == $name and .run_cnt > 0 and (.id as $id | $ids | index($id)))] | max_by(.id) |
		if . == null then "null" else .run_time_ns / .run_cnt * 10 | round / 10 end'
}

scenario_prepare
loader load --rung process_exit_late=tp_btf >/dev/null 2>&1 || bail_out "cri-ebpf-loader load failed"
recorder_start || bail_out "the recorder did not start: $(cat "$RECORDER_LOG")"
exits=$(tool many_exits)
path=$(pod_cgroup "$(random_uuid)")/$(random_hex 64)
cg_make "$path"
echo 1 >"$stats"
cg_run "$path" "$exits" 20000 "$SCENARIO_DIR/truth"
echo "$before" >"$stats"
wait_for 20 holds 'length == 20000' --type process_exit -n 30000

for name in exit_group_dead exit_live exit_late_btf cgroup_exec_btf high_runtime high_clock high_fentry signal_kernel_kill; do
	value=$(mean "$name")
	[ "$value" = null ] || figure "kernel_$name" "$value" ns
done
# The second chance runs once for each process too, on kernels that need it; here it is forced.
figure kernel_exit "$(for name in exit_group_dead exit_live exit_late_btf; do mean "$name"; done | grep -v null | paste -sd + | bc)" ns
# Without the ring's pages, which are the kernel's and in every count of resident memory.
figure recorder_rss "$(awk '/^[0-9a-f]+-[0-9a-f]+ / { ring = /bpf-map/ } /^Rss:/ && !ring { kb += $2 } END { print kb + 0 }' \
	"/proc/$RECORDER_PID/smaps")" KiB
