#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# A build with an additional event type (tests/kind) and an additional output format (tests/format).
set -u
. "$(dirname "$0")/fixture.sh"

CRI=${BUILD:-build}/extended/cri-ebpf
[ -x "$CRI" ] || skip_all "$CRI is not built: make extended"
# Its tables are one more.
MKDB=${BUILD:-build}/extended/mkdb
rm -f "$DB"*
mkdb "$DB" <"$ROOT/tests/cli/fixture.sql"
mkdb "$DB" <<'EOF'
INSERT OR REPLACE INTO type VALUES (8, 'test');
INSERT INTO event(id, type, time, boot, cgroup, pid, comm, duration) VALUES (900, 8, 1763829300000000000, 2, 1, 77, 'x', 42);
EOF
cri events -t test --json
is "$CODE" 0 "the type is known as a filter"
is "$(jq -c '[.id,.type,.number]' <<<"$OUT")" '["900","test",42]' "its value is in JSON"
cri events -t test; like "$OUT" 'number 42' "its DETAIL is in the table"
cri events -t test -g 'number 4'; is "$CODE" 0 "and --grep searches it"
cri events -t test -o test -F id,number; is "$OUT" 'id number' "the format writes its rows"
cri events --help; like "$OUT" 'csv, export or test' "and is in the help"
cri events -o tset; like "$ERR" 'test' "and in what -o allows"
"$CRI" help --table | grep -q 'short,wide,json,json-pretty,csv,export,test'; ok $? "and in the completion"

# The recorder: such records are decoded, enriched, stored, queried, deleted.
said=$("${BUILD:-build}/extended/tests/test_kind" 2>&1)
ok $? "records of this type are recorded" || diag "$said"

done_testing
