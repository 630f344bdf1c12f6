#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# tests/run.sh [-b] [-j JOBS] [-t SECONDS] [-s PART=SECONDS]... PART|FILE...
#
# Runs tests and counts. A PART is "unit" (the programs in build/tests, which also replay the fuzz corpora), "sanitized"
# (the same programs in build/sanitized/tests), a folder of tests/ with *.t scripts, or "cli-sanitized" (the scripts of
# tests/cli with the programs in build/sanitized). A FILE is one script or program. The report has one line per file in
# the order of the arguments, below it the failed assertions with their diagnosis, then every skip with its reason, the
# seconds of each part, and as the last line "N passed, N failed, N skipped".
#
# A script must print its plan ("1..N", as tests/lib.sh does) and keep it: one that ends early, runs longer than -t
# seconds (default 300) or prints another number of tests has failed. Programs print TAP as cmocka does, one plan per
# group; a program without TAP is one test, judged by its exit status. Whatever the test itself reports, it has failed
# when a sanitizer found something. What a test printed is kept in build/tests/log/.
#
# -j JOBS  Runs up to JOBS files at a time (default 1: all files in the order given). See lane_of().
# -b       Fails when a part took more than twice the seconds that tests/budget allows it. Not with CRI_EBPF_LONG.
# -s       Seconds that a part outside of this script took, such as the build: reported and judged with the others.
#
# CRI_EBPF_REQUIRE=PART,...  parts in which a skip is a failure ("all": every part).
set -u

cd "$(dirname "$0")/.." || exit 1
. tests/lib.sh
build=${BUILD:-build}
log_dir=$build/tests/log
limit=300
jobs=1
judge_seconds=
passed=0 failed=0 skipped=0
skips=()

# One element per file to run: its path, its part, and the variant of the build whose programs are tried.
files=() parts=() variants=()
# Parts in order of appearance, and their seconds: wall-clock time and CPU time, summed over the files.
part_order=()
declare -A part_wall=() part_cpu=()

usage()
{
	echo "usage: tests/run.sh [-b] [-j JOBS] [-t SECONDS] [-s PART=SECONDS]... PART|FILE..." >&2
	exit 2
}

# Which files may run beside each other when there is more than one job:
#   any     beside all others of this lane
#   host    needs the kernel of this host, its cgroups and accounts: one at a time
#   guests  boots machines in QEMU: all at a time, beside the host lane; each machine waits for a slot
# The files of "any" run first. Then the host lane keeps one CPU busy, and guests take the others (tests/lib.sh,
# slot_take); when the host lane has ended, guests take all of them.
lane_of()
{
	case $1 in
	tests/bpf/* | tests/containers/* | tests/packaging/image.t) echo host ;;
	tests/vm/*.sh | tests/packaging/machine.sh) echo guests ;;
	*) echo any ;;
	esac
}

# The part that a file given by its path belongs to.
part_of()
{
	case $1 in
	tests/packaging/*) echo packages ;;
	tests/*/*) basename "$(dirname "$1")" ;;
	tests/*) basename "$1" .sh ;;
	*) echo unit ;;
	esac
}

# The files of a part, one per line.
part_files()
{
	local programs=$build/tests

	[ "$1" != sanitized ] || programs=$build/sanitized/tests
	case $1 in
	unit | sanitized)
		find "$programs" -maxdepth 1 -type f -executable \( -name 'test_*' -o -name 'replay_*' \) | sort
		;;
	cli-sanitized)
		# Programs with sanitizers have no sandbox, and there is no variant of them with an additional event type.
		find tests/cli -maxdepth 1 -name '*.t' ! -name sandbox.t ! -name extension.t | sort
		;;
	*) find "tests/$1" -maxdepth 1 -name '*.t' | sort ;;
	esac
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
		if (before != "")
			$0 = $0 ": " before # a program prints the reason on the line before
		before = ""
		name = $0
		sub(/^(not )?ok *[0-9]* *-? */, "", name)
		sub(/ *# *[Ss][Kk][Ii][Pp].*$/, "", name)
		print "skip", (name == "" ? "" : name ": ") reason_of($0)
		seen++
		failing = 0
		next
	}
	/^ok( |$)/ { ok++; seen++; failing = 0; before = ""; next }
	/^not ok( |$)/ {
		not_ok++; seen++; failing = 1; before = ""
		print "why", $0
		next
	}
	/^# / && failing { print "why", "  " $0; next }
	/^[^#]/ { before = $0 }
	END {
		print "ok", ok + 0
		print "not_ok", not_ok + 0
		print "seen", seen + 0
		print "planned", plans ? planned : "none"
	}' "$1"
}

