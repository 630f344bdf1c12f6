# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
# A host that lacks what we need (booted without the memory controller): the installation succeeds, the loader's unit
# fails with one sentence that says what to do, and the recorder does not loop.

# poor WHAT SENTENCE: what became of both, when they were started.
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

try_again()
{
	systemctl restart cri-ebpf-loader.service 2>/dev/null
	systemctl start cri-ebpf.service 2>/dev/null
}

packages "$VERSION_OLD"
readme install
is "$(dpkg-query -W -f '${Status}' cri-ebpf)" "install ok installed" "the package can be installed" ||
	diag "$(tail -n 20 /tmp/readme-install.log)"
poor "no memory controller" 'cgroup_disable=memory'

mount -t tmpfs none /sys/kernel/btf
try_again
poor "no BTF" 'CONFIG_DEBUG_INFO_BTF'
umount /sys/kernel/btf

umount /sys/fs/bpf
try_again
poor "no bpffs" 'mount -t bpf'
mount -t bpf -o mode=0700 bpf /sys/fs/bpf
