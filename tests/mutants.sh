#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# tests/mutants.sh [WORD]
#
# Breaks the program in the ways that tests/mutants lists, one at a time, in a copy of the sources, and requires that
# the test named there fails. Prints TAP: "ok" for a mutant that a test has found, "not ok" for one that survived, that
# does not compile, or whose expression changes nothing any more. With a WORD only the rows that contain it.
set -u

cd "$(dirname "$0")/.." || exit 1
# shellcheck source=tests/lib.sh
. tests/lib.sh
scratch=$(realpath -m "${BUILD:-build}")/mutants
tree=$scratch/tree
list=$PWD/tests/mutants
unset BUILD CRI_EBPF_REQUIRE CRI_EBPF_LONG

# rows: FILE, EXPRESSION, TEST and NAME of each mutant, separated by tabs.
rows()
{
	grep -v '^#' "$list" | grep -F -- "${1:-}" | awk -F ' +:: +' 'NF == 4 { print $1 "\t" $2 "\t" $3 "\t" $4; next }
		NF { print "row of tests/mutants without four columns: " $0 >"/dev/stderr" }'
}

# prepare TEST: builds what it runs.
prepare()
{
	local targets=(all)

	case $1 in
	unit/*) targets=("build/tests/${1#unit/}") ;;
	tests/cli/*) targets=(all build/mkdb) ;;
	esac
	! grep -qs 'hooked' "$tree/$1" || targets+=(hooked)
	! grep -qs 'mkdb' "$tree/$1" || targets+=(build/mkdb)
	make -C "$tree" --no-print-directory "${targets[@]}" >"$scratch/build.log" 2>&1
}

# run_test TEST: its status.
run_test()
{
	case $1 in
	unit/*) "$tree/tests/run.sh" "build/tests/${1#unit/}" ;;
	*) "$tree/tests/run.sh" "$1" ;;
	esac >"$scratch/run.log" 2>&1
}

# Every test must pass before something is broken: else its failure would prove nothing.
passes_unbroken()
{
	prepare "$1" && run_test "$1" && ! grep -q ' 0 passed' "$scratch/run.log"
}

# try FILE EXPRESSION TEST NAME
try()
{
	local file=$1 expression=$2 test=$3 name="$3 sees: $4"

	cp "$tree/$file" "$scratch/original" && sed -i -E "$expression" "$tree/$file"
	if cmp -s "$tree/$file" "$scratch/original"; then
		ok 1 "$name" || diag "the expression changes nothing in $file: $expression"
	elif ! prepare "$test"; then
		ok 1 "$name" || diag "does not compile: $expression" "$(tail -n 10 "$scratch/build.log")"
	else
		! run_test "$test"
		ok $? "$name" || diag "survived: $file, $expression" "$(tail -n 5 "$scratch/run.log")"
	fi
	cp "$scratch/original" "$tree/$file"
}

rm -rf "$scratch"
mkdir -p "$scratch"
SOURCE_DATE_EPOCH=0 packaging/source.sh "$tree" || exit 1
mapfile -t mutants < <(rows "$@")
[ ${#mutants[@]} -gt 0 ] || { echo "Bail out! no row of tests/mutants"; exit 1; }
declare -A broken=()
while read -r test; do
	passes_unbroken "$test" || { broken[$test]=yes; diag "$test: $(tail -n 5 "$scratch/build.log" "$scratch/run.log")"; }
done < <(printf '%s\n' "${mutants[@]}" | cut -f3 | sort -u)

for row in "${mutants[@]}"; do
	IFS=$'\t' read -r file expression test name <<<"$row"
	if [ -n "${broken[$test]:-}" ]; then
		ok 1 "$test sees: $name" || diag "the test fails, or is skipped, without any change"
	else
		try "$file" "$expression" "$test" "$name"
	fi
done
rm -rf "$tree"
done_testing
