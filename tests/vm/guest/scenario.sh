# shellcheck shell=dash
# SPDX-License-Identifier: BSD-2-Clause
#
# The scenarios. Each makes containers, lets something happen to them, and reports what happened as
# {"at":"truth","scenario":NAME,...}. The host compares that with the rows about the same containers.

MIB=1048576

container_id_new()
{
	cat /proc/sys/kernel/random/uuid /proc/sys/kernel/random/uuid | tr -d '\n-'
}

# Sets POD_UID and POD (the path of the cgroup) for a new pod.
pod_new()
{
	POD_UID=$(cat /proc/sys/kernel/random/uuid)
	POD=/kubepods/burstable/pod$POD_UID
}

# container_new [LIMIT]: makes the cgroup of a container in a pod of its own. Sets CONTAINER_ID, CGROUP (the path of the
# cgroup) and CGROUP_ID.
container_new()
{
	pod_new
	CONTAINER_ID=$(container_id_new)
	CGROUP=$POD/$CONTAINER_ID
	cg_make "$CGROUP" "$@"
	CGROUP_ID=$(cg_inode "$CGROUP")
}

truth()
{
	local name="$1"

	shift
	report truth scenario="$name" id="$CONTAINER_ID" pod="$POD_UID" cgroup="$CGROUP" cgroup_id="$CGROUP_ID" "$@"
}

# fill NAME SECONDS: the only process of a container fills it up to its limit within SECONDS.
fill()
{
	local name="$1" seconds="$2" status

	container_new $((16 * MIB))
	cg_start "$CGROUP" eat 32 "$seconds" >/dev/null 2>&1
	wait "$CG_PID"
	status=$?
	cg_remove "$CGROUP"
	truth "$name" pid:"$CG_PID" status:$status limit:$((16 * MIB))
}

scenario_slow()
{
	fill slow 5
}

scenario_own()
{
	fill own 1
}

scenario_fast()
{
	fill fast 0.1
}

# The kernel kills a child; its parent survives.
scenario_child()
{
	local status child

	container_new $((16 * MIB))
	cg_start "$CGROUP" as_child eat 32 1 >/tmp/child 2>&1
	wait "$CG_PID"
	status=$?
	read -r child _ </tmp/child
	cg_remove "$CGROUP"
	truth child pid:"$child" parent:"$CG_PID" parent_status:$status limit:$((16 * MIB))
}

# The victim is the init process of a pid namespace, as in a container.
scenario_init()
{
	local status

	container_new $((16 * MIB))
	cg_start "$CGROUP" unshare -p -f eat 32 1 >/dev/null 2>&1
	wait "$CG_PID"
	status=$?
	cg_remove "$CGROUP"
	truth init parent:"$CG_PID" parent_status:$status limit:$((16 * MIB))
}

is_ready()
{
	[ "$(grep -c ready "$1")" -ge "$2" ]
}

# memory.oom.group: the kernel kills all processes of the container.
scenario_group()
{
	local pids='' pid

	[ "$CG_VERSION" = 2 ] || return 0
	container_new $((24 * MIB))
	echo 1 >"$CG_ROOT$CGROUP/memory.oom.group"
	: >/tmp/ready
	for _ in 1 2 3; do
		cg_start "$CGROUP" eat 1 0 forever >>/tmp/ready 2>&1
		pids="$pids$CG_PID,"
	done
	wait_for 100 is_ready /tmp/ready 3
	cg_start "$CGROUP" eat 40 1 >/dev/null 2>&1
	pids="$pids$CG_PID"
	for pid in $(echo "$pids" | tr , ' '); do
		wait "$pid"
	done
	cg_remove "$CGROUP"
	truth group pids:"[$pids]" pid:"$CG_PID" limit:$((24 * MIB))
}

# hog PATH MEGABYTES SCORE: starts a process that holds memory until it is killed. SCORE: its oom_score_adj.
hog()
{
	: >/tmp/ready
	# shellcheck disable=SC2016
	cg_start "$1" sh -c 'echo $0 >/proc/self/oom_score_adj; exec eat $1 0 forever' "$3" "$2" >/tmp/ready 2>&1
	wait_for 100 is_ready /tmp/ready 1
}

# The limit is the pod's. A third container exceeds it, and the kernel kills the processes of the two others.
scenario_parent()
{
	local first second first_id second_id status inodes

	container_new
	first_id=$(container_id_new) second_id=$(container_id_new)
	cg_make "$POD/$first_id" && cg_make "$POD/$second_id" && cg_limit "$POD" $((32 * MIB))
	inodes="[\"$(cg_inode "$POD")\",\"$(cg_inode "$POD/$first_id")\",\"$(cg_inode "$POD/$second_id")\"]"
	hog "$POD/$first_id" 12 1000
	first=$CG_PID
	hog "$POD/$second_id" 12 900
	second=$CG_PID
	# not to be killed itself: the kernel may look for another victim before the memory of the last one is free
	# shellcheck disable=SC2016
	cg_start "$CGROUP" sh -c 'echo -1000 >/proc/self/oom_score_adj; exec eat 24 1' >/dev/null 2>&1
	wait "$CG_PID"
	status=$?
	wait "$first"
	wait "$second"
	cg_remove "$POD/$first_id"
	cg_remove "$POD/$second_id"
	cg_remove "$CGROUP"
	truth parent limit_cgroup="$POD" cgroup_ids:"$inodes" limit:$((32 * MIB)) trigger:"$CG_PID" trigger_status:$status \
		victims:"[{\"pid\":$first,\"id\":\"$first_id\",\"score\":1000},{\"pid\":$second,\"id\":\"$second_id\",\"score\":900}]"
}

