# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
#
# A recorder of our own for one script: own pin directory, own database, own settings; nothing of an installed
# cri-ebpf is read or touched. A script sources this file and calls scenario_begin; whatever it began is ended
# when the script exits, also by a signal or half way.

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

# programs_install DIR: the programs of that build are the ones of the scenario from now on.
programs_install()
{
	local program

	for program in cri-ebpf cri-ebpf-loader; do
		install -m 0755 "$1/$program" "$SCENARIO_DIR/bin/" || bail_out "$1/$program is missing: run make all variants"
	done
}

# Says why the script cannot go on, and ends it as a failure.
bail_out()
{
	printf 'Bail out! %s\n' "$*"
	exit 1
}

# scenario_prepare [SETTING...]: everything but the loader and the recorder. A SETTING is a line of the
# configuration file. PROGRAMS: the build to take the programs from, if not $BUILD.
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
	# others pass through to the programs and the database, and see nothing else
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
		diag "the recorder said:" "$(tail -n 20 "$RECORDER_LOG")"
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

# cri_ebpf VERB [FLAG...]: a query verb on our database.
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

# Starts it in the background without waiting; RECORDER_PID is its pid, its messages are in RECORDER_LOG.
recorder_spawn()
{
	"$SCENARIO_DIR/bin/cri-ebpf" record --pin-dir "$PIN_DIR" --db "$DB" --config "$CONFIG" "$@" \
		>>"$RECORDER_LOG" 2>&1 </dev/null &
	RECORDER_PID=$!
}

# is_running PID: a child of this shell that has not ended; unlike kill -0 not fooled by a pid used again.
is_running()
{
	[[ " $(jobs -rp | tr '\n' ' ')" == *" $1 "* ]]
}

# Its exit status: 137, unless it had ended before.
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

# Ends the recorder in order; its exit status.
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

# holds JQ [FLAG...]: the jq program says true of the array of events. For wait_for.
holds()
{
	[ "$(query "$@")" = true ]
}

# field_is EVENT JQ WANT NAME: one field of an event.
field_is()
{
	is "$(jq -rc "$2" <<<"$1")" "$3" "$4"
}

# field_holds EVENT JQ NAME: the jq program says true of the event (jq -e would also be content with no event).
field_holds()
{
	local status=0

	[ "$(jq "$2" <<<"$1" 2>&1)" = true ] || status=1
	ok "$status" "$3" || diag "not true: $2" "of: $1"
	return "$status"
}

# Paths as a kubelet on the cgroupfs driver makes them, below our private cgroup.
pod_cgroup()
{
	echo "$CG_PRIVATE/kubepods/${2:-burstable}/pod$1"
}
