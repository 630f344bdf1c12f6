# shellcheck shell=dash
# SPDX-License-Identifier: BSD-2-Clause
#
# Runs the recorder as its own user, and reports what it has stored.

CONFIG=/etc/cri-ebpf.conf
RECORDER_LOG=/tmp/recorder.log
RECORDER_PID=
RECORDER_CAPS=
RECORDER_SETTINGS='process_fork = yes'

# Prints the capability that the recorder needs: before 5.19 map operations need CAP_BPF where unprivileged users may not
# call bpf(2).
recorder_caps()
{
	local release major minor

	release=$(uname -r)
	major=${release%%.*}
	minor=${release#*.}
	minor=${minor%%[!0-9]*}
	[ "$((major * 1000 + minor))" -ge 5019 ] ||
		[ "$(cat /proc/sys/kernel/unprivileged_bpf_disabled)" = 0 ] || echo bpf
}

recorder_prepare()
{
	mkdir -p "${DB%/*}"
	chown cri-ebpf:cri-ebpf "${DB%/*}"
	chmod 0750 "${DB%/*}"
	printf '%s\nmetrics_interval = 1s\n' "$RECORDER_SETTINGS" >"$CONFIG"
	RECORDER_CAPS=$(recorder_caps)
}

record()
{
	as cri-ebpf "$RECORDER_CAPS" /bin/cri-ebpf record --db "$DB" --pin-dir "$PIN_DIR" --config $CONFIG "$@"
}

# cri_ebpf VERB [FLAG...]: a query, as the recorder's user.
cri_ebpf()
{
	local verb="$1"

	shift
	as cri-ebpf '' /bin/cri-ebpf "$verb" --db "$DB" --pin-dir "$PIN_DIR" --config $CONFIG "$@"
}

recorder_runs()
{
	cri_ebpf status --json | grep -Eq "\"pid\": ?$RECORDER_PID\\b"
}

recorder_spawn()
{
	(EXEC='exec' && record) >>$RECORDER_LOG 2>&1 </dev/null &
	RECORDER_PID=$!
}

# process_field NAME: prints that line of the recorder's /proc/PID/status.
process_field()
{
	sed -n "s/^$1:[[:space:]]*//p" "/proc/$RECORDER_PID/status" | tr '\t' ' '
}

# Starts the recorder and waits until it reads the ring.
recorder_start()
{
	recorder_spawn
	wait_for 100 recorder_runs
}

# recorder_end SIGNAL: ends the recorder; sets RECORDER_STATUS to its exit status.
recorder_end()
{
	kill "-$1" "$RECORDER_PID" 2>/dev/null
	wait "$RECORDER_PID"
	RECORDER_STATUS=$?
	RECORDER_PID=
}

# Reports every row and what the recorder printed, then removes the database.
recorder_report()
{
	cri_ebpf events --json -n 100000 2>/tmp/error | report_rows row
	report recorder status:"${RECORDER_STATUS:-null}" log="$(tail -n 20 $RECORDER_LOG)" error="$(cat /tmp/error)"
	rm -f "${DB%/*}"/* $RECORDER_LOG
}

# Prints when the recorder last wrote its state, which it does every metrics_interval.
recorder_heartbeat()
{
	cri_ebpf status --json | sed -n 's/.*"heartbeat_unix_nano": \?"\([0-9]*\)".*/\1/p'
}

# recorder_is_quiet HEARTBEAT: succeeds when the recorder has written its state again since then, with nothing unread. The
# exit status of the query is not used: in some plans the recorder is unhealthy on purpose.
recorder_is_quiet()
{
	cri_ebpf status --json >/tmp/status
	grep -q '"heartbeat_unix_nano": \?"[0-9]' /tmp/status && ! grep -q "\"heartbeat_unix_nano\": \?\"$1\"" /tmp/status &&
		grep -q '"lag_bytes": \?0[,}]' /tmp/status
}

# Waits until the recorder has stored everything that the kernel has sent.
recorder_quiet()
{
	wait_for 100 recorder_is_quiet "$(recorder_heartbeat)"
}
