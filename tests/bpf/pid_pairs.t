#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# A container that chooses the pids of its processes gets each exit recorded once.
set -u
. "$(dirname "$0")/../lib/scenario.sh"

[ "$(nproc)" -ge 2 ] || skip_all "one CPU"
scenario_begin 'ring_buffer_size = 16M'
pairs=$(tool pid_pairs) || bail_out "cannot build pid_pairs"

# recorded ID: the number of exits in this container, without the parent's
recorded()
{
	query 'map(select(.ppid == '"$parent"')) | length' -t process_exit -c "$1" -n 100000
}

is_recorded() { [ "$(recorded "$id")" -ge "$ended" ]; }

for distance in 64 4096; do
	id=$(random_hex 64)
	path=$(pod_cgroup "$(random_uuid)")/$id
	cg_make "$path" || bail_out "cannot make $path"
	cg_start "$path" "$SCENARIO_DIR/pairs" "$pairs" "$(bound 500 5000)" "$distance"
	parent=$CG_PID
	wait "$parent"
	is $? 0 "pids $distance apart"
	ended=$(cat "$SCENARIO_DIR/pairs")
	[ "$ended" -gt 500 ]
	ok $? "enough pairs were made: $ended"
	wait_for 20 is_recorded
	is "$(recorded "$id")" "$ended" "each exit is recorded once"
done

done_testing
