# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
#
# libraries_of PROGRAM...: prints the shared libraries that the programs load, and the dynamic linker, one per line.
libraries_of()
{
	ldd "$@" 2>/dev/null | grep -oE '/[^ :]+ \(' | tr -d ' (' | sort -u
}
