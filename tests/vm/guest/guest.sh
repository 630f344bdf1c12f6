# shellcheck shell=dash
# SPDX-License-Identifier: BSD-2-Clause
#
# Shared by all plans: reporting to the host, the accounts, and our two programs run as their own users.

PIN_DIR=/sys/fs/bpf/cri-ebpf
DB=/var/lib/cri-ebpf/events.db
# name of the plan that is running, part of every line of the output
SET=
EXEC=

# Prints standard input as a JSON string.
json_text()
{
	tr '\t' ' ' | tr -d '\000-\010\013-\037' | awk '
		{ gsub(/\\/, "\\\\"); gsub(/"/, "\\\""); printf "%s%s", (NR > 1 ? "\\n" : "\""), $0 }
		END { print (NR ? "" : "\"") "\"" }'
}

# json_string TEXT: sets JSON_STRING to the text as a JSON string. Starts no process when nothing has to be escaped.
json_string()
{
	case $1 in
	*[!A-Za-z0-9\ ./:,_+-]*) JSON_STRING=$(printf %s "$1" | json_text) ;;
	*) JSON_STRING="\"$1\"" ;;
	esac
}

# report AT [NAME=TEXT | NAME:JSON]...: prints one line for the host, with one write, so that lines of several processes
# do not mix.
report()
{
	local line word name

	line="{\"at\":\"$1\",\"set\":\"$SET\""
	shift
	for word in "$@"; do
		name=${word%%[=:]*}
		case $name in
		*[!a-z_]*) continue ;;
		esac
		case $word in
		"$name"=*)
			json_string "${word#*=}"
			line="$line,\"$name\":$JSON_STRING"
			;;
		*) line="$line,\"$name\":${word#*:}" ;;
		esac
	done
	printf '@@ %s}\n' "$line"
}

# report_rows AT: reports {"at":AT,...,"row":LINE} for each line of JSON on standard input. Sending a character over an
# emulated serial line costs more than compressing it: sends gzip data in base64, "@@=" before each of its lines.
report_rows()
{
	sed "s/^/@@ {\"at\":\"$1\",\"set\":\"$SET\",\"row\":/; s/\$/}/" | gzip -c | base64 | sed 's/^/@@=/'
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

# as USER CAPABILITIES COMMAND...: runs it with these capabilities ("bpf,perfmon" or "") and no others. With EXEC=exec
# it replaces the shell, so that the shell's pid becomes the command's.
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

# loader VERB [FLAG...]: runs the loader as its own user, with the most capabilities it may need.
loader()
{
	local verb="$1"

	shift
	as cri-ebpf-loader bpf,perfmon /bin/cri-ebpf-loader "$verb" --pin-dir "$PIN_DIR" "$@"
}

# loader_json VERB [FLAG...]: runs the loader and reports {"at":VERB,"status":...,"json":{...},"error":"..."}.
loader_json()
{
	local status out

	out=$(loader "$@" --json 2>/tmp/error)
	status=$?
	case $out in
	'{'*'}') ;;
	*) out=null ;;
	esac
	report "$1" status:$status json:"$out" error="$(cat /tmp/error)"
}

# loader_report VERB [FLAG...]: the same without "json". Returns the loader's exit status.
loader_report()
{
	local status

	loader "$@" >/tmp/error 2>&1
	status=$?
	report "$1" status:$status error="$(cat /tmp/error)"
	return $status
}

pins_report()
{
	report pins list:"[$(cd "$PIN_DIR" 2>/dev/null && find . -mindepth 1 -exec stat -c '"%n %a %U:%G"' {} + |
		sed 's,\./,,' | sort | paste -s -d , -)]"
}

# wait_for TENTHS COMMAND...: repeats COMMAND until it succeeds, at most so many times, a tenth of a second apart.
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
