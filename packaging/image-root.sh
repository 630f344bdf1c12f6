#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# packaging/image-root.sh DIRECTORY
#
# Fills DIRECTORY with the files of a container image: the programs, the libraries they need, accounts, mount points and
# licences; no shell. Any tool that imports a tar archive makes an image of it:
#   tar -C build/image-root --owner=0 --group=0 --sort=name -c . | podman import --change 'ENV PATH=/usr/bin' - cri-ebpf
# The build is reproducible: all times are SOURCE_DATE_EPOCH.
set -eu

cd "$(dirname "$0")/.."
# shellcheck source=packaging/libraries.sh
. packaging/libraries.sh

root=${1:?usage: packaging/image-root.sh DIRECTORY}
build=${BUILD:-build}
libexec=usr/libexec/cri-ebpf
programs=("$build/cri-ebpf" "$build/cri-ebpf-loader" "$build/cri-ebpf-prepare")

# program FILE DIRECTORY: installs it, stripped where strip is available.
program()
{
	install -D -m 0755 "$1" "$root/$2/${1##*/}"
	"${STRIP:-strip}" "$root/$2/${1##*/}" 2>/dev/null || true
}

# licences_of FILE: prints the package that FILE belongs to and its licence files. Debian's database may have the path
# with or without the leading /usr.
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

# Numbers that no distribution assigns, and below 65536, where the ranges that Kubernetes assigns to pods begin: the
# database on the host belongs to them. The manifest in packaging/kubernetes/ has the same.
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
# Debian's copyright files refer to the common licences by path.
(grep -rhoE '/usr/share/common-licenses/[A-Za-z0-9.-]*[A-Za-z0-9]' "$root/usr/share/doc" || true) | sort -u |
	while read -r licence; do
		[ ! -e "$licence" ] || install -D -m 0644 "$licence" "$root$licence"
	done

find "$root" -type d -exec chmod 0755 {} +
find "$root" -type f ! -perm /0111 -exec chmod 0644 {} +
chmod 1777 "$root/tmp"
find "$root" -exec touch --no-dereference --date="@${SOURCE_DATE_EPOCH:?}" {} +
echo "$root: $(du -sh --apparent-size "$root" | cut -f1), $(find "$root" -type f | wc -l) files"
