#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# tests/run.sh [-t SECONDS] PART|FILE...
#
# Runs tests and counts. A PART is "unit" (the programs in build/tests, the fuzz corpora replayed among them),
# "sanitized" (the same in build/sanitized/tests), a folder of tests/ with *.t scripts, or "cli-sanitized" (the
# scripts of cli/ on the programs in build/sanitized); a FILE is one script or program. One line per file; the
# failed assertions with their diagnosis below it; every skip with its reason. The last line is always
# "N passed, N failed, N skipped".
#
# A script must print its plan ("1..N", as tests/lib.sh does) and keep it: one that dies early, is too slow
# (-t, default 300 seconds) or prints another number of tests has failed. Programs speak TAP as cmocka does,
# one plan per group; one that prints no TAP at all is one test, judged by its exit status.
# What a test printed is kept in build/tests/log/; a test in which a sanitizer finds something has failed, whatever
# the test itself says.
set -u

cd "$(dirname "$0")/.." || exit 1
build=${BUILD:-build}
log_dir=$build/tests/log
limit=300
variant= # of build: its programs are the ones that are tried
passed=0 failed=0 skipped=0
skips=()

usage()
{
	echo "usage: tests/run.sh [-t SECONDS] PART|FILE..." >&2
	exit 2
}

# Reads TAP, prints "ok N", "not_ok N", "planned N or none", "skip REASON" and "why TEXT" lines.
tap_count()
{
	awk '
	function reason_of(line) {
		sub(/^.*# *[Ss][Kk][Ii][Pp]/, "", line)
		sub(/^ */, "", line)
		return line
	}
	/^1\.\.[0-9]+/ {
		split($1, plan, /\.\./)
		planned += plan[2]
		plans++
		if (plan[2] == 0 && /# *[Ss][Kk][Ii][Pp]/) {
			print "skip", "(all)", reason_of($0)
			skipped++
		}
		next
	}
	/^(not )?ok .*# *[Ss][Kk][Ii][Pp]/ {
		if (said != "")
			$0 = $0 ": " said # a program says why on the line before
		said = ""
		name = $0
		sub(/^(not )?ok *[0-9]* *-? */, "", name)
		sub(/ *# *[Ss][Kk][Ii][Pp].*$/, "", name)
		print "skip", (name == "" ? "" : name ": ") reason_of($0)
		seen++
		failing = 0
		next
	}
	/^ok( |$)/ { ok++; seen++; failing = 0; said = ""; next }
	/^not ok( |$)/ {
		not_ok++; seen++; failing = 1; said = ""
		print "why", $0
		next
	}
	/^# / && failing { print "why", "  " $0; next }
	/^[^#]/ { said = $0 }
	END {
		print "ok", ok + 0
		print "not_ok", not_ok + 0
		print "seen", seen + 0
		print "planned", plans ? planned : "none"
	}' "$1"
}

# Why a file failed as a whole: empty when it did not. $status seen planned not_ok kind findings are the caller's.
verdict()
{
	if compgen -G "$findings.*" >/dev/null; then
		echo "a sanitizer found something: $(head -n 3 "$findings".* | tr '\n' ' ')"
	elif [ "$status" -eq 124 ] || [ "$status" -eq 137 ]; then
		echo "stopped after $limit seconds"
	elif [ "$planned" = none ] && [ "$seen" -eq 0 ] && [ "$kind" = program ]; then
		[ "$status" -eq 0 ] || echo "exit status $status"
	elif [ "$planned" = none ]; then
		echo "ended without a plan after $seen tests, exit status $status"
	elif [ "$planned" -ne "$seen" ]; then
		echo "planned $planned tests, but ran $seen, exit status $status"
	elif [ "$status" -ne 0 ] && [ "$not_ok" -eq 0 ]; then
		echo "exit status $status, although every test passed"
	fi
}

run_file()
{
	local file=$1 name kind=program log status ok=0 not_ok=0 seen=0 planned=none
	local word rest broken findings why=() file_skips=()
	local command=("$file")

	name=${file#"$build"/}
	name=${variant:+$variant/}${name/tests\//}
	log=$log_dir/${name//\//_}.log
	case $file in
	*.t | *.sh) kind=script command=(bash "$file") ;;
	*/replay_*) command+=("tests/fuzz/corpus/${file##*/replay_}") ;;
	*/*) ;;
	*) command=("./$file") ;;
	esac

	findings=$(realpath "${log%/*}")/${name//\//_}.sanitizer
	rm -f "$findings".*
	BUILD=$build${variant:+/$variant} CMOCKA_MESSAGE_OUTPUT=TAP \
		ASAN_OPTIONS=detect_leaks=1:log_path=$findings UBSAN_OPTIONS=print_stacktrace=1:log_path=$findings \
		timeout -k 20 "$limit" "${command[@]}" >"$log" 2>&1 </dev/null
	status=$?
	while read -r word rest; do
		case $word in
		ok | not_ok | seen | planned) printf -v "$word" %s "$rest" ;;
		skip) file_skips+=("$rest") ;;
		why) why+=("$rest") ;;
		esac
	done < <(tap_count "$log")

	broken=$(verdict)
	if [ "$kind" = program ] && [ "$seen" -eq 0 ] && [ "$planned" = none ] && [ -z "$broken" ]; then
		ok=1
	fi
	if [ -n "$broken" ]; then
		not_ok=$((not_ok + 1))
		why+=("$broken")
		while IFS= read -r rest; do
			why+=("  $rest")
		done < <(tail -n 15 "$log")
	fi

	passed=$((passed + ok))
	failed=$((failed + not_ok))
	skipped=$((skipped + ${#file_skips[@]}))
	report_file
}

# One line per file, and what failed below it. Works on run_file's variables.
report_file()
{
	local word=ok line

	[ $((ok + not_ok)) -gt 0 ] || word=skip
	[ "$not_ok" -eq 0 ] || word='not ok'
	line=$(printf '%-7s %-36s %d passed' "$word" "$name" "$ok")
	[ "$not_ok" -eq 0 ] || line+=", $not_ok failed"
	[ ${#file_skips[@]} -eq 0 ] || line+=", ${#file_skips[@]} skipped"
	printf '%s\n' "$line"
	[ "$not_ok" -eq 0 ] || printf '        %s\n' "${why[@]}" "whole output: $log"
	for line in ${file_skips[@]+"${file_skips[@]}"}; do
		skips+=("$name: $line")
	done
}

# The files of a part, one per line.
part_files()
{
	local programs=$build/tests

	[ "$1" != sanitized ] || programs=$build/sanitized/tests
	if [ "$1" = unit ] || [ "$1" = sanitized ]; then
		find "$programs" -maxdepth 1 -type f -executable \( -name 'test_*' -o -name 'replay_*' \) | sort
	else
		find "tests/${1%-sanitized}" -maxdepth 1 -name '*.t' | sort
	fi
}

while getopts t: letter; do
	case $letter in
	t) limit=$OPTARG ;;
	*) usage ;;
	esac
done
shift $((OPTIND - 1))
[ $# -gt 0 ] || usage
mkdir -p "$log_dir" || exit 1

for word in "$@"; do
	files=() variant=
	[ "$word" != cli-sanitized ] || variant=sanitized
	if [ -f "$word" ]; then
		files=("$word")
	elif [[ $word != */* ]]; then
		mapfile -t files < <(part_files "$word" 2>/dev/null)
	fi
	if [ ${#files[@]} -eq 0 ]; then
		printf '%-7s %-36s %s\n' 'not ok' "$word" 'there is no such test'
		failed=$((failed + 1))
	fi
	for file in ${files[@]+"${files[@]}"}; do
		run_file "$file"
	done
done

for line in ${skips[@]+"${skips[@]}"}; do
	printf 'skipped %s\n' "$line"
done
printf '%d passed, %d failed, %d skipped\n' "$passed" "$failed" "$skipped"
[ "$failed" -eq 0 ]
