#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# A path that is longer than the programs can record, and deeper than they read names: what is missing is marked, and what
# is known still names the container.
set -u
. "$(dirname "$0")/../lib/scenario.sh"

scenario_begin
name=$(printf '%0250d' 7)
id=$(random_hex 64)
long=$CG_PRIVATE/docker/$id/$name/$name/$name/$name/$name
deep=$CG_PRIVATE/docker/$id/1/2/3/4/5/6/7/8/9/10/11/12
for path in "$long" "$deep"; do
	cg_make "$path" || bail_out "cannot make $path"
	cg_run "$path" sh -c 'exit 3'
	cg_run "$path" sh -c 'exit 4'
done
wait_for 10 holds 'map(select(.type == "process_exit" and .container.id == "'"$id"'")) | length >= 4'
ok $? "both are cgroups of the container"
paths=$(query 'map(select(.type == "process_exit") | .cgroup) | unique' -c "$id")
field_holds "$paths" 'any(.[]; . == "'"$deep"'")' "a deep path is whole"
field_holds "$paths" 'all(.[]; . == "'"$deep"'" or . == "'"$long"'" or startswith("…") or endswith("…"))' \
	"and one that is not whole says so"

counters_reconcile
done_testing
