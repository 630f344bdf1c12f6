# shellcheck shell=dash
# SPDX-License-Identifier: BSD-2-Clause
#
# The database is on a disk. The host cuts the power as soon as the follower prints an OOM kill; the last boot reports
# what the database holds. CRI_LAST: the id of the first boot, set for the last boot only.

# Starts the container's process, which waits until /tmp/gate is written to.
power_gate()
{
	# shellcheck disable=SC2016
	cg_start "$CGROUP" sh -c 'read -r _ <"$0" && exec eat 32 0' /tmp/gate >/dev/null 2>&1
}

power_kill()
{
	container_new $((16 * MIB))
	mkfifo /tmp/gate
	power_gate
	cg_start "$CGROUP" many_exits 100 /tmp/many >/dev/null 2>&1
	wait "$CG_PID"
	truth power boot_id="$(cat /proc/sys/kernel/random/boot_id)"
	echo go >/tmp/gate
}

# rows AT [FLAG...]: reports the rows that a query with these flags finds.
rows()
{
	local at="$1"

	shift
	cri_ebpf events --json -n 100000 "$@" 2>/tmp/error | report_rows "$at"
	[ ! -s /tmp/error ] || report "$at" error="$(cat /tmp/error)"
}

power_report()
{
	wait_for 300 recorder_quiet
	rows row
	rows this -b
	rows previous --boot=-1
	rows first --boot="$CRI_LAST"
	recorder_end TERM
	report recorder status:"$RECORDER_STATUS" log="$(tail -n 20 "$RECORDER_LOG")"
	umount "${DB%/*}"
}

power_modules()
{
	local module

	for module in virtio_ring virtio virtio_pci_modern_dev virtio_pci_legacy_dev virtio_pci virtio_blk; do
		insmod "/modules/$module.ko" || return
	done
	wait_for 100 test -b /dev/vda
}

plan_power()
{
	mkdir -p "${DB%/*}"
	power_modules
	if ! mount -t ext4 /dev/vda "${DB%/*}" 2>/tmp/error; then
		report disk error="$(cat /tmp/error)"
		return
	fi
	recorder_prepare
	pin_dir_make
	loader_report load || return
	recorder_start || report recorder status:null log="$(cat "$RECORDER_LOG")"
	report integrity text="$(as cri-ebpf '' sqlite3 -readonly "$DB" 'PRAGMA integrity_check' 2>&1)"
	cri_ebpf events -f --json -t oom_kill -b >/dev/console 2>/dev/null &
	power_kill
	if [ -n "$CRI_LAST" ]; then
		power_report
	else
		# until the host cuts the power
		usleep 60000000
	fi
}
