# shellcheck shell=dash
# SPDX-License-Identifier: BSD-2-Clause
#
# What every plan needs: telling the host, the accounts, our two programs as the users they run as.

PIN_DIR=/sys/fs/bpf/cri-ebpf
DB=/var/lib/cri-ebpf/events.db
# the part of a plan that is being run; every line of the output carries it
SET=
EXEC=

# A JSON string of standard input.
json_text()
{
	tr '\t' ' ' | tr -d '\000-\010\013-\037' | awk '
		{ gsub(/\\/, "\\\\"); gsub(/"/, "\\\""); printf "%s%s", (NR > 1 ? "\\n" : "\""), $0 }
		END { print (NR ? "" : "\"") "\"" }'
}

# say AT [NAME=TEXT | NAME:JSON]...: one line for the host. Written at once, so that lines of several
# processes do not mix.
say()
{
	local line word

	line="{\"at\":\"$1\",\"set\":\"$SET\""
	shift
	for word in "$@"; do
		case ${word%%[=:]*} in
		*[!a-z_]*) continue ;;
		esac
		case $word in
		"${word%%[=:]*}"=*) line="$line,\"${word%%=*}\":$(printf %s "${word#*=}" | json_text)" ;;
		*) line="$line,\"${word%%:*}\":${word#*:}" ;;
		esac
	done
	printf '@@ %s}\n' "$line"
}

accounts_make()
{
	cat >/etc/passwd <<-'END'
	root:x:0:0:root:/:/bin/sh
	cri-ebpf:x:901:901::/:/bin/false
	cri-ebpf-loader:x:902:902::/:/bin/false
	nobody:x:65534:65534::/:/bin/false
	END
	cat >/etc/group <<-'END'
	root:x:0:
	cri-ebpf:x:901:
	cri-ebpf-loader:x:902:
	cri-ebpf-ring:x:903:cri-ebpf
	nogroup:x:65534:
	END
	echo 'passwd: files' >/etc/nsswitch.conf
	echo 'group: files' >>/etc/nsswitch.conf
}

# as USER CAPABILITIES COMMAND...: with these capabilities ("bpf,perfmon" or "") and no other. In a shell with
# EXEC=exec in its place, so that the shell's pid becomes the command's.
as()
{
	local user="$1" caps=''

	[ -z "$2" ] || caps=",+$(echo "$2" | sed 's/,/,+/g')"
	shift 2
	$EXEC /bin/setpriv-full --reuid "$user" --regid "$user" --init-groups --no-new-privs \
		--inh-caps="-all$caps" --ambient-caps="-all$caps" --bounding-set="-all$caps" "$@"
}

pin_dir_make()
{
	mkdir -p "$PIN_DIR" && chown cri-ebpf-loader:cri-ebpf-ring "$PIN_DIR" && chmod 2750 "$PIN_DIR"
}

# loader VERB [FLAG...]: as its own user, with what it may need at most.
loader()
{
	local verb="$1"

	shift
	as cri-ebpf-loader bpf,perfmon /bin/cri-ebpf-loader "$verb" --pin-dir "$PIN_DIR" "$@"
}

# loader_json VERB [FLAG...]: says {"at":VERB,"status":...,"json":{...},"error":"..."}.
loader_json()
{
	local status out

	out=$(loader "$@" --json 2>/tmp/error)
	status=$?
	case $out in
	'{'*'}') ;;
	*) out=null ;;
	esac
	say "$1" status:$status json:"$out" error="$(cat /tmp/error)"
}

# loader_say VERB [FLAG...]: the same without JSON.
loader_say()
{
	local status

	loader "$@" >/tmp/error 2>&1
	status=$?
	say "$1" status:$status error="$(cat /tmp/error)"
	return $status
}

pins_say()
{
	say pins list:"[$(cd "$PIN_DIR" 2>/dev/null && find . -mindepth 1 -exec stat -c '"%n %a %U:%G"' {} + |
		sed 's,\./,,' | sort | paste -s -d , -)]"
}

# wait_for TENTHS COMMAND...: until COMMAND succeeds.
wait_for()
{
	local left="$1"

	shift
	until "$@" >/dev/null 2>&1; do
		[ "$left" -gt 0 ] || return 1
		left=$((left - 1))
		usleep 100000
	done
}
