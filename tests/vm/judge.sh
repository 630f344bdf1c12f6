# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
#
# Judges what a guest printed, by judge.jq, expect.txt and the "rungs" lines of kernels.txt.

# Prints expect.txt as a function for judge.jq.
judge_expectations()
{
	awk -F ' \\| ' '
	function list(text, separator,    parts, n, i, out) {
		n = split(text, parts, separator)
		for (i = 1; i <= n; i++)
			out = out (i > 1 ? "," : "") "\"" parts[i] "\""
		return "[" out "]"
	}
	BEGIN { print "def expectations($t; $k; $noread): ." }
	/^#/ || NF == 0 { next }
	NF < 4 { print "expect.txt:" NR ": four columns are needed" >"/dev/stderr"; exit 1 }
	{
		expression = $0
		for (i = 1; i < 4; i++)
			sub(/^[^|]*\| /, "", expression)
		text = expression
		gsub(/\\/, "\\\\", text)
		gsub(/"/, "\\\"", text)
		# evaluated for its own scenarios only: some are quadratic in the number of rows
		printf "%s (select(%s | index($t.scenario)) | {words: %s, name: \"%s\", text: \"%s\",\n", n++ ? "," : "|",
			list($1, ","), $2 == "-" ? "[]" : list($2, " "), $3, text
		printf "\tpass: ([try (%s) catch \"error: \\(.)\"] | if length == 1 then .[0] else . end)})\n", expression
	}
	END { print ";" }' tests/vm/expect.txt
}

# judge_rungs BOOT KERNEL SET...: prints {SET: {PROBE: RUNG}} as kernels.txt has it. A SET is the name of a plan.
judge_rungs()
{
	local boot=$1 kernel=$2

	shift 2
	for set in "$@"; do
		awk -v boot="$boot" -v kernel="$kernel" -v set="$set" '
		$1 == "rungs" && ($2 == "*" || $2 == boot || $2 == kernel) && ($3 == "*" || $3 == set) {
			for (i = 4; i <= NF; i++)
				print set "\t" substr($i, 1, index($i, "=") - 1) "\t" substr($i, index($i, "=") + 1)
		}' tests/vm/kernels.txt
	done | jq -Rn '[inputs / "\t"] | reduce .[] as [$set, $probe, $rung] ({}; .[$set][$probe] = $rung)'
}

# judge_unpack LOG: prints a guest's console, with what report_rows (guest/guest.sh) sent decompressed.
judge_unpack()
{
	tr -d '\r' <"$1" | awk -v unpack='base64 -d | gunzip' '
	/^@@=/ { if (!packed++) fflush(); print substr($0, 4) | unpack; next }
	packed { close(unpack); packed = 0 }
	{ print }
	END { if (packed) close(unpack) }'
}

# judge_lines LOG: prints the JSON objects of a guest's console, one a line.
judge_lines()
{
	judge_unpack "$1" | sed -n 's/^.*@@ {/{/p' | jq -cR 'fromjson? // empty'
}

# judge BOOT KERNEL LOG: prints "ok|not<tab>PART<tab>NAME<tab>DIAGNOSIS" for each assertion.
judge()
{
	local lines=$3.json sets

	judge_lines "$3" >"$lines"
	mapfile -t sets < <(jq -r 'select(.set != "").set' "$lines" | sort -u)
	{
		judge_expectations && cat tests/vm/judge.jq
	} >"$3.jq"
	jq -rn --argjson rungs "$(judge_rungs "$1" "$2" ${sets[@]+"${sets[@]}"})" -f "$3.jq" "$lines"
}
