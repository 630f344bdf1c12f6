#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Entries of cgroups whose removal was not seen are deleted from the metadata map, and no others.
set -u
. "$(dirname "$0")/../lib/scenario.sh"

scenario_prepare 'metadata_cache_size = 4000'
bpftool=$(PATH=$PATH:/usr/sbin command -v bpftool) || skip_all "bpftool is not installed"

# bytes NUMBER COUNT: little-endian bytes, as bpftool takes them.
bytes()
{
	local number=$1 count=$2

	while ((count-- > 0)); do
		printf '%d ' $((number & 255))
		number=$((number >> 8))
	done
}

key()
{
	echo "$(bytes "$hierarchy" 4) $(bytes 0 4) $(bytes "$1" 8)"
}

has_entry()
{
	# shellcheck disable=SC2046
	"$bpftool" map lookup pinned "$PIN_DIR/metadata" key $(key "$1") >/dev/null 2>&1
}

entries()
{
	"$bpftool" -j map dump pinned "$PIN_DIR/metadata" | jq length
}

# fill COUNT FROM: adds entries of cgroups that never existed.
fill()
{
	local i value

	# class, source, length of the path, cut, unit, two of nothing, the path
	value="0 1 5 0 0 0 0 0 $(printf '%d ' 47 103 111 110 101) $(bytes 0 371)"
	for ((i = 0; i < $1; i++)); do
		echo "map update pinned $PIN_DIR/metadata key $(key $(($2 + i))) value $value"
	done >"$SCENARIO_DIR/fill"
	"$bpftool" batch file "$SCENARIO_DIR/fill" >"$SCENARIO_DIR/out" 2>&1 || bail_out "bpftool: $(tail -n 3 "$SCENARIO_DIR/out")"
}

inode()
{
	stat -c %i "$CG_ROOT$1"
}

[ "$(inode /)" -eq 1 ] || skip_all "only a part of the cgroup hierarchy can be seen here"
hierarchy=0
[ "$CG_VERSION" = 2 ] || hierarchy=$(awk -F: '$2 ~ /(^|,)memory(,|$)/ { print $1 }' /proc/self/cgroup)
cg_make "$CG_PRIVATE/seeded/below" || bail_out "cannot make a cgroup"
loader load >/dev/null 2>&1 || bail_out "cri-ebpf-loader load failed"
before=$(entries)
dead=$((0x7fffffff00000000))
fill 1500 "$dead"
has_entry "$dead" && has_entry $((dead + 1499))
ok $? "1500 entries of cgroups that do not exist"
cg_make "$CG_PRIVATE/born" || bail_out "cannot make a cgroup"

all_gone()
{
	! has_entry "$dead" && ! has_entry $((dead + 700)) && ! has_entry $((dead + 1499)) && [ "$(entries)" -lt $((before + births + 200)) ]
}

# Cgroups deeper than the recorder scans.
deep=$CG_PRIVATE/deep$(printf '/%d' {1..20})
cg_make "$deep" || bail_out "cannot make a deep cgroup"

births=0 missing=0
recorder_start || bail_out "the recorder did not start: $(cat "$RECORDER_LOG")"
deadline=$((SECONDS + 60))
until all_gone || [ "$SECONDS" -ge "$deadline" ]; do
	births=$((births + 1))
	mkdir "$CG_ROOT$CG_PRIVATE/born/$births"
	has_entry "$(inode "$CG_PRIVATE/born/$births")" || missing=$((missing + 1))
done
all_gone
ok $? "they are deleted"
[ "$births" -gt 20 ]
ok $? "$births cgroups were created meanwhile"
is "$missing" 0 "each has an entry at once"
kept=0
for ((i = 1; i <= births; i++)); do
	has_entry "$(inode "$CG_PRIVATE/born/$i")" && kept=$((kept + 1))
done
is "$kept" "$births" "each entry stays"
has_entry "$(inode "$CG_PRIVATE/seeded/below")" && has_entry "$(inode "$CG_PRIVATE/seeded")" && has_entry "$(inode "$CG_PRIVATE")" &&
	has_entry "$(inode /)"
ok $? "entries of older cgroups stay"
has_entry "$(inode "$deep")"
ok $? "so does the entry of a cgroup that is too deep to be scanned"
is "$(grep -c 'more cgroups than the recorder scans' "$RECORDER_LOG")" 1 "that is reported once"
like "$(cat "$RECORDER_LOG")" "below cgroup \"$CG_PRIVATE/deep/1/2/[0-9/]*\" \(and 0 more\)" "the message names the place"
recorder_stop
is $? 0 "the recorder exits cleanly"
done_testing
