# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
#
# Compares what tests/tools/load did with what was recorded. Each load runs in a container of its own; any number may run
# at the same time, and all are compared at the end. Needs tests/lib/scenario.sh.

TRUTH_DIR=
TRUTH_LOAD=
TRUTH_IDS=()
TRUTH_PIDS=()
TRUTH_WAITED=0 # how many of them truth_wait has waited for
TRUTH_LIMIT=$((16 * 1048576))

truth_begin()
{
	TRUTH_DIR=$SCENARIO_DIR/truth
	mkdir "$TRUTH_DIR" && TRUTH_LOAD=$(tool load) || bail_out "cannot build load"
}

truth_path()
{
	echo "$CG_PRIVATE/kubepods/pod$1/$1"
}

# truth_container ID: makes its cgroup, and below it one for the load and one for the processes to be killed, because on
# cgroup v2 a cgroup with children holds no process.
truth_container()
{
	cg_make "$(truth_path "$1")/load" && cg_make "$(truth_path "$1")/kills" "$TRUTH_LIMIT" || bail_out "cannot make a cgroup"
}

# truth_load ID EXITS KILLS: starts a load there in the background. CG_PID is its pid.
truth_load()
{
	cg_start "$(truth_path "$1")/load" "$TRUTH_DIR/$1.out" \
		"$TRUTH_LOAD" "$RANDOM" "$2" "$3" "$TRUTH_DIR/$1" "$CG_ROOT$(truth_path "$1")/kills"
}

# truth_start EXITS KILLS: starts a load in a new container, whose id is TRUTH_ID.
truth_start()
{
	TRUTH_ID=$(random_hex 64)
	truth_container "$TRUTH_ID"
	truth_load "$TRUTH_ID" "$1" "$2"
	TRUTH_IDS+=("$TRUTH_ID")
	TRUTH_PIDS+=("$CG_PID")
}

# Succeeds while a load that was not waited for still runs.
truth_runs()
{
	local i

	for ((i = TRUTH_WAITED; i < ${#TRUTH_PIDS[@]}; i++)); do
		! is_running "${TRUTH_PIDS[i]}" || return 0
	done
	return 1
}

# Waits for all loads, checks that none failed, and removes their cgroups. Where pids are reused fast the shell may lose
# the exit status of a child, so the load also prints "done".
truth_wait()
{
	local id

	for ((; TRUTH_WAITED < ${#TRUTH_PIDS[@]}; TRUTH_WAITED++)); do
		id=${TRUTH_IDS[TRUTH_WAITED]}
		wait "${TRUTH_PIDS[TRUTH_WAITED]}" || [ "$(cat "$TRUTH_DIR/$id.out")" = "done" ] || bail_out "a load failed with $?: $(cat "$TRUTH_DIR/$id.out")"
		{ awk '{ print $1, $2 }' "$TRUTH_DIR/$id"; echo "${TRUTH_PIDS[TRUTH_WAITED]} 0"; } >"$TRUTH_DIR/$id.exits"
		awk '$3 == "oom" { print $1 }' "$TRUTH_DIR/$id" >"$TRUTH_DIR/$id.kills"
		cg_remove "$(truth_path "$id")" && cg_remove "$(dirname "$(truth_path "$id")")"
	done
}

# truth_apart COMMAND...: runs it in a subshell and takes over its loads, because a shell with thousands of children
# confuses them when pids are reused.
# shellcheck disable=SC2030,SC2031
truth_apart()
{
	local ids

	(
		TRUTH_IDS=() TRUTH_PIDS=() TRUTH_WAITED=0
		"$@"
		printf '%s\n' "${TRUTH_IDS[@]}" >"$TRUTH_DIR/apart"
	) || exit 1
	mapfile -t ids <"$TRUTH_DIR/apart"
	TRUTH_IDS+=("${ids[@]}")
	TRUTH_PIDS+=("${ids[@]}")
	TRUTH_WAITED=${#TRUTH_PIDS[@]}
}

# rows SQL: one line per row, columns separated by spaces.
rows()
{
	cri_ebpf sql "$1" --output csv --no-legend --time-limit 60s 2>/dev/null | tr -d '\r' | tr ',' ' '
}

# truth_differs WHAT [WANT GOT]: prints the first few differences.
truth_differs()
{
	differing=$((differing + 1))
	[ "$differing" -gt 5 ] || diag "container ${id:0:12}: $1" "$(diff "${@:2}" </dev/null 2>&1 | head -n 10)"
}

# Every event of every load is recorded once and in order. Otherwise returns 1 and prints the differences.
truth_holds()
{
	local got=$TRUTH_DIR/got id differing=0 kinds

	rm -rf "$got" && mkdir "$got"
	rows "SELECT container_id, pid, wait_status, time_unix_nano FROM v_exit WHERE container_id IS NOT NULL ORDER BY id" |
		(cd "$got" && awk '{ print $2, $3 >>($1 ".exits"); close($1 ".exits"); print $4 >>($1 ".times"); close($1 ".times") }')
	rows "SELECT container_id, pid FROM v_oom WHERE container_id IS NOT NULL ORDER BY id" |
		(cd "$got" && awk '{ print $2 >>($1 ".kills"); close($1 ".kills") }')
	rows "SELECT container_id, type FROM v_lifecycle ORDER BY id" |
		(cd "$got" && awk '{ print $2 >>($1 ".lifecycle"); close($1 ".lifecycle") }')
	for id in "${TRUTH_IDS[@]}"; do
		touch "$got/$id."{exits,times,kills,lifecycle}
		for kinds in exits kills; do
			cmp -s "$TRUTH_DIR/$id.$kinds" "$got/$id.$kinds" || truth_differs "$kinds" "$TRUTH_DIR/$id.$kinds" "$got/$id.$kinds"
		done
		sort -nc "$got/$id.times" 2>/dev/null || truth_differs times "$got/$id.times" <(sort -n "$got/$id.times")
		[ "$(tr '\n' ' ' <"$got/$id.lifecycle")" = "container_start container_stop " ] ||
			truth_differs "start and stop" <(printf 'container_start\ncontainer_stop\n') "$got/$id.lifecycle"
	done
	[ "$differing" -eq 0 ]
}

# Prints the number of exits and kills of all loads.
truth_count()
{
	cat "${TRUTH_IDS[@]/#/$TRUTH_DIR/}" | awk '{ n[$3]++ } END { print n["exit"] + 0, "exits", n["oom"] + 0, "kills" }'
}
