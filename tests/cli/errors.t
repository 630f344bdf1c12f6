#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Exit codes and messages: wrong usage, unusable databases, failed output.
set -u
. "$(dirname "$0")/fixture.sh"

verbs="events oom show ps stats sql status meta why record completion help version"

cri_bare() { OUT=$("$CRI" "$@" 2>"$T/err"); CODE=$?; ERR=$(cat "$T/err"); }

for verb in $verbs; do
	cri_bare "$verb" --help
	is "$CODE" 0 "$verb --help is exit 0"
	like "$(head -n 1 <<<"$OUT")" "^(Example: )?cri-ebpf|^Example: cri-ebpf $verb" "$verb --help begins with an example"
	cri_bare "$verb" --nonsense
	is "$CODE" 2 "$verb --nonsense is exit 2"
	like "$ERR" nonsense "and names the word"
	is "$OUT" "" "and prints nothing on stdout"
done
cri_bare --help; is "$CODE" 0 "--help is exit 0"
for verb in $verbs; do like "$OUT" "  $verb +[a-z\"]" "help lists $verb"; done
cri_bare help why; like "$OUT" 'Example: cri-ebpf why' "help VERB is its help"
cri_bare frobnicate; is "$CODE" 2 "an unknown verb is exit 2"
like "$ERR" frobnicate "and is named"
cri_bare --version; like "$OUT" '^cri-ebpf [0-9]' "--version"
cri events surplus; is "$CODE" 2 "an operand too many is exit 2"
like "$ERR" surplus "and is named"
cri why ""; is "$CODE" 2 "why without a word in its operand is exit 2"
like "$ERR" 'expected exactly one container.*empty' "and says what it expects"
cri events --signal NOPE; is "$CODE" 2 "a wrong signal is exit 2"
cri events -o xml; is "$CODE" 2 "a wrong format is exit 2"
cri events -F nope; is "$CODE" 2 "a wrong field is exit 2"
like "$ERR" 'nope.*container.id' "and the fields are listed"
cri events -S tomorrowish; is "$CODE" 2 "a wrong time is exit 2"
cri events -S ""; is "$CODE" 2 "an empty time is exit 2"
cri events --until=; is "$CODE" 2 "also as --until="
like "$ERR" '"--until"' "and the option is named"
cri events --since --json; is "$CODE" 2 "a forgotten value is exit 2"
like "$ERR" '"--since" needs a value.*"--json"' "and the option is named"
cri events -c -f; like "$ERR" '"-c" needs a value.*"-f"' "also for short options"
cri events -c --cgroup=x; like "$ERR" '"-c" needs a value' "also when the next option has a value"
cri_bare events --config --json; like "$ERR" '"--config" needs a value' "and no file named --json is opened"
cri events --container=--json; is "$CODE" 1 "a value may look like an option after ="
cri events -S -2h; is "$CODE" 1 "a time that begins with a dash is a value"
cri_bare --db "$DB" oom; is "$CODE" 2 "options before the verb are exit 2"
like "$ERR" 'the verb comes first: cri-ebpf oom' "and the message has the right order"
cri_bare --config "$T/empty.conf" record --once; is "$CODE" 2 "also before record"
like "$ERR" 'the verb comes first: cri-ebpf record' "also with an option of record"
cri_bare -q -b nonsense stats; like "$ERR" 'the verb comes first: cri-ebpf stats' "also after another word"
cri_bare -c record --db "$DB" --config "$T/empty.conf"; is "$CODE$ERR" 1 "a value may be a verb's name"
cri events -f -r; is "$CODE" 2 "following backwards is exit 2"
printf 'nonsense = 1\n' >"$T/bad.conf"
cri_bare events --db "$DB" --config "$T/bad.conf"; is "$CODE" 2 "a wrong configuration is exit 2"
like "$ERR" 'bad.conf:1.*nonsense' "and file, line and key are named"

# An option that a verb does not use is neither in its help nor accepted.
# refuses VERB WORD... : long names
refuses()
{
	local verb=$1 name value words=()

	shift
	case $verb in why | show) words=(5) ;; esac
	for name; do
		cri_bare "$verb" --help; is "$(grep -c -- " --$name\\b" <<<"$OUT")" 0 "$verb --help has no --$name"
		value=()
		case $name in follow | reverse) ;; lines) value=(3) ;; *) value=(1234) ;; esac
		cri "$verb" "${words[@]}" "--$name" "${value[@]}"; is "$CODE" 2 "$verb refuses --$name"
		like "$ERR" "$verb does not take --$name" "and says so"
	done
}

