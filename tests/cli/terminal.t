#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# What happens only on a terminal: pager, colour, width, hints.
set -u
. "$(dirname "$0")/fixture.sh"
command -v script >/dev/null || skip_all "no script program to make a terminal"

# tty COMMAND: runs it on a terminal of 60 columns; its output is in $OUT.
tty()
{
	OUT=$(TERM=xterm script -qec "stty cols 60 rows 24; $1 --db $DB --config $T/empty.conf" /dev/null </dev/null | tr -d '\r')
}

cat >"$T/pager" <<'END'
#!/bin/sh
printf 'PAGED LESS=%s LESSSECURE=%s\n' "$LESS" "$LESSSECURE"
cat
END
chmod +x "$T/pager"

export PAGER=$T/pager
tty "$CRI events -n 3"; like "$OUT" 'PAGED LESS=FRSXMK LESSSECURE=1' "a terminal gets a pager"
like "$OUT" $'\033''\[' "and colour"
tty "$CRI events -n 3 --no-pager"; is "$(grep -c PAGED <<<"$OUT")" 0 "--no-pager"
tty "$CRI events -n 3 --json"; is "$(grep -c PAGED <<<"$OUT")" 0 "no pager for JSON"
is "$(grep -c $'\033' <<<"$OUT")" 0 "and no colour in it"
tty "CRI_EBPF_PAGER=cat $CRI events -n 3"; is "$(grep -c PAGED <<<"$OUT")" 0 "CRI_EBPF_PAGER comes before PAGER"
tty "PAGER=nothing-like-this $CRI events -n 3"; like "$OUT" 'OOM-killed|exit' "a missing pager is no error"
tty "$CRI events -c nothing-like-this"; is "$(grep -c PAGED <<<"$OUT")" 0 "no pager for an empty result"
OUT=$(TERM=xterm script -qec "$CRI why nginx --db $T/none.db --config $T/empty.conf" /dev/null </dev/null)
like "$OUT" 'cannot open' "an error is shown"; is "$(grep -c PAGED <<<"$OUT")" 0 "without a pager"
tty "NO_COLOR=1 $CRI events -n 3 --no-pager"; is "$(grep -c $'\033' <<<"$OUT")" 0 "NO_COLOR"
tty "TERM=dumb $CRI events -n 3 --no-pager"; is "$(grep -c $'\033' <<<"$OUT")" 0 "TERM=dumb"
tty "$CRI events -n 3 --no-pager --color=never"; is "$(grep -c $'\033' <<<"$OUT")" 0 "--color=never"
tty "$CRI events -c nginx -o wide --no-pager --color=never"
long=$OUT
tty "$CRI events -c nginx -o wide --no-pager --color=never --no-trunc"
[ "${#long}" -lt "${#OUT}" ]; ok $? "long columns are cut to the terminal, but not with --no-trunc"
like "$OUT" '3f2a0000000000000000000000000000000000000000000000000000000000a1/child' "which shows everything"
tty "$CRI oom --no-pager"; like "$OUT" 'Hint: cri-ebpf show' "a hint about the next command"
tty "$CRI oom --no-pager -q"; is "$(grep -c Hint: <<<"$OUT")" 0 "not under -q"
cri oom; is "$(grep -c Hint: <<<"$OUT$ERR")" 0 "and not without a terminal"

done_testing
