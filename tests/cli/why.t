#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# why: finding the subject, the verdict, the order of the lines.
set -u
. "$(dirname "$0")/fixture.sh"

# verdict WHAT WANT
verdict()
{
	cri why "$1" --json
	is "$(jq -r .verdict <<<"$OUT")" "$2" "why $1: $2"
}

verdict nginx oom_killed
verdict 3f2a oom_killed
verdict shop/web-7d4b/nginx oom_killed
verdict web-7d4b oom_killed
verdict shop/web-7d4b oom_killed
verdict 3f9c oom_killed
verdict 4242 oom_killed
verdict foo.service oom_killed
verdict /system.slice/foo.service oom_killed
verdict e800 oom_killed
verdict sidecar running
verdict job137 failed
verdict shot killed
verdict "done" completed
verdict again failed
verdict evil signal
verdict c300 unknown

cri why nginx
is "$CODE" 0 "a story is exit 0"
like "$(head -n 1 <<<"$OUT")" '^container 3f2a00000000 \("nginx", containerd, pod shop/web-7d4b\) was OOM-killed: 16.0M of the container.s own limit of 16.0M were in use when the kernel killed "dd" \(pid 4242\)' "the conclusion comes first"
like "$(sed -n 2p <<<"$OUT")" "Raise this container's memory limit" "then what to do"
is "$(grep -oE '(started|reached|OOM kill[ :(]|ended with|stopped)' <<<"$(sed -n '4,$p' <<<"$OUT")" | tr '\n' ',')" \
	"started,reached,OOM kill:,OOM kill ,ended with,ended with,ended with,stopped," "then the events in order"
like "$OUT" '84ms before the kill' "with the time before the kill"
like "$OUT" 'between 2025-11-22 16:31:05.000 and 2025-11-22 16:31:06.000 17 process_exit events of this machine are missing \(the ring was full\)' "a gap during its lifetime is reported"
cri why shot; is "$(grep -c Gap <<<"$OUT")" 0 "a gap outside its lifetime is not"
cri why job137; like "$OUT" 'ended as after SIGKILL' "exit(137) is not a kill"
is "$(grep -ciE 'nobody|nothing outside' <<<"$OUT")" 0 "and no cause is guessed"
cri why e800; like "$OUT" "1.0G of its pod's limit of 1.0G" "a pod's limit is named as such"
like "$OUT" "hit the pod's limit" "and pressure on it is part of the story"

cri why again --json
is "$(jq -c '[.started, (.others|length), .others[0].started]' <<<"$OUT")" \
	'["2025-11-22T16:31:21.000000000Z",1,"2025-11-22T16:31:19.000000000Z"]' "of two instances the later; the other is listed"
cri why again -U '2025-11-22 16:31:20' --json; is "$(jq -r .started <<<"$OUT")" 2025-11-22T16:31:19.000000000Z "--until chooses the earlier"
cri why nginx --json
is "$(jq -c '[.v,.container.id[0:4],.pod.uid[0:4],(.events|map(.id)|join(" ")),.gaps[0].lost]' <<<"$OUT")" \
	'[1,"3f2a","3f9c","2 4 5 6 7 8 9 10",17]' "JSON has the events"
is "$(wc -l <<<"$OUT")" 1 "on one line"
cri why foo.service --json; is "$(jq -c '[.container,.pod,.cgroup]' <<<"$OUT")" '[null,null,"/system.slice/foo.service"]' "a unit has no container"

