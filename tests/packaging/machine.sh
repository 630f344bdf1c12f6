#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# tests/packaging/machine.sh
#
# The Debian package on a Debian 12 with systemd, AppArmor and podman, booted in QEMU with its own kernel. One machine
# installs it, boots with it, upgrades it under load, removes and purges it, with the commands that README.md and
# packaging/README.md give, taken literally. A second one lacks what the package needs, and has it after its next boot.
# Each boot runs one script of guest/, which prints TAP that is counted here.
set -u

cd "$(dirname "$0")/../.." || exit 1
BUILD=$(realpath -m "${BUILD:-build}")
VM_DIR=$BUILD/vm
# shellcheck source=tests/lib.sh
. tests/lib.sh
. tests/lib/tool.sh
. tests/vm/apt.sh
. tests/vm/guest.sh
. tests/vm/prepare.sh
. tests/packaging/root.sh
. tests/packaging/packages.sh

DIR=$VM_DIR/machine
kernel= # prefix of the names of the tests: a kernel other than that of Debian 12
GUEST_SECONDS=${CRI_EBPF_TEST_GUEST_SECONDS:-1200}
MEGABYTES=1024

# readme_part NAME: prints the commands below "<!-- run: NAME -->" in README.md or packaging/README.md.
readme_part()
{
	awk -v mark="<!-- run: $1 -->" '$0 == mark { found = 1; next } found && /^```/ { if (inside) exit; inside = 1; next }
		inside' README.md packaging/README.md
}

# Makes the image of the guest's containers.
machine_container()
{
	local dir=$DIR/container

	mkdir -p "$dir/bin" "$dir/load" && cp "$(command -v busybox)" "$(tool eat)" "$dir/bin/" || return 1
	ln -s busybox "$dir/bin/sh"
	ln -s busybox "$dir/bin/sleep"
	ln -s busybox "$dir/bin/mv"
	tar -C "$dir" --owner=0 --group=0 --create --file "$DIR/root/root/test/image.tar" .
}

# Masks what a Debian starts and no test needs: under emulation starting a program takes a third of a second, and systemd
# runs its generators at every daemon-reload.
machine_quiet()
{
	local etc=$DIR/root/etc name

	mkdir -p "$etc/systemd/system-generators" || return 1
	for name in cryptsetup debug fstab getty gpt-auto hibernate-resume integritysetup rc-local run system-update sysv \
		veritysetup; do
		ln -s /dev/null "$etc/systemd/system-generators/systemd-$name-generator" || return 1
	done
	for name in apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer e2scrub_reap.service \
		fstrim.timer getty.target modprobe@{configfs,dm_mod,drm,efi_pstore,fuse,loop}.service \
		podman{,-auto-update,-restart}.service podman.socket podman-auto-update.timer systemd-logind.service \
		systemd-update-utmp{,-runlevel}.service; do
		ln -sf /dev/null "$etc/systemd/system/$name" || return 1
	done
	# apt calls it over D-Bus, and would wait for a timeout
	rm -f "$DIR/root/usr/share/dbus-1/system-services/org.freedesktop.login1.service"
	rm -f "$etc"/apparmor.d/{lsb_release,nvidia_modprobe}
}

