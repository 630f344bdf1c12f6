# SPDX-License-Identifier: BSD-2-Clause
#
# awk -f fill.awk -v program=NAME [-v escaped=yes] TABLE TEMPLATE: the completion script of a program, from the
# table that its "help --table" prints. consumer/cli/cmd_help.c does the same for cri-ebpf.

FILENAME == ARGV[1] {
	if (/^(program|verb|option)\t/)
		table = table $0 "\n"
	next
}

/@TABLE@/ {
	at = index($0, "@TABLE@")
	if (escaped)
		gsub(/[\\']/, "\\\\&", table)
	$0 = substr($0, 1, at - 1) table substr($0, at + length("@TABLE@"))
}

{
	gsub(/@PROGRAM@/, program)
	print
}
