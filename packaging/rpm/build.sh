#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# packaging/rpm/build.sh
#
# Builds the rpm of this tree into $BUILD/packages/. The Makefile sets $VERSION and $SOURCE_DATE_EPOCH.
set -eu

cd "$(dirname "$0")/../.."
packages=$(realpath -m "${BUILD:-build}/packages")
work=$packages/work/rpm
source=$work/cri-ebpf-$VERSION
export LC_ALL=C.UTF-8 SOURCE_DATE_EPOCH

# For a reproducible build.
defines=(
	--define "_topdir $work"
	--define "_sourcedir $work"
	--define "_buildhost reproducible"
	--define "use_source_date_epoch_as_buildtime 1"
	--define "clamp_mtime_to_source_date_epoch 1"
)
# On Debian, rpm's own database is empty, so that no BuildRequires could be satisfied.
! command -v dpkg >/dev/null || defines+=(--nodeps)

# The package has a build directory of its own; settings of the make that called this must not reach it.
unset BUILD MAKEFLAGS MAKEOVERRIDES MFLAGS
rm -rf "$work"
packaging/source.sh "$source"
tar -C "$work" --sort=name --owner=0 --group=0 --numeric-owner --create "cri-ebpf-$VERSION" |
	gzip -n >"$source.tar.gz"
sed "s/@VERSION@/$VERSION/; s/@DATE@/$(date -ud "@$SOURCE_DATE_EPOCH" '+%a %b %d %Y')/" packaging/rpm/cri-ebpf.spec.in >"$work/cri-ebpf.spec"

if ! rpmbuild -bb "${defines[@]}" "$work/cri-ebpf.spec" >"$work/log" 2>&1; then
	tail -n 40 "$work/log" >&2
	echo "rpmbuild failed; its whole output is in $work/log" >&2
	exit 1
fi
find "$work/RPMS" -name '*.rpm' -exec mv {} "$packages/" \;
rm -rf "$source" "$work/BUILD" "$work/BUILDROOT"
ls "$packages"/*-"$VERSION"-*.rpm
