# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
#
# Attempts from inside a sandbox: a program of build/hooked makes one forbidden attempt (tests/hooks/intruder.c), and its
# outcome is compared with a table. Sourced by the scripts that know how to start such a program.

# A process to attack. It has the same user, so that only the sandbox protects it. The caller ends it.
INTRUDER_VICTIM=

# intruder_victim UID
intruder_victim()
{
	setpriv --reuid "$1" --regid "$1" --clear-groups sleep 1000 >/dev/null 2>&1 &
	INTRUDER_VICTIM=$!
}

intruder_end()
{
	local status=$?

	[ -z "$INTRUDER_VICTIM" ] || kill "$INTRUDER_VICTIM" 2>/dev/null
	INTRUDER_VICTIM=
	return "$status" # keeps the status for the rest of the trap
}

# intruder_outcome STATUS FILE: KILL, the name of an error, or "done".
intruder_outcome()
{
	local said

	said=$(sed -n 's/^.*intruder: //p' "$2")
	case $1 in
	159) echo KILL ;; # 128 + SIGSYS
	42) echo "$said" ;;
	*) echo "exit status $1: $(tail -n 3 "$2")" ;;
	esac
}

# intruder_table WHAT COMMAND ROW...: a ROW is lines "NAME EXPECTED"; COMMAND NAME prints the outcome.
intruder_table()
{
	local what=$1 command=$2 name expected

	shift 2
	while read -r name expected; do
		is "$($command "$name" </dev/null)" "$expected" "$what: $name is $expected"
	done < <(printf '%s\n' "$@" | sed '/^$/d')
}

# The outcome of each attempt that is the same in the recorder and in query verbs.
# shellcheck disable=SC2034 # read by scripts that source this file
INTRUDER_ALWAYS='
execve        KILL
execveat      KILL
fork          KILL
clone-user    KILL
clone3        ENOSYS
unshare       KILL
setns         KILL
ptrace        KILL
vm-readv      KILL
kill          EPERM
tgkill        EPERM
inet          KILL
netlink       KILL
packet        KILL
connect       KILL
prog-load     KILL
map-create    KILL
perf-event    KILL
mount         KILL
chroot        KILL
handle        KILL
keyctl        KILL
add-key       KILL
io-uring      KILL
userfaultfd   KILL
module        KILL
reboot        KILL
setuid        EPERM
setresuid     EPERM
setgroups     EPERM
capset        EPERM
prctl         EPERM
exec-map      EPERM
exec-protect  EPERM
link          EPERM
chmod         EPERM
chown         EPERM
typing        ENOTTY
unnamed       ENOSYS
'
