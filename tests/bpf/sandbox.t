#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# A recorder that was taken over can only record: every forbidden action is tried from inside its sandbox.
set -u
. "$(dirname "$0")/../lib/scenario.sh"
# shellcheck source=tests/lib/intruder.sh
. tests/lib/intruder.sh

scenario_prepare
trap 'intruder_end; scenario_end' EXIT
install -m 0755 "$BUILD/hooked/cri-ebpf" "$SCENARIO_DIR/bin/cri-ebpf" ||
	bail_out "$BUILD/hooked/cri-ebpf is missing: run make variants"
loader load || bail_out "cri-ebpf-loader load failed"
record --once >"$RECORDER_LOG" 2>&1 || bail_out "nothing can be recorded: $(cat "$RECORDER_LOG")"

inside=${DB%/*} outside=$SCENARIO_DIR/outside
install -d -m 0755 "$outside"
echo secret >"$outside/secret"
chmod 0644 "$outside/secret"
intruder_victim "$(id -u cri-ebpf)"

# recorder NAME: prints the outcome of the attempt
recorder()
{
	CRI_TEST_TRY=$1 CRI_TEST_INSIDE=$inside CRI_TEST_OUTSIDE=$outside CRI_TEST_VICTIM=$INTRUDER_VICTIM \
		record --once >"$SCENARIO_DIR/out" 2>"$SCENARIO_DIR/err"
	intruder_outcome $? "$SCENARIO_DIR/err"
}

intruder_table recorder recorder "$INTRUDER_ALWAYS" '
unix          EPERM
obj-get       EPERM
obj-pin       EPERM
lock          ENOSYS
mkdir         ENOSYS
fchmod        ENOSYS
shadow        EACCES
write-outside EACCES
make-outside  EACCES
write-inside  done
make-inside   done
'
if record --once -v 2>&1 | grep -q 'no Landlock'; then
	skip "recorder: files that every user may read" "this kernel has no Landlock"
else
	intruder_table recorder recorder '
read-outside  EACCES
list-root     EACCES
memory-file   EACCES
environment   EACCES
'
fi
if old_kernel=$(tool old_kernel); then
	install -m 0755 "$BUILD/cri-ebpf" "$SCENARIO_DIR/bin/"
	out=$("$old_kernel" seccomp "$SCENARIO_DIR/bin/cri-ebpf" record --once --pin-dir "$PIN_DIR" --db "$DB" --config "$CONFIG" 2>&1)
	is $? 6 "without seccomp nothing is recorded"
	like "$out" 'cannot enter the sandbox: Invalid argument; nothing is recorded' "the message says why"
else
	skip "without seccomp" "no compiler"
fi
is_running "$INTRUDER_VICTIM"
ok $? "the attacked process still runs"

done_testing
