#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# packaging/image-root.sh DIRECTORY
#
# Fills DIRECTORY with what an image for containers holds, and nothing else: our programs, the libraries they need,
# accounts, mount points, licences. No shell. An image is made of it by whatever takes a tar archive:
#   tar -C build/image-root --owner=0 --group=0 --sort=name -c . | podman import --change 'ENV PATH=/usr/bin' - cri-ebpf
# The same sources give the same bytes: all times are SOURCE_DATE_EPOCH.
set -eu

cd "$(dirname "$0")/.."
# shellcheck source=packaging/libraries.sh
. packaging/libraries.sh

root=${1:?usage: packaging/image-root.sh DIRECTORY}
build=${BUILD:-build}
libexec=usr/libexec/cri-ebpf
programs=("$build/cri-ebpf" "$build/cri-ebpf-loader" "$build/cri-ebpf-prepare")

# program FILE DIRECTORY: stripped, where that can be
program()
{
	install -D -m 0755 "$1" "$root/$2/${1##*/}"
	"${STRIP:-strip}" "$root/$2/${1##*/}" 2>/dev/null || true
}

# The package that FILE came with, and the texts of its licences. Debian may know a file below /lib or /usr/lib.
licences_of()
{
	local file package

	file=$(realpath "$1")
	if command -v dpkg-query >/dev/null; then
		package=$(dpkg-query --search "$file" "${file#/usr}" 2>/dev/null | sed -n '1s/:.*//p')
		[ -z "$package" ] || echo "$package /usr/share/doc/$package/copyright"
	elif command -v rpm >/dev/null; then
		package=$(rpm -qf --qf '%{NAME}' "$file") || return 0
		rpm -q --licensefiles "$package" | sed "s,^,$package ,"
	fi
}

rm -rf "$root"
mkdir -p "$root"/{dev,proc,sys,tmp,run/cri-ebpf/bpf,etc/cri-ebpf/conf.d,var/lib/cri-ebpf,host/seccomp}
program "${programs[0]}" usr/bin
program "${programs[1]}" $libexec
program "${programs[2]}" $libexec
install -D -m 0644 -t "$root/usr/share/cri-ebpf/seccomp" "$build/oci/record.json" "$build/oci/loader.json"
install -D -m 0644 -t "$root/usr/share/doc/cri-ebpf" LICENSE LICENSES/*

# Numbers that distributions do not give away, and below 65536, from where on Kubernetes gives them to pods: a database
# on the host belongs to them. The manifest has them too.
cat >"$root/etc/passwd" <<EOF
root:x:0:0:root:/:/nonexistent
cri-ebpf:x:65521:65521:cri-ebpf recorder:/nonexistent:/nonexistent
cri-ebpf-loader:x:65523:65523:cri-ebpf loader:/nonexistent:/nonexistent
EOF
cat >"$root/etc/group" <<EOF
root:x:0:
cri-ebpf:x:65521:
cri-ebpf-ring:x:65522:cri-ebpf
cri-ebpf-loader:x:65523:
EOF

libraries_of "${programs[@]}" | while read -r library; do
	install -D -m 0755 "$library" "$root$library"
	licences_of "$library"
done | sort -u | while read -r package licence; do
	[ ! -e "$licence" ] || install -D -m 0644 "$licence" "$root/usr/share/doc/$package/${licence##*/}"
done
# What Debian's say by reference.
(grep -rhoE '/usr/share/common-licenses/[A-Za-z0-9.-]*[A-Za-z0-9]' "$root/usr/share/doc" || true) | sort -u |
	while read -r licence; do
		[ ! -e "$licence" ] || install -D -m 0644 "$licence" "$root$licence"
	done

find "$root" -type d -exec chmod 0755 {} +
find "$root" -type f ! -perm /0111 -exec chmod 0644 {} +
chmod 1777 "$root/tmp"
find "$root" -exec touch --no-dereference --date="@${SOURCE_DATE_EPOCH:?}" {} +
echo "$root: $(du -sh --apparent-size "$root" | cut -f1), $(find "$root" -type f | wc -l) files"
