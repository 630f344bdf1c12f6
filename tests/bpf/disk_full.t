#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# The disk is full or read-only. Recording resumes by itself, and lost events are reported.
set -u
. "$(dirname "$0")/../lib/scenario.sh"
. tests/lib/store.sh

scenario_prepare
command -v sqlite3 >/dev/null || skip_all "sqlite3 is not installed"
MOUNT=$SCENARIO_DIR/disk
LOOP=

disk_end()
{
	local status=$?

	recorder_kill
	! mountpoint -q "$MOUNT" || umount "$MOUNT"
	[ -z "$LOOP" ] || losetup --detach "$LOOP"
	(exit "$status")
	scenario_end
}
trap disk_end EXIT

loss_is_reported()
{
	[ "$(query 'map(select(.type == "gap" and .lost_type == "process_exit").lost) | add // 0')" = \
		"$(status_now | jq .counters.lost.process_exit)" ]
}

# How many exits the kernel lost, by its own count. The number is enum ev_kind's.
exits_lost()
{
	counters_of_kernel | jq '.["4"].lost'
}

# Exits until some are lost. Meanwhile a checkpoint may free a part of the disk, which the WAL then uses again.
overflow()
{
	local tries

	for ((tries = 0; tries < 10; tries++)); do
		exits 4000
		[ "$(exits_lost)" = 0 ] || return 0
		fill
	done
	return 1
}

fill()
{
	dd if=/dev/zero of="$MOUNT/fill" bs=64k 2>/dev/null
	dd if=/dev/zero of="$MOUNT/fill" bs=512 oflag=append conv=notrunc 2>/dev/null
	[ "$(df --output=avail "$MOUNT" | tail -n 1 | tr -d ' ')" -lt 64 ]
}

# full NAME: fills the mounted disk while a recorder runs
full()
{
	begin "$1" "$MOUNT/events.db" 8M
	fill
	ok $? "$1: the disk is full"
	exits 300
	logged_once "$1" "cannot store into \"$DB\": No space.*events wait in the ring"
	wait_for 10 trouble_is_shown 'No space'
	ok $? "$1: status reports it"
	is_running "$RECORDER_PID"
	ok $? "$1: the recorder keeps running"
	rm "$MOUNT/fill"
	all_recorded 20 "$1: everything is recorded once there is room again"
	is "$(logged 'stores into .* again')" 1 "$1: the recovery is reported once"
	wait_for 10 is_healthy true
	ok $? "$1: status is healthy"
	is "$(gaps)" "" "$1: no gap"
	balanced "$1"
	sound "$1"
	recorder_stop
	is $? 0 "$1: the recorder exits cleanly"

	begin "$1, small ring" "$MOUNT/small.db" 256K
	fill
	ok $? "$1, small ring: the disk is full for longer than the ring has room"
	overflow
	ok $? "$1, small ring: events are lost"
	wait_for 10 trouble_is_shown 'No space'
	ok $? "$1, small ring: status reports it"
	rm "$MOUNT/fill"
	wait_for 20 is_healthy true
	ok $? "$1, small ring: healthy again"
	wait_for 20 loss_is_reported
	ok $? "$1, small ring: lost events are reported" || diag "$(gaps)" "$(status_now)"
	like "$(gaps)" '(^| )disk_full:process_exit:[1-9][0-9]*( |$)' "$1, small ring: the gap has reason disk_full"
	[ "$(exits_recorded)" -le "$EXITS_TRUTH" ]
	ok $? "$1, small ring: nothing is recorded twice"
	balanced "$1, small ring"
	sound "$1, small ring"
	recorder_stop
}

mkdir -m 0750 "$MOUNT"
mount -t tmpfs -o "size=64m,mode=0750,uid=$(id -u cri-ebpf),gid=$(id -g cri-ebpf)" tmpfs "$MOUNT" || bail_out "cannot mount a tmpfs"
full tmpfs
umount "$MOUNT"

# After a disk error the kernel makes the file system read-only until it is mounted again.
read_only()
{
	recorder_start || bail_out "$1: the recorder did not start: $(tail -n 5 "$RECORDER_LOG")"
	exits_begin
	log_mark
	mount -o remount,abort "$MOUNT" 2>/dev/null || mount -o remount,ro "$MOUNT" || { skip "$1" "cannot make the file system read-only"; return; }
	exits 50
	# an I/O error may be reported first, with another reason
	logged_once "$1" "cannot store into \"$DB\": Read-only file system"
	wait_for 10 is_healthy false
	ok $? "$1: status reports it"
	recorder_stop
	is $? 3 "$1: the recorder ends with exit status 3"
	(record --once >>"$RECORDER_LOG" 2>&1)
	is $? 4 "$1: a new recorder exits with 4, because the fault may pass"
	umount "$MOUNT" && mount "$LOOP" "$MOUNT" || bail_out "cannot mount it again"
	recorder_start
	ok $? "$1: it starts when the disk is writable again"
	# earlier commits are only as durable as the setting durability makes them
	all_recorded 10 "$1: later exits are recorded"
	sound "$1"
	recorder_stop
}

# crowded NAME: starts on a full disk where the wal-index gets only some of the blocks that it needs.
crowded()
{
	local kilobytes

	begin "$1" "$MOUNT/crowded.db" 8M
	recorder_stop
	for kilobytes in 10 18 22 26 30; do
		: >"$DB-shm"
		dd if=/dev/zero of="$MOUNT/room" bs=1k count="$kilobytes" 2>/dev/null
		fill
		ok $? "$1: the disk is full except for $kilobytes kB"
		sync "$MOUNT/room" "$MOUNT/fill" && rm "$MOUNT/room"
		log_mark
		recorder_spawn
		logged_once "$1, $kilobytes kB" "cannot store into \"$DB\": No space.*events wait in the ring"
		is_running "$RECORDER_PID"
		ok $? "$1, $kilobytes kB: the recorder keeps running"
		recorder_stop
		is $? 3 "$1, $kilobytes kB: it exits with status 3"
		rm "$MOUNT/fill"
	done
	recorder_start
	ok $? "$1: it starts once there is room"
	exits 50
	all_recorded 10 "$1: and records"
	sound "$1"
	recorder_stop
	is $? 0 "$1: the recorder exits cleanly"
}

# The smallest block size, 1 kB: writing one byte per 4 kB page, as SQLite does, allocates a quarter of each page.
truncate -s 64M "$SCENARIO_DIR/image"
if LOOP=$(losetup --find --show "$SCENARIO_DIR/image" 2>"$SCENARIO_DIR/loop.err") && mkfs.ext4 -q -b 1024 -m 0 "$LOOP" &&
	mount "$LOOP" "$MOUNT" 2>"$SCENARIO_DIR/loop.err"; then
	chown cri-ebpf:cri-ebpf "$MOUNT" && chmod 0750 "$MOUNT"
	full ext4
	crowded "full at the start"
	read_only "read-only"
else
	skip "full ext4, full at the start, read-only" "no loop device: $(head -n 1 "$SCENARIO_DIR/loop.err")"
fi

done_testing
