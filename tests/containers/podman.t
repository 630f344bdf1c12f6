#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# A podman container that is OOM-killed at its limit.
set -u
. "$(dirname "$0")/../lib/scenario.sh"

scenario_prepare
reason=$(containers_unusable podman)
[ -z "$reason" ] || skip_all "$reason"
loader load || bail_out "cri-ebpf-loader load failed"
recorder_start || bail_out "the recorder did not start: $(cat "$RECORDER_LOG")"
mkdir "$SCENARIO_DIR/podman"
podman_start "$SCENARIO_DIR/podman" "$(tool eat)" || bail_out "podman cannot load the image"

limit=$((16 * 1048576))
podman_run --memory "$limit" --memory-swap "$limit" -- eat 32 1 >"$SCENARIO_DIR/out" 2>&1
is $? 137 "the container is killed at its limit" || diag "$(cat "$SCENARIO_DIR/out")"
id=$PODMAN_ID
wait_for 10 holds 'any(.[]; .type == "container_stop")' -c "$id"
ok $? "container_stop"

of()
{
	query 'map(select(.type == "'"$1"'"))' -c "$id"
}

kills=$(of oom_kill)
is "$(jq length <<<"$kills")" 1 "one oom_kill"
kill=$(jq -c '.[0]' <<<"$kills")
field_is "$kill" .container.id "$id" "container id"
field_is "$kill" .container.runtime podman "runtime"
field_is "$kill" .scope container "scope"
field_is "$kill" .limit_bytes "$limit" "limit"
field_is "$kill" .comm eat "the victim's name"
like "$(jq -r .cgroup <<<"$kill")" "libpod-$id" "cgroup"
exit=$(of process_exit | jq -c 'map(select(.oom_killed)) | .[0]')
field_is "$exit" .signal 9 "exit: signal"
field_is "$exit" .container_init true "exit: the container's init"
field_holds "$(of memory_pressure)" 'any(.[]; .level == "high")' "pressure is recorded"
is "$(of container_start | jq length)" 1 "container_start once"
is "$(of container_stop | jq length)" 1 "container_stop once"
field_is "$(cri_ebpf why "$id" --json)" .verdict oom_killed "why: verdict"

# A process of the runtime joins the cgroup first and ends at once; that must not count as the end of the container.
podman_run --detach -- sleep 1000 >"$SCENARIO_DIR/out" 2>&1 || bail_out "podman run --detach: $(cat "$SCENARIO_DIR/out")"
id=$PODMAN_ID
wait_for 10 holds 'any(.[]; .type == "container_start")' -c "$id"
ok $? "container_start of a container that keeps running"
wait_for 10 holds 'any(.[]; .type == "process_exit")' -c "$id"
field_is "$(cri_ebpf why "$id" --json)" .verdict running "why: it runs"
podman_ rm --force --time 0 "$id" >/dev/null 2>&1
wait_for 10 holds 'any(.[]; .type == "container_stop")' -c "$id"
field_is "$(cri_ebpf why "$id" --json)" .verdict killed "why: it was killed"

counters_reconcile
done_testing
