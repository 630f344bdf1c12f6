# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
#
# Real containers without a network: a separate containerd, and podman with separate storage, both below one directory.
# Their image is made here from busybox and the programs of tests/tools. Needs tests/lib/cgroup.sh. Everything started
# here is ended by its id; containers_end does so after a failure too.

CONTAINERS_DIR=
CONTAINERS_IMAGE=localhost/cri-ebpf-test:latest
CONTAINERD_PID=
CTR_NAMESPACE=default
CTR_CGROUP_EXISTED=
PODMAN_ID=
PODMAN_IDS=()
PODMAN_CGROUP_EXISTED=
PODMAN_STARTED=

# Prints why containerd or podman cannot be used here, nothing when they can. Needs cg_find.
containers_unusable()
{
	local tool

	for tool in "$@" busybox; do
		command -v "$tool" >/dev/null || { echo "$tool is not installed"; return; }
	done
	if ! busybox --list 2>/dev/null | grep -qx dd; then
		echo "busybox has no dd"
	elif [ "$(wc -l </proc/swaps)" -gt 1 ]; then
		echo "there is swap: a container at its limit would swap instead of dying"
	fi
}

# image_make FILE TOOL...: a docker-archive with one layer.
image_make()
{
	local file=$1 dir=$CONTAINERS_DIR/image root=$CONTAINERS_DIR/image/root applet arch sum

	shift
	mkdir -p "$root/bin" "$root/tmp" "$root/proc" "$root/dev" "$root/sys" "$root/etc" || return 1
	cp "$(command -v busybox)" "$root/bin/busybox"
	for applet in sh dd sleep cat echo true kill grep; do
		ln -sf busybox "$root/bin/$applet"
	done
	# where busybox is not static, with its libraries
	ldd "$root/bin/busybox" 2>/dev/null | grep -o '/[^ ]*' | while read -r library; do
		mkdir -p "$root${library%/*}" && cp -L "$library" "$root$library"
	done
	cp "$@" "$root/bin/"
	echo 'root:x:0:0:root:/:/bin/sh' >"$root/etc/passwd"
	tar -C "$root" --owner=0 --group=0 -cf "$dir/layer.tar" . || return 1

	sum=$(sha256sum "$dir/layer.tar" | cut -d' ' -f1)
	case $(uname -m) in
	x86_64) arch=amd64 ;;
	aarch64) arch=arm64 ;;
	*) arch=$(uname -m) ;;
	esac
	printf '{"architecture":"%s","os":"linux","config":{"Env":["PATH=/bin"],"Cmd":["/bin/sh"]},"rootfs":{"type":"layers","diff_ids":["sha256:%s"]}}' \
		"$arch" "$sum" >"$dir/config.json"
	printf '[{"Config":"config.json","RepoTags":["%s"],"Layers":["layer.tar"]}]' \
		"$CONTAINERS_IMAGE" >"$dir/manifest.json"
	tar -C "$dir" -cf "$file" manifest.json config.json layer.tar
}

# parents_exist NAME: the parent cgroup of a runtime already exists in some hierarchy.
parents_exist()
{
	local dir

	for dir in $(cg_mounts); do
		[ ! -d "$dir/$1" ] || return 0
	done
	return 1
}

# parents_remove NAME...: removes empty parent cgroups, which runtimes leave in every hierarchy.
parents_remove()
{
	local dir name

	for dir in $(cg_mounts); do
		for name in "$@"; do
			[ ! -d "$dir/$name" ] || rmdir "$dir/$name"
		done
	done 2>/dev/null
}

ctr_()
{
	ctr --address "$CONTAINERS_DIR/containerd.sock" --namespace "$CTR_NAMESPACE" "$@"
}

# containerd_start DIR TOOL...: DIR is an empty directory for it; TOOLs are copied into the image's /bin.
containerd_start()
{
	CONTAINERS_DIR=$1
	shift
	! parents_exist "$CTR_NAMESPACE" || CTR_CGROUP_EXISTED=yes
	cat >"$CONTAINERS_DIR/containerd.toml" <<-EOF
		version = 2
		root = "$CONTAINERS_DIR/containerd"
		state = "$CONTAINERS_DIR/containerd.run"
		disabled_plugins = ["io.containerd.grpc.v1.cri", "io.containerd.internal.v1.opt",
			"io.containerd.snapshotter.v1.devmapper", "io.containerd.snapshotter.v1.btrfs",
			"io.containerd.snapshotter.v1.zfs", "io.containerd.snapshotter.v1.aufs"]
		[grpc]
			address = "$CONTAINERS_DIR/containerd.sock"
		[ttrpc]
			address = "$CONTAINERS_DIR/containerd.sock.ttrpc"
	EOF
	containerd --config "$CONTAINERS_DIR/containerd.toml" --log-level warn \
		>"$CONTAINERS_DIR/containerd.log" 2>&1 </dev/null &
	CONTAINERD_PID=$!
	wait_for 20 ctr_ version || return 1
	image_make "$CONTAINERS_DIR/image.tar" "$@" || return 1
	ctr_ images import --snapshotter native "$CONTAINERS_DIR/image.tar" >/dev/null
}

