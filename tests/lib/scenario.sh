# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
#
# A loader and recorder for one script, with their own pin directory, database and settings. An installed cri-ebpf is
# neither read nor changed. A script sources this file and calls scenario_begin. Everything is removed when the script
# exits, also by a signal or a failure.

SCENARIO_LIB=$(dirname "${BASH_SOURCE[0]}")
cd "$SCENARIO_LIB/../.." || exit 1
# shellcheck source=tests/lib.sh
. tests/lib.sh
# shellcheck source=tests/lib/cgroup.sh
. tests/lib/cgroup.sh
# shellcheck source=tests/lib/accounts.sh
. tests/lib/accounts.sh
# shellcheck source=tests/lib/tool.sh
. tests/lib/tool.sh
# shellcheck source=tests/lib/containers.sh
. tests/lib/containers.sh
# shellcheck source=tests/lib/accounting.sh
. tests/lib/accounting.sh

BPFFS=/sys/fs/bpf
SCENARIO_MOUNTED=
SCENARIO_DIR=
PIN_DIR=$BPFFS/cri-ebpf-test-$$
RECORDER_PID=

# programs_install DIR: the scenario uses the programs of that build from now on.
programs_install()
{
	local program

	for program in cri-ebpf cri-ebpf-loader; do
		install -m 0755 "$1/$program" "$SCENARIO_DIR/bin/" || bail_out "$1/$program is missing: run make all variants"
	done
}

# Prints why the script cannot continue, and ends it as a failure.
bail_out()
{
	printf 'Bail out! %s\n' "$*"
	exit 1
}

# scenario_prepare [SETTING...]: prepares everything, but starts neither loader nor recorder. A SETTING is a line of the
# configuration file. PROGRAMS: the build whose programs are used, default $BUILD.
scenario_prepare()
{
	[ "$(id -u)" -eq 0 ] || skip_all "needs root"
	[ -e /sys/kernel/btf/vmlinux ] || skip_all "this kernel has no BTF"
	command -v jq >/dev/null || bail_out "jq is not installed: run packaging/deps.sh test"
	cg_find || skip_all "no memory controller"
	[ -w "$CG_ROOT/cgroup.procs" ] || skip_all "$CG_ROOT is read-only"

	trap scenario_end EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM HUP
	SCENARIO_DIR=$(mktemp -d /tmp/cri-ebpf-test.XXXXXX) || bail_out "no temporary directory"
	# other users may reach programs and database, but cannot list the directory
	chmod 0711 "$SCENARIO_DIR" && mkdir -m 0755 "$SCENARIO_DIR/bin"
	programs_install "${PROGRAMS:-$BUILD}"
	DB=$SCENARIO_DIR/db/events.db
	CONFIG=$SCENARIO_DIR/cri-ebpf.conf
	printf '%s\n' "$@" >"$CONFIG"
	RECORDER_LOG=$SCENARIO_DIR/recorder.log

	accounts_make >"$SCENARIO_DIR/accounts.log" 2>&1 || bail_out "cannot make the accounts: $(cat "$SCENARIO_DIR/accounts.log")"
	if ! grep -q " $BPFFS bpf " /proc/mounts; then
		mount -t bpf bpf "$BPFFS" || bail_out "cannot mount $BPFFS"
		SCENARIO_MOUNTED=yes
	fi
}

# scenario_begin [SETTING...]: prepares, loads, and starts the recorder.
scenario_begin()
{
	scenario_prepare "$@"
	loader load || bail_out "cri-ebpf-loader load failed"
	recorder_start || bail_out "the recorder did not start: $(cat "$RECORDER_LOG")"
}

