#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Hostile names are stored byte for byte, and no output of them can harm a terminal or break a format.
set -u
. "$(dirname "$0")/fixture.sh"
. "$CLI_DIR/../lib/harmless.sh"
command -v jq >/dev/null || skip_all "jq is not installed"

# hex FORMAT: what printf makes of it, in hexadecimal
hex()
{
	# shellcheck disable=SC2059
	printf "$1" | hex_of
}

# Every byte that a name can contain, then names of several bytes.
{
	for ((i = 1; i < 256; i++)); do
		printf '%02x\n' "$i"
	done
	hex 'a%%s%%n%%x'; echo
	hex "'; DROP TABLE event; --"; echo
	hex '\033]0;pwned\a'; echo
	hex '\033[2J\033[1;31mred'; echo
	hex '\302\2332J'; echo
	hex '</script><script>alert(1)</script>'; echo
	hex 'gnp.\342\200\256exe\342\200\254'; echo
	hex 'a\nkilled process 1 (init)\nb'; echo
	hex 'a,b"c=d'; echo
	hex '=1+1'; echo
	hex '\303'; echo
	hex '\355\240\200'; echo
	hex 'x\365\200\200\200'; echo
	hex '\357\277\275'; echo
	hex '\\xff'; echo
	hex '\\u001b'; echo
	hex '{"type":"oom_kill"}'; echo
	hex '\302\240\342\200\213\343\205\244\357\273\277'; echo
	head -c 255 /dev/zero | tr '\0' '\377' | od -An -v -tx1 | tr -d ' \n'; echo
	head -c 255 /dev/zero | tr '\0' '\033' | od -An -v -tx1 | tr -d ' \n'; echo
} >"$T/names"
count=$(wc -l <"$T/names")

# One container per name, with the name in its cgroup path too: an OOM kill, pressure, an exit and a fork.
awk -v pod=2f7265 '{
	n = 1000 + NR; t = 1763830000000000000 + NR
	id = sprintf("%064x", n)
	printf "INSERT INTO pod(pod, uid, name, namespace) VALUES(%d, %s, CAST(X\x27%s\x27 AS TEXT), CAST(X\x27%s\x27 AS TEXT));\n", n, "\x27u" n "\x27", $1, $1
	printf "INSERT INTO container(container, boot, id, runtime, name, image, pod, cgroup, started) VALUES(%d, 2, \x27%s\x27, \x27docker\x27, CAST(X\x27%s\x27 AS TEXT), CAST(X\x27%s\x27 AS TEXT), %d, %d, %.0f);\n", n, id, $1, $1, n, n, t
	printf "INSERT INTO cgroup(cgroup, boot, hierarchy, kernfs_id, path, kind, container, pod, meta_source) VALUES(%d, 2, 5, %d, CAST(X\x272f646f636b65722f%s2f%s\x27 AS TEXT), 2, %d, %d, \x27kernel\x27);\n", n, n, "61", $1, n, n
	for (k = 1; k <= 4; k++)
		printf "INSERT INTO event(id, type, time, boot, cgroup, pid, ppid, uid, comm, status, flags) VALUES(%d, %d, %s + %d, 2, %d, %d, 1, 0, CAST(X\x27%s\x27 AS TEXT), %s, 2);\n", 4 * n + k, k, "1763830000000000000", 10 * NR + k, n, n, $1, k == 3 ? 256 : "NULL"
	printf "INSERT INTO oom(id, incident, decision, trigger_pid, trigger_comm, trigger_cgroup, scope, limit_cgroup, limit_bytes, usage_bytes, limit_source, group_kill, chosen) VALUES(%d, %d, 1, %d, CAST(X\x27%s\x27 AS TEXT), %d, \x27container\x27, %d, 4096, 4096, \x27kernel\x27, 0, 1);\n", 4 * n + 1, 4 * n + 1, n + 1, $1, n, n
	printf "INSERT INTO pressure VALUES(%d, \x27high\x27, 4000, 4096, NULL);\n", 4 * n + 2
	printf "INSERT INTO fork VALUES(%d, 7, CAST(X\x27%s\x27 AS TEXT));\n", 4 * n + 4, $1
}' "$T/names" >"$T/hostile.sql"
mkdb "$DB" <"$T/hostile.sql" || { printf 'Bail out! cannot insert the hostile rows\n'; exit 1; }

# Stored exactly
cri sql "SELECT lower(hex(comm)) AS h FROM v_exit WHERE id > 4000 ORDER BY id" --json
is "$CODE" 0 "sql gives the bytes"
is "$(jq -r .h <<<"$OUT" | cmp - "$T/names" 2>&1)" "" "and they are the stored ones"

# shown NAME ARGUMENT...: runs cri-ebpf and checks that its output is harmless.
shown()
{
	local name=$1

	shift
	"$CRI" "$@" --db "$DB" --config "$T/empty.conf" >"$T/out" 2>"$T/err"
	is "$(harmless "$T/out" "${CR:-}")" "" "$name: the output is harmless"
}

