# shellcheck shell=dash
# SPDX-License-Identifier: BSD-2-Clause
#
# The recorder, started as nobody but its own user, and what it has stored.

CONFIG=/etc/cri-ebpf.conf
RECORDER_LOG=/tmp/recorder.log
RECORDER_PID=
RECORDER_CAPS=

# Since 5.19 map operations need no capability; before, CAP_BPF where unprivileged users may not call bpf(2).
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
	printf 'process_fork = yes\nmetrics_interval = 1s\n' >"$CONFIG"
	RECORDER_CAPS=$(recorder_caps)
}

record()
{
	as cri-ebpf "$RECORDER_CAPS" /bin/cri-ebpf record --db "$DB" --pin-dir "$PIN_DIR" --config $CONFIG "$@"
}

# The queries are the recorder's user's too.
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

# A line of its /proc/PID/status.
process_field()
{
	sed -n "s/^$1:[[:space:]]*//p" "/proc/$RECORDER_PID/status" | tr '\t' ' '
}

# Starts it and waits until it reads the ring.
recorder_start()
{
	recorder_spawn
	wait_for 100 recorder_runs
}

# recorder_end SIGNAL: its exit status is in RECORDER_STATUS.
recorder_end()
{
	kill "-$1" "$RECORDER_PID" 2>/dev/null
	wait "$RECORDER_PID"
	RECORDER_STATUS=$?
	RECORDER_PID=
}

# Everything that was stored, and what the recorder had to say; the database is then begun anew.
recorder_tell()
{
	local line

	cri_ebpf events --json -n 100000 2>/tmp/error | while IFS= read -r line; do
		say row row:"$line"
	done
	say recorder status:"${RECORDER_STATUS:-null}" log="$(tail -n 20 $RECORDER_LOG)" error="$(cat /tmp/error)"
	rm -f "${DB%/*}"/* $RECORDER_LOG
}

# Until all that the kernel has sent is stored; the recorder writes its counters every metrics_interval.
recorder_is_quiet()
{
	cri_ebpf status --json >/tmp/status && grep -q '"lag_bytes": \?0[,}]' /tmp/status
}

recorder_quiet()
{
	usleep 1500000
	wait_for 100 recorder_is_quiet
}
