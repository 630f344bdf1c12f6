#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# The container image, and the manifest of packaging/kubernetes/ executed with podman instead of a cluster: users, groups,
# capabilities, profiles and mounts are read from the manifest.
set -u
. "$(dirname "$0")/../lib/scenario.sh"
. tests/lib/manifest.sh

kubernetes=packaging/kubernetes
manifest=$kubernetes/cri-ebpf.yaml

scenario_prepare
reason=$(containers_unusable podman)
[ -n "$reason" ] || reason=$(manifest_unreadable)
[ -z "$reason" ] || skip_all "$reason"

image_root()
{
	SOURCE_DATE_EPOCH=1700000000 BUILD=$BUILD packaging/image-root.sh "$1"
}

# The command of the documentation.
image_tar()
{
	tar -C "$1" --owner=0 --group=0 --sort=name -c .
}

root=$SCENARIO_DIR/image-root
out=$(image_root "$root" 2>&1) || bail_out "image-root: $out"
like "$out" ' [0-9.]+M, [0-9]+ files$' "image-root.sh prints size and number of files"
image_root "$SCENARIO_DIR/image-root-again" >/dev/null
is "$(image_tar "$root" | sha256sum)" "$(image_tar "$SCENARIO_DIR/image-root-again" | sha256sum)" \
	"a second build has the same bytes"
is "$(find "$root" -type f -perm /0111 | grep -cE '/(sh|bash|busybox|ls|cat)$')" 0 "the image contains no shell"
is "$(find "$root" \( -perm /6000 -o -perm -0002 ! -path "$root/tmp" \) -print)" "" "no file is setuid or writable for others"
is "$(cd "$root" && find . -type f -perm /0111 ! -name '*.so.*' | sort | tr '\n' ' ')" \
	"./usr/bin/cri-ebpf ./usr/libexec/cri-ebpf/cri-ebpf-loader ./usr/libexec/cri-ebpf/cri-ebpf-prepare " "the image contains three programs"

# Users and groups of the manifest are those of the image.
manifest_open < <(manifest_json $manifest) || bail_out "cannot read $manifest"
is "$(manifest_container record | jq -r '.securityContext | "\(.runAsUser):\(.runAsGroup)"')" \
	"$(awk -F: '$1 == "cri-ebpf" { print $3 ":" $4 }' "$root/etc/passwd")" "the recorder's user is the image's cri-ebpf"
is "$(jq -r '.securityContext.supplementalGroups | join(" ")' <<<"$MANIFEST_POD")" \
	"$(awk -F: '$1 == "cri-ebpf-ring" { print $3 }' "$root/etc/group")" "its supplementary group is cri-ebpf-ring"

# The host directories, as a kubelet makes them.
ring_gid=$(jq -r '.securityContext.supplementalGroups[0]' <<<"$MANIFEST_POD")
recorder_uid=$(manifest_container record | jq -r .securityContext.runAsUser)
MANIFEST_HOST=(
	[pins]=$PIN_DIR
	[history]=$SCENARIO_DIR/history
	[cgroup]=/sys/fs/cgroup
	[profiles]=$SCENARIO_DIR/seccomp/cri-ebpf
	[settings]=$SCENARIO_DIR/settings
)
mkdir -m 0755 "$PIN_DIR" "${MANIFEST_HOST[history]}" "${MANIFEST_HOST[settings]}" "$SCENARIO_DIR/seccomp" \
	"${MANIFEST_HOST[profiles]}" || bail_out "cannot make the directories"
echo 'metrics_interval = 1s' >"${MANIFEST_HOST[settings]}/test.conf"

mkdir "$SCENARIO_DIR/podman" && podman_open "$SCENARIO_DIR/podman"
CONTAINERS_IMAGE=localhost/cri-ebpf:test
image_tar "$root" | podman_ import --quiet --change 'ENV PATH=/usr/bin' - $CONTAINERS_IMAGE >/dev/null ||
	bail_out "podman cannot import the image"

out=$(manifest_run prepare 2>&1)
is $? 0 "prepare" || diag "$out"
is "$(stat -c %u:%g:%a "${MANIFEST_HOST[history]}")" "$recorder_uid:$recorder_uid:750" "the recorder owns the history"
is "$(cat "${MANIFEST_HOST[profiles]}"/{loader,record}.json | sha256sum)" \
	"$(cat "$BUILD"/oci/{loader,record}.json | sha256sum)" "the profiles are installed for the runtime"
out=$(manifest_run prepare 2>&1)
is $? 0 "prepare again, as after a restart" || diag "$out"

out=$(manifest_run load 2>&1)
is $? 0 "load" || diag "$out"
is "$(stat -c %u:%g:%a "$PIN_DIR")" "0:$ring_gid:2750" "root owns the pin directory, with the ring's group"
is "$(stat -c %u:%g:%a "$PIN_DIR/events")" "0:$ring_gid:660" "root owns the ring, with the same group"
out=$(manifest_run load 2>&1)
is $? 0 "load again, as at an upgrade" || diag "$out"

