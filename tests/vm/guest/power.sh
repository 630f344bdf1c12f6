# shellcheck shell=dash
# SPDX-License-Identifier: BSD-2-Clause
#
# The database on a disk, whose power the host cuts the moment an OOM kill is shown. The last boot looks at what is
# left. CRI_LAST: the id of the first boot; empty: this is not the last one.

# Until the container's process may run.
power_gate()
{
	# shellcheck disable=SC2016
	cg_start "$BOX" sh -c 'read -r _ <"$0" && exec eat 32 0' /tmp/gate >/dev/null 2>&1
}

power_kill()
{
	box_new $((16 * MIB))
	mkfifo /tmp/gate
	power_gate
	cg_start "$BOX" many_exits 100 /tmp/many >/dev/null 2>&1
	wait "$CG_PID"
	truth power boot_id="$(cat /proc/sys/kernel/random/boot_id)"
	echo go >/tmp/gate
}

# rows AT [FLAG...]
rows()
{
	local at="$1" line

	shift
	cri_ebpf events --json -n 100000 "$@" 2>/tmp/error | while IFS= read -r line; do
		say "$at" row:"$line"
	done
	[ ! -s /tmp/error ] || say "$at" error="$(cat /tmp/error)"
}

power_look()
{
	wait_for 300 recorder_quiet
	rows row
	rows this -b
	rows previous --boot=-1
	rows first --boot="$CRI_LAST"
	recorder_end TERM
	say recorder status:"$RECORDER_STATUS" log="$(tail -n 20 "$RECORDER_LOG")"
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
		say disk error="$(cat /tmp/error)"
		return
	fi
	recorder_prepare
	pin_dir_make
	loader_say load || return
	recorder_start || say recorder status:null log="$(cat "$RECORDER_LOG")"
	say integrity text="$(as cri-ebpf '' sqlite3 -readonly "$DB" 'PRAGMA integrity_check' 2>&1)"
	cri_ebpf events -f --json -t oom_kill -b >/dev/console 2>/dev/null &
	power_kill
	if [ -n "$CRI_LAST" ]; then
		power_look
	else
		# for the power cut
		usleep 60000000
	fi
}
