# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
# A host without the memory controller, then without BTF: the installation succeeds, the loader's unit fails with one
# sentence that says what to do, and the recorder is not restarted again and again.

packages "$VERSION_OLD"
readme install
is "$(dpkg-query -W -f '${Status}' cri-ebpf)" "install ok installed" "the package can be installed" ||
	diag "$(tail -n 20 /tmp/readme-install.log)"
poor "no memory controller" 'cgroup_disable=memory'

mount -t tmpfs none /sys/kernel/btf
systemctl restart cri-ebpf-loader.service 2>/dev/null
systemctl start cri-ebpf.service 2>/dev/null
poor "no BTF" 'CONFIG_DEBUG_INFO_BTF'
umount /sys/kernel/btf
