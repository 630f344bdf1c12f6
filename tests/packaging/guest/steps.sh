# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
# What the stages of the machine test share.

DB=/var/lib/cri-ebpf/events.db
UNITS=(cri-ebpf-loader.service cri-ebpf.service)

# readme NAME: runs the commands of that block of a README literally, in the directory with the packages.
readme()
{
	(cd /root/packages && bash -eux "/root/test/readme/$1.sh") >"/tmp/readme-$1.log" 2>&1
}

# readme_ok NAME WHAT
readme_ok()
{
	readme "$1"
	ok $? "README, $1: $2" || diag "$(tail -n 20 "/tmp/readme-$1.log")"
}

# packages VERSION: it alone lies in the directory of the packages.
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

# as USER COMMAND...: as somebody who has just logged in.
as()
{
	local user=$1

	shift
	runuser -u "$user" -- "$@"
}

# asked JQ WORDS...: what jq finds in the events as a list, asked with these words.
asked()
{
	local filter=$1

	shift
	cri-ebpf events --json --no-pager "$@" | jq -cs "$filter"
}

# holds JQ WORDS...: for wait_for.
holds()
{
	[ "$(asked "$@")" = true ]
}

nothing_unread()
{
	cri-ebpf status --json | jq -e '[.counters.unread[] | . // 0] | add == 0'
}

# journal_of UNIT: what it said in this boot.
journal_of()
{
	journalctl --boot --output cat --unit "$1" --no-pager
}

# No error, no refusal: of ours, since the boot.
journal_clean()
{
	local found

	found=$(
		journalctl --boot --no-pager --output cat --priority err --unit 'cri-ebpf*'
		journalctl --boot --no-pager --output cat --dmesg | grep -E 'apparmor="(DENIED|ALLOWED)".*cri-ebpf|type=1326.*cri-ebpf'
	)
	[ -z "$found" ]
	ok $? "the journal has no error and no refusal of ours" || diag "$found"
}

# poor WHAT SENTENCE: what became of both units on a host that lacks something, when they were started.
poor()
{
	local said

	is "$(systemctl is-active cri-ebpf-loader.service)" failed "$1: the loader's unit fails"
	said=$(journalctl --boot --output cat --no-pager --identifier cri-ebpf-loader --priority err \
		_SYSTEMD_INVOCATION_ID="$(systemctl show --value --property InvocationID cri-ebpf-loader.service)")
	is "$(grep -c . <<<"$said")" 1 "$1: with one sentence" || diag "$said" "$(journal_of cri-ebpf-loader | tail)"
	like "$said" "$2" "$1: which says what to do"
	like "$(systemctl is-active cri-ebpf.service)" '^(inactive|failed)$' "$1: the recorder does not start"
	is "$(systemctl show --value --property NRestarts cri-ebpf.service)" 0 "$1: and does not loop"
}
