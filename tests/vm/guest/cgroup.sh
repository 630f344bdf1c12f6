# shellcheck shell=dash
# SPDX-License-Identifier: BSD-2-Clause
#
# Cgroups of the guest, version 1 or 2. A PATH is as /proc/PID/cgroup has it.

CG_ROOT=
CG_VERSION=

# cgroups_mount v2|v1|hybrid
cgroups_mount()
{
	case $1 in
	v2)
		CG_ROOT=/sys/fs/cgroup CG_VERSION=2
		mount -t cgroup2 cgroup2 $CG_ROOT
		;;
	*)
		CG_ROOT=/sys/fs/cgroup/memory CG_VERSION=1
		mount -t tmpfs tmpfs /sys/fs/cgroup
		mkdir $CG_ROOT /sys/fs/cgroup/unified
		mount -t cgroup -o memory memory $CG_ROOT
		# before 5.11 a limit covers the cgroups below only with this set, which systemd does
		[ ! -e $CG_ROOT/memory.use_hierarchy ] || echo 1 >$CG_ROOT/memory.use_hierarchy
		[ "$1" != hybrid ] || mount -t cgroup2 cgroup2 /sys/fs/cgroup/unified
		;;
	esac
}

# cg_make PATH [LIMIT]: makes it and its missing parents; LIMIT in bytes.
cg_make()
{
	local at='' part

	for part in $(echo "$1" | tr / ' '); do
		[ "$CG_VERSION" = 1 ] || echo +memory >"$CG_ROOT$at/cgroup.subtree_control"
		at="$at/$part"
		[ -d "$CG_ROOT$at" ] || mkdir "$CG_ROOT$at" || return 1
	done
	[ -z "${2:-}" ] || cg_limit "$1" "$2"
}

cg_limit()
{
	if [ "$CG_VERSION" = 2 ]; then
		echo "$2" >"$CG_ROOT$1/memory.max"
	else
		echo "$2" >"$CG_ROOT$1/memory.limit_in_bytes"
	fi
}

# cg_inode PATH: prints the kernel's id of the cgroup.
cg_inode()
{
	stat -c %i "$CG_ROOT$1"
}

# cg_start PATH COMMAND...: runs it in the background; it is in the cgroup before its exec. Sets CG_PID to its pid.
cg_start()
{
	local dir="$CG_ROOT$1"

	shift
	# shellcheck disable=SC2016
	/bin/sh -c 'echo $$ >"$0/cgroup.procs" && exec "$@"' "$dir" "$@" &
	# shellcheck disable=SC2034
	CG_PID=$!
}

# cg_remove PATH: removes it, and its parents as far as they are empty.
cg_remove()
{
	local path="$1"

	wait_for 50 rmdir "$CG_ROOT$path"
	while path=${path%/*} && [ -n "$path" ]; do
		rmdir "$CG_ROOT$path" 2>/dev/null || break
	done
}
