#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# vacuum removes what its dry run announces, refuses files that others control, and does not write beside a recorder.
set -u
. "$(dirname "$0")/fixture.sh"
# shellcheck source=tests/lib/accounts.sh
. "$CLI_DIR/../lib/accounts.sh"

# The check changes nothing and finds damage.
before=$(sha256sum "$DB")
cri vacuum --check --json
is "$CODE:$OUT" '0:{"result":"sound","problem":null}' "vacuum --check of a sound database"
like "$ERR" 'is sound' "the message says so"
is "$(sha256sum "$DB")" "$before" "the file is unchanged"
cri vacuum --check
like "$OUT" 'RESULT +PROBLEM.*sound +-' "as text"
cri vacuum --check --dry-run
is "$CODE" 2 "--check with --dry-run"
cp "$DB" "$T/sound.db"
for name in event_time event oom; do
	root=$("$CRI" sql "SELECT rootpage FROM sqlite_master WHERE name = '$name'" --db "$T/sound.db" --no-legend -o csv | tr -d '\r')
	printf '\377\377\377\377' | dd of="$DB" bs=1 seek=$(((root - 1) * 4096)) conv=notrunc 2>/dev/null
done
cri vacuum --check --json
is "$CODE" 4 "damaged: exit status 4" || diag "$ERR"
is "$(jq -r .result <<<"$OUT")" $'damaged\ndamaged\ndamaged' "each problem is a row"
is "$(jq -r .problem <<<"$OUT" | grep -vcE '^Page [0-9]+: [^*]+$')" 0 "which says what it is, without a heading" || diag "$OUT"
like "$ERR" 'is damaged; .*\.recover' "the message says what to do"
cp "$T/sound.db" "$DB"

