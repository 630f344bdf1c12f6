# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause

# harmless FILE [BYTE...]: prints what in the file could harm a terminal or mislead its reader. Prints nothing for lines of
# valid UTF-8 without control characters, without bidirectional overrides and without invisible characters. BYTEs are
# allowed in addition.
harmless()
{
	[ -s "$1" ] || { echo "empty"; return; }
	iconv -f UTF-8 -t UTF-8 "$1" >/dev/null 2>&1 || echo "not UTF-8"
	LC_ALL=C tr -d '\012\040-\176\200-\377'"${2:-}" <"$1" | od -An -tx1 | head -n 1
	LC_ALL=C grep -aonP '\xc2[\x80-\x9f\xad]|\xe2\x80[\x8b-\x8f\xa8-\xae]|\xe2\x81[\xa0-\xaf]|\xef\xbb\xbf|\xe3\x85\xa4' "$1" |
		head -n 1
}

# hex_of: standard input as hex digits; hex_bytes HEX: back again.
hex_of()
{
	od -An -v -tx1 | tr -d ' \n'
}

hex_bytes()
{
	local hex=$1 escapes=

	while [ -n "$hex" ]; do
		escapes+="\\x${hex:0:2}"
		hex=${hex:2}
	done
	printf '%b' "$escapes"
}
