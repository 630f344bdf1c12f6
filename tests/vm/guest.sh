# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
#
# One guest: a kernel, an image and a plan, under QEMU's own emulation, watched, and booted again only when the
# emulation itself broke it.

# No promise, only the end of a hang: under emulation a guest may need five minutes on a busy machine.
GUEST_SECONDS=${CRI_EBPF_TEST_GUEST_SECONDS:-900}
# Until a guest prints its first line; booting takes it 2 to 8.
GUEST_SILENT_SECONDS=90
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

# More arguments for the emulator: a disk.
GUEST_DEVICES=()

# One thread for all of a guest's CPUs: with one each, a CPU may still run code that another has just replaced, and
# then the kernel dies of a breakpoint that it has removed already. Two guests run at a time, so it costs nothing.
#
# guest_boot ARCH KERNEL IMAGE MEGABYTES LOG APPEND: until it powers off; 124 when it took too long.
guest_boot()
{
	local emulator

	mapfile -t emulator < <(guest_emulator "$1")
	exec timeout -k 5 "$GUEST_SECONDS" "${emulator[@]}" -accel tcg,thread=single -smp 2 -m "$4" -nodefaults \
		-no-reboot -display none -serial "file:$5" -kernel "$2" -initrd "$3" -append "console=$(guest_console "$1") \
loglevel=4 panic=-1 mitigations=off random.trust_cpu=on $6" ${GUEST_DEVICES[@]+"${GUEST_DEVICES[@]}"} >"$5.qemu" 2>&1 </dev/null
}

# What only the emulation can have done; no kernel does so because of anything that is asked of it here. Prints it;
# fails when there was no such thing.
guest_crash()
{
	grep -aq '@@ {"at":"end"' "$1" && return 1
	grep -am 1 -oE 'double fault|Oops: int3|hung before its first line' "$1"
}

# guest_watch PID LOG: ends a guest that hangs before anything of ours runs in it.
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

# guest_run NAME ARCH KERNEL IMAGE MEGABYTES LOG APPEND: says how it went; the result is in LOG.
guest_run()
{
	local name=$1 log=$6 boot status crash pid begin=$SECONDS

	shift
	for ((boot = 1; boot <= GUEST_BOOTS; boot++)); do
		: >"$log"
		guest_boot "$@" &
		pid=$!
		echo "$pid" >"$log.pid"
		guest_watch "$pid" "$log"
		wait "$pid"
		status=$?
		rm -f "$log.pid"
		crash=$(guest_crash "$log") || break
		cp "$log" "$log.crash$boot"
		echo "# $name: broken by the emulation (boot $boot of at most $GUEST_BOOTS, $log.crash$boot): $crash"
	done
	[ "$status" -ne 124 ] || echo "# $name: stopped after $GUEST_SECONDS seconds"
	[ ! -s "$log.qemu" ] || sed "s/^/# $name: /" "$log.qemu"
	echo "# $name: $((SECONDS - begin)) s"
}
