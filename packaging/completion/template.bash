# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
# Completes @PROGRAM@: verbs, their options, and known values. The table is the output of
# "@PROGRAM@ help --table".

_@PROGRAM@()
{
	local IFS=$' \t\n'
	local cur=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} verb=${COMP_WORDS[1]} values=- prefix
	local kind first second third rest verbs='' operands='' options='' words='' known=''

	# bash splits "--color=al" into three words.
	if [[ $cur == = ]]; then
		cur='' before=${COMP_WORDS[COMP_CWORD - 1]}
	elif [[ $before == = ]]; then
		before=${COMP_WORDS[COMP_CWORD - 2]}
	fi

	while IFS=$'\t' read -r kind first second third rest; do
		case $kind in
		program)
			[[ $verb != -* ]] || verb=$second
			;;
		verb)
			verbs+=" $first"
			[[ $first == "$verb" ]] || continue
			known=yes
			[[ $second == - ]] || operands=${second//,/ }
			;;
		option)
			[[ $known && ($first == '*' || ,$first, == *",$verb,"*) ]] || continue
			options+=" ${second##*,}"
			[[ -z $before || ,$second, != *",$before,"* ]] || values=$third
			;;
		esac
	done <<'END_OF_TABLE'
@TABLE@
END_OF_TABLE

	case $values in
	-)
		words=$operands
		[[ $COMP_CWORD -ne 1 ]] || words=$verbs
		[[ $cur != -* ]] || words=$options
		;;
	=)
		;;
	FILE)
		compopt -o filenames
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		return
		;;
	DIR)
		compopt -o filenames
		mapfile -t COMPREPLY < <(compgen -d -- "$cur")
		return
		;;
	*)
		words=${values//,/ }
		;;
	esac
	prefix=${cur%"${cur##*,}"}
	mapfile -t COMPREPLY < <(compgen -P "$prefix" -W "$words" -- "${cur##*,}")
}

complete -F _@PROGRAM@ @PROGRAM@
