#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# The verbs oom, show, ps, stats, sql and meta.
set -u
. "$(dirname "$0")/fixture.sh"

# oom
cri oom -F id --no-legend; is "$(tr -d ' ' <<<"$OUT" | tr '\n' ' ')" "22 17 5 " "oom: incidents, newest first"
cri oom -n 1 -F id --no-legend; is "${OUT// /}" 22 "oom -n 1 is the newest"
cri oom -r -n 2 -F id --no-legend; is "$(tr -d ' ' <<<"$OUT" | tr '\n' ' ')" "17 22 " "oom -r: oldest first"
for id in id ID; do
	cri oom -n 1 -F $id --no-legend; is "${OUT// /}" 22 "oom -F $id is the event's id"
done
cri oom -n 1 -F CONTAINER,COMM --no-legend; like "$OUT" '^foo.service +food$' "oom: outside a container its unit"
cri oom -c nginx
like "$OUT" '^ID +TIME +NAMESPACE +POD +CONTAINER +PID +COMM +USED +LIMIT +SCOPE +VICTIMS' "oom: columns"
like "$OUT" ' 5 2025-11-22 16:31:07.123 shop +web-7d4b +nginx +4242 dd +16.0M 16.0M container 2 \(group\)' "oom: a group kill is one row"
cri oom --comm helper --no-legend; like "$OUT" '^ *5 .* dd ' "oom: an incident is found by any victim"
cri oom --comm helper --json; is "$(jq -r .id <<<"$OUT")" 6 "oom --json prints kills"
cri oom -o wide --no-legend -c nginx; like "$OUT" '15.0M +100K +0B +978 4242\(dd\) /kubepods' "oom -o wide"
cri oom -c "done"; is "$CODE" 1 "oom: none is exit 1"

# show
cri show 7; is "$CODE" 0 "show finds an event"
like "$OUT" 'detail: exit 137 \(SIGKILL, OOM-killed\)' "show prints the detail"
like "$OUT" 'duration_ns: 1.204s' "show gives every field"
is "$(grep -c 'incident' <<<"$OUT")" 0 "and no field of other types"
cri show 5 --json; is "$(jq -r .id <<<"$OUT" | tr '\n' ' ')" "5 6 " "show of an incident gives all its kills"
cri show 6 --json; is "$(jq -r .id <<<"$OUT")" 6 "show of a later kill gives that one"
cri show 99; is "$CODE" 1 "show of no event is exit 1"
cri show nginx; is "$CODE" 2 "show of no number is exit 2"
like "$ERR" '"nginx"' "and names the word"
cri show; is "$CODE" 2 "show without an id is exit 2"

# ps
cri ps --no-legend; is "$(awk '{print $4, $8}' <<<"$OUT")" "sidecar running" "ps: the running containers"
cri ps -a --json
is "$(jq -r '[.container.id[0:2], .state] | join(" ")' <<<"$OUT" | sort | uniq -c | awk '{print $1,$2,$3}' | tr '\n' ';')" \
	"1 3f gone;1 3f running;1 c3 lost;1 d4 gone;1 d5 gone;1 d6 gone;2 d7 gone;1 e8 gone;1 ev gone;" "ps -a: all, and the state of each"
is "$(jq -r 'select(.container.id[0:2]=="e8") | [.exit_code,.signal,.oom_killed,.oom_kills] | @json' <<<"$OUT")" \
	'[null,9,true,1]' "ps: how a container ended"
is "$(jq -r 'select(.state=="lost") | [.exit_code,.signal,.stopped] | @json' <<<"$OUT")" '[null,null,null]' "ps: lost has no end"
cri ps -a --signal KILL --json; is "$(jq -r '.container.id[0:2]' <<<"$OUT" | tr '\n' ' ')" "3f d5 e8 " "ps by the events of a container"
cri ps -a -N shop --json; is "$(jq -r .container.name <<<"$OUT" | tr '\n' ' ')" "nginx sidecar " "ps by namespace"
cri ps -a -n 2 --json; is "$(jq -r '.container.id[0:2]' <<<"$OUT" | tr '\n' ' ')" "e8 ev " "ps -n: the last"
cri ps -b -1 --json; is "$(jq -r '.container.id[0:2]' <<<"$OUT")" c3 "ps of the boot before"
cri ps -f; is "$CODE" 2 "ps does not follow"

cri ps -a --runtime containerd -F POD --no-legend; is "$(tr -s ' \n' ' ' <<<"$OUT")" "web-7d4b web-7d4b 77770000-111 " "ps: a pod's name, or the beginning of its uid"
cri ps -a -l -c e800 -F POD --no-legend; is "$OUT" 77770000-1111-4222-8333-444444444444 "ps -l: all of it"

# stats
cri stats --json
is "$(jq -c 'select(.key=="shop/web-7d4b/nginx") | [.oom_kills,.memory_pressure,.exits,.failed,.forks,.first]' <<<"$OUT")" \
	'[2,1,3,3,0,"2025-11-22T16:31:00.000000000Z"]' "stats of a container"
is "$(jq -s 'map(.exits) | add' <<<"$OUT")" 12 "stats: every exit is counted once"
cri stats -k namespace --json; is "$(jq -c '[.key,.oom_kills]' <<<"$OUT" | tr '\n' ' ')" '[null,2] ["shop",2] ' "stats by namespace"
cri stats -k pod --json -S '2025-11-22 16:31:20'; is "$(jq -r 'select(.oom_kills>0 and .key) | .key' <<<"$OUT")" \
	77770000-1111-4222-8333-444444444444 "stats by pod in a range"
