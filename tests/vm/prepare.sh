# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
#
# What guests need before they can be booted: kernels.txt, kernels, images; and why they cannot. Sourced after lib.sh,
# apt.sh, image.sh and guest.sh, with BUILD and VM_DIR set.

VM_HOST_ARCH=$(uname -m)
declare -A refused # kernel => why it cannot be booted here
declare -A images  # architecture => why there is no image, empty when there is one

# table KIND: the lines of kernels.txt that begin with it, without it.
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

# Why guests of an architecture cannot be run here; empty when they can.
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

# Sets images[ARCH].
arch_prepare()
{
	[ -z "${images[$1]+set}" ] || return 0
	images[$1]=$(arch_unusable "$1")
	[ -z "${images[$1]}" ] || return 0
	VM_SYSROOT_ARCH=$(debian_arch "$1")
	image_make "$1" >"$VM_DIR/image-$1.log" 2>&1 && return
	images[$1]="no image"
	ok 1 "$1: programs and an image" || diag "$(tail -n 15 "$VM_DIR/image-$1.log" "$VM_DIR/$1/build.log" 2>/dev/null)"
}

# kernel_fetch NAME SUITE PACKAGE DEBIAN-ARCHITECTURE: the kernel as VM_DIR/kernels/NAME, and of its modules those of a
# virtio disk in NAME.modules.
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

# Sets refused[NAME].
kernel_prepare()
{
	local name=$1 arch=$2 suite=$3 package=$4 said

	refused[$name]=${images[$arch]}
	[ -z "${images[$arch]}" ] && [ ! -e "$VM_DIR/kernels/$name" ] || return 0
	refused[$name]=$(apt_unusable)
	[ -z "${refused[$name]}" ] || return 0
	if said=$(kernel_fetch "$name" "$suite" "$package" "$(debian_arch "$arch")" 2>"$VM_DIR/apt-$name.log"); then
		echo "$said"
	else
		refused[$name]=$said
	fi
}

# stop_guests DIR: those whose logs are there.
stop_guests()
{
	local file

	for file in "$1"/*.pid; do
		[ -e "$file" ] && kill "$(cat "$file")" 2>/dev/null
		rm -f "$file"
	done
}

# Ends the script when this machine lacks what every guest needs.
prepare_check()
{
	command -v jq >/dev/null || skip_all "jq is not installed"
	command -v cpio >/dev/null || skip_all "cpio is not installed"
	[ -n "$(image_from "$VM_HOST_ARCH" busybox)" ] || skip_all "busybox is not installed"
	for program in cri-ebpf cri-ebpf-loader; do
		[ -x "$BUILD/$program" ] || { echo "Bail out! $BUILD/$program is missing: run make"; exit 1; }
	done
}
