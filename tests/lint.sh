#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Checks that compilers do not make: who may include whom, licence lines, shell scripts, leftovers. TAP.
set -u

cd "$(dirname "$0")/.." || exit 1
# shellcheck source=tests/lib.sh
. tests/lib.sh

# Every file of the project, with or without git.
all_files=$(
	if [ -e .git ]; then
		git ls-files --cached --others --exclude-standard
	else
		find . -path ./build -prune -o -type f -print | sed 's,^\./,,'
	fi | while read -r file; do
		[ ! -e "$file" ] || echo "$file"
	done
)

files()
{
	grep -E "$1" <<<"$all_files"
}

# nothing NAME TEXT: passes when TEXT, a list of findings, is empty.
nothing()
{
	local status=0

	[ -z "$2" ] || status=1
	ok "$status" "$1" || diag "$2"
}

# includes FILES: "file: included" for each #include, without the brackets or quotes.
includes()
{
	local list

	mapfile -t list < <(files "$1")
	[ ${#list[@]} -eq 0 ] || grep -HoE '^[[:space:]]*#[[:space:]]*include[[:space:]]*[<"][^>"]+' "${list[@]}" |
		sed -E 's/:[[:space:]]*#[[:space:]]*include[[:space:]]*/: /'
}

# The includes of the files LEFT that say RIGHT; or, with -v, that do not.
#   own_rules    a file => all that its includes in quotes may be. A reviewer can audit the privileged program
#                by reading loader/, common/ and bpf/ and nothing else, because of this table.
#   room_rules   a folder of consumer/ => the other folders that its files may include from: those below it in the
#                pipeline.
#   only_rules   a header => the only files that may include it.
#   never_rules  a file => what it must not include: pure code has no I/O, and a stage of the pipeline knows
#                the ones before it, never a later one.
own_rules='
^common/.*\.[ch]$ => ^"common/[a-z0-9_]+\.h$
^bpf/.*\.[ch]$ => ^"(bpf/[a-z_]+\.bpf\.h|[a-z_]+\.bpf\.h|common/(event|limits|maps|unit_name)\.h)$
^loader/.*\.[ch]$ => ^"((common|loader)/[a-z0-9_]+\.h|cri_ebpf\.skel\.h)$
^consumer/.*\.[ch]$ => ^"(common/[a-z0-9_]+\.h|consumer/([a-z]+/)*[a-z_]+\.h|seccomp_[a-z_]+\.h|completion_scripts\.h)$
'
room_rules='
main.c => cli
cli => container/names record story print query container sandbox store text
record => container container/names sandbox store text
story => query container store text
print => query text
query => store text
container => container/names store text
container/names => text
sandbox => store text
store => text
text => nothing
'
only_rules='
^.sqlite3\.h$ => ^consumer/store/db(_restrict|_stmt)?\.c$
^.cri_ebpf\.skel\.h$ => ^loader/object\.c$
^.bpf/(libbpf|bpf|btf)\.h$ => ^(loader/[a-z_]+|consumer/(record/ring|container/kernel_maps))\.c$
^.seccomp_[a-z_]+\.h$ => ^consumer/sandbox/sandbox\.c$
^.libsmartcols => ^consumer/print/[a-z_]+\.c$
'
never_rules='
^consumer/(cli/health|record/decode|record/outage|record/schedule|store/db_header|container/names/(cgroup_path|component)|text/[a-z]+_(name|type|list|scope)|story/(verdict|story_words|story_summary))\.c$ => ^.(fcntl|unistd|sqlite3|sys/.*|bpf/.*|common/log)\.h$
^common/(text(_[a-z]+)?|utf8|option(_scan|_value)?)\.c$ => ^.(fcntl|unistd|sqlite3|sys/.*|bpf/.*|common/log)\.h$
^consumer/record/ring\.[ch]$ => ^.consumer/(record/(decode|enrich|pipeline)|store/.*)\.h$
^consumer/record/decode\.[ch]$ => ^.consumer/(record/(ring|enrich|pipeline)|store/.*)\.h$
^consumer/record/enrich\.[ch]$ => ^.consumer/record/(ring|pipeline)\.h$
'

# each_rule TABLE FUNCTION: calls FUNCTION with the two sides of each row.
each_rule()
{
	local row

	while IFS= read -r row; do
		[ -z "$row" ] || "$2" "${row%% => *}" "${row#* => }"
	done <<<"$1"
}

# From lines "file: <header", those whose header matches. (-v would take backslashes out of the expressions.)
headers()
{
	want=$1 invert=${2:-0} awk -F': ' '($2 ~ ENVIRON["want"]) != ENVIRON["invert"]'
}

own_rule()
{
	nothing "$1: includes only allowed headers" "$(includes "$1" | headers '^"' | headers "$2" 1)"
}

only_rule()
{
	nothing "$1: included only where the rule allows" "$(includes '^(common|bpf|loader|consumer)/.*\.[ch]$' | headers "$1" |
		may=$2 awk -F': ' '$1 !~ ENVIRON["may"]')"
}

never_rule()
{
	nothing "$1: includes no forbidden header" "$(includes "$1" | headers "$2")"
}

# What FOLDER includes from folders of consumer/ that are neither its own nor in the list MAY.
room_rule()
{
	local own='' allowed

	[ "$1" = main.c ] || own="$1|"
	allowed="^\"consumer/((${own}${2// /|})/[a-z_]+|test_hook)\\.h$"
	nothing "consumer/$1: includes only rooms below it" \
		"$(includes "^consumer/${1/./\\.}(\$|/[a-z_]+\\.[ch]\$)" | headers '^"consumer/' | headers "$allowed" 1)"
}

# A folder without a row would escape the rules.
rooms_without_rule()
{
	files '^consumer/.*\.[ch]$' | sed -nE 's,^consumer/(.*)/[^/]+$,\1,p' | sort -u | while read -r room; do
		grep -q "^$room => " <<<"$room_rules" || echo "consumer/$room"
	done
}

each_rule "$own_rules" own_rule
each_rule "$room_rules" room_rule
nothing "every folder of consumer/ has a rule" "$(rooms_without_rule)"
each_rule "$only_rules" only_rule
each_rule "$never_rules" never_rule

# The privileged program links only what it uses of common/: every function of the files listed in the Makefile is
# called by loader/ or by another of these functions.
loader_common=$(sed -nE '/^LOADER_COMMON := /{:more; /\\$/{N; b more}; s/[\\\n\t ]+/ /g; s/^LOADER_COMMON := //p}' Makefile)
mapfile -t loader_parts < <(tr ' ' '\n' <<<"$loader_common" | sed 's,.*,common/&.c,')
unused_by_loader()
{
	local name

	sed -nE '/^static/d; s/^[a-z][a-z0-9_ ]*[ *]([a-z0-9_]+)\(.*/\1/p' "${loader_parts[@]}" | while read -r name; do
		[ "$(cat loader/*.c "${loader_parts[@]}" <(grep -h '^#define' common/*.h) | grep -cE "(^|[^a-z0-9_])$name([^a-z0-9_]|\$)")" -gt 1 ] || echo "$name"
	done
}
like "$loader_common" 'config_file' "the loader's parts of common/ are listed"
nothing "the loader uses every function that it links of common/" "$(unused_by_loader)"

# Licence lines: the first line, or the second below "#!" or "shellcheck shell=".
source_files='(\.([ch]|sh|t|awk|policy|service|socket|timer|sysusers|tmpfiles|preset|cil|yaml)|(^|/)Makefile|^\.ci/run|/apparmor/.*)$'

# licence FILES WANT: those without it.
licence()
{
	files "$1" | while read -r file; do
		head -n 2 "$file" | grep -qF "SPDX-License-Identifier: $2" || echo "$file"
	done
}

nothing "every source file has a licence line" "$(licence "$source_files" '')"
nothing "what is compiled for the kernel is GPL-2.0-only OR BSD-2-Clause" \
	"$(licence '^(bpf/.*\.[ch]|common/(event|limits|maps|unit_name)\.h)$' 'GPL-2.0-only OR BSD-2-Clause')"
nothing "user space is BSD-2-Clause" "$(licence '^(loader|consumer)/.*\.[ch]$' 'BSD-2-Clause')"

# Include guards are named after the path; ".bpf" is left out.
guards()
{
	files '^(common|bpf|loader|consumer|tests)/.*\.h$' | while read -r file; do
		guard=${file/.bpf.h/.h}
		guard=CRI_${guard//[.\/]/_}
		grep -q "^#define ${guard^^}\$" "$file" || echo "$file: ${guard^^}"
	done
}
nothing "include guards are named after the path" "$(guards)"

# The documents: what they name is there, and the README can be read in one sitting.
mapfile -t documents < <(files '\.md$')
nothing "the tests that documents name exist" "$(grep -ohE 'tests/[a-z_/]+\.(t|sh|c|txt)' "${documents[@]}" | sort -u |
	while read -r file; do
		[ -e "$file" ] || echo "$file"
	done)"
# links: "document: path" for each relative link that leads nowhere.
links()
{
	grep -oHE '\]\([^)#:]+[)#]' "${documents[@]}" | while IFS=: read -r file link; do
		link=${link#](}
		[ -e "$(dirname "$file")/${link%?}" ] || echo "$file: ${link%?}"
	done
}
nothing "links between documents lead somewhere" "$(links)"
# headings FILE: the name that a link to each heading has.
headings()
{
	sed -nE 's/^#+ //p' "$1" | tr '[:upper:]' '[:lower:]' | sed -E 's/[^a-z0-9 _-]//g; s/ /-/g'
}
# anchors: "document: path#heading" for each link to a heading that does not exist.
anchors()
{
	grep -oHE '\]\([^)#:]*#[^)]+\)' "${documents[@]}" | while IFS=: read -r file link; do
		link=${link#](} link=${link%)} target=$file
		[ -z "${link%%#*}" ] || target=$(dirname "$file")/${link%%#*}
		headings "$target" | grep -qxF -- "${link#*#}" || echo "$file: $link"
	done
}
nothing "links to headings lead somewhere" "$(anchors)"
# What README.md says to touch: files, perhaps as "NAME.[ch]".
# shellcheck disable=SC2016
nothing "the files that the README names exist" "$(grep -oE '`(common|bpf|consumer|packaging)/[a-z0-9_./-]+(\[ch\])?`' README.md |
	tr -d '`' | while read -r file; do
		compgen -G "$file" >/dev/null || echo "$file"
	done)"
words=$(wc -w <README.md)
[ "$words" -le 900 ]
ok $? "README.md has at most 900 words" || diag "$words words"

# What to read of the privileged program, and how much that is: loader/README.md.
nothing "the files that loader/README.md and bpf/README.md name exist" "$(grep -ohE '(bpf|common|consumer|loader)/[a-z0-9_/]+(\.bpf)?\.[ch]' \
	loader/README.md bpf/README.md | sort -u | while read -r file; do
		[ -e "$file" ] || echo "$file"
	done)"
lines=$(cat loader/*.[ch] bpf/*.[ch] common/*.h "${loader_parts[@]}" | wc -l)
named=$(sed -nE 's/.*: ([0-9]+) lines with comments.*/\1/p' loader/README.md)
[ $((named * 100)) -ge $((lines * 95)) ] && [ $((named * 100)) -le $((lines * 105)) ]
ok $? "loader/README.md names the length of the privileged program" || diag "$named named, $lines counted"

# leftovers FILES PATTERN: "file:line: text"
leftovers()
{
	local list

	mapfile -t list < <(files "$1")
	[ ${#list[@]} -eq 0 ] || grep -InE "$2" "${list[@]}"
}

text_files='(\.(md|[ch]|sh|t|awk|policy|service|conf|txt|yaml)|Makefile|^\.ci/run)$'
nothing "block comments only" "$(leftovers '\.[ch]$' '(^|[[:space:];{}])//')"
nothing "no unfinished marks" "$(leftovers "$text_files" '\b(TO''DO|FIX''ME|XX''X)\b')"
nothing "no space at the end of a line" "$(leftovers '(\.([ch]|sh|t|awk|md)|Makefile)$' '[[:space:]]$')"
nothing "no path of somebody's own machine" \
	"$(leftovers "$text_files" '(^|[^a-zA-Z0-9_.])/(home|wor[k]|Users)/[a-z]')"

# The seccomp policies: what they allow, and their reasons.
seccomp=policy/seccomp
header=$(pkg-config --variable=includedir libseccomp 2>/dev/null || echo /usr/include)/seccomp-syscalls.h

# policy_lint DANGEROUS FILE...: prints what is wrong with these policies.
policy_lint()
{
	awk -f $seccomp/lint.awk <(sed -nE 's/^#define __SNR_([a-z0-9_]+)[[:space:]].*/\1/p' "$header") "$@" 2>&1
	shift
	for policy; do
		{ awk -f $seccomp/compile.awk "$policy" >/dev/null; } 2>&1
	done
}

# changed_policy SED REGEX: query.policy changed by this expression is refused with this message.
changed_policy()
{
	sed "$1" $seccomp/query.policy >"$changed"
	like "$(policy_lint $seccomp/dangerous "$changed")" "$2" "refused: $1"
}

# bad_policy LINE REGEX: the same for an added line.
bad_policy()
{
	changed_policy "\$ a $1" "$2"
}

if [ -e "$header" ]; then
	nothing "the seccomp policies are valid" "$(policy_lint $seccomp/dangerous $seccomp/*.policy)"
	# a container profile also covers the start of the program, for which dangerous calls are needed
	nothing "the policies for containers are valid" "$(policy_lint <(echo '# nothing') policy/oci/*.policy)"
	changed=$(mktemp)
	trap 'rm -f "$changed"' EXIT
	bad_policy 'getppid allow' 'without a reason'
	bad_policy 'getppid allow # x' 'no reason'
	bad_policy 'getppid permit # as the house has it' 'the action is'
	bad_policy 'getppidd allow # whose child is this?' 'getppidd: no system call'
	bad_policy 'uname EPERM # C library' 'uname: .*twice'
	bad_policy 'fcntl allow # C library' 'fcntl: only with a condition on arg1'
	bad_policy 'fcntl allow arg0 == 1 # C library' 'fcntl: only with a condition on arg1'
	bad_policy 'fcntl allow arg1 == F_GETFD # C library' 'fcntl: .*twice'
	bad_policy 'fcntl allow arg1 = F_GETFD # C library' 'a condition is'
	bad_policy 'openat allow arg3 == 0 # what else' 'openat: say why it may be'
	bad_policy 'openat allow arg3 == 0 # what else; risk: ' 'openat: say why it may be'
	changed_policy 's/^execve kill/execve allow/' 'execve: never to be allowed: any program'
	changed_policy '/^ptrace /d' 'ptrace is not named'
	changed_policy 's/; risk: .*//' 'openat: say why it may be'
else
	skip "the seccomp policies are valid" "$header is missing"
fi

# It takes half a minute: runs again only when a script has changed since it found nothing.
mapfile -t scripts < <(files '(\.(sh|t)|^\.ci/run)$')
stamp=${BUILD:-build}/lint/shellcheck
checked=$(sha256sum "${scripts[@]}")
if ! command -v shellcheck >/dev/null; then
	skip "shellcheck" "shellcheck is not installed"
elif [ "$checked" = "$(cat "$stamp" 2>/dev/null)" ]; then
	ok 0 "shellcheck, of the same scripts as the last time"
else
	found=$(shellcheck -f gcc "${scripts[@]}")
	nothing "shellcheck" "$found"
	[ -n "$found" ] || { mkdir -p "${stamp%/*}" && echo "$checked" >"$stamp"; }
fi

done_testing
