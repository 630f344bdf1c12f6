#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# The AppArmor profiles: understood, and each grant with its reason.
set -u
. "$(dirname "$0")/../lib/installed.sh"

needs apparmor_parser
PATH=$PATH:/usr/sbin:/sbin
installed APPARMOR=yes

compile()
{
	apparmor_parser --skip-kernel-load --skip-cache --stdout "$1" 2>"$INSTALLED/errors" >"$INSTALLED/policy" &&
		[ -s "$INSTALLED/policy" ]
}

# Paragraphs of rules that do not begin with a comment; the include at the end is for whoever administers the host.
unexplained()
{
	sed -E '/^(profile|\}|\t*include)/d' "$1" | awk 'BEGIN { RS = "" } /^\t/ && !/^\t#/'
}

for profile in policy/apparmor/*; do
	name=${profile##*/}
	compile "$INSTALLED/etc/apparmor.d/$name"
	ok $? "$name: understood" || diag "$(cat "$INSTALLED/errors")"
	is "$(unexplained "$profile")" "" "$name: each grant has its reason"
	is "$(sed -nE 's/^profile ([^ ]+).*/\1/p' "$profile")" "$name" "$name: is called so"
done
is "$(sed -nE 's/^AppArmorProfile=-//p' policy/systemd/*.service | sort -u)" "$(cd policy/apparmor && ls)" \
	"they are what the units ask for"

sed 's/capability bpf,/capability bpfs,/' policy/apparmor/cri-ebpf-loader >"$INSTALLED/wrong"
! compile "$INSTALLED/wrong"
ok $? "a wrong one is not understood"

done_testing
