# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
#
# Sourced by the scripts here, which run in the repository's root: a scratch directory $T, a recorded history in the
# database $DB, and `cri` to query it.

CRI=${CRI:-${BUILD:-build}/cri-ebpf}
MKDB=${BUILD:-build}/mkdb
CLI_DIR=$(dirname "${BASH_SOURCE[0]}")
ROOT=$(cd "$CLI_DIR/../.." && pwd)
. "$CLI_DIR/../lib.sh"

[ -x "$CRI" ] || skip_all "$CRI is not built"
[ -x "$MKDB" ] || { printf 'Bail out! %s is not built: make tests\n' "$MKDB"; exit 1; }
T=$(mktemp -d)
trap 'rm -rf "$T"' EXIT
DB=$T/events.db
export TZ=UTC LC_ALL=C.UTF-8
unset NO_COLOR PAGER CRI_EBPF_PAGER COLUMNS
: >"$T/empty.conf"

THIS_BOOT=$(cat /proc/sys/kernel/random/boot_id)

# mkdb FILE <SQL
mkdb()
{
	sed "s/@BOOT@/$THIS_BOOT/; s/@NOW@/$(date +%s%N)/" | "$MKDB" "$1"
}

mkdb "$DB" <"$ROOT/tests/cli/fixture.sql" || { printf 'Bail out! cannot create the fixture\n'; exit 1; }

# cri VERB...: stdout in $OUT, stderr in $ERR, exit code in $CODE.
cri()
{
	OUT=$("$CRI" "$@" --db "$DB" --config "$T/empty.conf" 2>"$T/err")
	CODE=$?
	ERR=$(cat "$T/err")
}
