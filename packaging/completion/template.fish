# SPDX-License-Identifier: BSD-2-Clause
# Completes @PROGRAM@: verbs, their options, and known values. The table is the output of
# "@PROGRAM@ help --table".

function __@PROGRAM@_table
	echo '@TABLE@'
end

function __@PROGRAM@_complete
	set -l words (commandline -opc)
	set -l current (commandline -ct)
	set -l before $words[-1]
	set -l verb $words[2]
	set -l position (count $words)
	set -l prefix ''
	set -l values -
	set -l verbs
	set -l options
	set -l operands

	test $position -gt 1; or set verb $current
	if string match -q -- '--*=*' $current
		set before (string replace -r -- '=.*' '' $current)
		set prefix $before=
	end

	for line in (__@PROGRAM@_table)
		set -l field (string split \t -- $line)
		switch $field[1]
		case program
			string match -q -- '-*' "$verb"; and set verb $field[3]
		case verb
			set -a verbs $field[2]\t$field[4]
			test "$field[2]" = "$verb"; or continue
			set known yes
			test "$field[3]" = -; or set operands (string split , -- $field[3])
		case option
			set -q known; or continue
			test "$field[2]" = '*'; or contains -- "$verb" (string split , -- $field[2]); or continue
			set -l flags (string split , -- $field[3])
			set -a options $flags[-1]\t$field[5]
			contains -- $before $flags; and set values $field[4]
		end
	end

	switch $values
	case -
		if string match -q -- '-*' $current
			printf '%s\n' $options
		else if test $position -eq 1
			printf '%s\n' $verbs
		else if set -q operands[1]
			printf '%s\n' $operands
		end
	case =
	case FILE
		__fish_complete_path (string replace -- "$prefix" '' $current) | string replace -r -- '^' "$prefix"
	case DIR
		__fish_complete_directories (string replace -- "$prefix" '' $current) | string replace -r -- '^' "$prefix"
	case '*'
		# The earlier words of a list, such as "oom_kill,".
		set -l list (string replace -r -- '[^,=]*$' '' $current)
		printf '%s\n' $list(string split , -- $values)
	end
end

complete -c @PROGRAM@ -f -a '(__@PROGRAM@_complete)'
