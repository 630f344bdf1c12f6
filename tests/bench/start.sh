#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# How soon a recorder stores after its start: milliseconds from its execution to the commit of a record that waited in the
# ring, with ten million events in a database that is not in the page cache, or the number in the first argument. One JSON
# object a line. Needs root. The database is kept in build/bench.
set -u

cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=tests/lib/scenario.sh
. tests/lib/scenario.sh
# shellcheck source=tests/lib/store.sh
. tests/lib/store.sh
# shellcheck source=tests/lib/history.sh
. tests/lib/history.sh

rows=${1:-10000000}
# of these tables
history=$BUILD/bench/history-$rows-$(cat consumer/store/schema*.c | cksum | cut -d ' ' -f 1).db

# A recorder is killed, and records wait again.
killed()
{
	recorder_start || bail_out "the recorder did not start: $(cat "$RECORDER_LOG")"
	recorder_kill
	exits 5
}

# start WHAT: the figures of ten starts
start()
{
	local i figures=()

	for ((i = 0; i < 10; i++)); do
		exits 5
		[ "$1" != unclean ] || killed
		sync "$DB"*
		dd if="$DB" iflag=nocache count=0 2>/dev/null
		figures+=("$("$first" "$PIN_DIR/events" 100 "$SCENARIO_DIR/bin/cri-ebpf" record --pin-dir "$PIN_DIR" --db "$DB" \
			--config "$CONFIG" 2>>"$RECORDER_LOG")") || bail_out "nothing was stored: $(cat "$RECORDER_LOG")"
	done
	printf '%s\n' "${figures[@]%% *}" | sort -n | awk -v name="start.$1" '{ value[NR] = $1 } END {
		format = "{\"name\":\"%s.%s\",\"value\":%s,\"unit\":\"ms\"}\n"
		printf format, name, "first_commit_median", value[int((NR + 1) / 2)]
		printf format, name, "first_commit_max", value[NR] }'
}

scenario_prepare 'retention_size = 16G' 'retention_age = 36500d'
first=$(tool first_commit) || bail_out "cannot build first_commit"
mkdir -p "${history%/*}"
if [ ! -e "$history" ]; then
	rm -f "$BUILD/bench/history-$rows"*
	history_make "$history.new" "$rows" && mv "$history.new" "$history" && rm -f "$history.new"-*
fi
mkdir -m 0750 "${DB%/*}"
cp --reflink=auto "$history" "$DB" || bail_out "cannot copy $history"
chown -R cri-ebpf:cri-ebpf "${DB%/*}"
loader load >/dev/null 2>&1 || bail_out "cri-ebpf-loader load failed"
exits_begin
start clean
start unclean
