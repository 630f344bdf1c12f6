# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
#
# The packages under test: of this version, and of a later one that differs only in its number. Sourced with BUILD set.

VERSION_OLD=${VERSION:?is given by the Makefile}
VERSION_NEW=$VERSION_OLD+later
PACKAGES_OLD=$BUILD/packages
PACKAGES_NEW=$BUILD/later/packages

# packages_build deb|rpm BUILD VERSION: into BUILD/packages.
packages_build()
{
	rm -f "$2/packages"/*."$1"
	env -u MAKEFLAGS -u MAKELEVEL make --no-print-directory BUILD="$2" VERSION="$3" "$1"
}

# packages_again deb|rpm LOG: a second build of this version in another directory has to give the same bytes. Only in make
# check-long.
packages_again()
{
	local file

	[ -n "$(bound '' yes)" ] || return 0
	packages_build "$1" "$BUILD/again" "$VERSION_OLD" >"$2" 2>&1
	ok $? "a second build in another directory" || diag "$(tail -n 20 "$2")"
	for file in "$PACKAGES_OLD"/*."$1"; do
		cmp "$file" "$BUILD/again/packages/${file##*/}" >"$2" 2>&1
		ok $? "${file##*/}: the same bytes" || diag "$(cat "$2")"
	done
}

# packages_fresh deb|rpm BUILD VERSION: the packages exist, and no source was edited since.
packages_fresh()
{
	local package

	package=$(find "$2/packages" -maxdepth 1 -name "cri-ebpf[_-]$3[_-]*.$1" 2>/dev/null)
	[ -n "$package" ] && [ -z "$(find Makefile bpf common consumer loader policy packaging LICENSE LICENSES README.md \
		-newer "$package" -print -quit)" ]
}

# packages_both deb|rpm: builds both versions, unless they are fresh.
packages_both()
{
	packages_fresh "$1" "$BUILD" "$VERSION_OLD" || packages_build "$1" "$BUILD" "$VERSION_OLD" || return 1
	packages_fresh "$1" "$BUILD/later" "$VERSION_NEW" || packages_build "$1" "$BUILD/later" "$VERSION_NEW"
}
