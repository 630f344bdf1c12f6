#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# The default verb: filters, order, formats, and JSON as documented.
set -u
. "$(dirname "$0")/fixture.sh"

# ids FLAG...: the ids of the matching events, in order.
ids()
{
	cri events -F id --json "$@"
	jq -r .id <<<"$OUT" | tr '\n' ' ' | sed 's/ $//'
}

# matches WANT FLAG...
matches()
{
	local want=$1

	shift
	is "$(ids "$@")" "$want" "events $*"
}

matches "1 2 3 11 4 5 6 7 8 9 10 12 13 14 15 16 19 17 18 20 21 22 23"
matches "22 23" -n 2
matches "23 22" -n 2 -r
matches "" -n 0
matches "2 4 5 6 7 8 9 10" -c nginx
matches "2 4 5 6 7 8 9 10" -c 3f2a
matches "" -c 3f2
matches "2 4 5 6 7 8 9 10" -c shop/web-7d4b/nginx
matches "2 3 4 5 6 7 8 9 10" -p web-7d4b
matches "17 18 19" -p 7777
matches "2 3 4 5 6 7 8 9 10" -N shop
matches "22 23" -c foo.service
matches "6 8" --cgroup child
matches "1 12 13 14 15 16" --runtime docker
matches "4 5 7" --pid 4242
matches "4 5 7" --comm dd
matches "7 8 13 18 23" --signal KILL
matches "7 8 13 18 23" --signal 9
matches "7 8 13 18 23" --signal SIGKILL
matches "7 8 9 12 13 18 23" --exit-code 137
matches "14" --exit-code 0 --runtime docker -b
matches "16" --exit-code 42
matches "5 6 17 22" -t oom_kill
matches "4 5 6 17 19 22" -t oom_kill,memory_pressure
matches "11" -t gap
matches "1" -b -1
matches "1" -U '2025-11-22 09:00'
matches "22 23" -S '2025-11-22 16:31:30 UTC'
matches "14 15" -S '2025-11-22 16:31:18' -U '2025-11-22 16:31:20'
matches "7 8 18 23" -g 'oom-killed'
matches "" -g 'Oom-killed'
matches "5 6 7 8" -c nginx -g '(killed)'
matches "1" -c c300

cri events -c nginx; is "$CODE" 0 "matching events are exit 0"
cri events -c absent; is "$CODE" 1 "no matching event is exit 1"
is "$OUT" "" "and prints nothing"
cri events --strict -n 1; is "$CODE" 5 "--strict with a gap in the range is exit 5"
like "$OUT" process_exit "and still prints"
cri events --strict -S '2025-11-22 16:31:20' -U '2025-11-22 17:00'; is "$CODE" 0 "--strict without a gap is exit 0"

# Text
cri -n 1
like "$OUT" '^TIME +TYPE +POD +CONTAINER +PID +COMM +DETAIL
2025-11-22 16:31:30.010 process_exit +- +foo.service +700 food +exit 137 \(SIGKILL, OOM-killed\)$' "without a verb it is events, as a table"
cri events -n 1 --no-legend; is "$(wc -l <<<"$OUT")" 1 "--no-legend leaves the header out"
cri events -n 1 -o wide
like "$OUT" 'DETAIL +NAMESPACE RUNTIME CONTAINER-ID +NODE +CGROUP +PPID UID' "wide has more columns"
like "$OUT" "$(hostname)" "events of this boot have this node's name"
TZ=Asia/Tokyo cri events -n 1; like "$OUT" "2025-11-23 01:31:30.010" "times are local"
TZ=Asia/Tokyo cri events -n 1 --utc; like "$OUT" "2025-11-22 16:31:30.010" "or UTC on request"
cri events -c 3f2b -F CONTAINER,CONTAINER-ID,type --no-legend
like "$OUT" '^sidecar +3f2b0{58}a2 container_start$' "-F chooses columns"
cri events -c d400 -F container.id --no-legend; like "$OUT" '^d40{60,62}a4$' "a column that is asked for shows the whole id"
cri events --color=always -t oom_kill; like "$OUT" $'\033''\[' "--color=always colours"
cri events -t oom_kill; is "$(grep -c $'\033' <<<"$OUT")" 0 "no colour without a terminal"

