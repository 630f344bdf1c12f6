# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
#
# One guest: a kernel, an image and plans in QEMU without KVM. It is watched, and booted again only when the emulation
# itself crashed its kernel.

# Only ends a hang: under emulation a guest may need minutes on a busy machine.
GUEST_SECONDS=${CRI_EBPF_TEST_GUEST_SECONDS:-900}
# Until a guest must have printed its first line; booting takes 2 to 8.
GUEST_SILENT_SECONDS=90
GUEST_BOOTS=4

# guest_emulator ARCH: prints the command of an emulated machine, one word a line. Without cmpxchg16b: QEMU before 8
# leaves wrong flags after it, which crash kernels from 6.5 on.
guest_emulator()
{
	case $1 in
	x86_64) printf '%s\n' qemu-system-x86_64 -M pc -cpu Nehalem,+rdrand,+fsgsbase,-cx16 ;;
	aarch64) printf '%s\n' qemu-system-aarch64 -M virt -cpu cortex-a72 ;;
	esac
}

# guest_append ARCH: prints what the kernel's command line must have. no_timer_check: on a busy machine the emulated timer
# may be too late for the test of it at boot, which ends in a panic.
guest_append()
{
	case $1 in
	x86_64) echo "console=ttyS0 no_timer_check" ;;
	aarch64) echo console=ttyAMA0 ;;
	esac
}

# More arguments for the emulator, such as a disk.
GUEST_DEVICES=()

# guest_boot ARCH KERNEL IMAGE MEGABYTES LOG APPEND: runs a guest until it powers off; status 124 after GUEST_SECONDS. One
# thread emulates all its CPUs: with a thread for each, a CPU may still run code that another has just replaced, and the
# kernel crashes at a breakpoint that it has already removed. Two guests run at a time, so this costs nothing.
guest_boot()
{
	local emulator

	mapfile -t emulator < <(guest_emulator "$1")
	exec timeout -k 5 "$GUEST_SECONDS" "${emulator[@]}" -accel tcg,thread=single -smp 2 -m "$4" -nodefaults \
		-no-reboot -display none -serial "file:$5" -kernel "$2" -initrd "$3" -append "$(guest_append "$1") \
loglevel=4 panic=-1 mitigations=off random.trust_cpu=on $6" ${GUEST_DEVICES[@]+"${GUEST_DEVICES[@]}"} >"$5.qemu" 2>&1 </dev/null
}

# guest_crash LOG: prints the crash that only the emulation can have caused; fails when there is none.
guest_crash()
{
	grep -aq '@@ {"at":"end"' "$1" && return 1
	grep -am 1 -oE 'double fault|Oops: int3|hung before its first line' "$1"
}

# guest_watch PID LOG: ends a guest that hangs before init.sh runs in it.
guest_watch()
{
	local deadline=$((SECONDS + GUEST_SILENT_SECONDS))

	while kill -0 "$1" 2>/dev/null && ! grep -aq '^@@ ' "$2"; do
		if [ "$SECONDS" -ge "$deadline" ]; then
			echo "hung before its first line" >>"$2"
			kill "$1"
			return
		fi
		sleep 1
	done
}

# guest_run NAME ARCH KERNEL IMAGE MEGABYTES LOG APPEND: boots a guest, writes its console to LOG and prints how long it
# took. APPEND: more of the kernel's command line.
guest_run()
{
	local name=$1 log=$6 boot status crash pid begin=$SECONDS

	shift
	for ((boot = 1; boot <= GUEST_BOOTS; boot++)); do
		: >"$log"
		slot_take
		guest_boot "$@" &
		pid=$!
		echo "$pid" >"$log.pid"
		guest_watch "$pid" "$log"
		wait "$pid"
		status=$?
		slot_leave
		rm -f "$log.pid"
		crash=$(guest_crash "$log") || break
		cp "$log" "$log.crash$boot"
		echo "# $name: crashed by the emulation (boot $boot of at most $GUEST_BOOTS, $log.crash$boot): $crash"
	done
	[ "$status" -ne 124 ] || echo "# $name: stopped after $GUEST_SECONDS seconds"
	[ ! -s "$log.qemu" ] || sed "s/^/# $name: /" "$log.qemu"
	echo "# $name: $((SECONDS - begin)) s"
}
