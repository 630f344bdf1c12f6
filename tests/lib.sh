# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
#
# TAP for shell scripts: source this, assert, and end with done_testing. The plan is printed at the end,
# so a script that dies half way has no plan, which the runner counts as a failure.

TAP_COUNT=0
TAP_FAILED=0

# "# line" for each line of the arguments; shown by the runner when a test fails.
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

# is GOT WANT NAME: the two are the same text.
is()
{
	local status=0

	[ "$1" = "$2" ] || status=1
	ok "$status" "$3" || diag "got:  '$1'
want: '$2'"
	return "$status"
}

# like GOT REGEX NAME: an extended regular expression, as [[ =~ ]] has it.
like()
{
	local status=0

	[[ $1 =~ $2 ]] || status=1
	ok "$status" "$3" || diag "got:        '$1'
want match: '$2'"
	return "$status"
}

# skip NAME REASON: one test that this machine cannot run.
skip()
{
	TAP_COUNT=$((TAP_COUNT + 1))
	printf 'ok %d - %s # SKIP %s\n' "$TAP_COUNT" "$1" "$2"
}

# skip_all REASON: the whole file. Only before the first test.
skip_all()
{
	printf '1..0 # SKIP %s\n' "$1"
	exit 0
}

# wait_for SECONDS COMMAND...: runs COMMAND again and again until it succeeds, or the time is over (status 1).
# The one place of the tests that sleeps.
wait_for()
{
	local deadline=$((SECONDS + $1 + 1))

	shift
	until "$@" >/dev/null 2>&1; do
		[ "$SECONDS" -lt "$deadline" ] || return 1
		sleep 0.02
	done
}

# bound SHORT LONG: how much of something to do, in make check and in make check-long.
bound()
{
	if [ -n "${CRI_EBPF_LONG:-}" ]; then
		echo "$2"
	else
		echo "$1"
	fi
}

# Prints the plan and ends the script.
done_testing()
{
	printf '1..%d\n' "$TAP_COUNT"
	[ "$TAP_FAILED" -eq 0 ]
	exit
}
