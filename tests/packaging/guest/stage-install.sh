# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
# The first installation on a host, from the package to the first answer, with the commands of the README.

useradd --create-home alice
useradd --create-home bob
packages "$VERSION_OLD"

begin=$SECONDS
readme_ok install "installs the package"
wait_for 30 active
ok $? "the loader has loaded and the recorder runs" || diag "$(systemctl status "${UNITS[@]}" 2>&1)"
readme_ok first "the first question"
took=$((SECONDS - begin))
like "$(cat /tmp/readme-first.log)" 'first\.service.*was OOM-killed' "the first answer reports the OOM kill" ||
	diag "$(cat /tmp/readme-first.log)"
# Not a test: it depends on the load of the machine that emulates this one.
echo "# from the package to the first answer: $took s"

is "$(installed_version)" "$VERSION_OLD" "its version"
is "$(stat -c %a:%U:%G /sys/fs/bpf/cri-ebpf)" 2750:cri-ebpf-loader:cri-ebpf-ring "the pin directory"
is "$(stat -c %a:%U:%G /var/lib/cri-ebpf)" 750:cri-ebpf:cri-ebpf "the directory of the database"
is "$(dpkg --verify cri-ebpf)" "" "no file differs from the package"

# A setting of this host, which the upgrade must keep.
echo 'flush_interval = 50ms' >>/etc/cri-ebpf/cri-ebpf.conf
journal_clean
