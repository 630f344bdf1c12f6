# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
#
# The packages that are tried: of this version and of a later one, which differs in nothing else. Sourced with BUILD set.

VERSION_OLD=${VERSION:?is given by the Makefile}
VERSION_NEW=$VERSION_OLD+later
PACKAGES_OLD=$BUILD/packages
PACKAGES_NEW=$BUILD/later/packages

# packages_build deb|rpm BUILD VERSION: into BUILD/packages
packages_build()
{
	rm -f "$2/packages"/*."$1"
	env -u MAKEFLAGS make --no-print-directory BUILD="$2" VERSION="$3" "$1"
}

# packages_fresh deb|rpm BUILD VERSION: they are there, and nothing was edited since.
packages_fresh()
{
	local package

	package=$(find "$2/packages" -maxdepth 1 -name "cri-ebpf[_-]$3[_-]*.$1" 2>/dev/null)
	[ -n "$package" ] && [ -z "$(find Makefile bpf common consumer loader policy packaging LICENSE LICENSES README.md \
		-newer "$package" -print -quit)" ]
}

# packages_both deb|rpm: the version before and the later one, unless a test before has made them.
packages_both()
{
	packages_fresh "$1" "$BUILD" "$VERSION_OLD" || packages_build "$1" "$BUILD" "$VERSION_OLD" || return 1
	packages_fresh "$1" "$BUILD/later" "$VERSION_NEW" || packages_build "$1" "$BUILD/later" "$VERSION_NEW"
}
