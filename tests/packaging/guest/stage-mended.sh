# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
# The host has what it lacked in the boot before, and records. Then other faults: a full disk, a database of a newer
# version, no bpffs.

wait_for 30 active
ok $? "the loader has loaded and the recorder runs, now that nothing is missing" || diag "$(systemctl status "${UNITS[@]}" 2>&1)"
systemd-run --quiet --wait --unit greedy -p MemoryMax=16M -p MemorySwapMax=0 /root/test/eat 32 1
wait_for 30 holds 'any(.[]; .type == "process_exit" and .oom_killed)' --cgroup greedy.service
ok $? "an OOM kill is recorded"

# The disk is full during an upgrade.
query 'map(.id)' >/tmp/ids
packages "$VERSION_NEW"
fallocate -l "$(df --output=avail -B1 / | tail -n 1)" /full
dd if=/dev/zero of=/full2 bs=64k 2>/dev/null
message=$(cd /root/packages && bash -eux /root/test/readme/upgrade.sh 2>&1) # not to a file: the disk is full
ok $(($? == 0)) "on a full disk the upgrade fails"
like "$message" 'No space left on device' "because the disk is full" || diag "$message"
rm -f /full /full2
dpkg --configure -a >/dev/null 2>&1
readme_ok upgrade "with room on the disk the upgrade succeeds"
is "$(installed_version)" "$VERSION_NEW" "the new version is installed"
wait_for 60 cri-ebpf status
ok $? "recording goes on" || diag "$(cri-ebpf status 2>&1)" "$(journal_of cri-ebpf.service | tail -n 5)"
query 'map(.id)' >/tmp/ids-after
is "$(jq -c --slurpfile before /tmp/ids '$before[0] - .' /tmp/ids-after)" '[]' "no event from before the upgrade is missing"

# A database of a newer version.
systemctl stop cri-ebpf.service
schema=$(sqlite3 "$DB" 'PRAGMA user_version')
sqlite3 "$DB" 'PRAGMA user_version = 9999' 'PRAGMA wal_checkpoint(TRUNCATE)' >/dev/null
sum=$(sha256sum "$DB")
systemctl restart cri-ebpf.service 2>/dev/null
wait_for 60 systemctl is-failed --quiet cri-ebpf.service
ok $? "a database of a newer version makes the recorder's unit fail" || diag "$(systemctl status cri-ebpf.service)"
like "$(journal_of cri-ebpf.service | tail -n 20)" 'newer version' "the recorder reports the reason"
cri-ebpf events >/dev/null 2>&1
is $? 3 "a query refuses it: exit 3"
is "$(sha256sum "$DB")" "$sum" "the database is unchanged"
is "$(systemctl show --value --property NRestarts cri-ebpf.service)" 0 "the unit is not restarted"
sqlite3 "$DB" "PRAGMA user_version = $schema"
systemctl reset-failed cri-ebpf.service
systemctl start cri-ebpf.service
wait_for 30 active
ok $? "with a database of its own version it records again"

# A new installation without a bpffs.
readme purge
umount /sys/fs/bpf
readme install
is "$(dpkg-query -W -f '${Status}' cri-ebpf)" "install ok installed" "without a bpffs the package can be installed" ||
	diag "$(tail -n 20 /tmp/readme-install.log)"
poor "no bpffs" 'mount -t bpf'
