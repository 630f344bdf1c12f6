# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
# Shared by the stages of the machine test.

DB=/var/lib/cri-ebpf/events.db
UNITS=(cri-ebpf-loader.service cri-ebpf.service)

# readme NAME: runs the commands of that block of a README literally, in the directory with the packages.
readme()
{
	(cd /root/packages && bash -eux "/root/test/readme/$1.sh") >"/tmp/readme-$1.log" 2>&1
}

# readme_ok NAME TEST: the same as a test.
readme_ok()
{
	readme "$1"
	ok $? "README, $1: $2" || diag "$(tail -n 20 "/tmp/readme-$1.log")"
}

# packages VERSION: makes it the only one in the directory with the packages.
packages()
{
	rm -rf /root/packages
	mkdir /root/packages
	cp "/root/test/debs/cri-ebpf_$1"_*.deb /root/packages/
}

active()
{
	systemctl is-active --quiet "${UNITS[@]}"
}

installed_version()
{
	dpkg-query -W -f '${Version}' cri-ebpf
}

# as USER COMMAND...: runs it with the groups of that user.
as()
{
	local user=$1

	shift
	runuser -u "$user" -- "$@"
}

# query JQ ARGUMENT...: applies jq to the list of events that a query with these arguments finds.
query()
{
	local filter=$1

	shift
	cri-ebpf events --json --no-pager "$@" | jq -cs "$filter"
}

# holds JQ ARGUMENT...: succeeds when that prints true; for wait_for.
holds()
{
	[ "$(query "$@")" = true ]
}

nothing_unread()
{
	cri-ebpf status --json | jq -e '.recorder.running and ([.counters.unread[] | . // 0] | add == 0)'
}

# journal_of UNIT: prints its messages of this boot.
journal_of()
{
	journalctl --boot --output cat --unit "$1" --no-pager
}

# Tests that the journal of this boot has no error of our units and no refusal of AppArmor or seccomp for them.
journal_clean()
{
	local found

	found=$(
		journalctl --boot --no-pager --output cat --priority err --unit 'cri-ebpf*'
		journalctl --boot --no-pager --output cat --dmesg | grep -E 'apparmor="(DENIED|ALLOWED)".*cri-ebpf|type=1326.*cri-ebpf'
	)
	[ -z "$found" ]
	ok $? "the journal has no error and no refusal of our programs" || diag "$found"
}

# poor WHAT REGEX: tests that both units have failed on a host that lacks WHAT; REGEX matches the loader's message.
poor()
{
	local message

	is "$(systemctl is-active cri-ebpf-loader.service)" failed "$1: the loader's unit fails"
	message=$(journalctl --boot --output cat --no-pager --identifier cri-ebpf-loader --priority err \
		_SYSTEMD_INVOCATION_ID="$(systemctl show --value --property InvocationID cri-ebpf-loader.service)")
	is "$(grep -c . <<<"$message")" 1 "$1: with one sentence" || diag "$message" "$(journal_of cri-ebpf-loader | tail)"
	like "$message" "$2" "$1: the sentence says what to do"
	like "$(systemctl is-active cri-ebpf.service)" '^(inactive|failed)$' "$1: the recorder does not start"
	is "$(systemctl show --value --property NRestarts cri-ebpf.service)" 0 "$1: the recorder is not restarted"
}