# --since and --until select the container instance and bound the story.
full=d6000000000000000000000000000000000000000000000000000000000000a6
cri why "$full" -U '2025-11-22 16:31:15'; is "$CODE" 1 "an instance that started after --until is not found by id"
cri why "done" -U '2025-11-22 16:31:15'; is "$CODE" 1 "nor by name"
cri why "/docker/$full" -U '2025-11-22 16:31:15'; is "$CODE" 1 "nor by its path"
cri why "$full" -S '2025-11-22 16:31:19'; is "$CODE" 1 "an instance that ended before --since is not found"
cri why foo.service -U '2025-11-22 16:31:15'; is "$CODE" 1 "a unit without events before --until is not found"
cri why foo.service -S '2025-11-22 16:31:15'; is "$CODE" 0 "a unit with events after --since is found"
cri why "done" -U '2025-11-22 16:31:17'
is "$CODE" 0 "a container is shown up to --until"
like "$(head -n 1 <<<"$OUT")" 'was still running. This is as of 2025-11-22 16:31:17.000' "as it was then"
like "$OUT" 'Shown up to 2025-11-22 16:31:17.000 \(--until\)' "and it says so"
is "$(grep -cE 'ended with|stopped' <<<"$OUT")" 0 "without what came later"
cri why "done" -U '2025-11-22 16:31:17' --json
is "$(jq -c '[.verdict,.stopped,.told_until,.told_from]' <<<"$OUT")" \
	'["running",null,"2025-11-22T16:31:17.000000000Z",null]' "in JSON too"
cri why nginx -S '2025-11-22 16:31:05'
like "$OUT" 'Shown from 2025-11-22 16:31:05.000 on \(--since\)' "and from --since on"
like "$(head -n 1 <<<"$OUT")" 'was OOM-killed' "with the same end"
cri why nginx; is "$(grep -cE '^Shown (from|up to)' <<<"$OUT")" 0 "without times the story is complete"

# 60 its init is known and runs; 61 only the runtime's helper ended; 62 its end is in a gap; 63 no init: its first
# process ended, others later; 64 killed for an ancestor's limit; 65 its start was not seen.
mkdb "$DB" <<'EOF'
INSERT INTO container(container, boot, id, runtime, name, cgroup, started, stopped) VALUES
 (60, 2, 'aa60000000000000000000000000000000000000000000000000000000000060', 'podman', 'inits', 60, 1763829100000000000, NULL),
 (61, 2, 'aa61000000000000000000000000000000000000000000000000000000000061', 'podman', 'helped', 61, 1763829100000000000, NULL),
 (62, 2, 'aa62000000000000000000000000000000000000000000000000000000000062', 'podman', 'hidden', 62, 1763829110000000000, 1763829120000000000),
 (63, 2, 'aa63000000000000000000000000000000000000000000000000000000000063', 'podman', 'hostpid', 63, 1763829130000000000, 1763829135000000000),
 (64, 2, 'aa64000000000000000000000000000000000000000000000000000000000064', 'podman', 'under', 64, 1763829140000000000, 1763829145000000000),
 (65, 2, 'aa65000000000000000000000000000000000000000000000000000000000065', 'podman', 'unborn', 65, NULL, 1763829155000000000);
INSERT INTO cgroup(cgroup, boot, hierarchy, kernfs_id, path, kind, container, meta_source) VALUES
 (60, 2, 5, 160, '/libpod_parent/libpod-aa60', 2, 60, 'kernel'), (61, 2, 5, 161, '/libpod_parent/libpod-aa61', 2, 61, 'kernel'),
 (62, 2, 5, 162, '/libpod_parent/libpod-aa62', 2, 62, 'kernel'), (63, 2, 5, 163, '/libpod_parent/libpod-aa63', 2, 63, 'kernel'),
 (64, 2, 5, 164, '/team.slice/libpod-aa64', 2, 64, 'kernel'), (65, 2, 5, 165, '/libpod_parent/libpod-aa65', 2, 65, 'kernel'),
 (66, 2, 5, 166, '/team.slice', 1, NULL, 'kernel');
