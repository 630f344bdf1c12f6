#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# The accounts and the pins' directory, as systemd makes them out of sysusers.d and tmpfiles.d.
set -u
. "$(dirname "$0")/../lib/installed.sh"

[ "$(id -u)" -eq 0 ] || skip_all "needs root"
needs systemd-sysusers systemd-tmpfiles
installed
groups=$INSTALLED/etc/group users=$INSTALLED/etc/passwd pins=$INSTALLED/sys/fs/bpf/cri-ebpf

mkdir -p "$INSTALLED/etc"
out=$(systemd-sysusers --root="$INSTALLED" cri-ebpf.conf 2>&1)
ok $? "sysusers.d is understood" || diag "$out"

# field FILE NAME NUMBER: of the line of that name.
field()
{
	awk -F: -v name="$2" -v number="$3" '$1 == name { print $number }' "$1"
}

for name in cri-ebpf cri-ebpf-loader; do
	is "$(field "$users" $name 4)" "$(field "$groups" $name 3)" "$name has a group of its own"
	is "$(field "$users" $name 6)" /nonexistent "has no home to leave orders in"
	like "$(field "$users" $name 7)" 'nologin$' "and cannot log in"
	is "$(field "$groups" $name 4)" "" "nobody else is in it"
done
is "$(field "$groups" cri-ebpf-ring 4)" cri-ebpf "the only member of the ring's is the recorder"

# make_directory: as at boot, or before the loader.
make_directory()
{
	systemd-tmpfiles --root="$INSTALLED" --create cri-ebpf.conf 2>&1
}

mkdir -p "${pins%/*}"
out=$(make_directory)
is "$?:$out" 0: "tmpfiles.d is understood"
is "$(stat -c %a:%u:%g "$pins")" "2750:$(field "$users" cri-ebpf-loader 3):$(field "$groups" cri-ebpf-ring 3)" \
	"the directory is the loader's, and setgid for the ring's group"
chmod 0777 "$pins" && make_directory
is "$(stat -c %a "$pins")" 2750 "and stays so"
rm -r "$INSTALLED/sys" && touch "$INSTALLED/sys" && make_directory >/dev/null
ok $? "where there can be none nothing else fails"

done_testing
