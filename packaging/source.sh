#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# packaging/source.sh DIR
#
# Copies the sources to DIR: the files of the working tree that git does not ignore, or everything but build/ where
# there is no git. All times are $SOURCE_DATE_EPOCH, so that the same sources give the same packages.
set -eu

cd "$(dirname "$0")/.."
dir=${1:?usage: packaging/source.sh DIR}

list()
{
	if [ -e .git ]; then
		git ls-files -z --cached --others --exclude-standard
	else
		find . -path ./build -prune -o \( -type f -o -type l \) -print0
	fi
}

rm -rf "$dir"
mkdir -p "$dir"
list | while IFS= read -r -d '' file; do
	[ ! -e "$file" ] || printf '%s\0' "$file"
done | tar --null --files-from=- --create --file=- | tar -C "$dir" --extract --file=- --no-same-owner
chmod -R u=rwX,go=rX "$dir"
find "$dir" -exec touch -hd "@$SOURCE_DATE_EPOCH" {} +
