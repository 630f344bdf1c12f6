#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# tests/coverage.sh PERCENT
#
# Runs tests with the programs in build/coverage (make coverage), which count the lines that they execute, and prints
# for each folder of user space how many lines were executed. Fails when it is less than PERCENT of all. As root the
# tests of the loader and of the recorder run too.
set -u -o pipefail

cd "$(dirname "$0")/.." || exit 1
least=${1:?usage: tests/coverage.sh PERCENT}
base=${BUILD:-build}
export BUILD=$base/coverage
parts=(unit cli)
[ "$(id -u)" -ne 0 ] || parts+=(tests/bpf/{loader,reload,store,disk,disk_wait,readers,ring_position,sweep,retention,overflow}.t)

# The programs write their counters as whichever user they run as; files of root would refuse the recorder.
find "$BUILD/obj" -name '*.gcda' -delete
find "$BUILD/obj" -type d -exec chmod 0777 {} +
ln -sfn ../hooked "$BUILD/hooked"
tests_failed=
(umask 0; tests/run.sh "${parts[@]}") | sed -E '/^(ok|time|skipped) /d' || tests_failed=yes

# "FOLDER LINES EXECUTED" for each source file, from gcov's report.
counts()
{
	find "$BUILD/obj/common" "$BUILD/obj/loader" "$BUILD/obj/consumer" -name '*.gcno' | while read -r notes; do
		source=${notes#"$BUILD/obj/"}
		source=${source%.gcno}.c
		gcov --no-output --object-file "$notes" "$source" 2>/dev/null | awk -v source="$source" '
			/^File / { mine = index($0, source) }
			mine && /^Lines executed:/ {
				split($2, share, /[:%]/)
				folder = source
				sub(/\/[^\/]*$/, "", folder)
				printf "%s %d %.0f\n", folder, $4, $4 * share[2] / 100
				mine = 0
			}'
	done
}

counts >"$BUILD/lines"
# the shell expands nothing in awk's program
# shellcheck disable=SC2016
print_share='{ printf "%-28s %5d of %5d lines  %5.1f %%\n", $1, $3, $2, $2 ? 100 * $3 / $2 : 0 }'
awk '{ lines[$1] += $2; executed[$1] += $3 } END { for (folder in lines) print folder, lines[folder], executed[folder] }' \
	"$BUILD/lines" | sort | awk "$print_share"
awk '{ lines += $2; executed += $3 } END { print "all", lines + 0, executed + 0 }' "$BUILD/lines" | tee "$BUILD/all" |
	awk "$print_share"
[ -z "$tests_failed" ] && awk -v least="$least" '{ exit !($2 && 100 * $3 >= least * $2) }' "$BUILD/all"
