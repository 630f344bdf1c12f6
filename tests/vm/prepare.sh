# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
#
# Fetches the kernels of kernels.txt and makes the images that guests boot with, or finds the reason why that is not
# possible here. Sourced after lib.sh, apt.sh, image.sh and guest.sh, with BUILD and VM_DIR set.

VM_HOST_ARCH=$(uname -m)
PREPARED=$VM_DIR/prepared
PREPARE_PID=
# Only ends a hang: kernels are downloaded, and our programs are built for another architecture.
PREPARE_SECONDS=900
declare -A refused # kernel => why it cannot be booted here
declare -A images  # architecture => why there is no image, empty when there is one

# table KIND: prints the lines of kernels.txt whose first word is KIND, without that word.
table()
{
	awk -v kind="$1" '$1 == kind { sub(/^[^ ]+ +/, ""); print }' tests/vm/kernels.txt
}

VM_SYSROOT_SUITE=$(table sysroot)

debian_arch()
{
	case $1 in
	x86_64) echo amd64 ;;
	aarch64) echo arm64 ;;
	esac
}

kernel_arch()
{
	table kernel | awk -v name="$1" '$1 == name { print $2 }'
}

# arch_unusable ARCH: prints why guests of this architecture cannot be run here; nothing when they can.
arch_unusable()
{
	local emulator

	emulator=$(guest_emulator "$1" | head -n 1)
	if ! command -v "$emulator" >/dev/null; then
		echo "$emulator is not installed"
	elif [ "$1" = "$VM_HOST_ARCH" ]; then
		return
	elif [ "$1" != aarch64 ]; then
		echo "our programs are not built for $1 on $VM_HOST_ARCH"
	elif ! command -v aarch64-linux-gnu-gcc >/dev/null; then
		echo "aarch64-linux-gnu-gcc is not installed"
	else
		apt_unusable
	fi
}

# arch_prepare ARCH: makes its image. Sets images[ARCH].
arch_prepare()
{
	local failure=$VM_DIR/image-$1.failed

	[ -z "${images[$1]+set}" ] || return 0
	rm -f "$failure"
	images[$1]=$(arch_unusable "$1")
	[ -z "${images[$1]}" ] || return 0
	VM_SYSROOT_ARCH=$(debian_arch "$1")
	image_make "$1" >"$VM_DIR/image-$1.log" 2>&1 && return
	images[$1]="its image cannot be made"
	tail -n 15 "$VM_DIR/image-$1.log" "$VM_DIR/$1/build.log" >"$failure" 2>/dev/null
}

# kernel_fetch NAME SUITE PACKAGE DEBIAN-ARCHITECTURE: stores the kernel as VM_DIR/kernels/NAME, and its modules for a
# virtio disk in VM_DIR/kernels/NAME.modules.
kernel_fetch()
{
	local dir=$VM_DIR/kernels/$1.unpacked package version

	apt_open "$1" "$4" "$2" || { echo "cannot reach Debian's $2"; return 1; }
	read -r package version < <(apt_newest "$3")
	mkdir -p "$VM_DIR/kernels/$1.modules"
	[ -n "${package:-}" ] && apt_unpack "$dir" "$package" &&
		find "$dir" -name 'virtio*.ko' -exec mv {} "$VM_DIR/kernels/$1.modules" \; &&
		find "$dir" -name 'vmlinuz*' -type f -exec mv {} "$VM_DIR/kernels/$1" \;
	apt_close
	rm -rf "$dir"
	[ -e "$VM_DIR/kernels/$1" ] || { echo "no package \"$3\" with a kernel in Debian's $2"; return 1; }
	echo "# $1: $package $version"
}

# kernel_prepare NAME: fetches the kernel, unless it is there, and makes an image for it. Sets refused[NAME]. The lock is
# for another test that needs the same files at the same time.
kernel_prepare()
{
	local name=$1 arch suite package lock message

	read -r _ arch suite package < <(table kernel | awk -v name="$name" '$1 == name')
	exec {lock}>"$VM_DIR/lock" && flock "$lock"
	arch_prepare "$arch"
	refused[$name]=${images[$arch]}
	if [ -z "${images[$arch]}" ] && [ ! -e "$VM_DIR/kernels/$name" ]; then
		refused[$name]=$(apt_unusable)
		if [ -z "${refused[$name]}" ]; then
			if message=$(kernel_fetch "$name" "$suite" "$package" "$(debian_arch "$arch")" 2>"$VM_DIR/apt-$name.log"); then
				echo "$message"
			else
				refused[$name]=$message
			fi
		fi
	fi
	exec {lock}>&-
}

# prepare_start KERNEL...: prepares them in this order, in the background; prepared_wait KERNEL waits for one of them.
prepare_start()
{
	local name

	rm -rf "$PREPARED" && mkdir -p "$PREPARED" || return 1
	for name in "$@"; do
		kernel_prepare "$name"
		echo "${refused[$name]}" >"$PREPARED/$name.new" && mv "$PREPARED/$name.new" "$PREPARED/$name"
	done &
	PREPARE_PID=$!
}

# The kernel is prepared, or it is certain that it will not be.
prepared_ended()
{
	[ -e "$PREPARED/$1" ] || ! kill -0 "$PREPARE_PID"
}

prepared_wait()
{
	wait_for "$PREPARE_SECONDS" prepared_ended "$1"
}

# prepared KERNEL: prints why it cannot be booted; nothing when it can.
prepared()
{
	cat "$PREPARED/$1" 2>/dev/null || echo "its preparation did not end"
}

# stop_guests DIR: ends the guests that have a file with their process id in DIR.
stop_guests()
{
	local file

	for file in "$1"/*.pid; do
		[ -e "$file" ] && kill "$(cat "$file")" 2>/dev/null
		rm -f "$file"
	done
}

# Ends the script when something is missing that every guest needs.
prepare_check()
{
	command -v jq >/dev/null || skip_all "jq is not installed"
	command -v cpio >/dev/null || skip_all "cpio is not installed"
	[ -n "$(image_from "$VM_HOST_ARCH" busybox)" ] || skip_all "busybox is not installed"
	for program in cri-ebpf cri-ebpf-loader; do
		[ -x "$BUILD/$program" ] || { echo "Bail out! $BUILD/$program is missing: run make"; exit 1; }
	done
}
