#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# The privileges of the running recorder, who may read the history, and who may not open the ring.
set -u
. "$(dirname "$0")/../lib/scenario.sh"

scenario_begin
open_pin=$(tool open_pin) || bail_out "cannot build open_pin"
freeze_pin=$(tool freeze_pin) || bail_out "cannot build freeze_pin"
install -m 0755 "$open_pin" "$freeze_pin" "$SCENARIO_DIR/bin/"
open_pin=$SCENARIO_DIR/bin/open_pin
freeze_pin=$SCENARIO_DIR/bin/freeze_pin

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

# A member of cri-ebpf-ring may also freeze the maps that it may write. Nothing is lost silently.
as_ring()
{
	setpriv --reuid nobody --regid cri-ebpf-ring --clear-groups --inh-caps=-all "$@"
}

is "$(as_ring "$freeze_pin" "$PIN_DIR/counters")" EACCES "a member of cri-ebpf-ring cannot freeze the counters"
out=$(loader status 2>&1)
is $? 0 "no map is frozen: the loader's status is healthy" || diag "$out"
is "$(loader status --json | jq -c .frozen)" '[]' "also in JSON"
recorder_start
ok $? "a recorder starts"
is "$(as_ring "$freeze_pin" "$PIN_DIR/events")" EBUSY "the ring of a running recorder cannot be frozen"
recorder_stop
is $? 0 "it exits cleanly"
before=$(query length -t process_exit -c "${path##*/}")
cg_run "$path" true
frozen=$(as_ring "$freeze_pin" "$PIN_DIR/events")
if [ "$frozen" = ok ]; then
	again='cri-ebpf-loader unload && cri-ebpf-loader load'
	out=$(timeout 20 "$SCENARIO_DIR/bin/cri-ebpf" record --pin-dir "$PIN_DIR" --db "$DB" --config "$CONFIG" 2>&1)
	is $? 6 "a frozen ring: no recorder starts"
	like "$out" "$PIN_DIR/events.*somebody in group cri-ebpf-ring has frozen the ring.*record --once, then .*$again" \
		"it says who may be behind it, and what to do"
	out=$(loader status 2>&1)
	is $? 4 "the loader's status is unhealthy"
	like "$out" 'events +map +FROZEN' "and shows which map"
	like "$out" "somebody in group cri-ebpf-ring has frozen \"$PIN_DIR/events\".*$again" "and what to do"
	is "$(loader status --json 2>/dev/null | jq -c .frozen)" '["events"]' "in JSON"
	set=$(ls -i "$PIN_DIR")
	for verb in reload load; do
		out=$(loader "$verb" 2>&1)
		is $? 6 "$verb refuses"
		like "$out" "has frozen.*$again; nothing was changed" "$verb says why"
	done
	is "$(ls -i "$PIN_DIR")" "$set" "and changes nothing"
	for round in first second; do
		out=$(record --once 2>&1)
		is $? 0 "record --once, the $round time" || diag "$out"
		like "$out" "warning: .*has frozen the ring.*is stored, then .*$again" "with a warning"
		is "$(query length -t process_exit -c "${path##*/}")" $((before + 1)) "what was in the ring is stored, once"
	done
	cg_run "$path" true
	record --once 2>/dev/null
	is "$(query length -t process_exit -c "${path##*/}")" $((before + 2)) "what came after it too"
	is "$(as_ring "$freeze_pin" "$PIN_DIR/metadata")" ok "the map of cgroups is frozen as well"
	is "$(loader status --json 2>/dev/null | jq -c .frozen)" '["events","metadata"]' "status shows both"
	loader unload --quiet && loader load --quiet
	is $? 0 "unload and load"
	out=$(loader status 2>&1)
	is $? 0 "healthy again" || diag "$out"
	recorder_start
	ok $? "a recorder starts"
	recorder_stop
else
	like "$frozen" 'EPERM|ENOTSUPP' "this kernel lets no member freeze the ring"
	skip "a frozen ring" "this kernel does not let that member freeze it"
fi

# Whoever makes the pin directory first, on a bpffs of mode 1777, gets nothing of it: no verb works there with capabilities.
foreign=$PIN_DIR-foreign
nobody=$(id -u nobody)
in_foreign()
{
	"$SCENARIO_DIR/bin/cri-ebpf-loader" "$1" --pin-dir "$foreign" --config "$CONFIG" 2>&1
}

# with_caps FILE: capabilities of that user in a trace: sets of them, or keeping them beyond setresuid(2)
with_caps()
{
	awk -v nobody="$nobody" '
		/ PR_SET_KEEPCAPS, 1/ { keeps[$1] = 1 }
		$0 ~ " setresuid\\(" nobody "," { user[$1] = 1; if (keeps[$1]) print }
		/ capset\(/ && user[$1] && !/ effective=0, permitted=0,/ && !/effective=0, permitted=0,/
	' "$1"
}

mkdir "$foreign" && chown nobody "$foreign" && chmod 0777 "$foreign" || bail_out "cannot make $foreign"
for verb in check status load unload; do
	if command -v strace >/dev/null; then
		out=$(strace -f -o "$SCENARIO_DIR/strace" -e trace=setresuid,prctl,capset,bpf,mkdir \
			"$SCENARIO_DIR/bin/cri-ebpf-loader" "$verb" --pin-dir "$foreign" --config "$CONFIG" 2>&1)
		status=$?
		is "$(with_caps "$SCENARIO_DIR/strace")" "" "$verb in the directory of nobody: nobody gets no capability"
		is "$(grep -E 'BPF_OBJ_(PIN|GET)' "$SCENARIO_DIR/strace")" "" "$verb pins and opens nothing there"
	else
		out=$(in_foreign "$verb")
		status=$?
	fi
	case $verb in
	unload)
		is $status 0 "unload removes it"
		[ ! -e "$foreign" ]
		ok $? "it is gone"
		;;
	check)
		is $status 4 "check is unhealthy"
		like "$out" 'oom_kill +[a-z]' "check tries the rungs without it"
		;;&
	*)
		[ "$verb" = check ] || is $status 6 "$verb refuses it"
		like "$out" "\"$foreign\" belongs to user \"nobody\" \(uid $nobody\).*remove it \(rm -r\)" "$verb says whose it is"
		is "$(ls -A "$foreign")" "" "$verb leaves nothing in it"
		;;
	esac
