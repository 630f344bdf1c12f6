# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
#
# A temporary directory as DESTDIR of make install; removed when the script ends.

INSTALLED_LIB=$(dirname "${BASH_SOURCE[0]}")
cd "$INSTALLED_LIB/../.." || exit 1
# shellcheck source=tests/lib.sh
. tests/lib.sh

INSTALLED=$(mktemp -d /tmp/cri-ebpf-installed.XXXXXX) || exit 1
trap 'rm -rf "$INSTALLED"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# make_install DIR [VARIABLE=VALUE...]: runs a make that is independent of one that runs this script.
make_install()
{
	env -u MAKEFLAGS -u MAKELEVEL make --no-print-directory BUILD="${BUILD:-build}" DESTDIR="$1" "${@:2}" install
}

# installed [VARIABLE=VALUE...]: installs into $INSTALLED, and ends the script when that fails.
installed()
{
	local output

	output=$(make_install "$INSTALLED" "$@" 2>&1) && return
	printf 'Bail out! make install failed\n'
	diag "$output"
	exit 1
}

# needs COMMAND...: skips the whole script where one is missing.
needs()
{
	local name

	for name; do
		PATH=$PATH:/usr/sbin:/sbin command -v "$name" >/dev/null || skip_all "$name is not installed"
	done
}
