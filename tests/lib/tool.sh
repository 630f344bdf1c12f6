# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause

BUILD=$(realpath "${BUILD:-build}")

tool_build()
{
	"${CC:-cc}" -std=gnu11 -D_GNU_SOURCE -O2 -Wall -Wextra -pthread -o "$@" >&2
}

# tool NAME: builds a program of tests/tools if needed and prints its path. Static where possible, so that it runs in any
# container.
tool()
{
	local source=tests/tools/$1.c program=$BUILD/tests/tools/$1

	if [ ! "$program" -nt "$source" ]; then
		mkdir -p "${program%/*}"
		tool_build "$program" "$source" -static 2>/dev/null || tool_build "$program" "$source" || return 1
	fi
	echo "$program"
}
