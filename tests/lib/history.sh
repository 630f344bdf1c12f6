# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
#
# A long history without having recorded it. Needs $BUILD/mkdb.

# history_make FILE ROWS: a database of so many events, one in fifty of them an OOM kill or memory pressure, of ROWS/200
# containers that are gone, in the last days.
history_make()
{
	local containers=$(($2 / 200 + 1))

	"$BUILD/mkdb" "$1" <<-EOF
		INSERT INTO boot(boot_id) VALUES('00000000-0000-4000-8000-000000000001');
		WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $containers)
		 INSERT INTO container(boot, id, runtime, cgroup, born, started, stopped)
		 SELECT 1, printf('%064x', i * 2654435761), 'containerd', i, i, i, i + 1 FROM n;
		WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $containers)
		 INSERT INTO cgroup(boot, hierarchy, kernfs_id, path, kind, container, meta_source, removed)
		 SELECT 1, 0, i, printf('/kubepods/burstable/%064x', i * 2654435761), 2, i, 'kernel', 5 FROM n;
		WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $2)
		 INSERT INTO event(id, type, time, boot, cgroup, pid, ppid, uid, comm, status, flags, duration)
		 SELECT i, iif(i % 50, 3, 1 + i % 100 / 50), $(date +%s)000000000 - ($2 - i) * 10000000, 1, 1 + i / 200,
		  i % 4000000, 1, 0, 'sleep', 0, iif(i % 200, 0, 2), 1000000 FROM n;
		INSERT INTO oom(id, incident, decision, limit_source, group_kill, chosen)
		 SELECT id, id, time, 'kernel', 0, 1 FROM event WHERE type = 1;
		INSERT INTO pressure(id, level) SELECT id, 'high' FROM event WHERE type = 2;
	EOF
}
