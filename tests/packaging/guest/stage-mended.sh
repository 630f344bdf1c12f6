# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
# The host that lacked something has it now: it records after the next boot, and gets into other trouble then: a full
# disk, a history of a newer version, no bpffs.

wait_for 30 active
ok $? "the loader has loaded and the recorder runs, now that nothing is lacking" || diag "$(systemctl status "${UNITS[@]}" 2>&1)"
systemd-run --quiet --wait --unit greedy -p MemoryMax=16M -p MemorySwapMax=0 /root/test/eat 32 1
wait_for 30 holds 'any(.[]; .type == "process_exit" and .oom_killed)' --cgroup greedy.service
ok $? "there is a history"

# The disk is full while the next version comes.
asked 'map(.id)' >/tmp/ids
packages "$VERSION_NEW"
fallocate -l "$(df --output=avail -B1 / | tail -n 1)" /full
dd if=/dev/zero of=/full2 bs=64k 2>/dev/null
said=$(cd /root/packages && bash -eux /root/test/readme/upgrade.sh 2>&1) # in no file: there is no room for it
ok $(($? == 0)) "on a full disk the upgrade fails"
like "$said" 'No space left on device' "because of it" || diag "$said"
rm -f /full /full2
dpkg --configure -a >/dev/null 2>&1
readme_ok upgrade "after a full disk the upgrade can be done again"
is "$(installed_version)" "$VERSION_NEW" "the new version is installed"
wait_for 60 cri-ebpf status
ok $? "recording goes on" || diag "$(cri-ebpf status 2>&1)" "$(journal_of cri-ebpf.service | tail -n 5)"
asked 'map(.id)' >/tmp/ids-after
is "$(jq -c --slurpfile before /tmp/ids '$before[0] - .' /tmp/ids-after)" '[]' "and no event of before is missing"

# A history that a newer version has written.
systemctl stop cri-ebpf.service
schema=$(sqlite3 "$DB" 'PRAGMA user_version')
sqlite3 "$DB" 'PRAGMA user_version = 9999' 'PRAGMA wal_checkpoint(TRUNCATE)' >/dev/null
sum=$(sha256sum "$DB")
systemctl restart cri-ebpf.service 2>/dev/null
wait_for 60 systemctl is-failed --quiet cri-ebpf.service
ok $? "the recorder does not loop over a history of a newer version" || diag "$(systemctl status cri-ebpf.service)"
like "$(journal_of cri-ebpf.service | tail -n 20)" 'newer version' "it says why it does not start"
cri-ebpf events >/dev/null 2>&1
is $? 3 "nor does a question read it"
is "$(sha256sum "$DB")" "$sum" "and it is left as it was, to the byte"
is "$(systemctl show --value --property NRestarts cri-ebpf.service)" 0 "once is enough"
sqlite3 "$DB" "PRAGMA user_version = $schema"
systemctl reset-failed cri-ebpf.service
systemctl start cri-ebpf.service
wait_for 30 active
ok $? "with one of its own it records again"

# It is installed anew, where the loader has nowhere to pin.
readme purge
umount /sys/fs/bpf
readme install
is "$(dpkg-query -W -f '${Status}' cri-ebpf)" "install ok installed" "without a bpffs the package can be installed" ||
	diag "$(tail -n 20 /tmp/readme-install.log)"
poor "no bpffs" 'mount -t bpf'
