#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# A disk that is full, and one that cannot be written to: recording resumes by itself, and what is lost is told.
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

lost_is_told()
{
	[ "$(query 'map(select(.type == "gap" and .lost_type == "process_exit").lost) | add // 0')" = \
		"$(status_now | jq .counters.lost.process_exit)" ]
}

fill()
{
	dd if=/dev/zero of="$MOUNT/fill" bs=64k 2>/dev/null
	dd if=/dev/zero of="$MOUNT/fill" bs=512 oflag=append conv=notrunc 2>/dev/null
	[ "$(df --output=avail "$MOUNT" | tail -n 1 | tr -d ' ')" -lt 64 ]
}

# full NAME: the disk is mounted
full()
{
	begin "$1" "$MOUNT/events.db" 8M
	fill
	ok $? "$1: full"
	exits 300
	told_once "$1" "cannot store into \"$DB\": No space.*events wait in the ring"
	wait_for 10 trouble_is_shown 'No space'
	ok $? "$1: status says so"
	is_running "$RECORDER_PID"
	ok $? "$1: the recorder runs on"
	rm "$MOUNT/fill"
	all_recorded 20 "$1: everything is recorded when there is room again"
	is "$(told 'stores into .* again')" 1 "$1: that is told once, too"
	wait_for 10 is_healthy true
	ok $? "$1: and it is healthy"
	is "$(gaps)" "" "$1: no gap"
	balanced "$1"
	sound "$1"
	recorder_stop
	is $? 0 "$1: the recorder ends in order"

	begin "$1, small ring" "$MOUNT/small.db" 256K
	fill
	ok $? "$1, small ring: full, for longer than the ring lasts"
	exits 4000
	wait_for 10 trouble_is_shown 'No space'
	ok $? "$1, small ring: status says so"
	rm "$MOUNT/fill"
	wait_for 20 is_healthy true
	ok $? "$1, small ring: healthy again"
	wait_for 20 lost_is_told
	ok $? "$1, small ring: what was lost is told" || diag "$(gaps)" "$(status_now)"
	like "$(gaps)" '(^| )disk_full:process_exit:[1-9][0-9]*( |$)' "$1, small ring: in a gap, with its reason"
	[ "$(exits_recorded)" -le "$EXITS_TRUTH" ]
	ok $? "$1, small ring: nothing twice"
	balanced "$1, small ring"
	sound "$1, small ring"
	recorder_stop
}

mkdir -m 0750 "$MOUNT"
mount -t tmpfs -o "size=64m,mode=0750,uid=$(id -u cri-ebpf),gid=$(id -g cri-ebpf)" tmpfs "$MOUNT" || bail_out "cannot mount a tmpfs"
full tmpfs
umount "$MOUNT"

# The kernel's own answer to an error of the disk: no more writing, until it is mounted anew.
read_only()
{
	recorder_start || bail_out "$1: the recorder did not start: $(tail -n 5 "$RECORDER_LOG")"
	exits_begin
	log_mark
	mount -o remount,abort "$MOUNT" 2>/dev/null || mount -o remount,ro "$MOUNT" || { skip "$1" "cannot be made so"; return; }
	exits 50
	# an input/output error may come first, and is another reason
	told_once "$1" "cannot store into \"$DB\": Read-only file system"
	wait_for 10 is_healthy false
	ok $? "$1: status says so"
	recorder_stop
	is $? 3 "$1: the recorder ends with exit status 3"
	(record --once >>"$RECORDER_LOG" 2>&1)
	is $? 4 "$1: none starts, exit status 4: that may pass"
	umount "$MOUNT" && mount "$LOOP" "$MOUNT" || bail_out "cannot mount it again"
	recorder_start
	ok $? "$1: it starts when the disk can be written to"
	# what was committed before is only as durable as the settings say
	all_recorded 10 "$1: what came after it is recorded"
	sound "$1"
	recorder_stop
}

# crowded NAME: started on a full disk, where the log's index gets some of the blocks it needs and not all.
crowded()
{
	local kilobytes

	begin "$1" "$MOUNT/crowded.db" 8M
	recorder_stop
	for kilobytes in 10 18 22 26 30; do
		: >"$DB-shm"
		dd if=/dev/zero of="$MOUNT/room" bs=1k count="$kilobytes" 2>/dev/null
		fill
		ok $? "$1: full, but for $kilobytes kB"
		sync "$MOUNT/room" "$MOUNT/fill" && rm "$MOUNT/room"
		log_mark
		recorder_spawn
		told_once "$1, $kilobytes kB" "cannot store into \"$DB\": No space.*events wait in the ring"
		is_running "$RECORDER_PID"
		ok $? "$1, $kilobytes kB: the recorder runs on"
		recorder_stop
		is $? 3 "$1, $kilobytes kB: and ends with exit status 3"
		rm "$MOUNT/fill"
	done
	recorder_start
	ok $? "$1: it starts when there is room"
	exits 50
	all_recorded 10 "$1: and records"
	sound "$1"
	recorder_stop
	is $? 0 "$1: the recorder ends in order"
}

# The smallest blocks there are: what SQLite writes one byte of a page for, has then a quarter of it.
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
