# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
# A host that has never seen us: from the package to the first answer, word for word as the README has it.

useradd --create-home alice
useradd --create-home bob
packages "$VERSION_OLD"

begin=$SECONDS
readme_ok install "installs the package"
wait_for 30 active
ok $? "the loader has loaded and the recorder runs" || diag "$(systemctl status "${UNITS[@]}" 2>&1)"
readme_ok first "the first question"
took=$((SECONDS - begin))
like "$(cat /tmp/readme-first.log)" 'first\.service.*was OOM-killed' "the first answer tells of the OOM kill" ||
	diag "$(cat /tmp/readme-first.log)"
# A figure and no test: it depends on how busy the machine is that emulates this one.
echo "# from the package to the first answer: $took s"

is "$(installed_version)" "$VERSION_OLD" "its version"
is "$(stat -c %a:%U:%G /sys/fs/bpf/cri-ebpf)" 2750:cri-ebpf-loader:cri-ebpf-ring "the pin directory"
is "$(stat -c %a:%U:%G /var/lib/cri-ebpf)" 750:cri-ebpf:cri-ebpf "the directory of the history"
is "$(dpkg --verify cri-ebpf)" "" "every file is as it was packed"

# A setting of this host, for the upgrade to leave alone.
echo 'flush_interval = 50ms' >>/etc/cri-ebpf/cri-ebpf.conf
journal_clean
