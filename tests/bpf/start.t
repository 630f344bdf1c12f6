#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# A start stores what waits in the ring before it reads the history: the bytes read until then do not grow with it, also
# after a stop that was not clean.
set -u
. "$(dirname "$0")/../lib/scenario.sh"
. tests/lib/store.sh
. tests/lib/history.sh

[ -x "$BUILD/mkdb" ] || bail_out "$BUILD/mkdb is not built: make tests"
scenario_prepare 'retention_size = 4G' 'metrics_interval = 1h'
first=$(tool first_commit) || bail_out "cannot build first_commit"
loader load >/dev/null 2>&1 || bail_out "cri-ebpf-loader load failed"
exits_begin

# bytes_read NAME: what a recorder reads until it has stored the first records; sets BYTES
bytes_read()
{
	local out

	exits 5
	out=$("$first" "$PIN_DIR/events" 20 "$SCENARIO_DIR/bin/cri-ebpf" record --pin-dir "$PIN_DIR" --db "$DB" --config "$CONFIG" \
		2>"$RECORDER_LOG")
	ok $? "$1: records that wait are stored" || diag "$(cat "$RECORDER_LOG")"
	diag "$1: $out (ms, bytes from disk, bytes read)"
	BYTES=${out##* }
}

declare -A clean killed
for rows in 1000 400000; do
	DB=$SCENARIO_DIR/$rows/events.db
	mkdir -m 0750 "${DB%/*}"
	history_make "$DB" "$rows" || bail_out "cannot make a history"
	chown -R cri-ebpf:cri-ebpf "${DB%/*}"
	bytes_read "$rows events"
	clean[$rows]=$BYTES
	recorder_start
	recorder_kill
	bytes_read "$rows events, after a kill"
	killed[$rows]=$BYTES
done
least=$(($(stat -c %s "$DB") / 4))
[ $((clean[400000] - clean[1000])) -lt "$least" ]
ok $? "a longer history is not read" || diag "${clean[1000]}, ${clean[400000]} bytes"
[ $((killed[400000] - killed[1000])) -lt "$least" ]
ok $? "nor after a kill" || diag "${killed[1000]}, ${killed[400000]} bytes"

done_testing