# Puts what the guest needs into its file tree.
machine_fill()
{
	local test=$DIR/root/root/test name

	mkdir -p "$test/readme" "$test/debs" || return 1
	cp tests/lib.sh tests/packaging/guest/*.sh "$test/" && cp "$(tool eat)" "$test/eat" &&
		cp "$PACKAGES_OLD"/*.deb "$PACKAGES_NEW"/*.deb "$test/debs/" || return 1
	printf 'VERSION_OLD=%s\nVERSION_NEW=%s\n' "$VERSION_OLD" "$VERSION_NEW" >>"$test/steps.sh"
	for name in install first upgrade remove purge; do
		readme_part "$name" >"$test/readme/$name.sh"
		[ -s "$test/readme/$name.sh" ] || { echo "no README has a block marked \"run: $name\""; return 1; }
	done
	# root.sh leaves manuals and locales out; this package's are to be installed
	rm -f "$DIR"/root/etc/dpkg/dpkg.cfg.d/*mmdebstrap*
	# apt must not ask
	echo 'APT::Get::Assume-Yes "true";' >"$DIR/root/etc/apt/apt.conf.d/90yes"
	install -m 0644 tests/packaging/guest/machine.service "$DIR/root/etc/systemd/system/" &&
		ln -s ../machine.service "$DIR/root/etc/systemd/system/multi-user.target.wants/"
	echo machine >"$DIR/root/etc/hostname"
	machine_quiet && machine_container
}

# machine_kernel NAME: replaces the kernel of this Debian by one of tests/vm/kernels.txt.
machine_kernel()
{
	local root=$DIR/root package arch suite pattern packages modules release file

	read -r _ arch suite pattern < <(table kernel | awk -v name="$1" '$1 == name')
	apt_open "machine-$1" "$(debian_arch "$arch")" "$suite" || return 1
	read -r package _ < <(apt_newest "$pattern")
	packages=("${package:-}")
	# from 7.0 on a kernel is three packages
	[[ ${packages[0]} != linux-binary-* ]] || packages+=("${package/binary/modules}" "${package/binary/base}")
	[ -n "${package:-}" ] && apt_unpack "$DIR/kernel" "${packages[@]}"
	set -- $?
	apt_close
	# the package has them in /lib or in /usr/lib
	modules=$(find "$DIR/kernel" -path '*/lib/modules/*' -prune -print -quit)
	[ "$1" -eq 0 ] && [ -n "$modules" ] || return 1
	release=${modules##*/}
	rm -rf "${root:?}"/usr/lib/modules/* "${root:?}"/boot/*
	cp -a "$modules" "$root/usr/lib/modules/" || return 1
	# they are in /boot with the release in their names, or beside the modules
	for file in vmlinuz config System.map; do
		cp "$(find "$DIR/kernel" -type f \( -name "$file" -o -name "$file-$release" \) -print -quit)" \
			"$root/boot/$file-$release" || return 1
	done
	rm -rf "$DIR/kernel"
	chroot "$root" depmod "$release" && chroot "$root" update-initramfs -c -k "$release"
}

# machine_disk [KERNEL]: makes the disk that both machines begin with, their kernel and their initial RAM disk.
machine_disk()
{
	root_make && root_unpack "$DIR/root" || return 1
	[ -z "${1:-}" ] || machine_kernel "$1" || return 1
	machine_fill || return 1
	cp "$DIR"/root/boot/vmlinuz-* "$DIR/vmlinuz" && cp "$DIR"/root/boot/initrd.img-* "$DIR/initrd" || return 1
	rm -f "$DIR/disk"
	PATH=$PATH:/usr/sbin mke2fs -q -t ext4 -d "$DIR/root" -L root "$DIR/disk" 3G && rm -rf "$DIR/root"
}

# machine_run [KERNEL]: runs both machines, at the same time, and reports their tests.
machine_run()
{
	local stage stages=(install boot poor mended)

	kernel=${1:+$1 }
	if ! machine_disk "$@" >"$DIR/disk.log" 2>&1 || ! cp --sparse=always "$DIR/disk" "$DIR/disk.lacking"; then
		ok 1 "${kernel}a disk with Debian on it"
		diag "$(tail -n 20 "$DIR/disk.log")"
		return
	fi
	for stage in "${stages[@]}"; do
		truncate -s 0 "$DIR/$stage" "$DIR/$stage.tap"
	done
	{ machine_boot "$DIR/disk" install && machine_boot "$DIR/disk" boot; } &
	{ machine_boot "$DIR/disk.lacking" poor cgroup_disable=memory && machine_boot "$DIR/disk.lacking" mended; } &
	wait
	for stage in "${stages[@]}"; do
		machine_stage "$stage"
	done
	rm -f "$DIR/disk" "$DIR/disk.lacking"
}

# machine_boot DISK STAGE [APPEND]: runs one boot; its TAP is in DIR/STAGE.tap, its console in DIR/STAGE. Fails when it
# was stopped. APPEND: more of the kernel's command line.
machine_boot()
{
	local begin=$SECONDS log=$DIR/$2 status

	GUEST_DEVICES=(
		-drive "file=$1,format=raw,if=virtio,cache=unsafe" -device virtio-serial
		-chardev "file,id=test,path=$log.tap" -device "virtserialport,chardev=test,name=test"
	)
	slot_take
	guest_boot x86_64 "$DIR/vmlinuz" "$DIR/initrd" "$MEGABYTES" "$log" \
		"root=/dev/vda rw systemd.show_status=no cri.stage=$2 ${3:-}" &
	echo $! >"$log.pid"
	wait $!
	status=$?
	slot_leave
	rm -f "$log.pid"
	echo "# $kernel$2: $((SECONDS - begin)) s"
	return "$status"
}

# machine_stage STAGE: reports the tests of this boot.
machine_stage()
{
	local line name status=0

	while IFS= read -r line; do
		case $line in
		'ok '* | 'not ok '*)
			[[ $line == ok* ]]
			status=$?
			name=${line#*- }
			ok "$status" "$kernel$1: $name"
			;;
		'#'*) [ "$status" -eq 0 ] && [[ $line != '# from'* ]] || printf '%s\n' "$line" ;;
		esac
	done <"$DIR/$1.tap"
	grep -q "^end of stage $1\$" "$DIR/$1.tap"
	ok $? "$kernel$1: the boot came to its end" || diag "$(tail -n 5 "$DIR/$1.tap")" "$(tail -n 20 "$DIR/$1" | tr -d '\r')"
}

reason=$(root_unusable)
[ -z "$reason" ] || skip_all "$reason"
command -v "$(guest_emulator x86_64 | head -n 1)" >/dev/null || skip_all "qemu-system-x86_64 is not installed"
rm -rf "$DIR" && mkdir -p "$DIR" || exit 1
trap 'stop_guests "$DIR"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
packages_both deb >"$DIR/packages.log" 2>&1 || { ok 1 "packages are built"; diag "$(tail -n 20 "$DIR/packages.log")"; done_testing; }

machine_run
for kernel in $(bound '' '6.12 newest'); do
	machine_run "$kernel"
done
done_testing
