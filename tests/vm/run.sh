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
# shellcheck source=tests/lib.sh
. tests/lib.sh
. tests/vm/apt.sh
. tests/vm/image.sh
. tests/vm/guest.sh
. tests/vm/prepare.sh
. tests/vm/judge.sh

GUESTS_AT_ONCE=2
declare -A releases checks failures # kernel => ...
wanted=("$@")

is_wanted()
{
	[ ${#wanted[@]} -eq 0 ] || [[ " ${wanted[*]} " == *" $1 "* ]]
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

prepare_check
mkdir -p "$VM_DIR/kernels" && rm -rf "$VM_DIR/log" && mkdir "$VM_DIR/log" || exit 1
trap 'stop_guests "$VM_DIR/log"' EXIT
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
