#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# tests/vm/power.sh
#
# An OOM kill that a reader has seen is still stored after a power cut. A guest records on a disk that loses its write
# cache with the power (tests/tools/volatile_disk.c: only what was flushed reaches the image). When the follower in the
# guest prints an OOM kill, the guest and its disk are killed. The next boot reports what the database holds. In make
# check-long ten times in a row.
set -u

cd "$(dirname "$0")/../.." || exit 1
BUILD=$(realpath -m "${BUILD:-build}")
VM_DIR=$BUILD/vm
# shellcheck source=tests/lib.sh
. tests/lib.sh
. tests/lib/tool.sh
. tests/vm/apt.sh
. tests/vm/image.sh
. tests/vm/guest.sh
. tests/vm/prepare.sh
. tests/vm/judge.sh

KERNEL=6.1
DIR=$VM_DIR/power
LOG=$DIR/log
DISK_PID=

# Makes the image: that of tests/vm/run.sh, and a second archive with sqlite3 and the modules of the disk.
power_image()
{
	local extra=$DIR/extra file

	install -D -m 0644 -t "$DIR/extra/modules" "$VM_DIR/kernels/$KERNEL.modules"/*.ko || return 1

	install -D -m 0755 "$(command -v sqlite3)" "$extra/bin/sqlite3" || return 1
	while read -r file; do
		install -D -m 0755 "$file" "$extra$file" || return 1
	done < <(image_libraries "$arch" "$extra/bin/sqlite3")
	(cd "$extra" && find . -print0 | cpio --quiet --null --create --format newc --owner 0:0) |
		cat "$VM_DIR/$arch/image.cpio" - >"$DIR/image.cpio"
}

power_cut()
{
	[ -z "$DISK_PID" ] || kill -KILL "$DISK_PID"
	[ ! -s "$DIR/qemu.pid" ] || kill -KILL "$(cat "$DIR/qemu.pid")"
	[ -z "$DISK_PID" ] || wait "$DISK_PID" 2>/dev/null
	DISK_PID=
	rm -f "$DIR/qemu.pid"
} 2>/dev/null

# power_boot LOG APPEND: starts a guest and its disk in the background.
power_boot()
{
	"$volatile_disk" "$DIR/socket" "$DIR/disk" &
	DISK_PID=$!
	wait_for 10 test -S "$DIR/socket" || return 1
	: >"$1"
	slot_take
	guest_boot "$arch" "$VM_DIR/kernels/$KERNEL" "$DIR/image.cpio" 512 "$1" "CRI_PLAN=power $2" &
	echo $! >"$1.pid"
	slot_leave # the guest keeps it
}

power_wait()
{
	wait "$(cat "$1.pid")" 2>/dev/null
	rm -f "$1.pid" "$DIR/socket"
}

# power_round LOG: boots, and cuts the power when a kill is shown; fails when none is.
power_round()
{
	local shown

	power_boot "$1" "CRI_LAST=" || return 1
	wait_for 10 test -s "$DIR/qemu.pid" || return 1
	timeout "$GUEST_SECONDS" grep -qam1 '^{.*"type":"oom_kill"' < <(tail -n +1 -f --pid="$(cat "$DIR/qemu.pid")" "$1")
	shown=$?
	power_cut
	power_wait "$1"
	return "$shown"
}

# power_boots LOG COMMAND...: runs the command, which boots a guest; again when the emulation crashed its kernel.
power_boots()
{
	local log=$1 boot crash

	shift
	for ((boot = 1; boot <= GUEST_BOOTS; boot++)); do
		"$@" && return 0
		crash=$(guest_crash "$log") || return 1
		diag "the guest's kernel crashed under emulation: $crash"
	done
	return 1
}

power_last()
{
	power_boot "$1" "CRI_LAST=$first" && power_wait "$1" && grep -aq '@@ {"at":"end"' "$1"
}

# reported AT FILTER: applies the filter to the list of what the last guest reported as AT.
reported()
{
	judge_lines "$LOG/last" | jq -rc --arg at "$1" 'select(.at == $at)' | jq -src "$2"
}

prepare_check
command -v sqlite3 >/dev/null || skip_all "sqlite3 is not installed"
command -v mke2fs >/dev/null || PATH=$PATH:/usr/sbin
command -v mke2fs >/dev/null || skip_all "mke2fs is not installed"
volatile_disk=$(tool volatile_disk) || { echo "Bail out! cannot build volatile_disk"; exit 1; }
rm -rf "$DIR" && mkdir -p "$LOG" "$VM_DIR/kernels" || exit 1
trap 'power_cut; stop_guests "$LOG"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
arch=$(kernel_arch $KERNEL)
[ "$arch" = "$VM_HOST_ARCH" ] || skip_all "the guest's kernel is for $arch"
[ -d "$VM_DIR/kernels/$KERNEL.modules" ] || rm -f "$VM_DIR/kernels/$KERNEL"
kernel_prepare $KERNEL
[ ! -e "$VM_DIR/image-$arch.failed" ] || { echo "Bail out! cannot make an image"; cat "$VM_DIR/image-$arch.failed"; exit 1; }
[ -z "${refused[$KERNEL]}" ] || skip_all "${refused[$KERNEL]}"
power_image || { echo "Bail out! cannot make the image"; exit 1; }
truncate -s 64M "$DIR/disk" && mke2fs -q -F -t ext4 "$DIR/disk" || { echo "Bail out! cannot make a disk"; exit 1; }
# not nvme, although it is built into the kernel: QEMU's ignores FUA (force unit access)
GUEST_DEVICES=(-pidfile "$DIR/qemu.pid" -device "virtio-blk-pci,drive=disk"
	-drive "file=nbd:unix:$DIR/socket,format=raw,if=none,id=disk,cache=writeback")

rounds=$(bound 1 10)
first=
for ((round = 1; round <= rounds; round++)); do
	power_boots "$LOG/$round" power_round "$LOG/$round"
	ok $? "boot $round: an OOM kill is shown, and the power is cut" || diag "$(tail -n 20 "$LOG/$round" "$LOG/$round.qemu")"
	judge_lines "$LOG/$round" | jq -c 'select(.at == "truth")' >>"$DIR/truth"
	first=${first:-$(jq -r .boot_id "$DIR/truth" | head -n 1)}
done
power_boots "$LOG/last" power_last "$LOG/last"
ok $? "the last boot" || diag "$(tail -n 20 "$LOG/last" "$LOG/last.qemu")"

reported row 'map(.row)' >"$DIR/rows"
is "$(jq -rc '"\(.boot_id) \(.id)"' "$DIR/truth")" \
	"$(jq -r --argjson n "$rounds" 'map(select(.type == "oom_kill"))[:$n][] | "\(.boot_id) \(.container.id)"' "$DIR/rows")" \
	"every kill that was shown is there, once, under the id of its boot"
is "$(cat "$LOG"/* | grep -a '"at":"integrity"' | tr -d '\r' | sed 's/.*"text":"\(.*\)".*/\1/' | sort -u)" ok \
	"PRAGMA integrity_check"
last=$(reported truth '.[0]')
is "$(jq -c --argjson t "$last" 'map(select(.type == "oom_kill" and .boot_id == $t.boot_id and .container.id == $t.id)) | length' \
	"$DIR/rows")" 1 "the last boot is recorded as well"
is "$(jq -r 'map(.boot_id) | unique | length' "$DIR/rows")" $((rounds + 1)) "every boot has its own id"
is "$(reported this 'map(.row.boot_id) | unique | join(" ")')" "$(jq -r .boot_id <<<"$last")" "-b: this boot only"
is "$(reported previous 'map(.row.boot_id) | unique | join(" ")')" "$(jq -r .boot_id "$DIR/truth" | tail -n 1)" \
	"--boot=-1: the one before only"
is "$(reported first 'map(.row.boot_id) | unique | join(" ")')" "$first" "--boot=ID: that one only"
is "$(reported recorder '.[-1].status')" 0 "the recorder ended in order" || diag "$(reported recorder '.')"
# What the ring held at the power cut is lost, and its amount is unknown.
is "$(jq -r 'map(select(.type == "gap")) | map("\(.reason) \(.lost)") | join(", ")' "$DIR/rows")" \
	"$(for ((round = 1; round <= rounds; round++)); do echo "reload null"; done | paste -sd , | sed 's/,/, /g')" \
	"a gap between each boot and the next"
ok "$(jq 'map(select(.type == "gap")) | if all(.[]; .from < .to) then 0 else 1 end' "$DIR/rows")" "with its times" ||
	diag "$(jq -c 'map(select(.type == "gap"))' "$DIR/rows")"
done_testing