# Why a file failed as a whole: empty when it did not. Its variables are those of run_file.
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
	elif [ "$planned" -eq 0 ] && [ ${#file_skips[@]} -eq 0 ]; then
		echo "ran no test, exit status $status"
	elif [ "$planned" -ne "$seen" ]; then
		echo "planned $planned tests, but ran $seen, exit status $status"
	elif [ "$status" -ne 0 ] && [ "$not_ok" -eq 0 ]; then
		echo "exit status $status, although every test passed"
	fi
}

# is_required PART
is_required()
{
	[[ ,${CRI_EBPF_REQUIRE:-}, == *,all,* ]] || [[ ,${CRI_EBPF_REQUIRE:-}, == *,$1,* ]]
}

# The CPU seconds of all children, from the output of bash's "times".
cpu_seconds()
{
	awk -F'[ms ]+' 'NR == 2 { printf "%.1f", $1 * 60 + $2 + $3 * 60 + $4 }' "$1"
}

# run_file INDEX: runs one file and writes its report to $results/INDEX: first the line "OK NOT_OK SKIPPED WALL CPU",
# then one line "skip TEXT" per skip, and lines "print TEXT" for the report. Runs in a subshell of its own.
run_file()
{
	local file=${files[$1]} variant=${variants[$1]} result=$results/$1
	local name kind=program log status ok=0 not_ok=0 seen=0 planned=none
	local word rest broken findings pid begin=$SECONDS why=() file_skips=()
	local command=("$file")

	slot_leave # the host lane's, which is run.sh's own
	name=${file#"$build"/}
	name=${variant:+$variant/}${name/tests\//}
	log=$log_dir/${name//\//_}.log
	case $file in
	*.t | *.sh) kind=script command=(bash "$file") ;;
	*/replay_*) command+=("tests/fuzz/corpus/${file##*/replay_}") ;;
	*/*) ;;
	*) command=("./$file") ;;
	esac

	findings=$(realpath "$log_dir")/${name//\//_}.sanitizer
	rm -f "$findings".*
	# bash lets its background children ignore SIGINT
	BUILD=$build${variant:+/$variant} CMOCKA_MESSAGE_OUTPUT=TAP \
		ASAN_OPTIONS=detect_leaks=1:log_path=$findings UBSAN_OPTIONS=print_stacktrace=1:log_path=$findings \
		env --default-signal=INT,QUIT timeout -k 20 "$limit" "${command[@]}" >"$log" 2>&1 </dev/null &
	pid=$!
	trap 'kill "$pid" 2>/dev/null; wait "$pid"; exit 143' TERM
	wait "$pid"
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
	if [ ${#file_skips[@]} -gt 0 ] && is_required "${parts[$1]}"; then
		not_ok=$((not_ok + ${#file_skips[@]}))
		why+=("${file_skips[@]/#/skipped, but required by CRI_EBPF_REQUIRE: }")
		file_skips=()
	fi
	times >"$result.times"
	{
		echo "$ok $not_ok ${#file_skips[@]} $((SECONDS - begin)) $(cpu_seconds "$result.times")"
		[ ${#file_skips[@]} -eq 0 ] || printf "skip $name: %s\n" "${file_skips[@]}"
		report_file | sed 's/^/print /'
	} >"$result.new" && mv "$result.new" "$result"
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
}

# add_part NAME: it gets a line at the end.
add_part()
{
	[ -n "${part_wall[$1]+set}" ] || part_order+=("$1")
	part_wall[$1]=${part_wall[$1]:-0}
}

# Prints the reports of the files that have ended, in order, up to the first that has not.
reported=0
report_ended()
{
	local ok not_ok skip wall cpu word rest part

	while [ "$reported" -lt ${#files[@]} ] && [ -e "$results/$reported" ]; do
		part=${parts[reported]}
		{
			read -r ok not_ok skip wall cpu
			while IFS= read -r rest; do
				word=${rest%% *} rest=${rest#* }
				case $word in
				skip) skips+=("$rest") ;;
				print) printf '%s\n' "$rest" ;;
				esac
			done
		} <"$results/$reported"
		passed=$((passed + ok)) failed=$((failed + not_ok)) skipped=$((skipped + skip))
		part_wall[$part]=$((${part_wall[$part]} + wall))
		part_cpu[$part]=$(awk -v a="${part_cpu[$part]:-0}" -v b="$cpu" 'BEGIN { print a + b }')
		reported=$((reported + 1))
	done
}

# When everything has ended: a file without a report, because run_file was killed or could not write it, has failed.
report_rest()
{
	while report_ended && [ "$reported" -lt ${#files[@]} ]; do
		printf '%-7s %-36s %s\n' 'not ok' "${files[reported]}" 'ended without a report'
		failed=$((failed + 1)) reported=$((reported + 1))
	done
}

# start INDEX LANE: in the background.
declare -A lane_of_pid=()
start()
{
	run_file "$1" &
	lane_of_pid[$!]=$2
}

# Waits for one file to end, starts the next of a serial lane, and reports.
wait_for_one()
{
	local pid lane

	wait -n -p pid
	lane=${lane_of_pid[$pid]}
	unset "lane_of_pid[$pid]"
	[ "$lane" != host ] || start_next
	report_ended
}

# Starts the next file of the host lane, or frees its slot.
host_queue=() guests=()
start_next()
{
	if [ ${#host_queue[@]} -eq 0 ]; then
		slot_leave
		return
	fi
	start "${host_queue[0]}" host
	host_queue=("${host_queue[@]:1}")
}

run_in_order()
{
	local i

	for i in "${!files[@]}"; do
		start "$i" any
		wait_for_one
	done
}

run_in_lanes()
{
	local i

	for i in "${!files[@]}"; do
		case $(lane_of "${files[i]}") in
		host) host_queue+=("$i") ;;
		guests) guests+=("$i") ;;
		any)
			[ ${#lane_of_pid[@]} -lt "$jobs" ] || wait_for_one
			start "$i" any
			;;
		esac
	done
	while [ ${#lane_of_pid[@]} -gt 0 ]; do wait_for_one; done

	slots_make "$results/slots" "$jobs"
	[ ${#host_queue[@]} -eq 0 ] || slot_take
	for i in ${guests[@]+"${guests[@]}"}; do
		start "$i" guests
	done
	start_next
	while [ ${#lane_of_pid[@]} -gt 0 ]; do wait_for_one; done
}

# The line of each part; with -b a part that took far longer than its budget is a failure.
report_seconds()
{
	local part line budget

	for part in ${part_order[@]+"${part_order[@]}"}; do
		line=$(printf '%-7s %-36s %d s' time "$part" "${part_wall[$part]}")
		[ -z "${part_cpu[$part]:-}" ] || line+=", ${part_cpu[$part]} s of CPU"
		budget=$(awk -v part="$part" '$1 == part { print $2 }' tests/budget)
		if [ -n "$judge_seconds" ] && [ -z "${CRI_EBPF_LONG:-}" ]; then
			line+=", budget ${budget:-none} s"
			if [ -z "$budget" ] || [ "${part_wall[$part]}" -gt $((2 * budget)) ]; then
				line+=": not ok"
				failed=$((failed + 1))
			fi
		fi
		printf '%s\n' "$line"
	done
}

while getopts bj:s:t: letter; do
	case $letter in
	b) judge_seconds=yes ;;
	j) jobs=$OPTARG ;;
	s) add_part "${OPTARG%%=*}" && part_wall[${OPTARG%%=*}]=${OPTARG#*=} ;;
	t) limit=$OPTARG ;;
	*) usage ;;
	esac
done
shift $((OPTIND - 1))
[ $# -gt 0 ] || usage
mkdir -p "$log_dir" && results=$(mktemp -d) || exit 1

for word in "$@"; do
	found=() variant=''
	[ "$word" != cli-sanitized ] || variant=sanitized
	if [ -f "$word" ]; then
		found=("$word")
		part=$(part_of "$word")
	elif [[ $word != */* ]]; then
		mapfile -t found < <(part_files "$word" 2>/dev/null)
		part=${word/#packaging/packages}
	fi
	if [ ${#found[@]} -eq 0 ]; then
		printf '%-7s %-36s %s\n' 'not ok' "$word" 'there is no such test'
		failed=$((failed + 1))
		continue
	fi
	add_part "$part"
	for file in "${found[@]}"; do
		files+=("$file") parts+=("$part") variants+=("$variant")
	done
done

# Ends what runs; a test cleans up when it gets SIGTERM.
run_end()
{
	[ ${#lane_of_pid[@]} -eq 0 ] || { kill "${!lane_of_pid[@]}" && wait; } 2>/dev/null
	rm -rf "$results"
}
trap run_end EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

if [ "$jobs" -gt 1 ]; then
	run_in_lanes
else
	run_in_order
fi
report_rest

for line in ${skips[@]+"${skips[@]}"}; do
	printf 'skipped %s\n' "$line"
done
report_seconds
printf '%d passed, %d failed, %d skipped\n' "$passed" "$failed" "$skipped"
[ "$failed" -eq 0 ]
