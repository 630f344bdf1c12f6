#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Maps: those whose old entries are evicted grow with the number of CPUs, those that no program uses are not made, and
# "check" says how much memory they take. The loader is shown more CPUs than there are.
set -u
. "$(dirname "$0")/../lib/scenario.sh"

command -v bpftool >/dev/null || skip_all "bpftool is not installed"
scenario_prepare
export -f loader
export SCENARIO_DIR PIN_DIR CONFIG

# The largest set of maps.
all=(--rung oom_kill=mark_victim --rung memory_pressure_high=runtime --rung process_exit_late=tp_btf)

# with_cpus CPUS VERB [FLAG...]: the loader, as if there were so many CPUs.
with_cpus()
{
	echo "0-$(($1 - 1))" >"$SCENARIO_DIR/possible"
	# the inner shell expands its own arguments
	# shellcheck disable=SC2016
	unshare --mount bash -c 'mount --bind "$1" /sys/devices/system/cpu/possible && loader "${@:2}"' bash \
		"$SCENARIO_DIR/possible" "${@:2}"
}

# Prints "name type entries memlock" for each map of the programs that are loaded.
maps()
{
	for link in "$PIN_DIR"/link_*; do
		bpftool -j link show pinned "$link"
	done | jq '.prog_id' | sort -un | while read -r program; do
		bpftool -j prog show id "$program" | jq '.map_ids[]?'
	done | sort -un | while read -r map; do
		bpftool -j map show id "$map" | jq -r '"\(.name) \(.type) \(.max_entries) \(.bytes_memlock)"'
	done | sort
}

# load_maps CPUS [FLAG...]: loads, prints maps(), and unloads.
load_maps()
{
	with_cpus "$1" load "${@:2}" >"$SCENARIO_DIR/out" 2>&1 || return
	maps
	loader unload --quiet
}

few=$(load_maps 2 "${all[@]}")
[ -n "$few" ] || bail_out "cannot load: $(cat "$SCENARIO_DIR/out")"
many=$(load_maps 128 "${all[@]}")
while read -r name type entries _; do
	[ "$type" = lru_hash ] || continue
	[ "$entries" -ge 4096 ]
	ok $? "$name with two CPUs: $entries"
	entries=$(awk -v name="$name" '$1 == name { print $3 }' <<<"$many")
	[ "$entries" -ge $((128 * 256)) ]
	ok $? "$name with 128 CPUs: $entries"
done <<<"$few"

# What a load takes.
for flags in "" "${all[*]}"; do
	# shellcheck disable=SC2086
	loader load --quiet $flags || bail_out "cannot load with: $flags"
	taken=$(maps | awk '{ sum += $4 } END { print sum }')
	least=$(maps | awk '$1 == "metadata" { print $4 - $3 * 384 }')
	loader unload --quiet
	# shellcheck disable=SC2086
	said=$(loader check --json $flags 2>/dev/null | jq .locked_memory_bytes)
	if [ "$least" -lt 0 ]; then
		skip "check says how much memory the maps take" "this kernel does not show it"
		continue
	fi
	[ $((said * 100)) -ge $((taken * 95)) ] && [ $((said * 100)) -le $((taken * 105)) ]
	ok $? "check${flags:+ $flags} says how much memory the maps take" || diag "said $said" "taken $taken"
done
like "$(loader check 2>/dev/null)" 'maps +[0-9.]+M of kernel memory' "check prints it as text too"
said=$(with_cpus 64 check --json "${all[@]}" 2>/dev/null | jq .locked_memory_bytes)
[ "$said" -le $((14 << 20)) ] && [ "$said" -ge $((8 << 20)) ]
ok $? "at most 14M with 64 CPUs: $said"

# maps that a configuration does not need
few=$(load_maps 2 --rung oom_kill=mark_victim_only --memory-pressure=no)
like "$few" '^(.*'$'\n'')?armed ' "armed exists without the rungs that need other maps"
for name in kill_notes scans exited displaced; do
	is "$(grep "^$name " <<<"$few")" "" "$name is not made where no program uses it"
done
done_testing
