#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# The SELinux module, compiled together with a distribution's whole policy, which need not be in force here.
set -u
. "$(dirname "$0")/../lib/installed.sh"

needs secilc
installed SELINUX=yes
module=$INSTALLED/usr/share/selinux/packages/cri-ebpf.cil
base=$INSTALLED/base

# The modules of this machine's policy as CIL: Debian's packages have them compiled, Fedora's as they are stored.
base_modules()
{
	local file

	mkdir "$base"
	for file in /usr/share/selinux/default/*.pp.bz2; do
		[ ! -e "$file" ] || bzcat "$file" | /usr/libexec/selinux/hll/pp >"$base/$(basename "$file" .pp.bz2).cil" || return 1
	done
	for file in /var/lib/selinux/targeted/active/modules/*/*/cil; do
		[ ! -e "$file" ] || bzcat -f "$file" >"$base/$(basename "$(dirname "$file")").cil" || return 1
	done
	rm -f "$base/cri-ebpf.cil"
	compgen -G "$base/*.cil" >/dev/null
}

# compile MODULE: and no rule of the policy forbids what it allows.
compile()
{
	secilc -M true -o "$INSTALLED/policy" -f "$INSTALLED/contexts" "$base"/*.cil "$1" >"$INSTALLED/errors" 2>&1
}

base_modules || skip_all "there is no policy to compile it with"
compile "$module"
ok $? "compiles, and breaks no rule of the policy" || diag "$(cat "$INSTALLED/errors")"
is "$(awk '/cri-ebpf/ { print $1, $NF }' "$INSTALLED/contexts" | sort)" "$(sort <<-'EOF'
	/etc/cri-ebpf(/.*)? system_u:object_r:cri_ebpf_conf_t:s0
	/usr/bin/cri-ebpf system_u:object_r:cri_ebpf_exec_t:s0
	/usr/libexec/cri-ebpf/cri-ebpf-loader system_u:object_r:cri_ebpf_loader_exec_t:s0
	/var/lib/cri-ebpf(/.*)? system_u:object_r:cri_ebpf_var_lib_t:s0
EOF
)" "the files"
is "$(sed -nE 's/^\(typetransition ([^ ]+) .* (cri_[a-z_]+)\)/\1 \2/p' "$module")" \
	$'init_t cri_ebpf_t\ninit_t cri_ebpf_loader_t' "systemd starts the two, and a query verb stays where it is"

sed 's/^(allow cri_ebpf_t var_t /(allow cri_ebpf_t no_such_t /' "$module" >"$INSTALLED/wrong.cil"
! compile "$INSTALLED/wrong.cil"
ok $? "one that names what is not there does not"
{ cat "$module" && echo '(allow cri_ebpf_t shadow_t (file (read)))'; } >"$INSTALLED/wrong.cil"
! compile "$INSTALLED/wrong.cil"
ok $? "nor one that may read what nobody may"

done_testing
