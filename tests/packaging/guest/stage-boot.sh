# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
# A boot with the package installed: recording, queries, upgrade under load, removal.

wait_for 30 active
ok $? "the loader has loaded and the recorder runs after a boot" || diag "$(systemctl status "${UNITS[@]}" 2>&1)"
like "$(stat -c %a:%U /sys/fs/bpf)" '^1?700:root$' "/sys/fs/bpf is left to root"
is "$(systemctl is-active cri-ebpf-compat.service)" inactive "the unit for old kernels is not started"
wait_for 30 cri-ebpf status
ok $? "status: healthy" || diag "$(cri-ebpf status 2>&1)"
before=$(cri-ebpf events --json --no-pager | jq -r .id | tail -n 1)
ok $((before == 0)) "the events of the boot before are there"

# The privileges of the recorder.
recorder=$(systemctl show --value --property MainPID cri-ebpf.service)
is "$(stat -c %U "/proc/$recorder")" cri-ebpf "the recorder runs as its user"
for set_name in CapPrm CapEff CapBnd CapAmb; do
	is "$(awk -v key="$set_name:" '$1 == key { print $2 }' "/proc/$recorder/status")" 0000000000000000 "$set_name is empty"
done
like "$(cat "/proc/$recorder/attr/current")" '^cri-ebpf-record \(enforce\)' "AppArmor confines it"
is "$(cat "/proc/$recorder/oom_score_adj")" "$(systemctl show --value --property OOMScoreAdjust cri-ebpf.service)" \
	"the recorder has the OOM score of its unit"

# A service is killed at its limit; a member of the group queries it, and another user.
systemd-run --quiet --wait --unit greedy -p MemoryMax=16M -p MemorySwapMax=0 /root/test/eat 32 1
wait_for 30 holds 'any(.[]; .type == "process_exit" and .oom_killed)' --cgroup greedy.service
story=$(as alice cri-ebpf why greedy.service 2>&1)
like "$story" 'greedy\.service.*was OOM-killed' "why, as a member of the group: the story of a service" || diag "$story"
message=$(as bob cri-ebpf why greedy.service 2>&1)
is $? 3 "why, as another user: exit 3"
like "$message" 'members of the group cri-ebpf: join it' "with a sentence that says what to do"

# A container of podman; systemd makes its cgroup.
podman import --quiet /root/test/image.tar localhost/demo >/dev/null 2>/tmp/podman.log || diag "$(cat /tmp/podman.log)"
podman run --name greedy --network none --memory 16m --memory-swap 16m localhost/demo /bin/eat 32 1 >/tmp/podman.log 2>&1
is $? 137 "a container of podman dies of its limit" || diag "$(cat /tmp/podman.log)"
id=$(podman inspect --format '{{.Id}}' greedy)
wait_for 30 holds 'any(.[]; .type == "process_exit" and .oom_killed)' -c "$id"
kill=$(query 'map(select(.type == "oom_kill")) | .[0]' -c "$id")
is "$(jq -r .container.runtime <<<"$kill")" podman "its runtime"
is "$(jq -r .scope <<<"$kill")" container "the limit is its own"
is "$(jq -r .limit_bytes <<<"$kill")" $((16 << 20)) "the amount of the limit"
like "$(jq -r .cgroup <<<"$kill")" "libpod-$id\.scope" "its cgroup is systemd's"
story=$(as alice cri-ebpf why "$id" 2>&1)
like "$story" 'was OOM-killed' "why: the container's story" || diag "$story"

# Upgrade while a container does nothing but fork: every exit is recorded once.
mkdir /root/load
podman run --detach --name load --network none --volume /root/load:/load localhost/demo /bin/sh -c \
	'n=0; while [ ! -e /load/stop ]; do /bin/sleep 0.02; n=$((n + 1)); echo $n >/load/count; done; mv /load/count /load/total' \
	>/dev/null
wait_for 30 test -s /root/load/count
load=$(podman inspect --format '{{.Id}}' load)
set_of()
{
	cri-ebpf-loader status --json | jq -r .version
}
since=$(date +%s)
packages "$VERSION_NEW"
readme_ok upgrade "upgrades under load"
is "$(installed_version)" "$VERSION_NEW" "the new version is installed"
is "$(set_of)" "$VERSION_NEW" "its programs have replaced the old ones" ||
	diag "$(tail -n 20 /tmp/readme-upgrade.log)" "$(journal_of cri-ebpf-loader | tail -n 5)"
wait_for 30 active
ok $? "loader and recorder are active"
touch /root/load/stop
wait_for 30 test -s /root/load/total
wait_for 30 nothing_unread
total=$(cat /root/load/total)
exits=$(query 'length' -c "$load" -t process_exit --comm sleep)
is "$exits" "$total" "each exit during the upgrade is recorded once"
echo "# $total exits during the upgrade"
is "$(query 'map(.id) | length == (unique | length)')" true "no event is recorded twice"
is "$(query 'map([.reason, .lost_type, .lost])' -t gap -S "@$since")" '[]' "nothing was lost"
is "$(tail -n 1 /etc/cri-ebpf/cri-ebpf.conf)" 'flush_interval = 50ms' "the setting of this host is kept"

readme_ok remove "removes the package"
is "$(find /sys/fs/bpf -mindepth 1 | head -n 3)" "" "no pin is left"
ok "$(test -s "$DB"; echo $?)" "the history is still there"
is "$(systemctl list-unit-files --no-legend 'cri-ebpf*'; systemctl list-units --no-legend 'cri-ebpf*')" "" "no unit is left"
journal_clean
readme_ok purge "purges it"
ok "$(test ! -e /var/lib/cri-ebpf; echo $?)" "the history is gone"
ok "$(test ! -e /etc/cri-ebpf; echo $?)" "and the settings"
