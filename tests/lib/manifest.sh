# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
#
# Runs the containers of a Kubernetes manifest with podman as a kubelet would: with the users, groups, capabilities,
# profiles and mounts of the manifest. Needs tests/lib/containers.sh and its podman.

MANIFEST_POD= # the pod's spec, JSON
declare -A MANIFEST_HOST=() # name of a volume => directory of this host

# Prints why manifests cannot be read here, nothing when they can.
manifest_unreadable()
{
	/usr/bin/python3 -c 'import yaml' 2>/dev/null || echo "python3-yaml is not installed"
}

# manifest_json FILE: its documents, as one array.
manifest_json()
{
	/usr/bin/python3 -c 'import json, sys, yaml; print(json.dumps(list(yaml.safe_load_all(sys.stdin))))' <"$1"
}

# manifest_open: reads the DaemonSet's pod from an array of documents.
manifest_open()
{
	MANIFEST_POD=$(jq -e '.[] | select(.kind == "DaemonSet") | .spec.template.spec')
}

# manifest_patch FILE: patches the pod as kubectl does: containers are merged by name.
manifest_patch()
{
	MANIFEST_POD=$(jq --argjson patch "$(manifest_json "$1" | jq '.[0].spec.template.spec')" '
		def merge($by): map(.name as $name | . * ([$by[]? | select(.name == $name)][0] // {}));
		.initContainers |= merge($patch.initContainers) | .containers |= merge($patch.containers)' <<<"$MANIFEST_POD")
}

manifest_container()
{
	jq -e --arg name "$1" '(.initContainers + .containers)[] | select(.name == $name)' <<<"$MANIFEST_POD"
}

# manifest_flags CONTAINER: podman's flags for it, one per line.
manifest_flags()
{
	local name mount
	local profiles=${MANIFEST_HOST[profiles]%/cri-ebpf}

	manifest_container "$1" | jq -r --argjson pod "$MANIFEST_POD" --arg profiles "$profiles" '
		.securityContext as $own
		| "--user=\($own.runAsUser):\($own.runAsGroup)",
		  ($pod.securityContext.supplementalGroups[]? | "--group-add=\(.)"),
		  ($own.capabilities.drop[]? | "--cap-drop=\(.)"),
		  ($own.capabilities.add[]? | "--cap-add=\(.)"),
		  (if $own.privileged then "--privileged" else empty end),
		  (if $own.allowPrivilegeEscalation == false then "--security-opt=no-new-privileges" else empty end),
		  (if $own.readOnlyRootFilesystem then "--read-only", "--read-only-tmpfs=false" else empty end),
		  (($own.seccompProfile // $pod.securityContext.seccompProfile)
		   | if .type == "Localhost" then "--security-opt=seccomp=\($profiles)/\(.localhostProfile)"
		     elif .type == "Unconfined" then "--security-opt=seccomp=unconfined" else empty end),
		  (if $pod.hostPID then "--pid=host" else empty end),
		  (if $pod.hostNetwork then "--network=host" else empty end),
		  "--memory=\(.resources.limits.memory | rtrimstr("i") | ascii_downcase)"'
	while read -r name mount; do
		[ -n "${MANIFEST_HOST[$name]:-}" ] || { echo "manifest: no directory for volume $name" >&2; return 1; }
		echo "--volume=${MANIFEST_HOST[$name]}:$mount"
	done < <(manifest_container "$1" |
		jq -r '.volumeMounts[] | "\(.name) \(.mountPath)\(if .readOnly then ":ro" else "" end)"')
}

# manifest_run CONTAINER [FLAG...]: runs its command, like podman_run.
manifest_run()
{
	local name=$1 flags command

	shift
	mapfile -t flags < <(manifest_flags "$name")
	mapfile -t command < <(manifest_container "$name" | jq -r '.command[]')
	# a private cgroup namespace, as containers have on cgroup v2
	podman_run --cgroupns private "${flags[@]}" "$@" -- "${command[@]}"
}