# ctr_run [FLAG...] -- ID COMMAND...: runs a container to its end, removes it, and returns its exit status.
ctr_run()
{
	local flags=()

	while [ "$1" != -- ]; do
		flags+=("$1")
		shift
	done
	shift
	local id=$1
	shift
	ctr_ run --rm --snapshotter native "${flags[@]}" "$CONTAINERS_IMAGE" "$id" "$@" </dev/null
}

# The cgroup of a container of ctr_run.
ctr_cgroup()
{
	echo "/$CTR_NAMESPACE/$1"
}

containerd_stop()
{
	local id pid_file

	[ -n "$CONTAINERD_PID" ] || return 0
	for id in $(ctr_ containers list --quiet 2>/dev/null); do
		ctr_ tasks kill --signal SIGKILL "$id" >/dev/null 2>&1
		ctr_ tasks delete --force "$id" >/dev/null 2>&1
		ctr_ containers delete "$id" >/dev/null 2>&1
	done
	for pid_file in "$CONTAINERS_DIR"/containerd.run/io.containerd.runtime.v2.task/*/*/shim.pid; do
		[ ! -e "$pid_file" ] || kill -KILL "$(cat "$pid_file")" 2>/dev/null
	done
	kill "$CONTAINERD_PID" 2>/dev/null
	wait "$CONTAINERD_PID" 2>/dev/null
	CONTAINERD_PID=
	# an empty parent that did not exist before is left over from these containers
	[ -n "$CTR_CGROUP_EXISTED" ] || parents_remove "$CTR_NAMESPACE"
}

podman_()
(
	local flags=()

	# conmon drops a file named "oom" into its working directory
	cd "$CONTAINERS_DIR" || exit 1

	# crun refuses a host with both cgroup versions
	[ "$CG_VERSION" = 2 ] || flags+=(--runtime runc)
	podman --root "$CONTAINERS_DIR/podman" --runroot "$CONTAINERS_DIR/podman.run" \
		--tmpdir "$CONTAINERS_DIR/podman.tmp" --storage-driver vfs --cgroup-manager cgroupfs \
		--events-backend none "${flags[@]}" "$@"
)

# podman_open DIR: DIR is an empty directory for it; no image yet.
podman_open()
{
	CONTAINERS_DIR=$1
	PODMAN_STARTED=yes
	! parents_exist libpod_parent || PODMAN_CGROUP_EXISTED=yes
}

# podman_start DIR TOOL...: like containerd_start.
podman_start()
{
	podman_open "$1"
	shift
	image_make "$CONTAINERS_DIR/image.tar" "$@" || return 1
	podman_ load --quiet --input "$CONTAINERS_DIR/image.tar" >/dev/null
}

# podman_run FLAG... -- COMMAND...: runs a container to its end and returns its exit status; PODMAN_ID is its id.
podman_run()
{
	local flags=() id_file=$CONTAINERS_DIR/podman.id status

	while [ "$1" != -- ]; do
		flags+=("$1")
		shift
	done
	shift
	rm -f "$id_file"
	# root without CAP_SYS_RESOURCE cannot set podman's default limits
	podman_ run --network none --ulimit nofile=1024:1024 --ulimit nproc=1000:1000 --cidfile "$id_file" \
		"${flags[@]}" "$CONTAINERS_IMAGE" "$@" </dev/null
	status=$?
	PODMAN_ID=$(cat "$id_file" 2>/dev/null) && PODMAN_IDS+=("$PODMAN_ID")
	return "$status"
}

podman_stop()
{
	local id

	[ -n "$PODMAN_STARTED" ] || return 0
	for id in ${PODMAN_IDS[@]+"${PODMAN_IDS[@]}"}; do
		podman_ rm --force --time 0 "$id" >/dev/null 2>&1
	done
	PODMAN_IDS=()
	[ -n "$PODMAN_CGROUP_EXISTED" ] || parents_remove libpod_parent/conmon libpod_parent
}

# Ends everything that was started; the caller removes the directory.
containers_end()
{
	[ -n "$CONTAINERS_DIR" ] || return 0
	podman_stop
	containerd_stop
	# an interrupted podman leaves its storage mounted
	awk -v dir="$CONTAINERS_DIR/" 'index($5, dir) == 1 { print $5 }' /proc/self/mountinfo | sort -r |
		while read -r mount; do
			umount "$mount"
		done
}
