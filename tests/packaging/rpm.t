#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# The rpm: rpmlint, contents, reproducibility, the oldest libraries it runs with; and its scriptlets in a root of its
# own: installed, verified, in make check-long upgraded, erased.
set -u

cd "$(dirname "$0")/../.." || exit 1
BUILD=$(realpath -m "${BUILD:-build}")
VM_DIR=$BUILD/vm
# shellcheck source=tests/lib.sh
. tests/lib.sh
. tests/vm/apt.sh
. tests/packaging/root.sh
. tests/packaging/packages.sh

OLDEST_GLIBC=2.34 # RHEL 9
OLDEST_SMARTCOLS=2.37

for program in rpmbuild rpmlint debugedit; do
	command -v $program >/dev/null || skip_all "$program is not installed"
done
scratch=$(mktemp -d)
root=$scratch/root
mounted= # /proc of the root, for the scriptlets
clean_up()
{
	[ -z "$mounted" ] || umount "$mounted"
	rm -rf --one-file-system "$scratch"
}
trap clean_up EXIT

packages_build rpm "$BUILD" "$VERSION_OLD" >"$scratch/log" 2>&1
ok $? "make rpm" || diag "$(tail -n 20 "$scratch/log")"
packages_again rpm "$scratch/log"
mapfile -t rpms < <(find "$PACKAGES_OLD" -maxdepth 1 -name '*.rpm' -printf '%f\n' | sort)
ok "$((${#rpms[@]} < 2))" "the package, and its debug symbols" || diag "${rpms[*]-}"
rpm=$(echo "$PACKAGES_OLD/cri-ebpf-$VERSION_OLD"-*.rpm)

said=$(rpmlint --config packaging/rpm/rpmlint.toml "$rpm" 2>&1)
like "$said" ' 0 errors, 0 warnings' "rpmlint finds no error and no warning" || diag "$said"

# newest LIBRARY PROGRAM...: prints the newest symbol version of LIBRARY that the programs need.
newest()
{
	local library=$1

	shift
	objdump -T "$@" | grep -oE "\(?${library}_[0-9.]+" | grep -oE '[0-9.]+$' | sort -uV | tail -n 1
}

# at_most VERSION BOUND NAME
at_most()
{
	is "$(printf '%s\n' "$1" "$2" | sort -V | tail -n 1)" "$2" "$3"
}

mkdir "$scratch/files"
(cd "$scratch/files" && rpm2cpio "$rpm" | cpio --quiet --extract --make-directories 2>/dev/null)
programs=("$scratch/files/usr/bin/cri-ebpf" "$scratch/files/usr/libexec/cri-ebpf/cri-ebpf-loader")
at_most "$(newest GLIBC "${programs[@]}")" "$OLDEST_GLIBC" "it starts with a C library of $OLDEST_GLIBC"
at_most "$(newest SMARTCOLS "${programs[@]}")" "$OLDEST_SMARTCOLS" "and with a libsmartcols of $OLDEST_SMARTCOLS"
is "$(objdump -p "${programs[@]}" | awk '$1 == "NEEDED" && /bpf|inih/ { print $2 }' | sort -u)" "" \
	"libbpf and inih, which differ between distributions, are linked statically"

rpm_()
{
	rpm --root "$root" "$@"
}

# rpm_does NAME ARGUMENT...: rpm succeeds, and its scriptlets print no error. Messages of Debian's rpm itself do not
# count.
rpm_does()
{
	local status

	rpm_ "${@:2}" >"$scratch/log" 2>&1
	status=$?
	is "$status:$(grep -v '^rpm: ' "$scratch/log" | grep -iE 'error|fail|cannot|warning|not ')" 0: "$1" || diag "$(cat "$scratch/log")"
}

inside()
{
	chroot "$root" "$@"
}

reason=$(root_unusable)
if [ -n "$reason" ] || ! root_make >"$scratch/log" 2>&1; then
	skip "installed, upgraded, erased" "${reason:-no root: $(grep "^E:" "$scratch/log" | tail -n 4 | tr "\n" " ")}"
	done_testing