# One process after the other, each ending in another way; wait(2) gives the expected status.
scenario_exits()
{
	local words pid status list=''

	container_new
	for words in 'exit 0' 'exit 7' 'exit 255' 'kill -TERM $$' 'kill -SEGV $$' 'kill -KILL $$'; do
		cg_start "$CGROUP" as_child sh -c "$words" >/tmp/child 2>&1
		wait "$CG_PID"
		read -r pid status </tmp/child
		list="$list{\"pid\":$pid,\"status\":$status},"
	done
	cg_start "$CGROUP" as_child late_exit 5 200 >/tmp/child 2>&1
	wait "$CG_PID"
	read -r pid status </tmp/child
	cg_remove "$CGROUP"
	truth exits ends:"[$list{\"pid\":$pid,\"status\":$status}]"
}

# ends_of FILE: prints what many_exits wrote to it as JSON.
ends_of()
{
	echo "[$(awk '{ printf "%s{\"pid\":%d,\"status\":%d}", (NR > 1 ? "," : ""), $1, $2 }' "$1")]"
}

# Many exits while the recorder is killed again and again.
scenario_many()
{
	local kills=0

	container_new
	cg_start "$CGROUP" many_exits 400 /tmp/many >/dev/null 2>&1
	many=$CG_PID
	while kill -0 "$many" 2>/dev/null && [ "$kills" -lt 12 ]; do
		recorder_end KILL
		kills=$((kills + 1))
		recorder_spawn
		# not a synchronisation: varies the moment at which it is killed
		usleep $((kills * 37000 % 300000))
	done
	wait "$many"
	wait_for 100 recorder_runs
	cg_remove "$CGROUP"
	truth many pid:"$many" kills:$kills ends:"$(ends_of /tmp/many)"
}

# Many processes end at the same moment, so that one exit interrupts another.
scenario_burst()
{
	container_new
	cg_start "$CGROUP" many_exits 1200 /tmp/burst 24 >/dev/null 2>&1
	many=$CG_PID
	wait "$many"
	cg_remove "$CGROUP"
	truth burst pid:"$many" ends:"$(ends_of /tmp/burst)"
}

# storm_ends: prints the exits of the container that are recorded, as "pid status".
storm_ends()
{
	cri_ebpf events --json -c "$CONTAINER_ID" --type process_exit -n 100000 | awk '
		function field(name) {
			return match($0, "\"" name "\": ?[0-9]+") ? substr($0, RSTART + length(name) + 3, RLENGTH - length(name) - 3) + 0 : 0
		}
		{ print field("pid"), field("exit_code") * 256 + field("signal") }'
}

# 9000 exits, and pid namespaces that end with 150 processes each meanwhile. Compared here: so many rows take long to send.
# wrong: differences between what wait(2) reported and what is recorded.
scenario_storm()
{
	local round wrong pids=''

	container_new
	: >/tmp/storm
	for round in 1 2 3; do
		cg_start "$CGROUP" many_exits 3000 /tmp/storm$round 24 >/dev/null 2>&1
		many=$CG_PID
		pids="$pids $many"
		for _ in 1 2 3; do
			cg_start "$CGROUP" teardown 150 >/dev/null 2>&1
			wait "$CG_PID"
			pids="$pids $CG_PID"
		done
		wait "$many"
		cat /tmp/storm$round >>/tmp/storm
	done
	cg_remove "$CGROUP"
	recorder_quiet
	for pid in $pids; do
		echo "$pid 0"
	done >>/tmp/storm
	sort /tmp/storm >/tmp/storm.want
	storm_ends | sort >/tmp/storm.got
	# the processes of the namespaces: their pids are not known outside
	wrong=$(diff /tmp/storm.want /tmp/storm.got | grep '^[-+<>]' | grep -v '^[-+]\{3\}')
	truth storm exits:"$(wc -l </tmp/storm)" recorded:"$(wc -l </tmp/storm.got)" \
		missing="$(echo "$wrong" | grep '^[-<]' | head -n 5)" \
		namespaces:"[$(echo "$wrong" | awk '/^[+>]/ { sub(/^[+>] */, ""); n[$2]++ } END { printf "%d,%d", n[9], n[768] }')]" \
		skipped:"$(loader status --json | sed 's/.*"skipped":\({[^}]*}\).*/\1/')"
}

# The OOM killer meets a process that is exiting already, and only marks it.
scenario_dying()
{
	local pid

	container_new $((32 * MIB))
	cg_start "$CGROUP" held_exit 20 24 >/tmp/child 2>&1
	wait "$CG_PID"
	read -r pid _ </tmp/child
	cg_remove "$CGROUP"
	truth dying pid:"${pid:-null}"
}

# The whole machine runs out of memory; the process with the highest oom_score_adj is killed.
scenario_node()
{
	local status

	echo 1 >/proc/sys/vm/overcommit_memory
	container_new
	# shellcheck disable=SC2016
	cg_start "$CGROUP" sh -c 'echo 1000 >/proc/self/oom_score_adj; exec eat 4000 0' >/dev/null 2>&1
	wait "$CG_PID"
	status=$?
	cg_remove "$CGROUP"
	truth node pid:"$CG_PID" status:$status
}
