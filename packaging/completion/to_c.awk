# SPDX-License-Identifier: BSD-2-Clause
#
# awk -f to_c.awk template.SHELL...: a header with the templates for cri-ebpf as strings, completion_SHELL.

BEGIN {
	print "/* Made from packaging/completion/; included by consumer/cli/cmd_help.c. */"
	print "#define COMPLETION_TABLE \"@TABLE@\" /* is replaced by the table */"
}

FNR == 1 {
	if (NR > 1)
		print "\t;"
	shell = FILENAME
	sub(/.*\./, "", shell)
	printf "static const char completion_%s[] =\n", shell
}

{
	gsub(/@PROGRAM@/, "cri-ebpf")
	gsub(/[\\"]/, "\\\\&")
	printf "\t\"%s\\n\"\n", $0
}

END { print "\t;" }
