#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# The completion scripts for bash, zsh and fish offer the verbs and options of the help, and known values.
set -u
. "$(dirname "$0")/fixture.sh"

BUILD=${BUILD:-build}
LOADER=$BUILD/cri-ebpf-loader

# options_of HELP: the long options at the beginning of its rows
options_of()
{
	grep -oE '^  (-[a-zA-Z],|   ) --[a-z-]+' <<<"$1" | grep -oE -- '--[a-z-]+' | sort
}

# words TEXT: its lines, joined by blanks
words()
{
	tr '\n' ' ' <<<"$1" | sed 's/ *$//'
}

# The verb needs no database, configuration, locale or terminal.
for shell in bash zsh fish; do
	env -i LC_ALL=xx_XX.none "$CRI" completion $shell </dev/null >"$T/$shell" 2>"$T/err"
	is "$? $(cat "$T/err")" "0 " "completion $shell"
	if [ -d "$BUILD/completion" ]; then
		file=$BUILD/completion/cri-ebpf.$shell
		[ $shell != zsh ] || file=$BUILD/completion/_cri-ebpf
		cmp "$T/$shell" "$file" >&2; ok $? "completion $shell: the same as the installed file"
	else
		skip "completion $shell: the same as the installed file" "not built: make docs"
	fi
done
cri_bare() { "$CRI" "$@" >"$T/out" 2>"$T/err"; CODE=$?; ERR=$(cat "$T/err"); }
cri_bare completion; is "$CODE" 2 "completion without a shell is exit 2"
cri_bare completion tcsh; is "$CODE" 2 "an unknown shell is exit 2"
like "$ERR" 'bash, zsh or fish' "and the message lists the shells"
"$CRI" completion bash 2>"$T/err" >/dev/full; is $? 2 "a script that cannot be written is an error"
"$CRI" help --table 2>"$T/err" >/dev/full; is $? 2 "and so is a table that cannot be written"
is "$("$CRI" help --table | awk -F'\t' 'NF < 3 || /\t\t|\t$/')" "" "no field of the table is empty"

# The options of each verb as its help lists them: "VERB --option"
verbs=$("$CRI" --help | sed -nE 's/^  ([a-z]+) +.*/\1/p')
for verb in $verbs; do
	options_of "$("$CRI" "$verb" --help)" | sed "s/^/$verb /"
done >"$T/want"
[ "$(wc -l <"$T/want")" -gt 100 ]; ok $? "the help lists more than 100 options"

# Calls the completion function as bash does. complete_words WORD...: sets GOT to the completions of the last word.
. "$T/bash"
compopt() { :; }
complete_words()
{
	COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMPREPLY=()
	"_${1##*/}"
	GOT=${COMPREPLY[*]}
}
# completes WANT WORD...
completes()
{
	complete_words "${@:2}"
	is "$GOT" "$1" "bash: ${*:2}"
}
like "$(complete -p cri-ebpf)" '-F _cri-ebpf cri-ebpf' "bash: the function is registered"
for verb in $verbs; do
	complete_words cri-ebpf "$verb" --
	printf '%s\n' "${COMPREPLY[@]}" | sort | sed "s/^/$verb /"
done >"$T/got"
is "$(diff "$T/want" "$T/got")" "" "bash: every verb has the options of its help"
completes events cri-ebpf ev
completes "${verbs//$'\n'/ }" cri-ebpf ""
completes --since cri-ebpf events --sin
completes --since cri-ebpf --sin
completes "auto always never" cri-ebpf --color ""
completes "auto always never" cri-ebpf events --color ""
completes always cri-ebpf events --color = al
completes "auto always never" cri-ebpf events --color =
completes "oom_kill,process_exit oom_kill,process_fork" cri-ebpf events -t oom_kill,pro
completes "bash zsh fish" cri-ebpf completion ""
completes "stats status" cri-ebpf help sta
completes "path" cri-ebpf meta pa
completes "" cri-ebpf why ""
completes "" cri-ebpf events -S ""
completes "" cri-ebpf nonsense --
completes "normal full" cri-ebpf record --durability ""
touch "$T/only.db"
completes "$T/only.db" cri-ebpf events --db "$T/on"
mkdir "$T/one"
completes "$T/one" cri-ebpf events --pin-dir "$T/on"

