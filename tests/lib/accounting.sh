# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
#
# Compares the kernel's counters with the recorder's counters and with the rows. Needs tests/lib/scenario.sh.

# The kernel's counters as one object, keyed by enum ev_kind: {"4":{"sent":...,"lost":...}}. Null without
# bpftool.
counters_of_kernel()
{
	command -v bpftool >/dev/null || { echo null; return; }
	bpftool -j map dump pinned "$PIN_DIR/counters" | jq -c '
		[.[].formatted | {key: (.key | tostring), value:
			(reduce .values[].value as $one ({sent: 0, lost: 0, late: 0, unnumbered: 0};
				.sent += $one.seq + $one.unnumbered - $one.lost | .lost += $one.lost | .late += $one.late |
				.unnumbered += $one.unnumbered))}] | from_entries'
}

# The types of which records may have no number, as JSON: late exits; and, while programs are replaced where tracepoints
# can be preempted, what these record. $1: the counters of the kernel.
counters_unnumbered_types()
{
	loader status --json 2>/dev/null | jq -c --argjson counters "$1" '
		if any(.probes[]?; .name == "process_exit_late" and .attached) or ($counters["4"].late? // 0) > 0 then
			["process_exit", "container_start"] else [] end'
}

# Prints one line per difference, nothing when all agree. $1: "trimmed" when retention may have removed gap rows.
counters_disagree()
{
	local before after status gaps

	before=$(counters_of_kernel)
	record --once >>"$RECORDER_LOG" 2>&1 || { echo "record --once failed"; return; }
	after=$(counters_of_kernel)
	status=$(cri_ebpf status --json 2>/dev/null)
	gaps=$(cri_ebpf events --json -t gap 2>/dev/null | jq -sc 'map(select(.lost_type and .reason != "rejected"))
		| group_by(.lost_type) | map({key: .[0].lost_type, value: (map(.lost) | add)}) | from_entries')
	jq -rn --argjson before "$before" --argjson after "$after" --argjson status "${status:-null}" --argjson gaps "${gaps:-null}" --arg how "${1:-}" \
		--argjson unnumbered "$(counters_unnumbered_types "$before")" '
		{oom_kill: [1], memory_pressure: [2, 3], process_exit: [4], process_fork: [5], container_start: [6, 7],
		 container_stop: [8]} as $kinds
		| $status.counters as $c
		| def counted(kernel; type; what): [$kinds[type][] | kernel[tostring][what]] | add;
		  def between(type; what): $c[what][type] | . >= counted($before; type; what) and . <= counted($after; type; what);
		if $c == null then "no status" else
			($kinds | keys[]) as $type
			| (if $c.sent[$type] != $c.stored[$type] + $c.rejected[$type] + $c.unread[$type] then
				"\($type): sent \($c.sent[$type]), stored \($c.stored[$type]), rejected \($c.rejected[$type]), unread \($c.unread[$type])"
			   else empty end),
			  (if $how != "trimmed" and $c.lost[$type] != ($gaps[$type] // 0) then
				"\($type): lost \($c.lost[$type]), in gap rows \($gaps[$type] // 0)"
			   else empty end),
			  (if $before and (between($type; "sent") and between($type; "lost") | not) then
				"\($type): sent \($c.sent[$type]), lost \($c.lost[$type]); the kernel counted otherwise"
			   else empty end),
			  (($c.stored[$type] + $c.rejected[$type]) as $read
			  | if $before and ($read < counted($before; $type; "sent") or $read > counted($after; $type; "sent")) then
				"\($type): \($read) read, sent from \(counted($before; $type; "sent")) to \(counted($after; $type; "sent"))"
			   else empty end),
			  (if $before and counted($before; $type; "unnumbered") > 0 and ($unnumbered | index($type) | not) then
				"\($type): \(counted($before; $type; "unnumbered")) records have no number"
			   else empty end)
		end'
}

counters_agree()
{
	COUNTERS_WRONG=$(counters_disagree "$@")
	[ -z "$COUNTERS_WRONG" ]
}

# counters_reconcile [trimmed]: one test for the end of a scenario; stops the recorder. The counters are exact only when
# the machine is quiet. Other processes keep ending in cgroups that are not classified yet, so it tries again until a
# deadline.
counters_reconcile()
{
	[ -z "$RECORDER_PID" ] || recorder_stop || diag "the recorder did not exit cleanly"
	wait_for 30 counters_agree "$@"
	ok $? "the counters reconcile" || diag "$COUNTERS_WRONG"
}