for verb in "events -n 100000" "oom -n 100000" "ps -a -n 100000" stats "stats -k pod" "stats -k namespace"; do
	for format in short wide csv export json json-pretty; do
		CR=
		[ "$format" != csv ] || CR=$'\r'
		# shellcheck disable=SC2086
		shown "$verb -o $format" $verb -o $format
		# As many lines as rows: no name breaks a line.
		[ "$verb$format" != "events -n 100000short" ] ||
			is "$(wc -l <"$T/out")" "$(($(grep -c . <"$T/names") * 4 + 24))" "events: one line per row"
	done
done
CR=
shown "sql" sql "SELECT * FROM v_events" --time-limit 60s
# shellcheck disable=SC1003
shown "sql with a hostile column name" sql 'SELECT 1 AS "'$'\033''[2J", 2 AS "'$'\342\200\256''"'
shown "sql --json with a hostile column name" sql 'SELECT 1 AS "'$'\033''[2J", 2 AS "'$'\342\200\256''"' --json

# Verbs for one subject: for each name of several bytes and for some of one byte.
: >"$T/all"
for ((n = 1; n <= count; n++)); do
	[ "$n" -gt 255 ] || [ $((n % 16)) -eq 11 ] || continue
	id=$(printf '%064x' $((1000 + n)))
	for command in "why $id" "why $id --json" "show $((4 * (1000 + n) + 1))" "show $((4 * (1000 + n) + 3)) --json" \
		"events -c $id -o wide" "oom -c $id"; do
		# shellcheck disable=SC2086
		"$CRI" $command --db "$DB" --config "$T/empty.conf" >>"$T/all" 2>>"$T/all" || echo "failed: $command" >>"$T/all"
	done
done
is "$(harmless "$T/all")" "" "why, show, events -c, oom -c of each: the output is harmless"
is "$(grep -c '^failed' "$T/all")" 0 "and all succeed" || diag "$(grep '^failed' "$T/all" | head -n 3)"

# JSON is valid and keeps every byte: in the text, or for invalid UTF-8 in a _hex field beside the text.
"$CRI" events --json -t process_exit -S @1763830000 --db "$DB" --config "$T/empty.conf" -n 100000 >"$T/json" 2>"$T/err"
is "$(jq -c . <"$T/json" | wc -l)" "$count" "every line is JSON"
is "$(jq -r '.comm_hex // ""' <"$T/json" | grep -c .)" $((128 + 4)) \
	"_hex fields are present for invalid UTF-8 only"
jq -r 'if .comm_hex then "hex " + .comm_hex else "base64 " + (.comm | @base64) end' <"$T/json" | while read -r form name; do
	[ "$form" = hex ] || name=$(base64 -d <<<"$name" | hex_of)
	echo "$name"
done | cmp -s - "$T/names"
ok $? "each name comes back from JSON byte for byte"
is "$(jq -s 'map(.comm + (.comm_hex // "")) | unique | length' <"$T/json")" "$(sort -u "$T/names" | wc -l)" "no two names look the same"
is "$(jq -s 'map(.container.name + (.container.name_hex // "")) | unique | length' <"$T/json")" "$(sort -u "$T/names" | wc -l)" \
	"nor two containers"
is "$(jq -s 'map(.cgroup + (.cgroup_hex // "")) | unique | length' <"$T/json")" "$(sort -u "$T/names" | wc -l)" "nor two cgroups"

# On a terminal, the target of the control sequences.
if command -v script >/dev/null; then
	for command in "events -n 100000" "oom" "ps -a" "stats" "why $(printf '%064x' 1258)"; do
		TERM=xterm script -qec "stty cols 200 rows 50; $CRI $command --no-pager --color=never --db $DB --config $T/empty.conf" \
			/dev/null </dev/null 2>&1 | tr -d '\r' >"$T/out"
		is "$(harmless "$T/out")" "" "$command on a terminal: the output is harmless"
	done
else
	skip "on a terminal" "no script program"
fi

# Hostile names as arguments: never executed, and messages about them are harmless.
before=$(sha256sum "$DB")
while read -r name; do
	[ "${#name}" -gt 4 ] || continue
	word=$(hex_bytes "$name")
	for flag in -c -p -N --comm --cgroup --runtime -S -t --signal; do
		"$CRI" events "$flag=$word" --db "$DB" --config "$T/empty.conf" </dev/null 2>&1
		"$CRI" events "$flag" "$word" --db "$DB" --config "$T/empty.conf" </dev/null 2>&1
	done
	for verb in why show ps stats sql "meta path" vacuum events ""; do
		# shellcheck disable=SC2086
		"$CRI" $verb "$word" --db "$DB" --config "$T/empty.conf" </dev/null 2>&1
	done
	"$CRI" events --db "$T/$word" --config "$T/empty.conf" 2>&1
	"$CRI" events --config "$T/$word" 2>&1
	"$CRI" vacuum --dry-run "--time=$word" --config "$T/empty.conf" --db "$DB" 2>&1
done <"$T/names" >"$T/all"
is "$(harmless "$T/all")" "" "messages about hostile arguments are harmless"
is "$(sha256sum "$DB")" "$before" "and the database is unchanged"
cri events -N "'; DROP TABLE event; --" --json
is "$(jq -r .pod.namespace <<<"$OUT" | sort | uniq -c | sed 's/^ *//')" "4 '; DROP TABLE event; --" "a hostile namespace can be searched for"

done_testing
