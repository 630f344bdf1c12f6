#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Compiles the SELinux module together with the whole policy of a distribution, which need not be loaded.
set -u
. "$(dirname "$0")/../lib/installed.sh"

needs secilc
installed SELINUX=yes
module=$INSTALLED/usr/share/selinux/packages/cri-ebpf.cil
base=$INSTALLED/base

# Copies this machine's policy modules as CIL to $base: Debian's packages contain compiled modules, Fedora's CIL.
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

# compile MODULE: fails when a neverallow rule of the policy forbids what the module allows.
compile()
{
	secilc -M true -o "$INSTALLED/policy" -f "$INSTALLED/contexts" "$base"/*.cil "$1" >"$INSTALLED/errors" 2>&1
}

base_modules || skip_all "no SELinux policy is installed"
compile "$module"
ok $? "compiles, and violates no neverallow rule" || diag "$(cat "$INSTALLED/errors")"
is "$(awk '/cri-ebpf/ { print $1, $NF }' "$INSTALLED/contexts" | sort)" "$(sort <<-'EOF'
	/etc/cri-ebpf(/.*)? system_u:object_r:cri_ebpf_conf_t:s0
	/usr/bin/cri-ebpf system_u:object_r:cri_ebpf_exec_t:s0
	/usr/libexec/cri-ebpf/cri-ebpf-loader system_u:object_r:cri_ebpf_loader_exec_t:s0
	/var/lib/cri-ebpf(/.*)? system_u:object_r:cri_ebpf_var_lib_t:s0
EOF
)" "the file contexts"
is "$(sed -nE 's/^\(typetransition ([^ ]+) .* (cri_[a-z_]+)\)/\1 \2/p' "$module")" \
	$'init_t cri_ebpf_t\ninit_t cri_ebpf_loader_t' "only systemd starts the two domains; query verbs have no transition"

sed 's/^(allow cri_ebpf_t var_t /(allow cri_ebpf_t no_such_t /' "$module" >"$INSTALLED/wrong.cil"
! compile "$INSTALLED/wrong.cil"
ok $? "a module with an unknown type does not compile"
{ cat "$module" && echo '(allow cri_ebpf_t shadow_t (file (read)))'; } >"$INSTALLED/wrong.cil"
! compile "$INSTALLED/wrong.cil"
ok $? "nor does one that violates a neverallow rule"

done_testing
