#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# tests/vm/run.sh [BOOT...]
#
# Runs our programs on real kernels in QEMU, without KVM: the guests of kernels.txt (or only those named), two at a
# time. Each guest loads the programs, runs the scenarios of its plans, and prints what was recorded; this script judges
# that. Prints TAP, in the order of kernels.txt, and a test for each kernel: "ok N - ARCHITECTURE RELEASE ...". Kernels
# and what is built for guests stay in build/vm/: a second run needs no network.
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
GUEST_DIR=$VM_DIR/log
declare -A releases checks failures # kernel => release, number of checks, number of failures
wanted=("$@")

is_wanted()
{
	[ ${#wanted[@]} -eq 0 ] || [[ " ${wanted[*]} " == *" $1 "* ]]
}

wanted_boots()
{
	local name rest

	while read -r name rest; do
		! is_wanted "$name" || echo "$name $rest"
	done < <(table boot)
}

# guest_job NAME KERNEL MEGABYTES CGROUP PLAN APPEND: boots one guest when its kernel is there. Leaves beside its log what
# is to be reported (NAME.notes) and the judgements (NAME.judged).
guest_job()
{
	local name=$1 kernel=$2 log=$GUEST_DIR/$1 arch

	prepared_wait "$kernel" && [ -z "$(prepared "$kernel")" ] || return 0
	arch=$(kernel_arch "$kernel")
	guest_run "$name" "$arch" "$VM_DIR/kernels/$kernel" "$VM_DIR/$arch/image.cpio" "$3" "$log" \
		"CRI_CGROUP=$4 CRI_PLAN=$5 $6" >"$log.notes"
	judge "$name" "$kernel" "$log" >"$log.judged" 2>"$log.errors"
}

# Runs every guest, GUESTS_AT_ONCE at a time.
guests_run()
{
	local name kernel megabytes cgroup plan append pid
	local -A running=()

	while read -r name kernel megabytes cgroup plan append; do
		if [ ${#running[@]} -ge "$GUESTS_AT_ONCE" ]; then
			wait -n -p pid "${!running[@]}"
			unset "running[$pid]"
		fi
		guest_job "$name" "$kernel" "$megabytes" "$cgroup" "$plan" "$append" &
		running[$!]=$name
	done < <(wanted_boots)
	[ ${#running[@]} -eq 0 ] || wait "${!running[@]}"
}

# The judgements of a guest as TAP: one test for each plan or scenario; the end of the console if one has failed.
report_boot()
{
	local name=$1 kernel=$2 log=$GUEST_DIR/$1 failed=0 count=0 part='' wrong='' status this text diagnosis

	cat "$log.notes"
	while IFS=$'\t' read -r status this text diagnosis; do
		[ "$this" = "$part" ] || report_part "$name" "$part" "$wrong"
		[ "$this" = "$part" ] || part=$this wrong=
		count=$((count + 1))
		[ "$status" = ok ] && continue
		failed=$((failed + 1))
		wrong+="$text: $diagnosis"$'\n'
	done <"$log.judged"
	report_part "$name" "$part" "$wrong"
	if [ "$count" -eq 0 ] || [ -s "$log.errors" ]; then
		ok 1 "$name: its output can be judged" || diag "$(tail -n 5 "$log.errors")"
		failed=$((failed + 1))
	fi
	[ "$failed" -eq 0 ] || diag "$name: the end of its console ($log):" "$(grep -av '^@@' "$log" | tail -n 20 | tr -d '\r')"
	checks[$kernel]=$((${checks[$kernel]:-0} + count))
	failures[$kernel]=$((${failures[$kernel]:-0} + failed))
	releases[$kernel]=$(jq -r 'select(.at == "boot").release' "$log.json" | head -n 1)
}

# report_part BOOT PART WRONG
report_part()
{
	[ -n "$2" ] || return 0
	ok "$((${#3} > 0))" "$1: $2" || diag "$3"
}

run_end()
{
	[ -z "${PREPARE_PID:-}" ] || kill "$PREPARE_PID" 2>/dev/null
	stop_guests "$GUEST_DIR"
}

prepare_check
rm -rf "$GUEST_DIR" && mkdir -p "$VM_DIR/kernels" "$GUEST_DIR" || exit 1
trap run_end EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

mapfile -t kernels < <(wanted_boots | awk '!seen[$2]++ { print $2 }')
prepare_start ${kernels[@]+"${kernels[@]}"}
guests_run

for file in "$VM_DIR"/image-*.failed; do
	[ ! -e "$file" ] || ok 1 "an image can be made" || diag "$(cat "$file")"
done
while read -r name kernel _; do
	if [ -n "$(prepared "$kernel")" ]; then
		skip "$name" "$(prepared "$kernel")"
	else
		report_boot "$name" "$kernel"
	fi
done < <(wanted_boots)

while read -r name arch _; do
	[ -n "${checks[$name]:-}" ] || continue
	ok $((failures[$name] > 0)) "$arch ${releases[$name]:-(did not boot)}: ${checks[$name]} checks, ${failures[$name]} failed"
done < <(table kernel)
done_testing