refuses why follow reverse lines container pod namespace runtime pid comm cgroup signal exit-code grep
refuses show follow since until boot type container pid
refuses ps follow
refuses stats follow grep
cri_bare why --help; is "$(grep -cE -- '--(since|until|boot|strict) ?' <<<"$OUT")" 4 "why --help has the options that it takes"
cri_bare events --help; like "$OUT" '--follow' "events --help has --follow"
cri_bare ps --help; like "$OUT" '--grep' "ps --help has --grep"

# The database
store() { "$CRI" events --config "$T/empty.conf" --db "$1" >"$T/out" 2>"$T/err"; CODE=$?; ERR=$(cat "$T/err"); }

store "$T/none/events.db"; is "$CODE" 3 "no database is exit 3"
like "$ERR" "cannot open \"$T/none/events.db\": No such file or directory; nothing has been recorded here" "and says what to do"
like "$ERR" 'cri-ebpf record' "with the command"
[ ! -e "$T/none" ]; ok $? "and nothing was created"
store "$T"; is "$CODE" 3 "a directory is exit 3"
printf 'this is a text file, and longer than the header of a database: %0200d\n' 1 >"$T/text"
: >"$T/zero"
sqlite3 "$T/foreign.db" 'CREATE TABLE t(a); INSERT INTO t VALUES(1)' 2>/dev/null || rm -f "$T/foreign.db"
cp "$DB" "$T/newer.db"
printf '\0\0\0\143' | dd of="$T/newer.db" bs=1 seek=60 conv=notrunc 2>/dev/null # user_version = 99
declare -A reason=([text]='not a database of cri-ebpf' [zero]='it is empty' [foreign.db]='of another program'
	[newer.db]='the database was made by a newer version')
for file in text zero foreign.db newer.db; do
	[ -e "$T/$file" ] || { skip "a $file database" "no sqlite3 program"; continue; }
	before=$(sha256sum "$T/$file")
	store "$T/$file"
	is "$CODE" 3 "a $file database is exit 3"
	like "$ERR" "${reason[$file]}" "and the message says why"
	like "$ERR" 'untouched' "and that the file is untouched"
	is "$(sha256sum "$T/$file")" "$before" "and the file is untouched"
done
if [ "$(id -u)" = 0 ] && setpriv --reuid 65534 --regid 65534 --clear-groups true 2>/dev/null; then
	install -d -m 0755 "$T/locked"
	cp "$DB" "$T/locked/events.db"
	chmod 0640 "$T/locked/events.db"
	chmod 0755 "$T"
	cp "$CRI" "$T/cri"
	chmod 0755 "$T/cri"
	chmod 0644 "$T/empty.conf"
	setpriv --reuid 65534 --regid 65534 --clear-groups "$T/cri" events --config "$T/empty.conf" \
		--db "$T/locked/events.db" >"$T/out" 2>"$T/err"
	is $? 3 "a database without read permission is exit 3"
	like "$(cat "$T/err")" 'Permission denied.*group cri-ebpf' "and names the group that may read"
else
	skip "a database without read permission" "not root"
fi

# The output
"$CRI" events --json --db "$DB" --config "$T/empty.conf" 2>"$T/err" >/dev/full
is $? 2 "stdout on a full disk is an error"
like "$(cat "$T/err")" 'standard output.*No space' "and is named"
# More than the wal-index, which a process without a sandbox makes beside the database.
(ulimit -f 64; trap - XFSZ; "$CRI" sql --db "$DB" --config "$T/empty.conf" 2>"$T/err" >"$T/limited" \
	"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 30000) SELECT i FROM n")
is $? 2 "stdout at the limit of file sizes is an error"
like "$(cat "$T/err")" 'standard output.*File too large' "and is named"
for words in help --help --version 'why --help' 'meta path /docker/x'; do
	# shellcheck disable=SC2086
	"$CRI" $words 2>"$T/err" >/dev/full
	is $? 2 "$words: stdout on a full disk is an error"
	is "$(grep -c 'No space' "$T/err")" 1 "$words: with one message"
done
for format in short json csv; do
	set -o pipefail
	"$CRI" events -o $format --db "$DB" --config "$T/empty.conf" 2>"$T/err" | head -c 1 >/dev/null
	status=$?
	set +o pipefail
	is "$status $(cat "$T/err")" "0 " "a pipe that its reader closes early is no error: $format"
done

is "$(grep -ac CRI_TEST_ "$CRI")" 0 "the program does not contain the switches of test builds"
done_testing
