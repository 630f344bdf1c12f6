#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# What an attacker who controls a query verb can do: each attempt is made from inside the process.
set -u
. "$(dirname "$0")/fixture.sh"
# shellcheck source=tests/lib/intruder.sh
. "$CLI_DIR/../lib/intruder.sh"
# shellcheck source=tests/lib/tool.sh
. "$CLI_DIR/../lib/tool.sh"

! "$CRI" --version | grep -q sanitized || skip_all "a build with sanitizers has no sandbox"
hooked=$(dirname "$CRI")/hooked/cri-ebpf
[ -x "$hooked" ] || skip_all "$hooked is not built: make variants"
trap 'intruder_end; rm -rf "$T"' EXIT

nobody=65534
inside=$T/db outside=$T/outside
install -d -m 0755 "$inside" "$outside"
mv "$DB" "$DB-wal" "$DB-shm" "$inside/"
DB=$inside/events.db
echo secret >"$outside/secret"
chmod 0644 "$outside/secret" "$T/empty.conf" "$inside"/events.db*
chmod 0755 "$T"
chmod 0644 "$DB" "$DB-wal" "$DB-shm"
install -m 0755 "$hooked" "$T/cri-ebpf"
as_user=()
if [ "$(id -u)" = 0 ]; then
	as_user=(setpriv --reuid "$nobody" --regid "$nobody" --clear-groups)
	intruder_victim "$nobody"
else
	INTRUDER_VICTIM=1
fi
no_landlock=
"$CRI" meta path / -v 2>&1 | grep -q 'no Landlock' && no_landlock="this kernel has no Landlock"

# try_at POINT NAME COMMAND...: the outcome of the attempt in this process
try_at()
{
	local point=$1 name=$2

	shift 2
	CRI_TEST_TRY=$name CRI_TEST_TRY_AT=$point CRI_TEST_INSIDE=$inside CRI_TEST_OUTSIDE=$outside \
		CRI_TEST_VICTIM=$INTRUDER_VICTIM "$@" --db "$DB" --config "$T/empty.conf" >"$T/out" 2>"$T/err"
	intruder_outcome $? "$T/err"
}

events() { try_at sandboxed "$1" "${as_user[@]}" "$T/cri-ebpf" events; }
sql() { try_at closed "$1" "${as_user[@]}" "$T/cri-ebpf" sql 'SELECT 1'; }
dry_run() { try_at closed "$1" "${as_user[@]}" "$T/cri-ebpf" vacuum --dry-run; }
root_dry_run() { try_at closed "$1" "$T/cri-ebpf" vacuum --dry-run; }
root_vacuum() { try_at sandboxed "$1" "$T/cri-ebpf" vacuum --user=nobody; }
root_follow() { try_at sandboxed "$1" "$T/cri-ebpf" events -f; }
root_why() { try_at closed "$1" "$T/cri-ebpf" why nginx; }

# What a query may never do. Opening for writing gives EACCES, on which SQLite opens read-only instead.
query='
unix          KILL
obj-get       KILL
obj-pin       KILL
lock          EPERM
write-outside EACCES
make-outside  EACCES
write-inside  EACCES
make-inside   EACCES
empty-inside  EACCES
unlink        EPERM
rename        EPERM
mkdir         EPERM
fchmod        EPERM
'
# Refused by Landlock while the database is still to be opened. Once it is open, no kernel allows to open anything.
paths='
shadow        EACCES
read-outside  EACCES
list-root     EACCES
memory-file   EACCES
environment   EACCES
'
closed="$paths
read-inside   EACCES"

# opening WHAT COMMAND
opening()
{
	intruder_table "$1" "$2" "$INTRUDER_ALWAYS" "$query" 'read-inside done'
	if [ -z "$no_landlock" ]; then
		intruder_table "$1" "$2" "$paths"
	else
		skip "$1: other paths" "$no_landlock"
		[ "$(id -u)" != 0 ] || [ "$2" != events ] || is "$(events shadow)" EACCES "$1: shadow is EACCES: not this user's"
	fi
}

opening events events
intruder_table sql sql "$INTRUDER_ALWAYS" "$query" "$closed"
intruder_table "vacuum --dry-run" dry_run "$INTRUDER_ALWAYS" "$query" "$closed"

