#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# The Debian package: what lintian says, what is in it, and that the same sources give the same bytes.
set -u

cd "$(dirname "$0")/../.." || exit 1
BUILD=$(realpath -m "${BUILD:-build}")
# shellcheck source=tests/lib.sh
. tests/lib.sh
. tests/packaging/packages.sh

for program in dpkg-buildpackage lintian; do
	command -v $program >/dev/null || skip_all "$program is not installed"
done
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
rm -f "$PACKAGES_OLD"/*.deb "$BUILD"/again/packages/*.deb
packages_build deb "$BUILD" "$VERSION_OLD" >"$scratch/log" 2>&1
ok $? "make deb" || diag "$(tail -n 20 "$scratch/log")"
packages_build deb "$BUILD/again" "$VERSION_OLD" >"$scratch/log" 2>&1
ok $? "and again, somewhere else" || diag "$(tail -n 20 "$scratch/log")"

deb=$(echo "$PACKAGES_OLD"/cri-ebpf_*.deb)
for file in "$PACKAGES_OLD"/*.deb; do
	cmp "$file" "$BUILD/again/packages/${file##*/}" >"$scratch/log" 2>&1
	ok $? "${file##*/}: the same bytes" || diag "$(cat "$scratch/log")"
done
is "$(find "$PACKAGES_OLD" -name '*.deb' | wc -l)" 2 "the package, and its debug symbols"

found=$(lintian --fail-on none --tag-display-limit 0 --allow-root "$PACKAGES_OLD"/*.changes 2>&1 | grep -E '^[EW]:')
is "$found" "" "lintian finds no error and nothing to warn of"
is "$(grep -c . packaging/deb/*.lintian-overrides 2>/dev/null || echo 0)" 0 "nor is anything overridden"

dpkg-deb -c "$deb" | awk '{ print $1, $2, $6 }' >"$scratch/files"
is "$(awk '$2 != "root/root"' "$scratch/files")" "" "everything is root's"
is "$(grep -E '\.bpf\.o$|\.o$' "$scratch/files")" "" "no loose object is shipped"
is "$(awk '$1 ~ /^[^l]..s|^[^l].....s|^[^l]....w|^[^l].......w/' "$scratch/files")" "" "nothing is setuid, nothing writable for others"
for file in /usr/bin/cri-ebpf /usr/libexec/cri-ebpf/cri-ebpf-loader /usr/sbin/cri-ebpf-loader \
	/lib/systemd/system/cri-ebpf.service /lib/systemd/system/cri-ebpf-loader.service \
	/lib/systemd/system/cri-ebpf-compat.service /usr/lib/sysusers.d/cri-ebpf.conf /usr/lib/tmpfiles.d/cri-ebpf.conf \
	/etc/apparmor.d/cri-ebpf-loader /etc/apparmor.d/cri-ebpf-record /etc/cri-ebpf/cri-ebpf.conf \
	/usr/share/man/man1/cri-ebpf.1.gz /usr/share/man/man5/cri-ebpf.conf.5.gz /usr/share/man/man8/cri-ebpf-loader.8.gz \
	/usr/share/bash-completion/completions/cri-ebpf /usr/share/doc/cri-ebpf/copyright; do
	grep -q " \.$file\( \|$\)" "$scratch/files"
	ok $? "it has $file"
done
is "$(dpkg-deb -f "$deb" Version)" "$VERSION_OLD" "the version is the Makefile's"
dpkg-deb -e "$deb" "$scratch/control"
is "$(grep -v apparmor "$scratch/control/conffiles")" /etc/cri-ebpf/cri-ebpf.conf "what an admin may edit survives an upgrade"
for script in postinst prerm postrm; do
	sh -n "$scratch/control/$script"
	ok $? "$script is sound"
done
done_testing
