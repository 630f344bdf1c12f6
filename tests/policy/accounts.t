#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# The accounts and the pin directory, as systemd makes them from sysusers.d and tmpfiles.d.
set -u
. "$(dirname "$0")/../lib/installed.sh"

[ "$(id -u)" -eq 0 ] || skip_all "needs root"
needs systemd-sysusers systemd-tmpfiles
installed
groups=$INSTALLED/etc/group users=$INSTALLED/etc/passwd pins=$INSTALLED/sys/fs/bpf/cri-ebpf

mkdir -p "$INSTALLED/etc"
out=$(systemd-sysusers --root="$INSTALLED" cri-ebpf.conf 2>&1)
ok $? "systemd-sysusers accepts the file" || diag "$out"

# field FILE NAME NUMBER: prints that field of NAME's line.
field()
{
	awk -F: -v name="$2" -v number="$3" '$1 == name { print $number }' "$1"
}

for name in cri-ebpf cri-ebpf-loader; do
	is "$(field "$users" $name 4)" "$(field "$groups" $name 3)" "$name has a group of its own"
	is "$(field "$users" $name 6)" /nonexistent "$name has no home directory"
	like "$(field "$users" $name 7)" 'nologin$' "$name cannot log in"
	is "$(field "$groups" $name 4)" "" "$name's group has no other member"
done
is "$(field "$groups" cri-ebpf-ring 4)" cri-ebpf "the recorder is the only member of the ring's group"

# Makes the pin directory, as at boot and before the loader starts.
make_directory()
{
	systemd-tmpfiles --root="$INSTALLED" --create cri-ebpf.conf 2>&1
}

mkdir -p "${pins%/*}"
out=$(make_directory)
is "$?:$out" 0: "systemd-tmpfiles accepts the file"
is "$(stat -c %a:%u:%g "$pins")" "2750:$(field "$users" cri-ebpf-loader 3):$(field "$groups" cri-ebpf-ring 3)" \
	"the loader owns the directory, which is setgid for the ring's group"
chmod 0777 "$pins" && make_directory
is "$(stat -c %a "$pins")" 2750 "its mode is restored"
rm -r "$INSTALLED/sys" && touch "$INSTALLED/sys" && make_directory >/dev/null
ok $? "no error where the directory cannot be made"

done_testing