status_of() { sed -n "s/^$1:[[:space:]]*//p" "/proc/$pid/status"; }
# Prints for each open file of the database r, or w when it is open for writing.
opened()
{
	find "/proc/$pid/fd" -lname "$inside/*" -printf '%f\n' | while read -r fd; do
		case $(sed -n 's/^flags:[[:space:]]*//p' "/proc/$pid/fdinfo/$fd") in
		*0) echo r ;;
		*) echo w ;;
		esac
	done
}
is_reading() { grep -q . "$T/follow"; }

# follows NAME UID: a follower started by root runs as UID, without privileges.
follows()
{
	rm -f "$T/follow"
	"$CRI" events -f --db "$DB" --config "$T/empty.conf" >"$T/follow" 2>"$T/err" &
	pid=$!
	wait_for 10 is_reading || diag "$(cat "$T/err")"
	is "$(status_of Uid | tr -s '\t' ' ')" "$2 $2 $2 $2" "$1: the user"
	for set_name in CapInh CapPrm CapEff CapBnd CapAmb; do
		is "$(status_of $set_name)" 0000000000000000 "$1: $set_name is empty"
	done
	is "$(status_of NoNewPrivs) $(status_of Seccomp)" "1 2" "$1: no new privileges, seccomp"
	is "$(opened | tr -d '\n')" rrr "$1: the database, the WAL and the wal-index are open, read-only"
	kill "$pid"
	wait "$pid" 2>/dev/null
}

if [ "$(id -u)" = 0 ]; then
	opening "root, root's database" root_follow
	intruder_table "root, root's database" root_why "$INTRUDER_ALWAYS" "$query" "$closed"
	follows "root, root's database" 0
	chown -R "$nobody:$nobody" "$inside"
	chmod 0750 "$inside"
	follows "root, another's database" "$nobody"
	intruder_table "root, another's database, vacuum --dry-run" root_dry_run "$INTRUDER_ALWAYS" "$query" "$closed"
	intruder_table "vacuum" root_vacuum "$INTRUDER_ALWAYS" 'shadow EACCES'
	if [ -z "$no_landlock" ]; then
		chmod 0666 "$outside/secret" && chmod 0777 "$outside"
		intruder_table "vacuum" root_vacuum 'read-outside EACCES
write-outside EACCES
make-outside EACCES
write-inside done'
		chmod 0644 "$outside/secret" && chmod 0755 "$outside"
	else
		skip "vacuum: other paths" "$no_landlock"
	fi
	is "$(root_follow shadow)" EACCES "root, another's database: shadow is EACCES on every kernel"
	chown -R "$nobody:$nobody" "$inside"
	chmod 0711 "$T" && install -d -m 0700 "$T/root" && mv "$inside" "$T/root/" && DB=$T/root/db/events.db
	cri events -n 1
	is "$CODE" 0 "root reads a database that its owner cannot reach" || diag "$ERR"
else
	skip "root drops its privileges" "not root"
fi

# Kernels without Landlock or seccomp
DB=$(find "$T" -name events.db | head -n 1)
if old_kernel=$(tool old_kernel); then
	OUT=$("$old_kernel" landlock "$CRI" events -v -n 1 --db "$DB" --config "$T/empty.conf" 2>"$T/err")
	is "$? $(wc -l <<<"$OUT")" "0 2" "without Landlock it reads"
	like "$(cat "$T/err")" 'sandboxed: seccomp; this kernel has no Landlock' "in the rest of the sandbox"
	OUT=$("$old_kernel" seccomp "$CRI" events -n 1 --db "$DB" --config "$T/empty.conf" 2>"$T/err")
	is "$? $(wc -l <<<"$OUT")" "0 2" "without seccomp it reads"
	like "$(cat "$T/err")" 'warning: cannot enter the sandbox: Invalid argument; the history is read without it' "and warns"
else
	skip "kernels without Landlock or seccomp" "no compiler"
fi

# A copy of the database without its wal-index
copy=$T/copy
install -d -m 0755 "$copy"
cp "$DB" "$copy/" && cp "$DB-wal" "$copy/" && rm -f "$copy"/*-shm
chmod 0644 "$copy"/*
DB=$copy/events.db
cri events -n 1
is "$CODE" 0 "a copy with the WAL but without the wal-index can be read" || diag "$ERR"

done_testing
