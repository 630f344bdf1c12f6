#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# One boot of the machine: runs the stage that the kernel's command line names and switches off.
set -u

cd /root/test || exit 1
export HOME=/root PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive
# shellcheck source=tests/lib.sh
. ./lib.sh
# shellcheck source=tests/packaging/guest/steps.sh
. ./steps.sh

wait_for 60 test -c /dev/virtio-ports/test
exec >/dev/virtio-ports/test 2>&1
stage=$(grep -oP '\bcri\.stage=\K\S+' /proc/cmdline)
wait_for 120 systemctl is-active --quiet multi-user.target
# shellcheck disable=SC1090
. "./stage-$stage.sh"
echo "end of stage $stage"
sync
systemctl poweroff
