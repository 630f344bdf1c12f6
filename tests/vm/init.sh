#!/bin/busybox sh
# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=dash
#
# PID 1 of a guest. The kernel passes what its command line says as environment variables:
#   CRI_CGROUP   v2 (default), v1 (no version 2 at all), or hybrid (version 1 with an empty version 2 beside it)
#   CRI_PLAN     words separated by commas: the functions plan_WORD of plan.sh, run in this order
# Results are printed on the console, one JSON object per line after "@@ "; the host judges them. The last one is
# {"at":"end"}: a guest that does not get there has failed.
export PATH=/bin:/tools
/bin/busybox --install -s /bin

. /tools/guest.sh
. /tools/cgroup.sh
. /tools/recorder.sh
. /tools/scenario.sh
. /tools/plan.sh
. /tools/power.sh

mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs dev /dev
mount -t tmpfs tmpfs /tmp
mount -t securityfs security /sys/kernel/security 2>/dev/null
mount -t bpf bpf /sys/fs/bpf
cgroups_mount "${CRI_CGROUP:-v2}"
accounts_make
ulimit -l unlimited
# the serial line is for results: of the kernel's log only emergencies are printed there
echo 1 >/proc/sys/kernel/printk

report boot release="$(uname -r)" machine="$(uname -m)" cgroup="${CRI_CGROUP:-v2}" \
	lockdown="$(sed -n 's/.*\[\(.*\)\].*/\1/p' /sys/kernel/security/lockdown 2>/dev/null)"
for word in $(echo "$CRI_PLAN" | tr , ' '); do
	SET=$word
	"plan_$word"
	loader unload >/dev/null 2>&1
done
SET=
report end seconds="$(cut -d. -f1 /proc/uptime)"
sync
poweroff -f
