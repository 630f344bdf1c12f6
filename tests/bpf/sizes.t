#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# The maps whose old entries are evicted grow with the number of CPUs. The loader is shown more CPUs than there are.
set -u
. "$(dirname "$0")/../lib/scenario.sh"

command -v bpftool >/dev/null || skip_all "bpftool is not installed"
scenario_prepare

# sizes CPUS: loads as if there were so many CPUs. Prints "map entries" for each map of our programs that is an LRU hash.
sizes()
{
	echo "0-$(($1 - 1))" >"$SCENARIO_DIR/possible"
	# the inner shell expands its own arguments
	# shellcheck disable=SC2016
	unshare --mount sh -c 'mount --bind "$1" /sys/devices/system/cpu/possible && shift && "$@"' sh \
		"$SCENARIO_DIR/possible" "$SCENARIO_DIR/bin/cri-ebpf-loader" load --rung oom_kill=mark_victim \
		--pin-dir "$PIN_DIR" --config "$CONFIG" >"$SCENARIO_DIR/out" 2>&1 || return
	for link in "$PIN_DIR"/link_*; do
		bpftool -j link show pinned "$link"
	done | jq '.prog_id' | while read -r program; do
		bpftool -j prog show id "$program" | jq '.map_ids[]?'
	done | sort -un | while read -r map; do
		bpftool -j map show id "$map" | jq -r 'select(.type == "lru_hash") | "\(.name) \(.max_entries)"'
	done | sort
	loader unload >/dev/null 2>&1
}

few=$(sizes 2)
[ -n "$few" ] || bail_out "cannot load: $(cat "$SCENARIO_DIR/out")"
many=$(sizes 128)
while read -r name entries; do
	[ "$entries" -ge 4096 ]
	ok $? "$name with two CPUs: $entries"
	entries=$(awk -v name="$name" '$1 == name { print $2 }' <<<"$many")
	[ "$entries" -ge $((128 * 256)) ]
	ok $? "$name with 128 CPUs: $entries"
done <<<"$few"
done_testing
