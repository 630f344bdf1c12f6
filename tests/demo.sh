#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# What "make run" does: loads, records, lets a container run into a limit of 16 MiB, and asks why it died. On a
# terminal it then follows events until Ctrl-C. At the end it removes what it made: programs, cgroups, containerd,
# accounts. The database stays.
set -u

cd "$(dirname "$0")/.." || exit 1
# shellcheck source=tests/lib.sh
. tests/lib.sh
# shellcheck source=tests/lib/tool.sh
. tests/lib/tool.sh
# shellcheck source=tests/lib/cgroup.sh
. tests/lib/cgroup.sh
# shellcheck source=tests/lib/accounts.sh
. tests/lib/accounts.sh
# shellcheck source=tests/lib/containers.sh
. tests/lib/containers.sh

CG_PRIVATE=/cri-ebpf-demo-$$
bpffs=/sys/fs/bpf
pin_dir=$bpffs/cri-ebpf
run_dir=$BUILD/run
scratch=
recorder=
loaded=
mounted=

step()
{
	printf '\n==> %s\n' "$*"
}

# Prints a command and runs it.
show()
{
	printf '    $ %s\n' "$*"
	"$@"
}

fail()
{
	printf 'make run: %s\n' "$*" >&2
	exit 1
}

# An installed cri-ebpf keeps its pins; the demo then uses a pin directory of its own.
choose_pin_dir()
{
	if ! grep -q " $bpffs bpf " /proc/mounts; then
		step "Mounting $bpffs"
		show mount -t bpf bpf "$bpffs" || fail "cannot mount $bpffs"
		mounted=yes
	fi
	[ ! -e "$pin_dir/events" ] || pin_dir=$bpffs/cri-ebpf-demo-$$
}

# The recorder opens its database as user cri-ebpf, who may not be allowed into every checkout. Files of an earlier run may
# belong to a user id that no longer exists.
choose_run_dir()
{
	mkdir -p "$run_dir" || fail "cannot make $run_dir"
	setpriv --reuid cri-ebpf --regid cri-ebpf --clear-groups test -x "$BUILD" ||
		run_dir=$(mktemp -d /tmp/cri-ebpf-history.XXXXXX) || fail "no temporary directory"
	chown -R cri-ebpf:cri-ebpf "$run_dir" && chmod 0750 "$run_dir" || fail "cannot make $run_dir the property of user cri-ebpf"
	db=$run_dir/events.db
}

is_ready()
{
	query status --json | grep -E "\"pid\": ?$recorder\b"
}

query()
{
	"$BUILD/cri-ebpf" "$1" --db "$db" --config "$scratch/cri-ebpf.conf" "${@:2}"
}

show_query()
{
	printf '    $ cri-ebpf %s --db %s\n' "$*" "$db"
	query "$@" --no-pager
}

has_exit()
{
	query events --json -t process_exit -c "$id" | grep -E '"oom_killed": ?true'
}

# With containerd: a real container in a cgroup named as a kubelet names it. Otherwise a process in such a cgroup.
run_victim()
{
	local eat limit=$((16 * 1048576)) reason

	eat=$(tool eat) || fail "cannot build tests/tools/eat.c"
	id=$(random_hex 64)
	path=$CG_PRIVATE/kubepods/burstable/pod$(random_uuid)/$id
	reason=$(containers_unusable containerd ctr runc)
	! ldd "$eat" >/dev/null 2>&1 || reason=${reason:-no static C library}
	mkdir "$scratch/ctr"
	if [ -z "$reason" ] && containerd_start "$scratch/ctr" "$eat"; then
		step "A containerd container fills its limit of 16 MiB within a second"
		cg_make "${path%/*}"
		ctr_run --cgroup "$path" --memory-limit "$limit" -- "$id" eat 32 2
	else
		step "A process in a container's cgroup fills its limit of 16 MiB within a second (no container: ${reason:-containerd does not start})"
		cg_make "$path" "$limit" || fail "cannot make cgroup $path"
		cg_run "$path" "$eat" 32 2 2>/dev/null
	fi
	printf '    it ended with status %d\n' $?
	wait_for 10 has_exit || fail "the recorder did not record its exit: $(tail -n 5 "$scratch/recorder.log")"
}

clean_up()
{
	local status=$?

	trap - EXIT
	trap '' INT
	step "Cleaning up"
	if [ -n "$recorder" ]; then
		kill -TERM "$recorder" 2>/dev/null
		wait "$recorder" 2>/dev/null
	fi
	containers_end
	cg_remove_all
	if [ -n "$loaded" ]; then
		show "$BUILD/cri-ebpf-loader" unload --pin-dir "$pin_dir"
		[ ! -d "$pin_dir" ] || rmdir "$pin_dir"
	fi
	accounts_remove
	[ -z "$mounted" ] || umount "$bpffs"
	[ -z "$scratch" ] || rm -rf "$scratch"
	[ ! -e "${db:-}" ] || echo "    the history stays in $db"
	exit "$status"
}

[ "$(id -u)" -eq 0 ] || fail "must run as root, to load kernel programs and create cgroups: sudo make run"
cg_find || fail "this machine has no memory controller"
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
scratch=$(mktemp -d /tmp/cri-ebpf-run.XXXXXX) || fail "no temporary directory"
chmod 0711 "$scratch" # the loader reads the configuration as its own user
: >"$scratch/cri-ebpf.conf"

for name in cri-ebpf cri-ebpf-loader; do
	getent passwd "$name" >/dev/null || step "Making the account $name for this run"
done
accounts_make || fail "cannot make the accounts cri-ebpf and cri-ebpf-loader"
choose_pin_dir
choose_run_dir

step "Loading the kernel programs (this process ends at once; the programs stay)"
loaded=yes
show "$BUILD/cri-ebpf-loader" load --pin-dir "$pin_dir" --config "$scratch/cri-ebpf.conf" || fail "the loader failed"

step "Starting the recorder: user cri-ebpf, no capability, seccomp"
printf '    $ cri-ebpf record --pin-dir %s --db %s &\n' "$pin_dir" "$db"
"$BUILD/cri-ebpf" record --pin-dir "$pin_dir" --db "$db" --config "$scratch/cri-ebpf.conf" \
	>"$scratch/recorder.log" 2>&1 </dev/null &
recorder=$!
wait_for 10 is_ready || fail "the recorder did not start: $(cat "$scratch/recorder.log")"
grep -E '^(Uid|CapEff|CapBnd|NoNewPrivs|Seccomp):' "/proc/$recorder/status" | sed 's/^/    /'

run_victim

step "Why did it die?"
show_query why "${id:0:12}"
step "All its events"
show_query events -c "${id:0:12}"

if [ -t 1 ]; then
	step "Following events of containers; Ctrl-C ends"
	show_query events -f
fi