cri stats --json; is "$(jq -c 'select(.key=="foo.service") | [.oom_kills,.exits]' <<<"$OUT")" '[1,1]' "stats of a unit"
cri stats -k nonsense; is "$CODE" 2 "stats by something else is exit 2"
like "$ERR" nonsense "and names the word"

# Where only the container knows its pod, the views and the other verbs name the same one.
{ cat "$CLI_DIR/fixture.sql"; echo 'UPDATE cgroup SET pod = NULL;'; } | mkdb "$T/pod.db"
pod=$("$CRI" sql 'SELECT pod_uid FROM v_events WHERE id = 5' --json --db "$T/pod.db" --config "$T/empty.conf" | jq -r .pod_uid)
is "$pod" 3f9c0000-1111-4222-8333-444444444444 "sql: the pod of an event's container"
is "$("$CRI" show 5 --json --db "$T/pod.db" --config "$T/empty.conf" | jq -r 'select(.id == "5").pod.uid')" "$pod" "as show has it"

# sql
cri sql 'SELECT id, scope FROM v_oom ORDER BY id' --no-legend
is "$(tr -s ' ' <<<"$OUT" | sed 's/^ //' | tr '\n' ';')" "5 container;6 container;17 pod;22 cgroup;" "sql: a table"
cri sql "SELECT 1 AS a, NULL AS b, 0.5 AS c, 'x' || char(27) AS d" --json
is "$OUT" '{"a":1,"b":null,"c":0.5,"d":"x\u001b"}' "sql --json"
cri sql 'SELECT 1.5, 1.5 AS "a.b", 2 AS "a.c"' --json
is "$OUT" '{"1.5":1.5,"a.b":1.5,"a.c":2}' "sql: a dot in a column's name makes no object"
cri sql 'SELECT 1 WHERE 0'; is "$CODE" 1 "sql: no row is exit 1"
before=$(sha256sum "$DB")
for query in 'DELETE FROM event' 'DROP TABLE event' 'PRAGMA user_version = 9' 'SELECT 1; SELECT 2' 'ATTACH "/tmp/x" AS y' \
	'SELECT nothing' 'CREATE TABLE x(a)' '' "SELECT load_extension('x')" 'VACUUM INTO "/tmp/nothing-like-this"' \
	'CREATE TEMP TABLE x AS SELECT 1' 'PRAGMA query_only = 0' 'PRAGMA journal_mode = DELETE' 'PRAGMA temp_store = 1' \
	'PRAGMA wal_checkpoint' 'BEGIN IMMEDIATE' "SELECT readfile('/etc/passwd')" 'EXPLAIN DELETE FROM event' \
	"SELECT * FROM pragma_query_only" 'SELECT fts3_tokenizer("simple")'; do
	cri sql "$query"
	is "$CODE" 2 "sql refuses: $query"
done
cri sql "SELECT $(printf '(%.0s' {1..400})1$(printf ')%.0s' {1..400})"; is "$CODE" 2 "sql refuses an expression that is too deep"
cri sql "SELECT '$(head -c 131072 /dev/zero | tr '\0' x | head -c 130000)' || 1"; is "$CODE" 0 "sql accepts a long statement"
cri sql "SELECT zeroblob(100000000)"; is "$CODE" 2 "sql refuses a value that is too long"
cri sql 'PRAGMA table_info(v_oom)' --json; like "$OUT" '"name":"scope"' "sql lists the columns of a view"
cri sql "SELECT name FROM pragma_table_info('v_gap')"; is "$CODE" 0 "in a SELECT too"
cri sql "SELECT value FROM json_each('[1,2]')" --json; is "$(wc -l <<<"$OUT")" 2 "sql has the JSON functions"
is "$(sha256sum "$DB")" "$before" "and the file is untouched"
cri sql SELECT 1; is "$CODE" 2 "sql needs exactly one operand"
cri sql 'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n) SELECT max(i) FROM n' --time-limit 50ms
is "$CODE" 2 "sql gives up after its time limit"
like "$ERR" '--time-limit' "and says how to allow more"

# meta
cri meta path "/kubepods/burstable/pod3f9c0000-1111-4222-8333-444444444444/$(printf '3f2a%060d' 1)" --json
is "$(jq -c '[.kind,.pod_uid,.qos,.outer_id]' <<<"$OUT")" '["container","3f9c0000-1111-4222-8333-444444444444","burstable",null]' "meta path of a container"
is "$(jq -r .container_id <<<"$OUT")" "$(printf '3f2a%060d' 1)" "and its id"
cri meta path "/system.slice/runner.service/docker-$(printf '3f2a%060d' 1).scope" "/docker/$(printf '3f2a%060d' 1)" --json
is "$(jq -c .delegated <<<"$OUT" | tr '\n' ' ')" 'true false ' "meta path says whether a service may have made it"
cri meta path /system.slice/foo.service -o json
is "$(jq -c '[.kind,.runtime,.container_id]' <<<"$OUT")" '["none",null,null]' "meta path of a unit"
cri meta path; is "$CODE" 2 "meta path without a path is exit 2"
cri meta frob; is "$CODE" 2 "meta of something else is exit 2"

done_testing
