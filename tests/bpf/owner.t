#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# A user who may make cgroups names one after a container of somebody else: the id still means that container, while the
# user's own containers are found by their ids. The same for a service of systemd, which may belong to a user.
set -u
. "$(dirname "$0")/../lib/scenario.sh"

scenario_begin
id=$(random_hex 64)
own=$(random_hex 64)
genuine=$CG_PRIVATE/docker/$id
tree=$CG_PRIVATE/user.slice/user-1000.slice/user@1000.service
service=$CG_PRIVATE/system.slice/runner.service
served=$(random_hex 64)
for path in "$genuine" "$tree/docker/$id" "$tree/user.slice/libpod-$own.scope" "$service/docker-$id.scope" \
	"$service/libpod-payload-$served"; do
	cg_make "$path" || bail_out "cannot make $path"
	cg_run "$path" sh -c 'exit 3'
done

wait_for 10 holds 'map(select(.type == "process_exit" and .container.owner_uid == 1000)) | length >= 2'
ok $? "containers in the tree of a user carry the uid"
wait_for 10 holds "map(select(.type == \"process_exit\" and .container.id == \"$served\")) | length >= 1"
ok $? "all is recorded"
why=$(cri_ebpf why "$id" --json)
field_is "$why" .cgroup "$genuine" "the id means the container outside of it"
field_is "$why" .container.owner_uid null "which is nobody's"
is "$(query 'map(.cgroup) | unique | join(" ")' -c "$id")" "$genuine" "a filter means it too"
why=$(cri_ebpf why "$tree/docker/$id" --json)
field_is "$why" .container.owner_uid 1000 "the user's is found by its path"
why=$(cri_ebpf why "$own" --json)
field_is "$why" .cgroup "$tree/user.slice/libpod-$own.scope" "a rootless container is found by its id"
field_is "$why" .container.runtime podman "and its runtime"
why=$(cri_ebpf why "$service/docker-$id.scope" --json)
field_is "$why" .container.id "$id" "a service's is found by its path"
why=$(cri_ebpf why "$served" --json)
field_is "$why" .cgroup "$service/libpod-payload-$served" "a container of a service that nobody else claims is found by its id"

counters_reconcile
done_testing
