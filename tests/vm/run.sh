#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# tests/vm/run.sh [BOOT...]
#
# Our programs on real kernels in QEMU, without KVM: the guests of kernels.txt, two at a time. Each loads, is
# made to suffer, and prints what was recorded; here that is judged. TAP, and a line for each kernel:
# "ok N - ARCHITECTURE RELEASE ...". Only the guests named, when there are names. Kernels and everything built
# stay in build/vm/, so that a second run needs no network.
set -u

cd "$(dirname "$0")/../.." || exit 1
BUILD=$(realpath -m "${BUILD:-build}")
VM_DIR=$BUILD/vm
VM_HOST_ARCH=$(uname -m)
# shellcheck source=tests/lib.sh
. tests/lib.sh
. tests/vm/apt.sh
. tests/vm/image.sh
. tests/vm/guest.sh
. tests/vm/judge.sh

GUESTS_AT_ONCE=2
declare -A refused # kernel => why it cannot be booted here
declare -A images  # architecture => why there is no image, empty when there is one
declare -A releases checks failures # kernel => ...
wanted=("$@")

# table KIND: the lines of kernels.txt that begin with it, without it.
table()
{
	awk -v kind="$1" '$1 == kind { sub(/^[^ ]+ +/, ""); print }' tests/vm/kernels.txt
}

VM_SYSROOT_SUITE=$(table sysroot)

is_wanted()
{
	[ ${#wanted[@]} -eq 0 ] || [[ " ${wanted[*]} " == *" $1 "* ]]
}

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

# kernel_fetch NAME SUITE PACKAGE DEBIAN-ARCHITECTURE: the kernel alone, as VM_DIR/kernels/NAME.
kernel_fetch()
{
	local dir=$VM_DIR/kernels/$1.unpacked package version

	apt_open "$1" "$4" "$2" || { echo "cannot reach Debian's $2"; return 1; }
	read -r package version < <(apt_newest "$3")
	[ -n "${package:-}" ] && apt_unpack "$dir" "$package" &&
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

# Boots everything, GUESTS_AT_ONCE at a time.
boot_all()
{
	local name kernel megabytes cgroup plan append arch running=0

	while read -r name kernel megabytes cgroup plan append; do
		is_wanted "$name" && [ -z "${refused[$kernel]}" ] || continue
		if [ "$running" -ge "$GUESTS_AT_ONCE" ]; then
			wait -n
			running=$((running - 1))
		fi
		arch=$(kernel_arch "$kernel")
		guest_run "$name" "$arch" "$VM_DIR/kernels/$kernel" "$VM_DIR/$arch/image.cpio" "$megabytes" \
			"$VM_DIR/log/$name" "CRI_CGROUP=$cgroup CRI_PLAN=$plan $append" &
		running=$((running + 1))
	done < <(table boot)
	wait
}

# What was judged becomes TAP, one test for a plan or one of its scenarios; the console's end only when something
# failed.
judge_boot()
{
	local name=$1 kernel=$2 log=$VM_DIR/log/$1 failed=0 count=0 part='' wrong='' status this text diagnosis

	while IFS=$'\t' read -r status this text diagnosis; do
		[ "$this" = "$part" ] || judge_part "$name" "$part" "$wrong"
		[ "$this" = "$part" ] || part=$this wrong=
		count=$((count + 1))
		[ "$status" = ok ] && continue
		failed=$((failed + 1))
		wrong+="$text: $diagnosis"$'\n'
	done < <(judge "$name" "$kernel" "$log" 2>"$log.errors")
	judge_part "$name" "$part" "$wrong"
	if [ "$count" -eq 0 ] || [ -s "$log.errors" ]; then
		ok 1 "$name: judged" || diag "$(tail -n 5 "$log.errors")"
		failed=$((failed + 1))
	fi
	[ "$failed" -eq 0 ] || diag "$name: the end of its console ($log):" "$(grep -av '^@@ ' "$log" | tail -n 20 | tr -d '\r')"
	checks[$kernel]=$((${checks[$kernel]:-0} + count))
	failures[$kernel]=$((${failures[$kernel]:-0} + failed))
	releases[$kernel]=$(jq -r 'select(.at == "boot").release' "$log.json" | head -n 1)
}

# judge_part BOOT PART WRONG
judge_part()
{
	[ -n "$2" ] || return 0
	ok "$((${#3} > 0))" "$1: $2" || diag "$3"
}

stop_guests()
{
	local file

	for file in "$VM_DIR"/log/*.pid; do
		[ -e "$file" ] && kill "$(cat "$file")" 2>/dev/null
		rm -f "$file"
	done
}

command -v jq >/dev/null || skip_all "jq is not installed"
command -v cpio >/dev/null || skip_all "cpio is not installed"
[ -n "$(image_from "$VM_HOST_ARCH" busybox)" ] || skip_all "busybox is not installed"
for program in cri-ebpf cri-ebpf-loader; do
	[ -x "$BUILD/$program" ] || { echo "Bail out! $BUILD/$program is missing: run make"; exit 1; }
done
mkdir -p "$VM_DIR/kernels" && rm -rf "$VM_DIR/log" && mkdir "$VM_DIR/log" || exit 1
trap stop_guests EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

while read -r name arch suite package; do
	refused[$name]=unused
	table boot | while read -r boot kernel _; do
		[ "$kernel" = "$name" ] && is_wanted "$boot" && echo yes && break
	done | grep -q yes || continue
	arch_prepare "$arch"
	kernel_prepare "$name" "$arch" "$suite" "$package"
done < <(table kernel)
boot_all

while read -r name kernel _; do
	is_wanted "$name" || continue
	if [ -n "${refused[$kernel]}" ]; then
		skip "$name" "${refused[$kernel]}"
	else
		judge_boot "$name" "$kernel"
	fi
done < <(table boot)

while read -r name arch _; do
	[ -n "${checks[$name]:-}" ] || continue
	ok $((failures[$name] > 0)) "$arch ${releases[$name]:-(did not boot)}: ${checks[$name]} checks, ${failures[$name]} failed"
done < <(table kernel)
done_testing
