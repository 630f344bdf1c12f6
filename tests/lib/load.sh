# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
#
# Starts containers that work, run into their limit and end, again and again until stopped, and notes what wait(2)
# reported of each process. load_compare compares the recorded events with that.

LOAD_PIDS=()
LOAD_EXITS_ID=

# load_begin: starts the load. Sourced after scenario.sh, called after scenario_prepare.
load_begin()
{
	local many_exits eat

	many_exits=$(tool many_exits) && eat=$(tool eat) || bail_out "cannot build the tools"
	LOAD_DIR=$SCENARIO_DIR/load
	mkdir "$LOAD_DIR" && touch "$LOAD_DIR/go"
	: >"$LOAD_DIR/exits"
	: >"$LOAD_DIR/kills"
	LOAD_EXITS_ID=$(random_hex 64)
	cg_make "$CG_PRIVATE/kubepods/pod$(random_uuid)/$LOAD_EXITS_ID" || bail_out "cannot make a cgroup"
	load_exits "$(cd "$CG_ROOT" && find ".$CG_PRIVATE" -name "$LOAD_EXITS_ID" | cut -c2-)" "$many_exits" &
	LOAD_PIDS=($!)
	load_kills "$eat" &
	LOAD_PIDS+=($!)
}

# Notes "pid status" of each process of one container, until load_end.
load_exits()
{
	trap - EXIT
	while [ -e "$LOAD_DIR/go" ]; do
		cg_start "$1" "$LOAD_DIR/out" "$2" 200 "$LOAD_DIR/round"
		wait "$CG_PID"
		{ cat "$LOAD_DIR/round" && echo "$CG_PID $(($? << 8))"; } >>"$LOAD_DIR/exits"
	done
}

# Notes "id pid status" of containers that live just long enough to be killed at their limit, until load_end.
load_kills()
{
	local id pod status

	trap - EXIT
	while [ -e "$LOAD_DIR/go" ]; do
		id=$(random_hex 64)
		pod=$CG_PRIVATE/kubepods/pod$(random_uuid)
		cg_make "$pod/$id" 8388608 || return
		cg_start "$pod/$id" /dev/null "$1" 16 0
		wait "$CG_PID" 2>/dev/null
		status=$?
		echo "$id $CG_PID $status" >>"$LOAD_DIR/kills"
		cg_remove "$pod"
	done
}

# Stops the load and waits for its last process.
load_end()
{
	rm -f "$LOAD_DIR/go"
	wait "${LOAD_PIDS[@]}" 2>/dev/null
	LOAD_PIDS=()
}

# Kills the load, for scripts that fail half way.
load_kill()
{
	local pid

	for pid in ${LOAD_PIDS[@]+"${LOAD_PIDS[@]}"}; do
		kill "$pid" 2>/dev/null
		wait "$pid" 2>/dev/null
	done
	LOAD_PIDS=()
}

# load_same NAME TRUTH RECORDED: the two files have the same lines, in any order.
load_same()
{
	sort -o "$2" "$2"
	sort -o "$3" "$3"
	cmp -s "$2" "$3"
	ok $? "$1: $(wc -l <"$2")" || diag "< happened, > was recorded:" "$(diff "$2" "$3" | grep '^[<>]' | head -n 10)"
}

# load_compare NAME [GAPS]: each exit, OOM kill, start and stop is recorded once. GAPS: the expected reasons of gaps, in
# order; default: no gap.
load_compare()
{
	local rows=$LOAD_DIR/rows kind

	cri_ebpf events --json >"$rows" 2>"$LOAD_DIR/error" || diag "$(cat "$LOAD_DIR/error")"
	jq -r --arg id "$LOAD_EXITS_ID" 'select(.type == "process_exit" and .container.id == $id) |
		"\(.pid) \((.exit_code // 0) * 256 + (if .core_dumped then 128 else 0 end) + .signal)"' "$rows" >"$LOAD_DIR/recorded"
	load_same "$1: exits, each once and with its status" "$LOAD_DIR/exits" "$LOAD_DIR/recorded"

	# other containers on this machine are recorded too
	jq -r 'select(.container.id != null) |
		"\(.type) \(.container.id) \(if .type == "container_start" or .type == "container_stop" then "-" else .pid end)"' \
		"$rows" | awk 'NR == FNR { ours[$1]; next } $2 in ours' "$LOAD_DIR/kills" - >"$LOAD_DIR/recorded"
	for kind in container_start oom_kill process_exit container_stop; do
		awk -v kind=$kind '{ print kind, $1, kind ~ /^container/ ? "-" : $2 }' "$LOAD_DIR/kills" >"$LOAD_DIR/truth"
		grep "^$kind " "$LOAD_DIR/recorded" >"$LOAD_DIR/recorded.kind"
		load_same "$1: $kind of containers killed at their limit, each once" "$LOAD_DIR/truth" "$LOAD_DIR/recorded.kind"
	done
	is "$(awk '$3 != 137' "$LOAD_DIR/kills")" "" "$1: all of them were killed"
	is "$(jq -r 'select(.type == "gap").reason' "$rows" | paste -sd ' ')" "${2:-}" "$1: gaps: ${2:-none}" ||
		diag "$(jq -c 'select(.type == "gap")' "$rows")"
}