INSERT INTO event(id, type, time, boot, cgroup, pid, ppid, uid, comm, status, flags, duration) VALUES
 (100, 5, 1763829100000000000, 2, 60, 1000, 1, 0, 'srv', NULL, 2, NULL),
 (101, 3, 1763829101000000000, 2, 60, 1001, 1, 0, 'runc:[0:PARENT]', 0, 0, NULL),
 (102, 5, 1763829100000000000, 2, 61, 1010, 1, 0, 'runc', NULL, NULL, NULL),
 (103, 3, 1763829101000000000, 2, 61, 1010, 1, 0, 'runc:[0:PARENT]', 0, 0, NULL),
 (104, 5, 1763829110000000000, 2, 62, 1020, 1, 0, 'srv', NULL, 2, NULL),
 (105, 3, 1763829111000000000, 2, 62, 1021, 1020, 0, 'child', 0, 0, NULL),
 (106, 7, 1763829116000000000, 2, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
 (107, 5, 1763829130000000000, 2, 63, 1030, 1, 0, 'sh', NULL, NULL, NULL),
 (108, 3, 1763829131000000000, 2, 63, 1030, 1, 0, 'sh', 0, 0, NULL),
 (109, 3, 1763829132000000000, 2, 63, 1031, 1, 0, 'late', 256, 0, NULL),
 (110, 3, 1763829133000000000, 2, 63, 1032, 1, 0, 'later', 0, 0, NULL),
 (111, 2, 1763829141000000000, 2, 66, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
 (112, 1, 1763829142000000000, 2, 64, 1040, 1, 0, 'srv', NULL, NULL, NULL),
 (113, 3, 1763829143000000000, 2, 64, 1040, 1, 0, 'srv', 9, 3, NULL),
 (114, 2, 1763829144000000000, 2, 66, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
 (115, 3, 1763829154000000000, 2, 65, 1050, 1, 0, 'last', 0, 0, NULL);
INSERT INTO oom VALUES (112, 112, 9, NULL, 1000, 0, 0, 0, 0, 0, 1040, 'srv', 64, 'ancestor', 66, 67108864, 67108864, 'kernel', 0, 1);
INSERT INTO pressure VALUES (111, 'limit', 67108864, 67108864, NULL), (114, 'limit', 67108864, 67108864, NULL);
INSERT INTO gap VALUES (106, 'ring_full', 3, 23, 1763829115000000000, 1763829116000000000);
EOF
verdict inits running
verdict helped running
verdict hidden unknown
verdict hostpid completed
verdict under oom_killed
verdict unborn unknown
cri why hidden
like "$OUT" 'may be among the 23 process_exit records lost between 2025-11-22 16:31:55.000 and 2025-11-22 16:31:56.000' "the gap that may hide the end is named"
cri why under --json
is "$(jq -c '.events|map(.id)' <<<"$OUT")" '["111","112","113"]' "pressure on the ancestor's limit before the kill is included"
cri why under; like "$OUT" 'hit the limit of /team.slice, above it' "and its cgroup is named"
cri why unborn -U '2025-11-22 16:32:30'; is "$CODE" 1 "without a recorded start the first event counts as the start"
cri why inits -S '2025-11-22 16:31:52' --json
is "$(jq -c '[.verdict,.events[0].id]' <<<"$OUT")" '["running","100"]' "--since does not hide which process is the main one"
verdict foo oom_killed

printf "INSERT INTO container(container,boot,id) VALUES(50,2,'3f2a%060d');" 7 | mkdb "$DB"
cri why 3f2a
is "$CODE" 2 "a prefix of several ids is exit 2"
like "$ERR" '3f2a0{56}.*a1' "and they are listed"
cri why "3f2a$(printf %058d 0)"; is "$CODE" 2 "however long"
cri why nothing-like-this; is "$CODE" 1 "no match is exit 1"
cri why 3f2; is "$CODE" 1 "three digits are no prefix"
like "$ERR" 'at least 4 digits' "and it says so"
cri why shx; is "$(grep -c digits <<<"$ERR")" 0 "but not about a word that is no id"
cri why; is "$CODE" 2 "no operand is exit 2"
cri why a b; is "$CODE" 2 "two operands are exit 2"
cri why nginx --pid 3; is "$CODE" 2 "filters that it does not use are exit 2"
cri why nginx -o csv; is "$CODE" 2 "there is no csv of a story"
cri why evil; is "$(LC_ALL=C tr -d '\n -~' <<<"$OUT" | wc -c)" 0 "hostile names are escaped"

# A user names a cgroup of his own after a container, and a container forges another id.
DB=$T/forged.db
id=$(printf '7777%060d' 1)
mkdb "$DB" <<SQL
INSERT INTO boot VALUES(1,'@BOOT@');
INSERT INTO cgroup(cgroup,boot,hierarchy,kernfs_id,path,kind,container,meta_source) VALUES
 (1,1,0,11,'/docker/$id',2,1,'kernel'), (2,1,0,12,'/user.slice/user@1000.service/$id',2,2,'kernel'),
 (3,1,0,13,'x/y/z/$id',2,3,'kernel'), (4,1,0,14,'/docker/8888/$id',2,4,'kernel'),
 (5,1,0,15,'/user.slice/user@1000.service/libpod-9999',2,5,'kernel'),
 (6,1,0,16,'/system.slice/runner.service/docker-$id.scope',2,6,'kernel'), (7,1,0,17,'/system.slice/web.service/libpod-payload-6666',2,7,'kernel');
INSERT INTO container(container,boot,id,runtime,outer_id,owner_uid,cgroup,started) VALUES(1,1,'$id','docker',NULL,NULL,1,1000),
 (2,1,'$id','docker',NULL,1000,2,2000), (3,1,'$id','docker',NULL,NULL,3,3000), (4,1,'$id','docker','8888',NULL,4,4000),
 (5,1,'9999$(printf %060d 2)','podman',NULL,1000,5,5000);
INSERT INTO container(container,boot,id,runtime,delegated,cgroup,started) VALUES(6,1,'$id','docker',1,6,6000),
 (7,1,'6666$(printf %060d 3)','podman',1,7,7000);
INSERT INTO event(id,type,time,boot,cgroup,pid,comm,status,flags) VALUES(1,3,1100,1,1,101,'a',0,2),(2,3,2100,1,2,102,'b',256,2),
 (3,3,3100,1,3,103,'c',256,2),(4,3,4100,1,4,104,'d',256,2),(5,3,5100,1,5,105,'e',256,2),
 (6,3,6100,1,6,106,'f',256,2),(7,3,7100,1,7,107,'g',256,2);
SQL
for word in "$id" 7777; do
	cri why "$word" --json
	is "$(jq -c '[.cgroup,.container.owner_uid,(.others|length)]' <<<"$OUT")" "[\"/docker/$id\",null,0]" "the one that nobody can forge is meant"
	cri events -c "$word" -F pid --no-legend; is "$(tr -d ' ' <<<"$OUT")" 101 "also by a filter"
done
cri why "/user.slice/user@1000.service/$id" --json
is "$(jq -c '[.container.id,.container.owner_uid]' <<<"$OUT")" "[\"$id\",1000]" "the user's is found by its path"
cri events -c "/user.slice/user@1000.service/$id" --json; is "$(jq -c '[.pid,.container.owner_uid]' <<<"$OUT")" '[102,1000]' "by a filter too"
cri why 9999 --json; is "$(jq -c .container.owner_uid <<<"$OUT")" 1000 "a container of a user is found by its id when nobody else has it"
cri why "/system.slice/runner.service/docker-$id.scope" --json; is "$(jq -c '[.container.id,.cgroup]' <<<"$OUT")" "[\"$id\",\"/system.slice/runner.service/docker-$id.scope\"]" "that of a delegated service is found by its path"
cri why 6666 --json; is "$(jq -r .cgroup <<<"$OUT")" /system.slice/web.service/libpod-payload-6666 "a container of a service is found by its id when nobody else has it"
cri events -c 6666 -F pid --no-legend; is "$(tr -d ' ' <<<"$OUT")" 107 "by a filter too"
cri ps -a -c 9999 --json; is "$(jq -c .container.owner_uid <<<"$OUT")" 1000 "ps says whose it is"

DB=$T/broken.db
printf "ALTER TABLE pod RENAME COLUMN uid TO other;" | mkdb "$DB"
cri why nowhere; is "$CODE" 3 "a failure to read is exit 3"
is "$(grep -c ambiguous <<<"$ERR")" 0 "and not an ambiguous word"

done_testing
