#compdef @PROGRAM@
# SPDX-License-Identifier: BSD-2-Clause
# Completes @PROGRAM@: verbs, their options, and known values. The table is the output of
# "@PROGRAM@ help --table".

_@PROGRAM@()
{
	local before=${words[CURRENT - 1]} verb=${words[2]} values=- known kind first second third help rest
	local -a verbs options operands

	if [[ $PREFIX == --*=* ]]; then
		before=${PREFIX%%=*}
		compset -P '*='
	fi

	while IFS=$'\t' read -r kind first second third help rest; do
		case $kind in
		program)
			[[ $verb != -* ]] || verb=$second
			;;
		verb)
			verbs+=("$first:$third")
			[[ $first == "$verb" ]] || continue
			known=yes
			[[ $second == - ]] || operands=(${(s:,:)second})
			;;
		option)
			[[ -n $known && ($first == '*' || ,$first, == *,"$verb",*) ]] || continue
			options+=("${second##*,}:$help")
			[[ -z $before || ,$second, != *,"$before",* ]] || values=$third
			;;
		esac
	done <<'END_OF_TABLE'
@TABLE@
END_OF_TABLE

	case $values in
	-)
		if [[ $PREFIX == -* ]]; then
			_describe -o option options
		elif (( CURRENT == 2 )); then
			_describe verb verbs
		else
			compadd -a operands
		fi
		;;
	=)
		_message value
		;;
	FILE)
		_files
		;;
	DIR)
		_files -/
		;;
	*)
		compset -P '*,'
		compadd -- ${(s:,:)values}
		;;
	esac
}

# Autoloaded by zsh, the file is run to complete; sourced, it only registers the function.
if [[ $funcstack[1] == _@PROGRAM@ ]]; then
	_@PROGRAM@ "$@"
else
	compdef _@PROGRAM@ @PROGRAM@
fi
