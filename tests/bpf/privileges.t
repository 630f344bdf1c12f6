#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# The privileges of the running recorder, who may read the history, and who may not open the ring.
set -u
. "$(dirname "$0")/../lib/scenario.sh"

scenario_begin
open_pin=$(tool open_pin) || bail_out "cannot build open_pin"
install -m 0755 "$open_pin" "$SCENARIO_DIR/bin/"
open_pin=$SCENARIO_DIR/bin/open_pin

status_line()
{
	awk -v key="$1:" '$1 == key { $1 = ""; print substr($0, 2) }' "/proc/$RECORDER_PID/status"
}

recorder_uid=$(id -u cri-ebpf)
is "$(status_line Uid)" "$recorder_uid $recorder_uid $recorder_uid $recorder_uid" "all four user ids of the recorder are those of cri-ebpf"
recorder_gid=$(id -g cri-ebpf)
is "$(status_line Gid)" "$recorder_gid $recorder_gid $recorder_gid $recorder_gid" "so are its group ids"
like "$(status_line Groups)" '^ *$' "it has no supplementary group"
for set_name in CapInh CapPrm CapEff CapBnd CapAmb; do
	is "$(status_line $set_name)" 0000000000000000 "$set_name is empty"
done
is "$(status_line Seccomp)" 2 "seccomp filters it"
is "$(status_line NoNewPrivs)" 1 "no new privileges"
is "$(stat -c %a:%U:%G "${DB%/*}")" 750:cri-ebpf:cri-ebpf "the database's directory"
is "$(stat -c %a:%U:%G "$DB")" 640:cri-ebpf:cri-ebpf "the database"

is "$(stat -c %a:%G "$PIN_DIR")" 2750:cri-ebpf-ring "the pin directory"
is "$(stat -c %a:%G "$PIN_DIR/events")" 660:cri-ebpf-ring "the ring"
is "$(stat -c %a:%G "$PIN_DIR/metadata")" 660:cri-ebpf-ring "the metadata"
is "$(stat -c %a:%G "$PIN_DIR/counters")" 640:cri-ebpf-ring "the counters"
links=$(find "$PIN_DIR" -name 'link_*' | wc -l)
[ "$links" -gt 0 ]
ok $? "there are links"
is "$(stat -c %a "$PIN_DIR/prog_exit")" 600 "the program of exits is pinned"
is "$(find "$PIN_DIR" \( -name 'link_*' -o -name 'prog_*' -o -name seen -o -name armed \) ! -perm 600)" "" \
	"only the owner may open links, programs, seen and armed"

# one event to read: a process ends in a container
path=$(pod_cgroup "$(random_uuid)")/$(random_hex 64)
cg_make "$path" && cg_run "$path" true
wait_for 10 holds 'any(.[]; .type == "process_exit")' -c "${path##*/}"
ok $? "something was recorded"

# as USER COMMAND...: runs it with the ids and groups of that user
as()
{
	local user=$1

	shift
	setpriv --reuid "$user" --regid "$(id -g "$user")" --init-groups --inh-caps=-all "$@"
}

reader=cri-test-$$
account_user "$reader" nogroup --groups cri-ebpf 2>/dev/null ||
	account_user "$reader" nobody --groups cri-ebpf >/dev/null || bail_out "cannot make user $reader"
chmod 0644 "$CONFIG"
events=("$SCENARIO_DIR/bin/cri-ebpf" events --db "$DB" --config "$CONFIG" -c "${path##*/}")

out=$(as "$reader" "${events[@]}" --json 2>&1)
is $? 0 "a member of cri-ebpf reads the history"
like "$out" '"process_exit"' "the answer has the event"
is "$(as "$reader" "$open_pin" "$PIN_DIR/events")" EACCES "a member cannot open the ring"
is "$(as "$reader" "$open_pin" "$PIN_DIR/metadata")" EACCES "a member cannot open the metadata map"
out=$(as "$reader" sh -c "echo x >>'$DB'" 2>&1)
ok $((!$?)) "a member cannot write the database"

out=$(as nobody "${events[@]}" 2>&1)
is $? 3 "another user gets exit status 3"
like "$out" "$DB.*ermission denied" "the message names the file and the reason"
is "$(as nobody "$open_pin" "$PIN_DIR/events")" EACCES "another user cannot open the ring"

for user in "$reader" nobody; do
	out=$(as "$user" sh -c "kill -TERM $RECORDER_PID" 2>&1)
	like "$out" 'ermitted' "$user cannot signal the recorder"
	out=$(as "$user" cat "/proc/$RECORDER_PID/environ" 2>&1)
	like "$out" 'ermission denied' "$user cannot read its environment, as a tracer could"
done
is_running "$RECORDER_PID"
ok $? "the recorder still runs"
recorder_stop
is $? 0 "and exits cleanly"

# A member of cri-ebpf-ring may lock the pin directory, which keeps a recorder from starting. That is said, with the pid.
for kind in --exclusive --shared; do
	setpriv --reuid nobody --regid cri-ebpf-ring --clear-groups --inh-caps=-all flock --no-fork $kind "$PIN_DIR" \
		sleep 600 &
	holder=$!
	wait_for 10 grep -q " FLOCK .* $holder " /proc/locks
	out=$(record --once 2>&1)
	is $? 6 "$kind lock on the pins: no recorder starts"
	like "$out" "another process, pid $holder, has locked the pins.*group cri-ebpf-ring who keeps recorders out" \
		"it says which process and who may be behind it"
	out=$(cri_ebpf status 2>&1)
	is $? 4 "status is unhealthy meanwhile"
	like "$out" 'recorder .*not running' "and says that nothing is stored"
	cg_run "$path" true
	kill "$holder"
	wait "$holder" 2>/dev/null
done
before=$(query length -t process_exit -c "${path##*/}")
recorder_start
ok $? "a recorder starts when the lock is gone"
wait_for 10 holds "length == $((before + 2))" -t process_exit -c "${path##*/}"
ok $? "and stores what the kernel recorded meanwhile"
flock --nonblock "$PIN_DIR" true
ok $((!$?)) "a recorder that runs cannot be locked out"
recorder_stop
is $? 0 "it exits cleanly"
out=$(as "$reader" "${events[@]}" --json 2>&1)
is $? 0 "the history can be read without a recorder"

counters_reconcile
done_testing
