#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# packaging/deb/build.sh
#
# Builds the Debian packages of this tree into $BUILD/packages/, with one job per CPU. The Makefile sets $VERSION and
# $SOURCE_DATE_EPOCH.
set -eu

cd "$(dirname "$0")/../.."
packages=$(realpath -m "${BUILD:-build}/packages")
work=$packages/work/deb
source=$work/cri-ebpf-$VERSION
export LC_ALL=C.UTF-8 DEB_BUILD_OPTIONS="${DEB_BUILD_OPTIONS:-parallel=$(nproc)} nocheck"

# The package has a build directory of its own; settings of the make that called this must not reach it.
unset BUILD MAKEFLAGS MAKEOVERRIDES MFLAGS
rm -rf "$work"
packaging/source.sh "$source"
cp -a "$source/packaging/deb" "$source/debian"
rm "$source/debian/build.sh"
cat >"$source/debian/changelog" <<CHANGELOG
cri-ebpf ($VERSION) unstable; urgency=medium

  * Version $VERSION.

 -- $(sed -n 's/^Maintainer: //p' packaging/deb/control)  $(date -uRd "@$SOURCE_DATE_EPOCH")
CHANGELOG

if ! (cd "$source" && dpkg-buildpackage --build=binary --no-sign) >"$work/log" 2>&1; then
	tail -n 40 "$work/log" >&2
	echo "dpkg-buildpackage failed; its whole output is in $work/log" >&2
	exit 1
fi
mv "$work"/*.deb "$work"/*.changes "$work"/*.buildinfo "$packages/"
rm -rf "$source"
ls "$packages"/*_"${VERSION}"_*.deb
