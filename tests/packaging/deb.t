#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# The Debian package: lintian, contents, reproducibility. Also builds the later version for machine.sh.
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
rm -f "$PACKAGES_OLD"/*.deb "$PACKAGES_NEW"/*.deb
packages_both deb >"$scratch/log" 2>&1
ok $? "make deb, of this version and a later one" || diag "$(tail -n 20 "$scratch/log")"
packages_again deb "$scratch/log"

deb=$(echo "$PACKAGES_OLD"/cri-ebpf_*.deb)
is "$(find "$PACKAGES_OLD" -name '*.deb' | wc -l)" 2 "the package, and its debug symbols"

found=$(lintian --fail-on none --tag-display-limit 0 --allow-root "$PACKAGES_OLD"/*.changes 2>&1 | grep -E '^[EW]:')
is "$found" "" "lintian finds no error and no warning"
is "$(grep -c . packaging/deb/*.lintian-overrides 2>/dev/null || echo 0)" 0 "without overrides"

dpkg-deb -c "$deb" | awk '{ print $1, $2, $6 }' >"$scratch/files"
is "$(awk '$2 != "root/root"' "$scratch/files")" "" "root owns every file"
is "$(grep -E '\.bpf\.o$|\.o$' "$scratch/files")" "" "no object file is shipped"
is "$(awk '$1 ~ /^[^l]..s|^[^l].....s|^[^l]....w|^[^l].......w/' "$scratch/files")" "" "no file is setuid or writable for others"
for file in /usr/bin/cri-ebpf /usr/libexec/cri-ebpf/cri-ebpf-loader /usr/sbin/cri-ebpf-loader \
	/lib/systemd/system/cri-ebpf.service /lib/systemd/system/cri-ebpf-loader.service \
	/lib/systemd/system/cri-ebpf-compat.service /usr/lib/sysusers.d/cri-ebpf.conf /usr/lib/tmpfiles.d/cri-ebpf.conf \
	/etc/apparmor.d/cri-ebpf-loader /etc/apparmor.d/cri-ebpf-record /etc/cri-ebpf/cri-ebpf.conf \
	/usr/share/man/man1/cri-ebpf.1.gz /usr/share/man/man5/cri-ebpf.conf.5.gz /usr/share/man/man8/cri-ebpf-loader.8.gz \
	/usr/share/bash-completion/completions/cri-ebpf /usr/share/doc/cri-ebpf/copyright; do
	grep -q " \.$file\( \|$\)" "$scratch/files"
	ok $? "it has $file"
done
is "$(dpkg-deb -f "$deb" Version)" "$VERSION_OLD" "the version of the Makefile"
dpkg-deb -e "$deb" "$scratch/control"
is "$(grep -v apparmor "$scratch/control/conffiles")" /etc/cri-ebpf/cri-ebpf.conf "the configuration is a conffile"
for script in postinst prerm postrm; do
	sh -n "$scratch/control/$script"
	ok $? "$script is valid shell"
done
done_testing