manifest_run record --detach >"$SCENARIO_DIR/out" 2>&1 || bail_out "record: $(cat "$SCENARIO_DIR/out")"
recorder=$PODMAN_ID
in_pod()
{
	podman_ exec "$recorder" "$@"
}
mapfile -t probe < <(manifest_container record | jq -r '.readinessProbe.exec.command[]')
wait_for 20 in_pod "${probe[@]}"
ok $? "the recorder becomes ready" || diag "$(in_pod "${probe[@]}" 2>&1)" "$(podman_ logs "$recorder" 2>&1)"

for name in livenessProbe startupProbe; do
	mapfile -t alive < <(manifest_container record | jq -r ".$name.exec.command[]")
	out=$(in_pod "${alive[@]}" 2>&1)
	is "$?$out" 0 "its $name succeeds"
done

pid=$(podman_ inspect --format '{{.State.Pid}}' "$recorder")
status=$(cat "/proc/$pid/status")
for set_name in CapInh CapPrm CapEff CapBnd CapAmb; do
	is "$(awk -v key="$set_name:" '$1 == key { print $2 }' <<<"$status")" 0000000000000000 "$set_name is empty"
done
is "$(awk '$1 == "Seccomp_filters:" { print $2 }' <<<"$status")" 2 "two seccomp filters: the profile and the program's own"
is "$(awk '$1 == "Uid:" { print $2, $3, $4, $5 }' <<<"$status")" "$recorder_uid $recorder_uid $recorder_uid $recorder_uid" \
	"it runs as cri-ebpf of the image"

# A process of another container ends: the recorder finds the container in the host's cgroups.
path=$(pod_cgroup "$(random_uuid)")/$(random_hex 64)
id=${path##*/}
cg_make "$path" && cg_run "$path" sh -c 'exit 7'
seen_in_pod()
{
	[ "$(in_pod cri-ebpf events --json -c "$id" -t process_exit 2>/dev/null | jq -r .exit_code)" = 7 ]
}
wait_for 20 seen_in_pod
ok $? "the event is recorded, and a query in the pod shows it" || diag "$(in_pod cri-ebpf events 2>&1 | tail -n 5)"
like "$(in_pod cri-ebpf why "$id" 2>&1)" "${id:0:12}" "why answers"
logs=$(podman_ logs "$recorder" 2>&1)
[[ $logs != *"cgroup file system"* ]]
ok $? "the recorder sees the host's cgroups" || diag "$logs"

# The recorder cannot unload: its mount of the pins is read-only, and another user owns them.
in_pod /usr/libexec/cri-ebpf/cri-ebpf-loader unload --pin-dir /run/cri-ebpf/bpf >"$SCENARIO_DIR/out" 2>&1
is $? 6 "unload by the recorder's user fails"
is "$(find "$PIN_DIR" -name 'link_*' | grep -c .)" "$(grep -c . < <(find "$PIN_DIR" -name 'link_*' -user 0))" "all links are left"
podman_ stop --time 10 "$recorder" >/dev/null 2>&1
is "$(podman_ inspect --format '{{.State.ExitCode}}' "$recorder")" 0 "the recorder stops with status 0"

# The profile is needed: with the runtime's default profile the recorder does not start.
mapfile -t flags < <(manifest_flags record | grep -v seccomp=)
out=$(podman_run "${flags[@]}" -- /usr/bin/cri-ebpf record --once --pin-dir /run/cri-ebpf/bpf 2>&1)
is $? 6 "with the runtime's default profile the recorder has no bpf(2)" || diag "$out"
out=$(podman_run "${flags[@]}" --security-opt seccomp=unconfined -- \
	/usr/bin/cri-ebpf record --once --pin-dir /run/cri-ebpf/bpf 2>&1)
is $? 0 "unconfined it starts" || diag "$out"

# The variant for older kernels, whose recorder starts as root and gives up everything that it does not need.
manifest_patch $kubernetes/before-5.19.yaml
mapfile -t flags < <(manifest_flags record)
like "${flags[*]}" '--user=0:0 .*--cap-add=BPF --cap-add=SETUID --cap-add=SETGID ' "the patch is applied"
out=$(podman_run "${flags[@]}" -- /usr/bin/cri-ebpf record --once --pin-dir /run/cri-ebpf/bpf 2>&1)
is "$?$out" 0 "a recorder that starts as root records too"
is "$(find "${MANIFEST_HOST[history]}" ! -uid "$recorder_uid")" "" "it leaves no file of root"

# Unload.
manifest_open < <(manifest_json $manifest)
manifest_patch $kubernetes/unload.yaml
out=$(manifest_run load 2>&1)
is $? 0 "unload" || diag "$out"
is "$(find "$PIN_DIR" -mindepth 1)" "" "no pin is left"
for name in readinessProbe livenessProbe startupProbe; do
	mapfile -t probe < <(manifest_container record | jq -r ".$name.exec.command[]")
	out=$(podman_run "${flags[@]}" -- "${probe[@]}" 2>&1)
	is $? 0 "the $name of the pod that unloaded succeeds" || diag "$out"
done

allowed=$(jq -r '.syscalls[].names[]' "$BUILD"/oci/*.json | sort -u)
is "$(grep -xE 'mount|umount2|ptrace|unshare|setns|pivot_root|chroot|init_module|finit_module|kexec_load|reboot|keyctl|io_uring_setup|process_vm_readv|open_by_handle_at|bind|listen|accept4?' <<<"$allowed")" \
	"" "the profiles allow no system call that the programs do not make"

done_testing
