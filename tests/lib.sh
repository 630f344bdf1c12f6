# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
#
# TAP for shell scripts: source this, assert, and end with done_testing. The plan is printed at the end: a script that
# ends early has none, which tests/run.sh counts as a failure.

TAP_COUNT=0
TAP_FAILED=0

# diag TEXT...: prints "# LINE" for each line; tests/run.sh shows it when the test before has failed.
diag()
{
	printf '%s\n' "$*" | sed 's/^/# /'
}

# ok STATUS NAME: passes when STATUS is 0. Returns STATUS, so that a caller can add a diag.
ok()
{
	local status=$1 name=$2

	TAP_COUNT=$((TAP_COUNT + 1))
	if [ "$status" -eq 0 ]; then
		printf 'ok %d - %s\n' "$TAP_COUNT" "$name"
	else
		TAP_FAILED=$((TAP_FAILED + 1))
		printf 'not ok %d - %s\n' "$TAP_COUNT" "$name"
		diag "at ${BASH_SOURCE[-1]}:${BASH_LINENO[-2]}"
	fi
	return "$status"
}

# is GOT WANT NAME: passes when both texts are the same.
is()
{
	local status=0

	[ "$1" = "$2" ] || status=1
	ok "$status" "$3" || diag "got:  '$1'
want: '$2'"
	return "$status"
}

# like GOT REGEX NAME: passes when GOT matches the extended regular expression.
like()
{
	local status=0

	[[ $1 =~ $2 ]] || status=1
	ok "$status" "$3" || diag "got:        '$1'
want match: '$2'"
	return "$status"
}

# skip NAME REASON: one test that cannot run on this machine.
skip()
{
	TAP_COUNT=$((TAP_COUNT + 1))
	printf 'ok %d - %s # SKIP %s\n' "$TAP_COUNT" "$1" "$2"
}

# skip_all REASON: skips the whole file; only before its first test.
skip_all()
{
	printf '1..0 # SKIP %s\n' "$1"
	exit 0
}

# wait_for SECONDS COMMAND...: repeats COMMAND until it succeeds; status 1 when the time is over before.
wait_for()
{
	local deadline=$((SECONDS + $1 + 1))

	shift
	until "$@" >/dev/null 2>&1; do
		[ "$SECONDS" -lt "$deadline" ] || return 1
		sleep 0.02
	done
}

# bound SHORT LONG: prints the amount of work to do: SHORT in make check, LONG in make check-long.
bound()
{
	if [ -n "${CRI_EBPF_LONG:-}" ]; then
		echo "$2"
	else
		echo "$1"
	fi
}

# Slots limit how many programs of parallel tests keep a CPU busy: one lock file per CPU below $CRI_EBPF_SLOTS, which
# tests/run.sh sets. Without it there is no limit.

# slots_make DIR COUNT
slots_make()
{
	local i

	mkdir -p "$1" || return 1
	for ((i = 0; i < $2; i++)); do
		: >"$1/$i"
	done
	export CRI_EBPF_SLOTS=$1
}

# Waits for a free slot and takes it. Programs started afterwards inherit the lock: a slot is free again when slot_leave
# was called and they all have ended. One process at a time looks for a free slot, the others wait for their turn: else a
# process that leaves a slot and takes one again would always be faster than those that wait.
slot_take()
{
	local file turn

	[ -n "${CRI_EBPF_SLOTS:-}" ] || return 0
	exec {turn}>"$CRI_EBPF_SLOTS/.turn" && flock "$turn" || return 1
	while [ -d "$CRI_EBPF_SLOTS" ]; do
		for file in "$CRI_EBPF_SLOTS"/*; do
			exec {SLOT_FD}>"$file" || return 1
			if flock --nonblock "$SLOT_FD"; then
				exec {turn}>&-
				return
			fi
			exec {SLOT_FD}>&-
		done
		sleep 0.1
	done
	exec {turn}>&-
	return 1
}

slot_leave()
{
	[ -z "${SLOT_FD:-}" ] || exec {SLOT_FD}>&-
	SLOT_FD=
}

# Prints the plan and ends the script.
done_testing()
{
	printf '1..%d\n' "$TAP_COUNT"
	[ "$TAP_FAILED" -eq 0 ]
	exit
}