fi
root_unpack "$root" >"$scratch/log" 2>&1
ok $? "a root" || diag "$(tail -n 20 "$scratch/log")"
mount -t proc proc "$root/proc" && mounted=$root/proc

# Debian's packages are not in rpm's database, hence --nodeps
rpm_ --initdb
rpm_does "it installs" --install --nodeps "$rpm"
is "$(rpm_ --verify --nodeps cri-ebpf)" "" "rpm -V is clean"
is "$(rpm_ -q --queryformat '[%{FILEUSERNAME}:%{FILEGROUPNAME}\n]' cri-ebpf | sort -u)" root:root "root owns every file"
is "$(rpm_ -q --queryformat '[%{FILEMODES:perms} %{FILENAMES}\n]' cri-ebpf | grep -E '^[^l](..s|.....s|....w|.......w)')" "" \
	"no file is setuid or writable for others"
for file in /usr/bin/cri-ebpf /usr/libexec/cri-ebpf/cri-ebpf-loader /usr/sbin/cri-ebpf-loader \
	/usr/lib/systemd/system/cri-ebpf.service /usr/lib/systemd/system/cri-ebpf-loader.service \
	/usr/lib/systemd/system/cri-ebpf-compat.service /usr/lib/systemd/system-preset/90-cri-ebpf.preset \
	/usr/lib/sysusers.d/cri-ebpf.conf /usr/lib/tmpfiles.d/cri-ebpf.conf /etc/cri-ebpf/cri-ebpf.conf \
	/usr/share/selinux/packages/cri-ebpf.cil /usr/share/man/man1/cri-ebpf.1.gz /usr/share/licenses/cri-ebpf/LICENSE; do
	rpm_ -q --list cri-ebpf | grep -qx "$file"
	ok $? "it has $file"
done
is "$(rpm_ -q --configfiles cri-ebpf)" /etc/cri-ebpf/cri-ebpf.conf "the configuration file"
is "$(inside id -Gn cri-ebpf)" "cri-ebpf cri-ebpf-ring" "the recorder's user, in both groups"
is "$(inside id -Gn cri-ebpf-loader)" "cri-ebpf-loader" "the loader's user, in neither"
is "$(inside systemctl is-enabled cri-ebpf-loader.service cri-ebpf.service cri-ebpf-compat.service | sort -u)" enabled \
	"the units are enabled"
is "$(inside cri-ebpf --version)" "cri-ebpf $VERSION_OLD" "it starts"

echo 'flush_interval = 50ms' >>"$root/etc/cri-ebpf/cri-ebpf.conf"
mkdir -p "$root/var/lib/cri-ebpf" && echo history >"$root/var/lib/cri-ebpf/events.db"
if [ -n "$(bound '' yes)" ]; then
	packages_both rpm >"$scratch/log" 2>&1
	ok $? "a later version" || diag "$(tail -n 20 "$scratch/log")"
	inside systemctl disable cri-ebpf.service 2>/dev/null
	rpm_does "it upgrades" --upgrade --nodeps "$PACKAGES_NEW/cri-ebpf-$VERSION_NEW"-*.rpm
	is "$(inside cri-ebpf --version)" "cri-ebpf $VERSION_NEW" "the later version is installed"
	is "$(tail -n 1 "$root/etc/cri-ebpf/cri-ebpf.conf")" "flush_interval = 50ms" "the edited configuration is kept"
	is "$(inside systemctl is-enabled cri-ebpf.service)" disabled "a disabled unit stays disabled"
fi
rpm_ --erase --nodeps cri-ebpf >"$scratch/log" 2>&1
is "$?:$(grep -v '^rpm: ' "$scratch/log" | grep -iE 'error|fail|cannot')" 0: "it is erased, and the settings are set aside" ||
	diag "$(cat "$scratch/log")"
is "$(find "$root" -xdev -path "$root/proc" -prune -o -name '*cri-ebpf*' -print | grep -vE '/var/lib/(cri-ebpf|rpm)|rpmsave|/etc/cri-ebpf$')" "" \
	"no other file of it is left"
is "$(cat "$root/var/lib/cri-ebpf/events.db")" history "the history is kept"
done_testing
