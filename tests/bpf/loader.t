#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# The loader: the privileges it needs, that a second load changes nothing, and that nothing is left behind.
set -u
. "$(dirname "$0")/../lib/scenario.sh"

scenario_prepare
export SCENARIO_DIR CONFIG PIN_DIR
version=$(setpriv --help 2>&1)
[[ $version == *--ambient-caps* ]] || skip_all "setpriv cannot set ambient capabilities"

# as_loader CAPABILITY,... VERB [FLAG...]: runs the loader as its own user with only these capabilities.
as_loader()
{
	local caps=${1:+,+${1//,/,+}}

	shift
	setpriv --reuid cri-ebpf-loader --regid cri-ebpf-loader --clear-groups --no-new-privs \
		--inh-caps="-all$caps" --ambient-caps="-all$caps" --bounding-set="-all$caps" \
		"$SCENARIO_DIR/bin/cri-ebpf-loader" "$1" --pin-dir "$PIN_DIR" --config "$CONFIG" "${@:2}"
}

export -f loader as_loader

pins()
{
	find "$PIN_DIR" -mindepth 1 -printf '%f %i %m %G\n' | sort
}

chmod 0644 "$CONFIG"
mkdir "$PIN_DIR" && chown cri-ebpf-loader:cri-ebpf-ring "$PIN_DIR" && chmod 2750 "$PIN_DIR" ||
	bail_out "cannot prepare $PIN_DIR"

out=$(as_loader perfmon load 2>&1)
is $? 6 "without CAP_BPF: exit status 6"
like "$out" CAP_BPF "the message names it"
out=$(as_loader bpf load 2>&1)
is $? 6 "without CAP_PERFMON: exit status 6"
like "$out" CAP_PERFMON "the message names it"
is "$(pins)" "" "a failure leaves nothing behind"
if command -v strace >/dev/null; then
	# chmod follows the pinning of a link
	strace -o "$SCENARIO_DIR/strace" -e trace=chmod,rmdir,close -e inject=chmod:error=ENOSPC:when=8 \
		"$SCENARIO_DIR/bin/cri-ebpf-loader" load --pin-dir "$PIN_DIR" --config "$CONFIG" >"$SCENARIO_DIR/out" 2>&1
	is $? 6 "a load that fails half way"
	closed=$(sed '1,/^rmdir("\.\/lock")/d' "$SCENARIO_DIR/strace" | grep -c close)
	[ "$closed" -le 2 ] # of the lock and of the directory
	ok $? "keeps its lock until its links are closed"
	is "$(pins)" "" "removes the pins that it made" || find "$PIN_DIR" -mindepth 1 -delete
	# shellcheck disable=SC2016
	strace -o "$SCENARIO_DIR/strace" -e trace=execve,openat \
		sh -c 'exec "$0" status --pin-dir "$1" <&- >&- 2>&-' "$SCENARIO_DIR/bin/cri-ebpf-loader" "$PIN_DIR"
	is "$(tac "$SCENARIO_DIR/strace" | sed '/execve/Q' | grep -oE '"/dev/null".* = [0-2]$' | grep -o '.$' | tr '\n' ' ')" \
		"2 1 0 " "closed descriptors are opened on /dev/null"
else
	skip "a load that fails half way" "strace is not installed"
fi

out=$(as_loader bpf,perfmon load 2>&1)
is $? 0 "CAP_BPF and CAP_PERFMON are enough" || diag "$out"
before=$(pins)
like "$before" 'events [0-9]+ 660 ' "the ring is pinned"
like "$before" 'link_' "links are pinned"
is "$(grep -c . <<<"$before")" "$(find "$PIN_DIR" -mindepth 1 -group cri-ebpf-ring -user cri-ebpf-loader | wc -l)" \
	"every pin has the directory's group and the loader's user"

out=$(as_loader bpf,perfmon load 2>&1)
is $? 0 "load again" || diag "$out"
is "$(pins)" "$before" "a second load changes nothing"

status=$(as_loader bpf,perfmon status --json)
is $? 0 "status"
field_is "$status" .loaded true "status: loaded"
field_holds "$status" '.probes | length > 0' "status: probes"
field_holds "$status" 'any(.probes[]; .name == "oom_kill" and .attached)' "status: oom_kill is attached"
field_holds "$status" 'any(.probes[]; .name == "process_exit" and .attached)' "status: process_exit is attached"
field_holds "$status" 'all(.probes[]; .attached == (if IN(.rung; null, "off", "unneeded") then null else true end))' \
	"status: null where no program is to be attached"
is "$(jq -c .missing <<<"$status")" '[]' "status: no pin is missing"
mv "$PIN_DIR/seen" "$PIN_DIR/seen_elsewhere"
said=$(as_loader bpf,perfmon status 2>&1)
is $? 4 "status: unhealthy with a missing pin"
like "$said" 'seen +map +PIN MISSING' "status: names the missing pin"
is "$(as_loader bpf,perfmon status --json 2>/dev/null | jq -c .missing)" '["seen"]' "status: names it in JSON too"
out=$(as_loader bpf,perfmon load --replace 2>&1)
is $? 6 "load --replace: not without the pin of a map"
like "$out" "pin of a map is missing in \"$PIN_DIR\": .*cannot be replaced; nothing was changed.*unload and load" \
	"the message says what to do"
mv "$PIN_DIR/link_oom_kill" "$PIN_DIR/elsewhere_link"
like "$(as_loader bpf,perfmon status 2>&1 >/dev/null)" '^[^'$'\n'']*unload && cri-ebpf-loader load$' \
	"status: with a link and a map missing, one remedy, that of the map"
mv "$PIN_DIR/elsewhere_link" "$PIN_DIR/link_oom_kill"
mv "$PIN_DIR/seen_elsewhere" "$PIN_DIR/seen"
as_loader bpf,perfmon status >/dev/null 2>&1
is $? 0 "status: healthy again, nothing was changed"
# one link of a probe, then all of all; the maps stay
mapfile -t links < <(cd "$PIN_DIR" && ls -d link_*)
last=${links[-1]}
mv "$PIN_DIR/$last" "$PIN_DIR/elsewhere_$last"
as_loader bpf,perfmon status >/dev/null 2>&1
is $? 4 "status: unhealthy without $last"
mv "$PIN_DIR/elsewhere_$last" "$PIN_DIR/$last"
for link in "${links[@]}"; do
	mv "$PIN_DIR/$link" "$PIN_DIR/elsewhere_$link"
done
said=$(as_loader bpf,perfmon status 2>&1)
is $? 4 "status: unhealthy without any link"
like "$said" 'not every probe is attached.*oom_kill +[a-z_]+ +NOT ATTACHED' "status: says what is not attached"
field_is "$(as_loader bpf,perfmon status --json 2>/dev/null)" 'any(.probes[]; .attached)' false "status: none in JSON"
for link in "${links[@]}"; do
	mv "$PIN_DIR/elsewhere_$link" "$PIN_DIR/$link"
done
for link in $(cd "$PIN_DIR" && ls -d link_*_[0-9] 2>/dev/null); do
	mv "$PIN_DIR/$link" "$PIN_DIR/elsewhere_$link"
	said=$(as_loader bpf,perfmon status --json 2>/dev/null)
	is $? 4 "status: unhealthy without $link, one of several of its probe"
	mv "$PIN_DIR/elsewhere_$link" "$PIN_DIR/$link"
done
as_loader bpf,perfmon status >/dev/null 2>&1
is $? 0 "status: healthy with all links again"
if command -v bpftool >/dev/null; then
	# strings without an end, in a map that only root and the loader's user can write
	read -ra info < <(bpftool map dump pinned "$PIN_DIR/info" -j | jq -r ".[0].value | join(\" \")")
	is "${#info[@]}" 968 "the value of info"
	forged=("${info[@]:0:48}")
	for ((i = 48; i < ${#info[@]}; i++)); do
		forged[i]=0x41
	done
	bpftool map update pinned "$PIN_DIR/info" key 0 0 0 0 value "${forged[@]}"
	field_is "$(as_loader bpf,perfmon status --json 2>/dev/null)" \
		'[.version, .probes[].name, .probes[].rung] | map(length) | unique | join(",")' 23 \
		"strings without an end in info are cut"
	for ((i = 48; i < ${#info[@]}; i++)); do
		forged[i]=0x1b
	done
	bpftool map update pinned "$PIN_DIR/info" key 0 0 0 0 value "${forged[@]}"
	said=$(as_loader bpf,perfmon status 2>/dev/null)
	like "$said" 'version (\\x1b){23},' "terminal escapes in info are printed as text"
	is "$(tr -dc '\033' <<<"$said")" "" "nowhere as they are"
	bpftool map update pinned "$PIN_DIR/info" key 0 0 0 0 value "${info[@]}"
else
	skip "strings without an end in info" "bpftool is not installed"
fi
said=$(as_loader bpf,perfmon status --json 2>&1 >/dev/full)
is $? 2 "status: a full disk behind stdout is an error"
like "$said" 'standard output.*No space' "the message names it"
check=$(as_loader bpf,perfmon check --json)
field_holds "$check" 'type == "object"' "check prints JSON"
field_holds "$check" '.probes | length > 0' "check: probes"
field_holds "$check" 'all(.probes[]; [.tried[].rung] | length == (unique | length))' "check: every rung is listed once"
if [ ! -e /sys/bus/event_source/devices/kprobe ]; then
	is "$(jq -r '.probes[] | select(.name == "oom_kill").tried[] | select(.rung == "kprobe").refused' <<<"$check")" \
		"this kernel has no kprobes" "check: reports that this kernel has no kprobes"
fi

recorder_start
ok $? "a recorder starts"
first=$RECORDER_PID
out=$(timeout 20 "$SCENARIO_DIR/bin/cri-ebpf" record --once --pin-dir "$PIN_DIR" --config "$CONFIG" \
	--db "$SCENARIO_DIR/second/events.db" 2>&1)
is $? 6 "a second recorder is refused with exit status 6"
like "$out" "$first" "the message names the pid that holds the ring"
recorder_stop
is $? 0 "the first recorder is not disturbed"
counters_reconcile

out=$(as_loader bpf,perfmon load --replace 2>&1)
is $? 0 "load --replace" || diag "$out"
is "$(pins | awk '/^(events|metadata|counters|info) / { print $1, $2 }')" \
	"$(awk '/^(events|metadata|counters|info) / { print $1, $2 }' <<<"$before")" "keeps the maps"

out=$(as_loader bpf,perfmon unload 2>&1)
is $? 0 "unload" || diag "$out"
is "$(find "$PIN_DIR" -mindepth 1 2>/dev/null)" "" "unload leaves nothing"
out=$(as_loader bpf,perfmon unload 2>&1)
is $? 0 "unload again" || diag "$out"

out=$(timeout 20 "$SCENARIO_DIR/bin/cri-ebpf" record --once --pin-dir "$PIN_DIR" --config "$CONFIG" --db "$DB" 2>&1)
is $? 6 "a recorder without pins: exit status 6"
like "$out" 'cri-ebpf-loader load' "the message says what to do"

# Started as root every verb becomes another user before it reads anything.
if command -v strace >/dev/null; then
	# as_root_before FILE: what processes of the trace that have not dropped their privileges read or asked the kernel
	as_root_before()
	{
		awk -v config="$CONFIG" '
			/ setresuid\([1-9]/ { user[$1] = 1 }
			/ capset\(/ && user[$1] && / (effective|permitted)=(0|1<<CAP_PERFMON\|1<<CAP_BPF)[,}]/ { dropped[$1] = 1 }
			(/ bpf\(/ || index($0, config) || /openat.*"\.\/?"/ || / setresuid\(0/) && / = [0-9]/ && !dropped[$1]
		' "$1"
	}

	for verb in check load reload status unload; do
		strace -f -o "$SCENARIO_DIR/strace" -e trace=setresuid,capset,openat,bpf \
			"$SCENARIO_DIR/bin/cri-ebpf-loader" "$verb" --pin-dir "$PIN_DIR" --config "$CONFIG" \
			>"$SCENARIO_DIR/out" 2>&1
		is $? 0 "$verb as root" || diag "$(cat "$SCENARIO_DIR/out")"
		like "$(cat "$SCENARIO_DIR/strace")" "setresuid\\($(id -u cri-ebpf-loader)," "$verb becomes the loader's user"
		is "$(as_root_before "$SCENARIO_DIR/strace")" "" "$verb reads nothing before it"
	done
	[ ! -e "$PIN_DIR" ]
	ok $? "unload as root removes the directory too"

	# killed while it tries a rung: the pin of that try stays
	loader load >/dev/null && loader unload --quiet && mkdir "$PIN_DIR"
	chown cri-ebpf-loader:cri-ebpf-ring "$PIN_DIR" && chmod 2750 "$PIN_DIR"
	for verb in check load; do
		strace -o "$SCENARIO_DIR/strace" -e trace=unlink,unlinkat -e inject=unlink,unlinkat:error=EIO:signal=KILL \
			"$SCENARIO_DIR/bin/cri-ebpf-loader" "$verb" --pin-dir "$PIN_DIR" --config "$CONFIG" >"$SCENARIO_DIR/out" 2>&1
		is "$(find "$PIN_DIR" -name 'try_*' -user cri-ebpf-loader | wc -l)" 1 "$verb that was killed leaves the pin of a try"
		out=$(loader load 2>&1)
		is $? 0 "load after it" || diag "$out"
		is "$(find "$PIN_DIR" -name 'try_*' -o -name lock)" "" "nothing of it stays"
		loader unload --quiet
		mkdir "$PIN_DIR" && chown cri-ebpf-loader:cri-ebpf-ring "$PIN_DIR" && chmod 2750 "$PIN_DIR"
	done
	rmdir "$PIN_DIR"
fi
if command -v bpftool >/dev/null; then
	mkdir "$PIN_DIR" && chown cri-ebpf-loader:cri-ebpf-ring "$PIN_DIR" && chmod 2750 "$PIN_DIR"
	bpftool map create "$PIN_DIR/try_1_of_root" type array key 4 value 4 entries 1 name of_root
	bpftool map create "$PIN_DIR/try_1_of_nobody" type array key 4 value 4 entries 1 name of_nobody
	chown nobody "$PIN_DIR/try_1_of_nobody"
	out=$(loader load 2>&1)
	is $? 6 "a try of another user: load refuses"
	like "$out" 'does not own.*remove them' "the message says what to do"
	is "$(ls "$PIN_DIR")" try_1_of_nobody "a try that root made is removed"
	rm "$PIN_DIR/try_1_of_nobody"
	out=$(loader load 2>&1)
	is $? 0 "load without it" || diag "$out"
	loader unload --quiet
fi
echo 'no_such_key = 1' >"$SCENARIO_DIR/wrong.conf"
out=$(loader load --config "$SCENARIO_DIR/wrong.conf" 2>&1)
is $? 2 "a wrong configuration: load as root refuses"
[ ! -e "$PIN_DIR" ]
ok $? "and makes no directory"
for wrong in --rung=no_probe=fentry --rung=oom_kill=no_rung --rung=oom_kill --skip-exits=3 \
	"--skip-exits=3 --rung=process_exit_late=tp_btf --process-exit=no"; do
	# shellcheck disable=SC2086
	out=$(loader load $wrong 2>&1)
	is $? 2 "load $wrong"
	like "$out" "${wrong%%[= ]*}[ =].*; nothing was done" "the message names it"
	[ ! -e "$PIN_DIR" ]
	ok $? "and no directory is made"
done
install -m 0600 "$CONFIG" "$SCENARIO_DIR/private.conf"
out=$(loader load --config "$SCENARIO_DIR/private.conf" 2>&1)
is $? 2 "a configuration that the loader's user cannot read"
like "$out" 'private.conf.*ermission denied for the user who owns the pins' "the message says as whom it is read"
grep -v '^cri-ebpf-loader:' /etc/passwd >"$SCENARIO_DIR/passwd"
# without_accounts VERB: as root, where the loader's user does not exist
without_accounts()
{
	# shellcheck disable=SC2016
	unshare --mount --propagation private bash -c 'mount --bind "$SCENARIO_DIR/passwd" /etc/passwd && loader "$0"' "$1" 2>&1
}
out=$(without_accounts check)
like "$out" 'oom_kill +[a-z]' "check works without accounts"
out=$(without_accounts status)
is $? 4 "so does status"
out=$(without_accounts load)
is $? 6 "load needs them"
like "$out" 'user "cri-ebpf-loader" does not exist' "and says which"
loader load >/dev/null 2>&1
out=$(without_accounts unload)
is $? 0 "unload without accounts becomes the owner of the pins" || diag "$out"
[ ! -e "$PIN_DIR" ]
ok $? "and removes everything"

# Even as root the loader changes nothing outside a BPF file system and nothing that belongs to another user.
elsewhere=$SCENARIO_DIR/elsewhere
mkdir "$elsewhere" && touch "$elsewhere/info" "$elsewhere/link_other"
out=$(loader unload --pin-dir "$elsewhere" 2>&1)
is $? 6 "unload of a directory that is not on bpffs"
is "$(ls "$elsewhere")" $'info\nlink_other' "removes nothing"
before=$(stat -c '%u %g %a' "$elsewhere")
out=$(loader load --pin-dir "$elsewhere" 2>&1)
is $? 6 "load there"
is "$(stat -c '%u %g %a' "$elsewhere")" "$before" "changes no owner"
foreign=$PIN_DIR-foreign
mkdir "$foreign" && chown nobody "$foreign"
before=$(stat -c '%u %g %a' "$foreign")
out=$(loader load --pin-dir "$foreign" 2>&1)
is $? 6 "load into another user's directory"
is "$(stat -c '%u %g %a' "$foreign")" "$before" "does not change it"
like "$out" 'belongs to user "nobody"' "and says why"
rmdir "$foreign"
before=$(stat -c '%u %g %a' "$BPFFS")
out=$(loader load --pin-dir "$BPFFS/." 2>&1)
is $? 6 "load into the root of bpffs"
is "$(stat -c '%u %g %a' "$BPFFS")" "$before" "does not take it over"

# Without a usable directory one sentence says what to repair first: the host, then the BPF file system.
# covered PATH FUNCTION...: runs it with an empty file system mounted over PATH.
covered()
{
	# shellcheck disable=SC2016
	unshare --mount --propagation private bash -c 'mount -t tmpfs none "$0" && "$@"' "$@" 2>&1
}

# is_line TEXT REGEX NAME: TEXT is a single line and matches REGEX.
is_line()
{
	is "$(wc -l <<<"$1")" 1 "$3: one sentence" || diag "$1"
	like "$1" "$2" "$3"
}

rmdir "$PIN_DIR"
for load in "loader load" "as_loader bpf,perfmon load"; do
	# shellcheck disable=SC2086
	out=$(PIN_DIR=$SCENARIO_DIR/none covered /sys/kernel/btf $load)
	is $? 6 "$load, without BTF and without a pin directory"
	is_line "$out" 'no type information.*use a kernel built with' "$load: the message is about BTF"
	# shellcheck disable=SC2086
	out=$(covered "$BPFFS" $load)
	is $? 6 "$load, without a BPF file system"
	is_line "$out" "\"$PIN_DIR\".*mount -t bpf -o mode=0700 bpf /sys/fs/bpf" "$load: the message says what to mount"
done

# Root with only the two capabilities, as in a container.
# as_bare_root GROUP VERB [FLAG...]
as_bare_root()
{
	setpriv --regid "$1" --clear-groups --no-new-privs --inh-caps=-all --bounding-set=-all,+bpf,+perfmon \
		"$SCENARIO_DIR/bin/cri-ebpf-loader" "$2" --pin-dir "$PIN_DIR" --config "$CONFIG" "${@:3}"
}

[ ! -d "$PIN_DIR" ] || rmdir "$PIN_DIR"
out=$(as_bare_root cri-ebpf-ring load --pin-dir "$BPFFS" 2>&1)
is $? 6 "root with two capabilities: load into the root of bpffs"
is "$(stat -c '%u %g %a' "$BPFFS")" "$before" "does not take it over"
mkdir -m 0755 "$PIN_DIR"
out=$(as_bare_root 65534 load 2>&1)
is $? 6 "root with two capabilities, not in the ring's group"
like "$out" 'group cri-ebpf-ring' "the message names the group that is needed"
is "$(stat -c '%U %G %a' "$PIN_DIR"; pins)" "root root 755" "and nothing was changed"
out=$(as_bare_root cri-ebpf-ring load 2>&1)
is $? 0 "root with two capabilities and that group uses an existing directory" || diag "$out"
is "$(stat -c '%U %G %a' "$PIN_DIR")" "root cri-ebpf-ring 2750" "the directory then belongs to the ring's group"
is "$(stat -c '%U %G %a' "$PIN_DIR/events")" "root cri-ebpf-ring 660" "so does the ring"
out=$(as_bare_root cri-ebpf-ring load --replace 2>&1)
is $? 0 "load --replace replaces the programs" || diag "$out"
out=$(setpriv --reuid cri-ebpf --regid cri-ebpf-ring --clear-groups --inh-caps=-all rm -f "$PIN_DIR/events" 2>&1)
like "$out" 'ermission denied' "a reader of the ring cannot remove a pin"
out=$(as_bare_root cri-ebpf-ring unload 2>&1)
is $? 0 "unload" || diag "$out"
out=$(as_bare_root cri-ebpf-ring load 2>&1)
is $? 0 "it creates a missing directory" || diag "$out"
is "$(stat -c '%U %G %a' "$PIN_DIR")" "root cri-ebpf-ring 2750" "with the same owner, group and mode"

# One loader at a time, also across pid namespaces. A loader that was killed leaves no lock.
as_bare_root cri-ebpf-ring unload >/dev/null 2>&1
mkdir "$PIN_DIR" && chgrp cri-ebpf-ring "$PIN_DIR" && chmod 2750 "$PIN_DIR" && mkdir -m 0700 "$PIN_DIR/lock"
exec 8<"$PIN_DIR/lock"
flock -n 8
loader check >"$SCENARIO_DIR/check" 2>&1 &
check=$!
out=$(unshare --pid --fork setpriv --regid cri-ebpf-ring --clear-groups --no-new-privs --inh-caps=-all \
	--bounding-set=-all,+bpf,+perfmon \
	"$SCENARIO_DIR/bin/cri-ebpf-loader" load --pin-dir "$PIN_DIR" --config "$CONFIG" 2>&1)
is $? 6 "while another loader runs, also in another pid namespace: exit status 6"
like "$out" 'another loader is running' "the message says to wait"
wait "$check"
is $? 6 "check likewise"
like "$(cat "$SCENARIO_DIR/check")" 'another loader is running' "the message says to wait"
is "$(ls "$PIN_DIR")" lock "and changes nothing"
exec 8<&-
out=$(as_bare_root cri-ebpf-ring load 2>&1)
is $? 0 "the lock directory of a killed loader is no obstacle" || diag "$out"
[ ! -e "$PIN_DIR/lock" ]
ok $? "the lock directory is removed by the loader that took it"

# Entries from before the directory belonged to the loader may belong to anybody.
as_bare_root cri-ebpf-ring unload >/dev/null 2>&1
mkdir "$PIN_DIR" && chgrp cri-ebpf-ring "$PIN_DIR" && chmod 2750 "$PIN_DIR" && mkdir "$PIN_DIR/info"
chown 65534 "$PIN_DIR/info"
out=$(as_bare_root cri-ebpf-ring load 2>&1)
is $? 6 "a directory with another user's pins is refused"
like "$out" 'does not own.*remove them' "the message says what to do"
rmdir "$PIN_DIR/info"
out=$(as_bare_root cri-ebpf-ring load 2>&1)
is $? 0 "it is accepted once they are gone" || diag "$out"

# With a wrong configuration status, help and unload still work.
sound=$CONFIG
CONFIG=$SCENARIO_DIR/wrong.conf
echo 'no_such_key = 1' >"$CONFIG"
out=$(as_bare_root cri-ebpf-ring load 2>&1)
is $? 2 "a wrong configuration: load refuses"
out=$(as_bare_root cri-ebpf-ring load --help 2>&1)
is $? 0 "but --help works" || diag "$out"
field_is "$(as_bare_root cri-ebpf-ring status --json)" .loaded true "status works"
out=$(as_bare_root cri-ebpf-ring unload 2>&1)
is "$?:$(pins)" 0: "unload removes everything" || diag "$out"
CONFIG=$sound

done_testing
