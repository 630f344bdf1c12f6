# shellcheck shell=dash
# SPDX-License-Identifier: BSD-2-Clause
#
# What happens to containers. Each scenario says the truth about it: {"at":"truth","scenario":NAME,...}; what
# was recorded about the same container comes later.

MIB=1048576

container_id()
{
	cat /proc/sys/kernel/random/uuid /proc/sys/kernel/random/uuid | tr -d '\n-'
}

# Sets POD_UID and POD, the path of a new pod's cgroup.
pod_new()
{
	POD_UID=$(cat /proc/sys/kernel/random/uuid)
	POD=/kubepods/burstable/pod$POD_UID
}

# box_new [LIMIT]: a new container in a pod of its own. Sets ID, BOX (the path of its cgroup) and BOX_INODE.
box_new()
{
	pod_new
	ID=$(container_id)
	BOX=$POD/$ID
	cg_make "$BOX" "$@"
	BOX_INODE=$(cg_inode "$BOX")
}

truth()
{
	local name="$1"

	shift
	say truth scenario="$name" id="$ID" pod="$POD_UID" cgroup="$BOX" cgroup_id="$BOX_INODE" "$@"
}

# The container's one process runs into its own limit, filling it over SECONDS.
fill()
{
	local name="$1" seconds="$2" status

	box_new $((16 * MIB))
	cg_start "$BOX" eat 32 "$seconds" >/dev/null 2>&1
	wait "$CG_PID"
	status=$?
	cg_remove "$BOX"
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

# The kernel kills a child, its parent lives on.
scenario_child()
{
	local status child

	box_new $((16 * MIB))
	cg_start "$BOX" as_child eat 32 1 >/tmp/child 2>&1
	wait "$CG_PID"
	status=$?
	read -r child _ </tmp/child
	cg_remove "$BOX"
	truth child pid:"$child" parent:"$CG_PID" parent_status:$status limit:$((16 * MIB))
}

# The victim is the init of a pid namespace, as in a container.
scenario_init()
{
	local status

	box_new $((16 * MIB))
	cg_start "$BOX" unshare -p -f eat 32 1 >/dev/null 2>&1
	wait "$CG_PID"
	status=$?
	cg_remove "$BOX"
	truth init parent:"$CG_PID" parent_status:$status limit:$((16 * MIB))
}

is_ready()
{
	[ "$(grep -c ready "$1")" -ge "$2" ]
}

# memory.oom.group: all of the container go with the one that fills it.
scenario_group()
{
	local pids='' pid

	[ "$CG_VERSION" = 2 ] || return 0
	box_new $((24 * MIB))
	echo 1 >"$CG_ROOT$BOX/memory.oom.group"
	: >/tmp/ready
	for _ in 1 2 3; do
		cg_start "$BOX" eat 1 0 forever >>/tmp/ready 2>&1
		pids="$pids$CG_PID,"
	done
	wait_for 100 is_ready /tmp/ready 3
	cg_start "$BOX" eat 40 1 >/dev/null 2>&1
	pids="$pids$CG_PID"
	for pid in $(echo "$pids" | tr , ' '); do
		wait "$pid"
	done
	cg_remove "$BOX"
	truth group pids:"[$pids]" pid:"$CG_PID" limit:$((24 * MIB))
}

# hog PATH MEGABYTES SCORE: keeps memory and waits to be killed.
hog()
{
	: >/tmp/ready
	# shellcheck disable=SC2016
	cg_start "$1" sh -c 'echo $0 >/proc/self/oom_score_adj; exec eat $1 0 forever' "$3" "$2" >/tmp/ready 2>&1
	wait_for 100 is_ready /tmp/ready 1
}

# The pod's limit: a third container fills it, and the processes of the two others have to go for it.
scenario_parent()
{
	local first second first_id second_id status inodes

	box_new
	first_id=$(container_id) second_id=$(container_id)
	cg_make "$POD/$first_id" && cg_make "$POD/$second_id" && cg_limit "$POD" $((32 * MIB))
	inodes="[\"$(cg_inode "$POD")\",\"$(cg_inode "$POD/$first_id")\",\"$(cg_inode "$POD/$second_id")\"]"
	hog "$POD/$first_id" 12 1000
	first=$CG_PID
	hog "$POD/$second_id" 12 900
	second=$CG_PID
	# a victim's memory is not all given back when it is gone: the kernel might look for another one
	# shellcheck disable=SC2016
	cg_start "$BOX" sh -c 'echo -1000 >/proc/self/oom_score_adj; exec eat 24 1' >/dev/null 2>&1
	wait "$CG_PID"
	status=$?
	wait "$first"
	wait "$second"
	cg_remove "$POD/$first_id"
	cg_remove "$POD/$second_id"
	cg_remove "$BOX"
	truth parent limit_cgroup="$POD" cgroup_ids:"$inodes" limit:$((32 * MIB)) trigger:"$CG_PID" trigger_status:$status \
		victims:"[{\"pid\":$first,\"id\":\"$first_id\",\"score\":1000},{\"pid\":$second,\"id\":\"$second_id\",\"score\":900}]"
}

# One process after the other, each with another end; what wait(2) said is the truth.
scenario_exits()
{
	local words pid status list=''

	box_new
	for words in 'exit 0' 'exit 7' 'exit 255' 'kill -TERM $$' 'kill -SEGV $$' 'kill -KILL $$'; do
		cg_start "$BOX" as_child sh -c "$words" >/tmp/child 2>&1
		wait "$CG_PID"
		read -r pid status </tmp/child
		list="$list{\"pid\":$pid,\"status\":$status},"
	done
	cg_start "$BOX" as_child late_exit 5 200 >/tmp/child 2>&1
	wait "$CG_PID"
	read -r pid status </tmp/child
	cg_remove "$BOX"
	truth exits ends:"[$list{\"pid\":$pid,\"status\":$status}]"
}

# What many_exits wrote, as JSON.
ends_of()
{
	echo "[$(awk '{ printf "%s{\"pid\":%d,\"status\":%d}", (NR > 1 ? "," : ""), $1, $2 }' "$1")]"
}

# Many exits while the recorder is killed again and again.
scenario_many()
{
	local kills=0

	box_new
	cg_start "$BOX" many_exits 400 /tmp/many >/dev/null 2>&1
	many=$CG_PID
	while kill -0 "$many" 2>/dev/null && [ "$kills" -lt 12 ]; do
		recorder_end KILL
		kills=$((kills + 1))
		recorder_spawn
		# not a synchronisation: when it dies is what is tried
		usleep $((kills * 37000 % 300000))
	done
	wait "$many"
	wait_for 100 recorder_runs
	cg_remove "$BOX"
	truth many pid:"$many" kills:$kills ends:"$(ends_of /tmp/many)"
}

# Many end at the same moment, so that one's exit interrupts another's.
scenario_burst()
{
	box_new
	cg_start "$BOX" many_exits 1200 /tmp/burst 24 >/dev/null 2>&1
	many=$CG_PID
	wait "$many"
	cg_remove "$BOX"
	truth burst pid:"$many" ends:"$(ends_of /tmp/burst)"
}

# The whole machine is out of memory; the kernel takes the one that is most willing.
scenario_node()
{
	local status

	echo 1 >/proc/sys/vm/overcommit_memory
	box_new
	# shellcheck disable=SC2016
	cg_start "$BOX" sh -c 'echo 1000 >/proc/self/oom_score_adj; exec eat 4000 0' >/dev/null 2>&1
	wait "$CG_PID"
	status=$?
	cg_remove "$BOX"
	truth node pid:"$CG_PID" status:$status
}
