#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# The AppArmor profiles compile, and every grant has a comment with its reason.
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

# unexplained PROFILE: prints the paragraphs of rules that do not begin with a comment, without the include of local
# additions at the end.
unexplained()
{
	sed -E '/^(profile|\}|\t*include)/d' "$1" | awk 'BEGIN { RS = "" } /^\t/ && !/^\t#/'
}

for profile in policy/apparmor/*; do
	name=${profile##*/}
	compile "$INSTALLED/etc/apparmor.d/$name"
	ok $? "$name: compiles" || diag "$(cat "$INSTALLED/errors")"
	is "$(unexplained "$profile")" "" "$name: every grant has a reason"
	is "$(sed -nE 's/^profile ([^ ]+).*/\1/p' "$profile")" "$name" "$name: the profile has the name of its file"
done
is "$(sed -nE 's/^AppArmorProfile=-//p' policy/systemd/*.service | sort -u)" "$(cd policy/apparmor && ls)" \
	"the units refer to these profiles"

sed 's/capability bpf,/capability bpfs,/' policy/apparmor/cri-ebpf-loader >"$INSTALLED/wrong"
! compile "$INSTALLED/wrong"
ok $? "an unknown capability is an error"

done_testing