# Names with control characters and invalid UTF-8
for format in short wide json json-pretty csv export; do
	cri events --pid 600 -o $format
	is "$(LC_ALL=C tr -d '\n\r -~' <<<"$OUT" | wc -c)" 0 "$format has only printable ASCII"
done
cri events --pid 600; like "$OUT" '\\x1b\]0;pwned\\x07.*\\x1b\[2Jevil\\xff' "control characters are escaped"
cri events -t process_exit --json -n 100
is "$(jq -c 'select(.id == "12" or .id == "13" or .id == "16") | [.exit_code, .signal]' <<<"$OUT" | tr '\n' ' ')" \
	'[137,0] [null,9] [42,0] ' "an exit has an exit code or a signal"
cri events --pid 600 -t process_exit --json
is "$(jq -r .comm <<<"$OUT")" $'\x1b[2Jevil\xef\xbf\xbd' "a byte of invalid UTF-8 is U+FFFD"
is "$(grep -c '\\ud[89a-f]' <<<"$OUT")" 0 "and no surrogate is written"
is "$(jq -r '.container.name | @json' <<<"$OUT")" '"\u001b]0;pwned\u0007\u001b[31mname"' "JSON keeps the name"
is "$(jq -r .cgroup_id <<<"$OUT")" 18446744073709551614 "a cgroup id is unsigned"

# JSON
keys()
{
	cri events --json -t "$1" -n 1
	jq -r 'keys_unsorted | join(",")' <<<"$OUT"
}

common=v,id,type,time,time_unix_nano,boot_id,cgroup_id,cgroup,container,pod,meta_source,pid,ppid,uid,comm
is "$(keys oom_kill)" "$common,incident,victim_rss_anon_bytes,victim_rss_file_bytes,victim_rss_shmem_bytes,victim_swap_bytes,victim_pgtables_bytes,oom_score_adj,trigger_pid,trigger_comm,trigger_cgroup,scope,limit_cgroup,limit_bytes,usage_bytes,limit_source,group_kill,chosen" "members of oom_kill"
is "$(keys memory_pressure)" "$common,level,utilization,usage_bytes,limit_bytes,limit_cgroup,working_set_bytes" "members of memory_pressure"
is "$(keys process_exit)" "$common,exit_code,signal,core_dumped,oom_killed,container_init,duration_ns,late,killed_by" "members of process_exit"
is "$(keys process_fork)" "$common,child_pid,child_comm,child_comm_hex" "members of process_fork"
is "$(keys container_start)" "$common,memory_limit_bytes,inferred" "members of container_start"
is "$(keys container_stop)" "$common,memory_limit_bytes,inferred,peak_bytes,oom_kills,cpu_throttled_ns" "members of container_stop"
is "$(keys gap)" "$common,reason,lost_type,lost,from,to" "members of gap"

cri events --json -t oom_kill -c nginx -n 2
first=$(head -n 1 <<<"$OUT")
is "$(jq -c '[.v,.id,.time,.time_unix_nano,.pid,.limit_bytes,.group_kill,.chosen]' <<<"$first")" \
	'[1,"5","2025-11-22T16:31:07.123456789Z","1763829067123456789",4242,16777216,true,true]' "types of values"
is "$(jq -c '[.container,.pod]' <<<"$first")" \
	'[{"id":"3f2a0000000000000000000000000000000000000000000000000000000000a1","name":"nginx","runtime":"containerd","image":"docker.io/nginx:1.25","owner_uid":null},{"uid":"3f9c0000-1111-4222-8333-444444444444","name":"web-7d4b","namespace":"shop"}]' "container and pod are objects"
