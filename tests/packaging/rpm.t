#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# The rpm: what rpmlint says, that the same sources give the same bytes, that an older C library is enough, and a life
# of it with its scriptlets in a root of its own: installed, verified, upgraded, erased.
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
mounted= # what its scriptlets need in the root
clean_up()
{
	[ -z "$mounted" ] || umount "$mounted"
	rm -rf --one-file-system "$scratch"
}
trap clean_up EXIT

packages_build rpm "$BUILD" "$VERSION_OLD" >"$scratch/log" 2>&1
ok $? "make rpm" || diag "$(tail -n 20 "$scratch/log")"
packages_build rpm "$BUILD/again" "$VERSION_OLD" >"$scratch/log" 2>&1
ok $? "and again, somewhere else" || diag "$(tail -n 20 "$scratch/log")"
mapfile -t rpms < <(find "$PACKAGES_OLD" -maxdepth 1 -name '*.rpm' -printf '%f\n' | sort)
for name in ${rpms[@]+"${rpms[@]}"}; do
	cmp "$PACKAGES_OLD/$name" "$BUILD/again/packages/$name" >"$scratch/log" 2>&1
	ok $? "${name%-[0-9]*}: the same bytes" || diag "$(cat "$scratch/log")"
done
ok "$((${#rpms[@]} < 2))" "the package, and its debug symbols" || diag "${rpms[*]-}"
rpm=$(echo "$PACKAGES_OLD/cri-ebpf-$VERSION_OLD"-*.rpm)

said=$(rpmlint --config packaging/rpm/rpmlint.toml "$rpm" 2>&1)
like "$said" ' 0 errors, 0 warnings' "rpmlint finds no error and nothing to warn of" || diag "$said"

# newest LIBRARY FILE...: the newest version of its symbols that these programs need.
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
	"what has another name or age elsewhere is linked in"

rpm_()
{
	rpm --root "$root" "$@"
}

# rpm_does NAME WORDS...: it succeeds, and its scriptlets complain of nothing. (Debian's rpm has something to say.)
rpm_does()
{
	local status

	rpm_ "${@:2}" >"$scratch/log" 2>&1
	status=$?
	is "$status:$(grep -v '^rpm: ' "$scratch/log" | grep -iE 'error|fail|cannot|warning|not ')" 0: "$1" || diag "$(cat "$scratch/log")"
}

# In its root everything is looked at from inside.
inside()
{
	chroot "$root" "$@"
}

reason=$(root_unusable)
if [ -n "$reason" ] || ! root_make >"$scratch/log" 2>&1; then
	skip "installed, upgraded, erased" "${reason:-no root: $(tail -n 1 "$scratch/log")}"
	done_testing
fi
root_unpack "$root" && packages_both rpm >"$scratch/log" 2>&1
ok $? "a root, and a later version" || diag "$(tail -n 20 "$scratch/log")"
mount -t proc proc "$root/proc" && mounted=$root/proc
later=$(echo "$PACKAGES_NEW/cri-ebpf-$VERSION_NEW"-*.rpm)

# rpm's database in there knows nothing of Debian's packages
rpm_ --initdb
rpm_does "it installs" --install --nodeps "$rpm"
is "$(rpm_ --verify --nodeps cri-ebpf)" "" "rpm -V is clean"
is "$(rpm_ -q --queryformat '[%{FILEUSERNAME}:%{FILEGROUPNAME}\n]' cri-ebpf | sort -u)" root:root "everything is root's"
is "$(rpm_ -q --queryformat '[%{FILEMODES:perms} %{FILENAMES}\n]' cri-ebpf | grep -E '^[^l](..s|.....s|....w|.......w)')" "" \
	"nothing is setuid, nothing writable for others"
for file in /usr/bin/cri-ebpf /usr/libexec/cri-ebpf/cri-ebpf-loader /usr/sbin/cri-ebpf-loader \
	/usr/lib/systemd/system/cri-ebpf.service /usr/lib/systemd/system/cri-ebpf-loader.service \
	/usr/lib/systemd/system/cri-ebpf-compat.service /usr/lib/systemd/system-preset/90-cri-ebpf.preset \
	/usr/lib/sysusers.d/cri-ebpf.conf /usr/lib/tmpfiles.d/cri-ebpf.conf /etc/cri-ebpf/cri-ebpf.conf \
	/usr/share/selinux/packages/cri-ebpf.cil /usr/share/man/man1/cri-ebpf.1.gz /usr/share/licenses/cri-ebpf/LICENSE; do
	rpm_ -q --list cri-ebpf | grep -qx "$file"
	ok $? "it has $file"
done
is "$(rpm_ -q --configfiles cri-ebpf)" /etc/cri-ebpf/cri-ebpf.conf "what an admin may edit"
is "$(inside id -Gn cri-ebpf)" "cri-ebpf cri-ebpf-ring" "the recorder's user, in both groups"
is "$(inside id -Gn cri-ebpf-loader)" "cri-ebpf-loader" "the loader's user, in neither"
is "$(inside systemctl is-enabled cri-ebpf-loader.service cri-ebpf.service cri-ebpf-compat.service | sort -u)" enabled \
	"the units are enabled"
is "$(inside cri-ebpf --version)" "cri-ebpf $VERSION_OLD" "it starts"

echo 'flush_interval = 50ms' >>"$root/etc/cri-ebpf/cri-ebpf.conf"
mkdir -p "$root/var/lib/cri-ebpf" && echo history >"$root/var/lib/cri-ebpf/events.db"
inside systemctl disable cri-ebpf.service 2>/dev/null
rpm_does "it upgrades" --upgrade --nodeps "$later"
is "$(inside cri-ebpf --version)" "cri-ebpf $VERSION_NEW" "the later version is there"
is "$(tail -n 1 "$root/etc/cri-ebpf/cri-ebpf.conf")" "flush_interval = 50ms" "this host's setting has survived"
is "$(inside systemctl is-enabled cri-ebpf.service)" disabled "and that a unit is disabled"
rpm_ --erase --nodeps cri-ebpf >"$scratch/log" 2>&1
is "$?:$(grep -v '^rpm: ' "$scratch/log" | grep -iE 'error|fail|cannot')" 0: "it is erased, and the settings are set aside" ||
	diag "$(cat "$scratch/log")"
is "$(find "$root" -xdev -path "$root/proc" -prune -o -name '*cri-ebpf*' -print | grep -vE '/var/lib/(cri-ebpf|rpm)|rpmsave|/etc/cri-ebpf$')" "" \
	"nothing of it is left"
is "$(cat "$root/var/lib/cri-ebpf/events.db")" history "but the history"
done_testing
