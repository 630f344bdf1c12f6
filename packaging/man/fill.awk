# SPDX-License-Identifier: BSD-2-Clause
#
# awk -f fill.awk TABLE PAGE PAGE: fills a manual page (scdoc) with the output of "help --table". The page is read
# twice; the first pass collects the verbs, keys and headings that the page names. These placeholder lines are replaced:
#
#   @SYNOPSES@          one line for each verb
#   @VERBS@             each verb with its line of help
#   @VERB name@         synopsis, description, example and own options of a verb
#   @OTHER VERBS@       the same for each verb without a line of its own
#   @OPTIONS title@     the options below this heading of the help
#   @ELSEWHERE title@   nothing: these options are described in another page
#   @KEY name@          a configuration key
#   @OTHER KEYS@        the keys without a line of their own

function die(message) {
	print FILENAME ":" FNR ": " message > "/dev/stderr"
	failed = 1
	exit 1
}

# Escapes markup.
function plain(text) {
	gsub(/[\\*_`~]/, "\\\\&", text)
	if (index("-#.|[]", substr(text, 1, 1)))
		text = "\\" text
	return text
}

function sentence(text) {
	return plain(text) (text ~ /[.?!]$/ ? "" : ".")
}

# "-S,--since" and "TIME": "*-S*, *--since* _TIME_"
function flags(row,    text) {
	text = option_flags[row]
	gsub(/,/, "*, *", text)
	return "*" text "*" (option_argument[row] == "-" ? "" : " _" plain(option_argument[row]) "_")
}

function all_words(text) {
	gsub(/,/, ", ", text)
	return plain(text)
}

function print_option(row) {
	printf "%s\n\t%s", flags(row), sentence(option_help[row])
	if (option_values[row] ~ /,/ && option_help[row] ~ /\.\.\.$/)
		printf " All values: %s.", all_words(option_values[row])
	if (option_default[row] != "-")
		printf " Default: *%s*.", plain(option_default[row])
	printf "\n\n"
}

function takes(verb, row) {
	return option_verbs[row] == "*" || index("," option_verbs[row] ",", "," verb ",")
}

# "_What to show_ (without *--follow*)", "_What to show_ (only *--strict*)"; "": the verb takes none of these.
function shared(verb, title,    row, all, taken, only, without) {
	for (row = 1; row <= options; row++) {
		if (option_title[row] != title)
			continue
		all++
		if (takes(verb, row)) {
			taken++
			only = only (only ? ", " : "") "*" long(row) "*"
		} else
			without = without (without ? ", " : "") "*" long(row) "*"
	}
	if (!taken)
		return ""
	if (taken == all)
		return "_" title "_"
	return "_" title "_ (" (2 * taken > all ? "without " without : "only " only) ")"
}

function long(row,    text) {
	text = option_flags[row]
	sub(/.*,/, "", text)
	return text
}

function print_verb(verb,    row, i, text, list) {
	if (!(verb in usage_synopsis))
		die("there is no verb \"" verb "\"")
	printf "## %s\n\n*%s*\n\n%s\n\n", verb, plain(usage_synopsis[verb]), plain(usage_description[verb])
	printf "Example:\n\n```\n%s\n```\n\n", usage_example[verb]
	for (row = 1; row <= options; row++)
		if (takes(verb, row) && !(option_title[row] in placed_title))
			print_option(row)
	for (i = 1; i <= titles; i++) {
		text = shared(verb, title_list[i])
		if (text)
			list = list (list ? "; " : "") text
	}
	printf "Further options: %s.\n\n", list
}

function print_key(name) {
	if (!(name in option_help))
		die("there is no key \"" name "\"")
	printf "*%s* = _%s_\n\t%s Allowed: %s. Default: *%s*. On the command line: *%s*.\n\n", name,
		plain(option_argument[name]), sentence(option_help[name]), plain(option_allowed[name]),
		plain(option_default[name]), long(name)
}

# Stores the fields that option_print_row() prints; they follow field number `field` of the line.
function note_option(row, field) {
	option_flags[row] = $(field + 1)
	option_values[row] = $(field + 2)
	option_help[row] = $(field + 3)
	option_argument[row] = $(field + 4)
	option_allowed[row] = $(field + 5)
	option_default[row] = $(field + 6)
	option_title[row] = $(field + 7)
}

BEGIN { FS = "\t" }

FNR == 1 { pass++ }

pass == 1 && $1 == "verb" { verb_list[++verbs] = $2; verb_help[$2] = $4 }
pass == 1 && $1 == "option" { option_verbs[++options] = $2; note_option(options, 2) }
pass == 1 && $1 == "usage" {
	usage_synopsis[$2] = $3
	usage_example[$2] = $4
	usage_description[$2] = $5
}
pass == 1 && $1 == "key" { key_list[++keys] = $2; note_option($2, 2) }
pass == 1 { next }

{
	word = name = $0
	sub(/^@/, "", name)
	sub(/@$/, "", name)
	if (/^@.*@$/) {
		word = name
		sub(/ .*/, "", word)
		sub(/^[A-Z]+ /, "", name)
	}
}

pass == 2 {
	if (word == "VERB" || word == "KEY")
		placed[word, name] = 1
	if (word == "OPTIONS" || word == "ELSEWHERE") {
		placed_title[name] = 1
		title_list[++titles] = name
	}
	next
}

word == "SYNOPSES" {
	for (i = 1; i <= verbs; i++)
		printf "%s*%s*", (i > 1 ? "++\n" : ""), plain(usage_synopsis[verb_list[i]])
	printf "\n"
	next
}
word == "VERBS" {
	for (i = 1; i <= verbs; i++)
		printf "*%s*\n\t%s\n\n", verb_list[i], sentence(verb_help[verb_list[i]])
	next
}
word == "VERB" { print_verb(name); next }
word == "OTHER" && name == "VERBS" {
	for (i = 1; i <= verbs; i++)
		if (!(("VERB", verb_list[i]) in placed))
			print_verb(verb_list[i])
	next
}
word == "OPTIONS" {
	found = 0
	for (i = 1; i <= options; i++)
		if (option_title[i] == name) {
			print_option(i)
			found = 1
		}
	if (!found)
		die("no options are below \"" name "\"")
	next
}
word == "ELSEWHERE" { next }
word == "KEY" { print_key(name); next }
word == "OTHER" && name == "KEYS" {
	for (i = 1; i <= keys; i++)
		if (!(("KEY", key_list[i]) in placed))
			print_key(key_list[i])
	next
}
/^@.*@$/ { die("unknown placeholder " $0) }
{ print }

END { if (failed) exit 1 }
