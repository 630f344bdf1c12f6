# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
#
# libraries_of PROGRAM...: the files the dynamic linker will open, and itself, one per line.
libraries_of()
{
	ldd "$@" 2>/dev/null | grep -oE '/[^ :]+ \(' | tr -d ' (' | sort -u
}
