# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
#
# What a guest printed, judged: see judge.jq, expect.txt and the "rungs" lines of kernels.txt.

# expect.txt as a function of the jq program.
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
		printf "%s {scenarios: %s, words: %s, name: \"%s\", text: \"%s\",\n", n++ ? "," : "|",
			list($1, ","), $2 == "-" ? "[]" : list($2, " "), $3, text
		printf "\tpass: ([try (%s) catch \"error: \\(.)\"] | if length == 1 then .[0] else . end)}\n", expression
	}
	END { print ";" }' tests/vm/expect.txt
}

# judge_rungs BOOT KERNEL SET...: {SET: {PROBE: RUNG}} as kernels.txt has it.
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

# judge_lines LOG: the JSON of a guest's console, one object per line; what is not JSON is left out.
judge_lines()
{
	sed -n 's/^.*@@ {/{/p' "$1" | tr -d '\r' | jq -cR 'fromjson? // empty'
}

# judge BOOT KERNEL LOG: one line "ok|not<tab>PART<tab>NAME<tab>DIAGNOSIS" for each thing that must hold.
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