# zsh, with the functions of its completion system replaced by ones that print their arguments.
cat >"$T/zsh.rc" <<'END'
compdef() { : }
source $1
compset() { [[ $2 == '*=' ]] && PREFIX=${PREFIX#*=}; return 0 }
_describe() { print -rl -- ${${(P@)@[-1]}%%:*} | grep -- "^$PREFIX" }
compadd() { if [[ $1 == -a ]]; then print -rl -- ${(P@)2}; else shift; print -rl -- "$@"; fi }
_files() { print files "$@" }
_message() { : }
completes() { words=("$@") CURRENT=$# PREFIX=${words[-1]}; _cri-ebpf }
END
if command -v zsh >/dev/null; then
	for file in "$T/zsh" "$BUILD"/completion/_*; do
		[ ! -e "$file" ] || zsh -n "$file"; ok $? "zsh can read ${file##*/}"
	done
	cat >"$T/all.zsh" <<'END'
source $2 $1
for verb in ${=3}; do completes cri-ebpf $verb -- | sort | sed "s/^/$verb /"; done
END
	is "$(zsh -f "$T/all.zsh" "$T/zsh" "$T/zsh.rc" "$verbs" | diff "$T/want" -)" "" "zsh: every verb has the options of its help"
	# zsh_completes WANT WORD...
	zsh_completes()
	{
		# shellcheck disable=SC2016 # for zsh to expand
		is "$(words "$(zsh -f -c 'source $1 $2; shift 2; completes "$@"' zsh "$T/zsh.rc" "$T/zsh" "${@:2}")")" \
			"$1" "zsh: ${*:2}"
	}
	zsh_completes events cri-ebpf ev
	zsh_completes --since cri-ebpf events --sin
	zsh_completes "auto always never" cri-ebpf events --color ""
	zsh_completes "auto always never" cri-ebpf events --color=
	zsh_completes "bash zsh fish" cri-ebpf completion ""
	zsh_completes files cri-ebpf --db ""
	zsh_completes "files -/" cri-ebpf record --pin-dir ""
else
	skip "zsh" "not installed"
fi

# fish has a command that prints the completions of a line.
if command -v fish >/dev/null; then
	export HOME=$T XDG_CONFIG_HOME=$T XDG_DATA_HOME=$T
	for file in "$T/fish" "$BUILD"/completion/*.fish; do
		[ ! -e "$file" ] || fish --no-config -n "$file"; ok $? "fish can read ${file##*/}"
	done
	# fish_completes WANT LINE
	fish_completes()
	{
		# shellcheck disable=SC2016 # for fish to expand
		is "$(words "$(fish --no-config -c 'source $argv[1]; complete -C $argv[2]' "$T/fish" "$2" | cut -f1)")" \
			"$1" "fish: $2"
	}
	# shellcheck disable=SC2016 # for fish to expand
	is "$(fish --no-config -c 'source $argv[1]
		for verb in (string split \n $argv[2]); complete -C "cri-ebpf $verb --" | string replace -r "\t.*" "" | sort | sed "s/^/$verb /"; end' \
		"$T/fish" "$verbs" | diff "$T/want" -)" "" "fish: every verb has the options of its help"
	fish_completes events 'cri-ebpf ev'
	fish_completes --since 'cri-ebpf events --sin'
	fish_completes "always auto never" 'cri-ebpf --color '
	fish_completes --color=always 'cri-ebpf events --color=al'
	fish_completes "oom_kill,process_exit oom_kill,process_fork" 'cri-ebpf events -t oom_kill,pro'
	fish_completes "bash fish zsh" 'cri-ebpf completion '
	fish_completes "" 'cri-ebpf why '
	fish_completes "--db=$T/only.db" "cri-ebpf --db=$T/onl"
else
	skip "fish" "not installed"
fi

# The loader's completion
if [ -e "$BUILD/completion/cri-ebpf-loader.bash" ]; then
	. "$BUILD/completion/cri-ebpf-loader.bash"
	complete_words cri-ebpf-loader load --
	is "$(printf '%s\n' "${COMPREPLY[@]}" | sort)" "$(options_of "$("$LOADER" --help)")" "the loader's options"
	completes "load" /usr/libexec/cri-ebpf/cri-ebpf-loader lo
	completes "" cri-ebpf-loader --
else
	skip "the loader's completion" "not built: make docs"
fi

done_testing
