# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
#
# One guest: a kernel, an image and a plan, under QEMU's own emulation, watched, and booted again only when the
# emulation itself broke it.

GUEST_SECONDS=${CRI_EBPF_TEST_GUEST_SECONDS:-300}
GUEST_BOOTS=4

# guest_emulator ARCH: the command of an emulated machine, one word a line. Without cmpxchg16b: QEMU before 8
# leaves garbage in the flags after it, which kernels from 6.5 on die of.
guest_emulator()
{
	case $1 in
	x86_64) printf '%s\n' qemu-system-x86_64 -M pc -cpu Nehalem,+rdrand,+fsgsbase,-cx16 ;;
	aarch64) printf '%s\n' qemu-system-aarch64 -M virt -cpu cortex-a72 ;;
	esac
}

guest_console()
{
	case $1 in
	x86_64) echo ttyS0 ;;
	aarch64) echo ttyAMA0 ;;
	esac
}

# guest_boot ARCH KERNEL IMAGE MEGABYTES LOG APPEND: until it powers off; 124 when it took too long.
guest_boot()
{
	local emulator

	mapfile -t emulator < <(guest_emulator "$1")
	exec timeout -k 5 "$GUEST_SECONDS" "${emulator[@]}" -accel tcg,thread=multi -smp 2 -m "$4" -nodefaults \
		-no-reboot -display none -serial "file:$5" -kernel "$2" -initrd "$3" -append "console=$(guest_console "$1") \
loglevel=4 panic=-1 mitigations=off random.trust_cpu=on $6" >"$5.qemu" 2>&1 </dev/null
}

# A double fault is the emulation's: no kernel has one because of anything that is asked of it here.
guest_crashed()
{
	grep -aq 'double fault' "$1" && ! grep -aq '@@ {"at":"end"' "$1"
}

# guest_run NAME ARCH KERNEL IMAGE MEGABYTES LOG APPEND: says how it went; the result is in LOG.
guest_run()
{
	local name=$1 log=$6 boot status begin=$SECONDS

	shift
	for ((boot = 1; boot <= GUEST_BOOTS; boot++)); do
		: >"$log"
		guest_boot "$@" &
		echo $! >"$log.pid"
		wait $!
		status=$?
		rm -f "$log.pid"
		guest_crashed "$log" || break
		cp "$log" "$log.crash$boot"
		echo "# $name: the guest's kernel crashed under emulation (boot $boot of at most $GUEST_BOOTS, $log.crash$boot):" \
			"$(grep -a 'double fault' "$log" | head -n 1 | tr -d '\r')"
	done
	[ "$status" -ne 124 ] || echo "# $name: stopped after $GUEST_SECONDS seconds"
	[ ! -s "$log.qemu" ] || sed "s/^/# $name: /" "$log.qemu"
	echo "# $name: $((SECONDS - begin)) s"
}
