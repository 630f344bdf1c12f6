#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# The manual pages and the example configuration list exactly the options, keys and columns that the programs have.
set -u
. "$(dirname "$0")/fixture.sh"

BUILD=${BUILD:-build}
LOADER=$BUILD/cri-ebpf-loader
[ -e "$BUILD/man/cri-ebpf.1" ] || skip_all "the manual pages are not built: make docs"

# text PAGE: the formatted page, in lines so long that no word is broken
text()
{
	MANWIDTH=1000 man --no-hyphenation -l "$BUILD/man/$1"
}

# options_of HELP: the long options at the beginning of its rows
options_of()
{
	grep -oE '^  (-[a-zA-Z],|   ) --[a-z-]+' <<<"$1" | grep -oE -- '--[a-z-]+'
}

# flags_of TEXT: every long option in it
flags_of()
{
	grep -oE -- '(^|[^a-z-])--[a-z][a-z-]*' <<<"$1" | grep -oE -- '--[a-z-]+' | sort -u
}

# missing LIST TEXT WHAT: each line of LIST is a word of TEXT
missing()
{
	is "$(comm -23 <(sort -u <<<"$1") <(grep -oE -- '[A-Za-z0-9_-]+' <<<"$2" | sort -u))" "" "$3"
}

# The pages themselves
if command -v man >/dev/null; then
	for page in "$BUILD"/man/*; do
		is "$(MANWIDTH=80 man --warnings -l "$page" 2>&1 >/dev/null)" "" "${page##*/} has no warnings"
		is "$(grep -c '@[A-Z]' "$page")" 0 "and no placeholder is left in it"
	done

	# Verbs and their options, both ways. Options for configuration keys are in cri-ebpf.conf(5).
	manual=$(text cri-ebpf.1)
	conf=$(text cri-ebpf.conf.5)
	loader=$(text cri-ebpf-loader.8)
	cri_help=$("$CRI" --help)
	verbs=$(sed -nE 's/^  ([a-z]+) +.*/\1/p' <<<"$cri_help")
	[ "$(wc -w <<<"$verbs")" -gt 10 ]; ok $? "the help lists more than 10 verbs"
	all=$'--version\n--help'
	for verb in $verbs; do
		grep -qE "^ {3}$verb\$" <<<"$manual"; ok $? "$verb has a section"
		help=$("$CRI" "$verb" --help)
		missing "$(options_of "${help%%Configuration:*}")" "$manual" "with every option of $verb"
		section=$(awk -v verb="   $verb" '/^ ? ? ?[^ ]/ { inside = $0 == verb } inside' <<<"$manual")
		like "$section" "$(sed -nE 's/^Usage: //p' <<<"$help" | sed 's/[][|.+*?]/\\&/g')" "and its synopsis"
		all+=$'\n'$(options_of "$help")
		case $help in *Configuration:*) keys=$(options_of "${help#*Configuration:}") ;; esac
	done
	missing "$keys" "$conf" "cri-ebpf.conf(5) has every key as an option"
	is "$(comm -13 <(sort -u <<<"$all") <(flags_of "$manual"))" "" "cri-ebpf(1) has no unknown option"
	is "$(comm -13 <(sort -u <<<"$all") <(flags_of "$conf"))" "" "cri-ebpf.conf(5) has no unknown option"
	is "$(comm -13 <(sort -u <<<"$verbs") \
		<(grep -oE '^ {7}cri-ebpf [a-z]+' <<<"$manual" | awk '{ print $2 }' | grep -v queries | sort -u))" "" \
		"cri-ebpf(1) has no unknown verb"

	help=$("$LOADER" --help)
	missing "$(options_of "${help%%Configuration:*}")" "$loader" "cri-ebpf-loader(8) has every option"
	missing "$(sed -nE 's/^  ([a-z]+) +.*/\1/p' <<<"$help")" "$loader" "and every command"
	is "$(comm -13 <(options_of "$help" | sort -u) <(flags_of "$loader"))" "" "and no unknown option"
	is "$(options_of "${help#*Configuration:}")" "$keys" "both programs have the same keys"
else
	skip "the text of the manual pages" "no man program"
fi

# Keys: each is once in the page and once in the example, which can be read as it is and with every default uncommented.
example=$BUILD/cri-ebpf.conf.example
names=$(sed 's/^--//; s/-/_/g' <<<"${keys:-}")
is "$(sed -nE 's/^#([a-z_]+) = .*/\1/p' "$example")" "$names" "the example has every key, once"
is "$(grep -oE '^ {7}[a-z_]+ = [^ ]+$' <<<"${conf:-}" | awk '{ print $1 }' | sort)" "$(sort <<<"$names")" \
	"and so has cri-ebpf.conf(5)"
sed -E 's/^#([a-z_]+ = )/\1/' "$example" >"$T/all.conf"
for file in "$example" "$T/all.conf" packaging/cri-ebpf.conf; do
	"$CRI" events -n 1 --db "$DB" --config "$file" >"$T/out" 2>"$T/err"
	is "$? $(cat "$T/err")" "0 " "${file##*/} is a configuration"
done
# The defaults in the example are those that --help prints.
while IFS=' ' read -r name _ value; do
	like "$("$CRI" record --help)" "--${name//_/-} [^"$'\n'"]* \(default $value\)" "$name = $value is the default"
done < <(grep -E '^[a-z_]+ = ' "$T/all.conf")

# The schema: views, their columns and types, in their order.
schema=packaging/man/cri-ebpf-schema.5.scd
sqlite() { sqlite3 -readonly "$DB" "$1"; }

# columns_of SECTION: "name type" lines, from "*a*, *b* (integer), *c* (text)"
columns_of()
{
	awk -v section="## $1" '/^#/ { inside = $0 == section } inside && /^\*.*\((integer|text|real)\)/' $schema |
		grep -oE '\*[a-z_]+\*|\([a-z]+\)' |
		awk '/^\*/ { waiting[++n] = $0 } /^\(/ { for (i = 1; i <= n; i++) print waiting[i], $0; n = 0 }' | tr -d '*()'
}

# real_columns VIEW: the same from the database. SQLite declares a type only for a view's plain columns; for an
# expression it is the type of one of its values.
real_columns()
{
	sqlite "SELECT name, lower(type) FROM pragma_table_info('$1')" | while IFS='|' read -r name type; do
		[ -n "$type" ] || type=$(sqlite "SELECT typeof($name) FROM $1 WHERE $name IS NOT NULL LIMIT 1")
		echo "$name $type"
	done
}

if command -v sqlite3 >/dev/null; then
	views=$(sqlite "SELECT name FROM sqlite_schema WHERE type = 'view' ORDER BY 1")
	is "$(grep -oE '^## v_[a-z]+' $schema | cut -c4- | sort)" "$views" "cri-ebpf-schema(5) has every view"
	missing "$views" "$("$CRI" sql --help)" "and so has sql --help"
	for view in $views; do
		common=
		case $view in v_events | v_container) ;; *) common=$(columns_of v_events)$'\n' ;; esac
		is "$common$(columns_of "$view")" "$(real_columns "$view")" "$view: every column with its type"
	done
	is "$(sed -nE 's/.*version of the tables and views, which is \*([0-9]+)\*.*/\1/p' $schema)" "$(sqlite 'PRAGMA user_version')" \
		"and the version of the views"
else
	skip "the views in cri-ebpf-schema(5)" "no sqlite3 program"
fi

# The JSON output: every field of every type, both ways.
fields_of()
{
	awk -v section="## Fields of $1" '/^#/ { inside = $0 == section } inside && /^\*/' $schema |
		grep -oE '\*[a-z_]+\*' | tr -d '*' | sort
}
common=$(fields_of 'every event')
for type in oom_kill memory_pressure process_exit process_fork container_start container_stop gap; do
	cri events -t "$type" --json
	is "$(jq -r 'keys[] | select(endswith("_hex") | not)' <<<"$OUT" | sort -u)" "$(sort <<<"$common"$'\n'"$(fields_of "$type")")" "$type: every JSON field"
done

done_testing