done
# Nor does check pin anything where others can write.
mkdir "$foreign" && chown cri-ebpf-loader:cri-ebpf-ring "$foreign" || bail_out "cannot make $foreign"
if command -v strace >/dev/null; then
	for mode in 2750:yes 2770:no 3777:no; do
		chmod "${mode%:*}" "$foreign"
		strace -o "$SCENARIO_DIR/strace" -e trace=bpf \
			"$SCENARIO_DIR/bin/cri-ebpf-loader" check --pin-dir "$foreign" --config "$CONFIG" >"$SCENARIO_DIR/out" 2>&1
		is $? 0 "check with a directory of mode ${mode%:*}" || diag "$(cat "$SCENARIO_DIR/out")"
		pins=$(grep -q 'bpf(BPF_OBJ_PIN' "$SCENARIO_DIR/strace" && echo yes || echo no)
		is "$pins" "${mode#*:}" "pins a try there: ${mode#*:}"
	done
else
	skip "check pins nothing where others can write" "strace is not installed"
fi
rmdir "$foreign"

# What is no pin stays, whoever owns the directory.
mkdir "$foreign" && chown nobody "$foreign"
setpriv --reuid nobody --clear-groups --inh-caps=-all mkdir "$foreign/other"
out=$(in_foreign unload)
is $? 0 "unload leaves what is no pin" || diag "$out"
is "$(ls "$foreign")" other "and the directory"
rmdir "$foreign/other" "$foreign"
done_testing
