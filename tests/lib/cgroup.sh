# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
#
# Cgroups for tests in the hierarchy of the memory controller, version 1 or 2. Paths are as in /proc/PID/cgroup. All lie
# below CG_PRIVATE or CG_PRIVATE_SLICE, and only those are ever removed.

CG_PRIVATE=/cri-ebpf-test-$$
CG_PRIVATE_SLICE=/cri-ebpf-test-$$.slice
CG_VERSION=
CG_ROOT=
CG_PID=

# Sets CG_VERSION and CG_ROOT; call it first. Fails without a usable memory controller.
cg_find()
{
	local mounts=/proc/self/mountinfo

	CG_ROOT=$(awk '$0 ~ / - cgroup / && $NF ~ /(^|,)memory(,|$)/ { print $5; exit }' "$mounts")
	CG_VERSION=1
	[ -z "$CG_ROOT" ] || return 0
	CG_ROOT=$(awk '$0 ~ / - cgroup2 / { print $5; exit }' "$mounts")
	CG_VERSION=2
	[ -n "$CG_ROOT" ] && grep -qw memory "$CG_ROOT/cgroup.controllers"
}

# The mount points of all hierarchies, one per line.
cg_mounts()
{
	awk '/ - cgroup2? / { print $5 }' /proc/self/mountinfo
}

# cg_make PATH [LIMIT]: creates PATH and its missing parents; LIMIT in bytes, for memory without swap.
cg_make()
{
	local path=$1 limit=${2:-} at='' part

	[ -n "$CG_ROOT" ] || return 1
	IFS=/ read -ra parts <<<"${path#/}"
	for part in "${parts[@]}"; do
		[ "$CG_VERSION" = 1 ] || echo +memory >"$CG_ROOT$at/cgroup.subtree_control" || return 1
		at+=/$part
		[ -d "$CG_ROOT$at" ] || mkdir "$CG_ROOT$at" || return 1
	done
	[ -z "$limit" ] || cg_limit "$path" "$limit"
}

cg_limit()
{
	local dir=$CG_ROOT$1 limit=$2

	if [ "$CG_VERSION" = 2 ]; then
		echo "$limit" >"$dir/memory.max" || return 1
		[ ! -e "$dir/memory.swap.max" ] || echo 0 >"$dir/memory.swap.max"
	else
		echo "$limit" >"$dir/memory.limit_in_bytes" || return 1
		[ ! -e "$dir/memory.memsw.limit_in_bytes" ] || echo "$limit" >"$dir/memory.memsw.limit_in_bytes"
	fi
}

# cg_run PATH COMMAND...: executes COMMAND in the cgroup and returns its status.
cg_run()
{
	local dir=$CG_ROOT$1

	shift
	# the inner shell expands its own arguments
	# shellcheck disable=SC2016
	bash -c 'echo $$ >"$0/cgroup.procs" && exec "$@"' "$dir" "$@"
}

# cg_start PATH OUTPUT COMMAND...: the same in the background, with its output in the file OUTPUT. CG_PID is
# COMMAND's pid on the host, because every shell on the way execs.
cg_start()
{
	local dir=$CG_ROOT$1 output=$2

	shift 2
	# shellcheck disable=SC2016
	bash -c 'echo $$ >"$0/cgroup.procs" && exec "$@"' "$dir" "$@" >"$output" 2>&1 &
	# shellcheck disable=SC2034
	CG_PID=$!
}

# Removes one of the test cgroups with everything below it, and kills the processes in it.
cg_remove()
{
	local dir=$CG_ROOT$1 pid inner

	case $1 in
	"$CG_PRIVATE"* | "$CG_PRIVATE_SLICE"*) ;;
	*) echo "cg_remove: \"$1\" is not a test cgroup" >&2; return 1 ;;
	esac
	[ -d "$dir" ] || return 0
	while IFS= read -r inner; do
		while read -r pid; do
			kill -KILL "$pid" 2>/dev/null
		done <"$inner/cgroup.procs"
		wait_for 5 rmdir "$inner" || echo "cannot remove cgroup $inner" >&2
	done < <(find "$dir" -depth -type d)
}

cg_remove_all()
{
	local mount path

	[ -n "$CG_ROOT" ] || return 0
	cg_remove "$CG_PRIVATE"
	cg_remove "$CG_PRIVATE_SLICE"
	# a runtime makes its cgroup in every hierarchy
	for mount in $(cg_mounts); do
		for path in "$CG_PRIVATE" "$CG_PRIVATE_SLICE"; do
			[ ! -d "$mount$path" ] || find "$mount$path" -depth -type d -exec rmdir {} \;
		done
	done
}

# A container id, and a pod uid.
random_hex()
{
	od -An -N"$(($1 / 2))" -tx1 /dev/urandom | tr -d ' \n'
}

random_uuid()
{
	cat /proc/sys/kernel/random/uuid
}