scenario_end()
{
	local status=$?

	trap - EXIT
	set +u
	recorder_kill
	if [ "$status" -ne 0 ] && [ -s "$RECORDER_LOG" ]; then
		diag "messages of the recorder:" "$(tail -n 20 "$RECORDER_LOG")"
	fi
	containers_end
	cg_remove_all
	if [ -d "$PIN_DIR" ]; then
		loader unload >/dev/null 2>&1 || find "$PIN_DIR" -mindepth 1 -delete
		[ ! -d "$PIN_DIR" ] || rmdir "$PIN_DIR"
	fi
	accounts_remove >/dev/null 2>&1
	[ -z "$SCENARIO_MOUNTED" ] || umount "$BPFFS"
	[ -z "$SCENARIO_DIR" ] || rm -rf "$SCENARIO_DIR"
	exit "$status"
}

# loader VERB [FLAG...]
loader()
{
	local verb=$1

	shift
	"$SCENARIO_DIR/bin/cri-ebpf-loader" "$verb" --pin-dir "$PIN_DIR" --config "$CONFIG" "$@"
}

# cri_ebpf VERB [FLAG...]: a query verb on the scenario's database.
cri_ebpf()
{
	local verb=$1

	shift
	"$SCENARIO_DIR/bin/cri-ebpf" "$verb" --db "$DB" --config "$CONFIG" "$@"
}

# The recorder in the foreground: record [FLAG...]
record()
{
	"$SCENARIO_DIR/bin/cri-ebpf" record --pin-dir "$PIN_DIR" --db "$DB" --config "$CONFIG" "$@"
}

recorder_is_ready()
{
	[ "$(cri_ebpf status --json 2>/dev/null |
		jq --argjson pid "$RECORDER_PID" '.recorder.running and .recorder.pid == $pid')" = true ]
}

# Starts the recorder in the background without waiting; sets RECORDER_PID. Its messages go to RECORDER_LOG.
recorder_spawn()
{
	"$SCENARIO_DIR/bin/cri-ebpf" record --pin-dir "$PIN_DIR" --db "$DB" --config "$CONFIG" "$@" \
		>>"$RECORDER_LOG" 2>&1 </dev/null &
	RECORDER_PID=$!
}

# is_running PID: the child of this shell has not ended. Unlike kill -0 this is not fooled by a reused pid.
is_running()
{
	[[ " $(jobs -rp | tr '\n' ' ')" == *" $1 "* ]]
}

# Kills the recorder and returns its exit status: 137, unless it had ended before.
recorder_kill()
{
	local status

	[ -n "$RECORDER_PID" ] || return 0
	! is_running "$RECORDER_PID" || kill -KILL "$RECORDER_PID"
	wait "$RECORDER_PID" 2>/dev/null
	status=$?
	RECORDER_PID=
	return "$status"
}

recorder_start()
{
	recorder_spawn "$@"
	wait_for 10 recorder_is_ready
}

# Ends the recorder with SIGTERM and returns its exit status.
recorder_stop()
{
	local status

	! is_running "$RECORDER_PID" || kill -TERM "$RECORDER_PID"
	wait "$RECORDER_PID"
	status=$?
	RECORDER_PID=
	return "$status"
}

# query JQ [FLAG...]: the events, as one array, through a jq program.
query()
{
	local program=$1

	shift
	cri_ebpf events --json "$@" 2>/dev/null | jq -src "$program"
}

# holds JQ [FLAG...]: the jq program is true for the array of events. For wait_for.
holds()
{
	[ "$(query "$@")" = true ]
}

# field_is EVENT JQ WANT NAME: one field of an event.
field_is()
{
	is "$(jq -rc "$2" <<<"$1")" "$3" "$4"
}

# field_holds EVENT JQ NAME: the jq program is true for the event (jq -e would also accept empty input).
field_holds()
{
	local status=0

	[ "$(jq "$2" <<<"$1" 2>&1)" = true ] || status=1
	ok "$status" "$3" || diag "not true: $2" "of: $1"
	return "$status"
}

# pod_cgroup UID [QOS]: the path that a kubelet with the cgroupfs driver uses, below the test cgroup.
pod_cgroup()
{
	echo "$CG_PRIVATE/kubepods/${2:-burstable}/pod$1"
}