cri events --json -t oom_kill -c foo.service
is "$(jq -c '[.container,.pod,.scope]' <<<"$OUT")" '[null,null,"cgroup"]' "outside a container they are null"
cri events --json -t oom_kill -p 7777
is "$(jq -c '[.victim_rss_file_bytes,.trigger_pid,.trigger_cgroup]' <<<"$OUT")" '[null,null,null]' "unknown values are null"
cri events --json -t gap
is "$(jq -c '[.pid,.cgroup_id,.lost,.from]' <<<"$OUT")" '[null,null,17,"2025-11-22T16:31:05.000000000Z"]' "a gap has no process"
cri events --json; is "$(jq -c . <<<"$OUT" | wc -l)" 23 "one object per line"
cri events -o csv -c again
is "$(head -n 1 <<<"$OUT" | tr -d '\r' | cut -d, -f1-9)" "v,id,type,time,time_unix_nano,boot_id,cgroup_id,cgroup,container.id" "csv has a header"
is "$(wc -l <<<"$OUT")" 3 "and a line per row"
cri events -o export -n 2
is "$(grep -c '^ID=' <<<"$OUT")" 2 "export has a block per row"

# A process outside containers: its unit, or the host.
printf "INSERT INTO cgroup(cgroup,boot,hierarchy,kernfs_id,path,kind,meta_source) VALUES(60,2,5,1,'/',1,'kernel'),
 (61,2,5,61,X'2f782f1b5b326a',1,'kernel');
INSERT INTO event(id, type, time, boot, cgroup, pid, ppid, uid, comm, status, flags, duration) VALUES(60,3,1763829095000000000,2,60,801,1,0,'init',0,0,1),(61,3,1763829096000000000,2,61,802,1,0,'x',0,0,1);" | mkdb "$DB"
cri events --pid 801 -F CONTAINER --no-legend; is "$OUT" host "the root cgroup is the host"
cri events --pid 802 -F CONTAINER --no-legend; is "$OUT" '\x1b[2j' "a hostile unit's name is escaped"
cri events --pid 801 --json; is "$(jq -c .container <<<"$OUT")" null "in JSON there is no container"

# An exit that was noticed when the process was released.
printf "INSERT INTO event(id, type, time, boot, cgroup, pid, uid, comm, status, flags, duration)
 VALUES(62, 3, 1763829097000000000, 2, 2, 803, 0, 'z', 768, 12, 2000000000);" | mkdb "$DB"
cri events --pid 803 --json; is "$(jq -c '[.late,.container_init,.ppid,.exit_code]' <<<"$OUT")" '[true,null,null,3]' "late: what is not known is null"
cri events --pid 803 -F DETAIL --no-legend; is "$OUT" "exit 3, noticed late" "in text it says so"
cri events -g 'noticed late' -F pid --no-legend; is "$(tr -d ' ' <<<"$OUT")" 803 "and is found by that"
cri events --pid 803 -F late -o csv; is "$(tail -n 1 <<<"$OUT" | tr -d '\r')" true "late in csv"
cri why 803; like "$OUT" '803\) ended with exit 3 after at most 2\.?0?s \(noticed late, when it was released\)' "why: it may have ended before"

# A start and a stop whose records were lost.
printf "INSERT INTO event(id, type, time, boot, cgroup) VALUES(63, 5, 1763829097000000000, 2, 2), (64, 6, 1763829098000000000, 2, 2);
INSERT INTO lifecycle(id, container, inferred) VALUES(63, 2, 1), (64, 2, 1);" | mkdb "$DB"
cri events -S '2025-11-22 16:31:37' -U '2025-11-22 16:31:38' -t container_start,container_stop --json
is "$(jq -sc 'map([.type,.inferred,.pid,.comm])' <<<"$OUT")" \
	'[["container_start",true,null,null],["container_stop",true,null,null]]' "inferred: which process is not known"
cri events -S '2025-11-22 16:31:37' -U '2025-11-22 16:31:38' -t container_start,container_stop -F DETAIL --no-legend
is "$OUT" "$(printf 'started (inferred from a later event)\nstopped (inferred: its cgroup is gone)')" "in text it says so"

done_testing