# The dry run needs only the right to read.
before=$(sha256sum "$DB")
cri vacuum --time=2025-11-22T16:31:08Z --dry-run --json
is "$CODE" 0 "vacuum --dry-run"
cri sql "SELECT count(*) FROM v_events WHERE id < (SELECT min(id) FROM v_events WHERE time_unix_nano >= 1763829068000000000)" -F 'count(*)' --no-legend
want=${OUT// /}
[ "$want" -gt 3 ]
ok $? "some of the history is older"
cri vacuum --time=2025-11-22T16:31:08Z --dry-run --json
is "$(jq -s 'map(.events) | add' <<<"$OUT")" "$want" "it counts what is older"
is "$(jq -r 'select(.type == "oom_kill") | [.events, .from] | @json' <<<"$OUT")" '[2,"2025-11-22T16:31:07.123456789Z"]' \
	"by type, with times"
is "$(jq -s 'all(.[]; .bytes > 0 and .from <= .to)' <<<"$OUT")" true "and an estimate of the bytes"
like "$ERR" "would remove $want events, about .* nothing was changed" "and sums it up in a message"
cri vacuum --time=2025-11-22T16:31:08Z --dry-run
like "$OUT" '^TYPE +EVENTS +FROM +TO +BYTES' "as a table"
cri vacuum --time="100 years ago" --dry-run
is "$CODE $OUT" "0 " "nothing to remove is no failure"
like "$ERR" 'would remove 0 events' "and the message says so"
cri vacuum --size=8M --dry-run
like "$ERR" 'would remove 0 events' "a small history is within any size"
cri vacuum --dry-run --retention-age=0 --retention-size=0
like "$ERR" 'would remove 0 events' "without --time and --size the configured bounds apply: none"
cri vacuum --dry-run --retention-age=1d
is "$(awk '/would remove/ { print ($4 > 10) }' <<<"$ERR")" 1 "a configured age of one day"
is "$(sha256sum "$DB")" "$before" "the file is untouched"

# Wrong arguments
while IFS='|' read -r flags want name; do
	# shellcheck disable=SC2086
	cri vacuum --dry-run $flags
	is "$CODE" 2 "$name: exit 2"
	like "$ERR" "$want" "$name: named"
done <<'END'
--time=soon|--time=soon is not a time|no time
--time=30|--time=30 is not a time|a number without a unit
--time=2125-01-01|future.*everything|a time to come
--size=1M|8M|too small a size
--size=lots|lots|no size
-F nonsense|nonsense|no field
--since=today|since|another verb's option
END
cri vacuum extra; is "$CODE" 2 "an operand is exit 2"
"$CRI" vacuum --db "$T/nothing" --config "$T/empty.conf" --dry-run 2>"$T/err"
is $? 3 "no database: exit 3"
like "$(cat "$T/err")" 'nothing' "and it is named"

# Without --dry-run: as the recorder's user, also when root starts it. Other users can only use the dry run.
[ "$(id -u)" -eq 0 ] || { skip "vacuum without --dry-run" "needs root"; done_testing; }
accounts_make >"$T/accounts.log" 2>&1 || { printf 'Bail out! cannot make the accounts\n'; exit 1; }
trap 'accounts_remove >/dev/null 2>&1; rm -rf "$T"' EXIT
chmod 0711 "$T"
chmod 0644 "$T/empty.conf"
install -m 0755 "$CRI" "$T/cri"
install -d -m 0750 -o cri-ebpf -g cri-ebpf "$T/db"

# big [EXITS [SQL]]: a database of 60000 exits of last year beside the fixture's rows, as a recorder leaves it.
big()
{
	rm -f "$T"/db/*
	{
		cat "$ROOT/tests/cli/fixture.sql"
		echo "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${1:-60000})
			INSERT INTO event(id, type, time, boot, cgroup, pid, comm, status, flags)
			SELECT 1000 + i, 3, 1763829100000000000 + i, 2, 4, i, 'sleep', 0, 0 FROM n;
			${2:-}"
	} | mkdb "$T/db/events.db"
	chown cri-ebpf:cri-ebpf "$T"/db/*
	chmod 0640 "$T"/db/*
}

vacuum()
{
	OUT=$("$T/cri" vacuum --db "$T/db/events.db" --config "$T/empty.conf" "$@" 2>"$T/err")
	CODE=$?
	ERR=$(cat "$T/err")
}

sql()
{
	"$T/cri" sql "$1" --db "$T/db/events.db" --config "$T/empty.conf" --no-legend -o csv 2>/dev/null | tr -d '\r'
}

big 60000 'DROP INDEX event_cgroup;'
bytes=$(stat -c %s "$T/db/events.db")
vacuum --time=2025-11-22T16:31:08Z --dry-run --json
jq -s 'map({type, events})' <<<"$OUT" >"$T/would"
vacuum --time=2025-11-22T16:31:08Z --json
is "$CODE" 0 "vacuum by age"
is "$(jq -s 'map({type, events})' <<<"$OUT")" "$(cat "$T/would")" "removes what the dry run said"
is "$(sql "SELECT count(*) FROM sqlite_master WHERE name = 'event_cgroup'")" 1 "builds an index that the database lacked"
is "$(sql "SELECT count(*) FROM v_exit WHERE comm = 'sleep' AND pid > 0 AND id > 1000")" 60000 "and nothing younger"
is "$(stat -c %U:%G:%a "$T"/db/events.db* | sort -u)" "$(printf 'cri-ebpf:cri-ebpf:%s\n' 600 640)" \
	"root leaves no file owned by root"

vacuum --time=2025-11-23
is "$CODE" 0 "vacuum of nearly all"
like "$ERR" 'removed 60... events.*now takes' "the message says what was removed"
[ "$(stat -c %s "$T/db/events.db")" -lt $((bytes - 3000000)) ]
ok $? "the file has shrunk" || diag "from $bytes to $(stat -c %s "$T/db/events.db")"
is "$(stat -c %s "$T/db/events.db-wal")" 0 "and the WAL is empty"
is "$(sql 'SELECT count(*) FROM v_container WHERE stopped_unix_nano IS NULL AND boot_id = '"'$THIS_BOOT'")" 1 \
	"a running container keeps its row"

# By size the dry run only estimates, because rows differ in size.
big 250000
vacuum --size=8M --dry-run --json
would=$(jq -s 'map(.events) | add' <<<"$OUT")
vacuum --size=8M --json
did=$(jq -s 'map(.events) | add' <<<"$OUT")
[ "$would" -gt 0 ] && [ "$did" -gt $((would * 8 / 10)) ] && [ "$did" -lt $((would * 12 / 10)) ]
ok $? "vacuum by size removes about what the dry run said" || diag "$would, $did"
is "$(jq -r .type <<<"$OUT" | tr '\n' ' ')" "process_exit process_fork " "plain exits and forks, nothing else"
[ "$(stat -c %s "$T/db/events.db")" -le $((8 << 20)) ]
ok $? "the database fits" || diag "$(stat -c %s "$T/db/events.db")"

# Other users
big
reader=cri-test-$$
account_user "$reader" nogroup --groups cri-ebpf 2>/dev/null ||
	account_user "$reader" nobody --groups cri-ebpf >/dev/null || { printf 'Bail out! no user\n'; exit 1; }
as()
{
	local user=$1

	shift
	OUT=$(setpriv --reuid "$user" --regid "$(id -g "$user")" --init-groups --inh-caps=-all "$T/cri" vacuum \
		--db "$T/db/events.db" --config "$T/empty.conf" "$@" 2>"$T/err")
	CODE=$?
	ERR=$(cat "$T/err")
}
before=$(sha256sum "$T/db/events.db")
as "$reader" --time=30d --dry-run; is "$CODE" 0 "a member of the group may use the dry run"
as "$reader" --time=30d; is "$CODE" 6 "but not remove"
like "$ERR" 'ermission denied.*nothing was removed.*as user .cri-ebpf.*--dry-run' "and the message names the user that may"
as nobody --time=30d --dry-run; is "$CODE" 3 "other users may not use the dry run"
as nobody --time=30d; is "$CODE" 3 "nor remove"
is "$(sha256sum "$T/db/events.db")" "$before" "the file is untouched"
as cri-ebpf --time=30d --quiet; is "$CODE" 0 "the recorder's user may"
is "$(sql 'SELECT count(*) FROM v_exit WHERE comm = '"'sleep' AND id > 1000")" 0 "and it is gone"

# Another process holds the recorder's lock.
big
before=$(sha256sum "$T/db/events.db")
: >"$T/db/events.db.lock"
chown cri-ebpf:cri-ebpf "$T/db/events.db.lock"
chmod 0600 "$T/db/events.db.lock"
exec 9<>"$T/db/events.db.lock"
flock -x -n 9
vacuum --time=30d
is "$CODE" 6 "beside a recorder: exit 6"
like "$ERR" "recorder, pid [0-9]+, writes.*nothing was removed.*retention_age.*retention_size" "it names the holder and what to do"
vacuum --time=30d --dry-run
is "$CODE" 0 "the dry run is allowed"
is "$(sha256sum "$T/db/events.db")" "$before" "and nothing was written"
# A symbolic link leads to the same database.
install -d -m 0755 -o cri-ebpf -g cri-ebpf "$T/links"
ln -s "$T/db/events.db" "$T/links/events.db"
vacuum --time=30d --db "$T/links/events.db"
is "$CODE" 6 "through a link beside a recorder: exit 6"
like "$ERR" "recorder, pid [0-9]+, writes.*nothing was removed" "it names the holder"
is "$(sha256sum "$T/db/events.db")" "$before" "and nothing was written"
is "$(ls "$T/links")" events.db "and nothing was created beside the link"
exec 9>&-
vacuum --time=2025-11-22T16:31:08Z --db "$T/links/events.db"
is "$CODE" 0 "through a link where no recorder runs"
like "$ERR" 'removed [1-9][0-9]* events' "it removes"
is "$(ls "$T/links")" events.db "and nothing is created beside the link"
vacuum --size=8M --user=root --time=30d
is "$CODE" 6 "never as root"

# Directories and files that other users can write.
big
before=$(sha256sum "$T/db/events.db")

# listing DIRECTORY: its files with owner, mode, links, type and size
listing() { find "$1" -printf '%p %U:%G %m %n %y%s\n' | sort; }

# refused NAME CODE REGEX: nothing happens to $T/db
refused()
{
	local files

	files=$(listing "$T/db")
	vacuum --time=30d
	is "$CODE" "$2" "$1: exit $2" || diag "$ERR"
	like "$ERR" "$3.*nothing was removed: " "$1: the reason"
	is "$(sha256sum "$T/db/events.db")$(listing "$T/db")" "$before$files" "$1: nothing is changed"
}

chmod 0770 "$T/db"
refused "a directory writable by the group" 3 '"[^"]*/db" is writable by group or others'
chmod 0757 "$T/db"
refused "a directory writable by everybody" 3 '"[^"]*/db" is writable by group or others'
chmod 0755 "$T/db"
chown nobody "$T/db"
refused "another's directory" 3 '"[^"]*/db" belongs to another user'
chown cri-ebpf "$T/db"
chown nobody "$T/db/events.db"
chmod 0666 "$T/db/events.db"
refused "another's database" 3 '"[^"]*/events.db" belongs to another user'
chown cri-ebpf "$T/db/events.db"
chmod 0640 "$T/db/events.db"
ln "$T/db/events.db" "$T/second"
refused "a database with two names" 3 '"[^"]*/events.db" has more than one hard link'
rm "$T/second"
: >"$T/db/events.db.lock"
chown nobody "$T/db/events.db.lock"
chmod 0666 "$T/db/events.db.lock"
refused "another's lock" 6 '"[^"]*/events.db.lock" belongs to another user'
rm "$T/db/events.db.lock"

# be32 NUMBER: four bytes
be32()
{
	# shellcheck disable=SC2059 # the format is what is wanted
	printf "$(printf '\\x%02x' $(($1 >> 24 & 255)) $(($1 >> 16 & 255)) $(($1 >> 8 & 255)) $(($1 & 255)))"
}

# journal PATH: a rollback journal that names PATH as its super-journal, which SQLite removes after the rollback.
journal()
{
	local magic='\xd9\xd5\x05\xf9\x20\xa1\x63\xd7' sum=0 i byte

	for ((i = 0; i < ${#1}; i++)); do
		printf -v byte %d "'${1:i:1}"
		sum=$((sum + byte))
	done
	{
		# shellcheck disable=SC2059
		printf "$magic"
		be32 0 && be32 1 && be32 "$pages" && be32 512 && be32 4096
		head -c 484 /dev/zero
		be32 $((0x40000000 / 4096 + 1))
		printf %s "$1"
		be32 ${#1} && be32 $sum
		# shellcheck disable=SC2059
		printf "$magic"
	}
}

trap_directory=$T/trap
install -d -m 0777 -o nobody "$trap_directory"
chmod 0777 "$trap_directory"
echo kept >"$T/db/precious"
chown cri-ebpf:cri-ebpf "$T/db/precious"
pages=$(($(stat -c %s "$T/db/events.db") / 4096))
cp "$T/db/events.db" "$trap_directory/"
journal "$T/db/precious" >"$trap_directory/events.db-journal"
chown nobody "$trap_directory"/*
chmod 0666 "$trap_directory"/*
files=$(listing "$trap_directory")
vacuum --time=30d --db "$trap_directory/events.db"
is "$CODE" 3 "another's journal: exit 3"
[ -e "$T/db/precious" ]
ok $? "another's journal: the file that it names still exists" || diag "$ERR"
is "$(listing "$trap_directory")" "$files" "another's journal: the directory is unchanged"
vacuum --time=30d --dry-run --db "$trap_directory/events.db"
[ -e "$T/db/precious" ]
ok $? "the dry run removes nothing either" || diag "$ERR"

done_testing
