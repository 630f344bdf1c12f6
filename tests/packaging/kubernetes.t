#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Checks the manifests of packaging/kubernetes/ with TypeScript's types of the Kubernetes API: an unknown field, a wrong
# type and a missing field are errors of the compiler. Then capabilities, mounts and namespaces.
set -u

cd "$(dirname "$0")/../.." || exit 1
. tests/cli/fixture.sh
. tests/lib/manifest.sh

BUILD=$(realpath -m "${BUILD:-build}")
NPM_DIR=$BUILD/npm/kubernetes
NPM_PACKAGES=(typescript@5.4.5 kubernetes-types@1.30.0)
KUBERNETES=packaging/kubernetes
WORK=

command -v npm >/dev/null || skip_all "npm is not installed"
command -v jq >/dev/null || skip_all "jq is not installed"
reason=$(manifest_unreadable)
[ -z "$reason" ] || skip_all "$reason"

# Installs exactly these versions, once.
npm_install()
{
	[ "$(cat "$NPM_DIR/installed" 2>/dev/null)" != "${NPM_PACKAGES[*]}" ] || return 0
	rm -rf "$NPM_DIR"
	mkdir -p "$NPM_DIR" && echo '{"private": true}' >"$NPM_DIR/package.json" &&
		npm install --prefix "$NPM_DIR" --save-exact --ignore-scripts --no-audit --no-fund "${NPM_PACKAGES[@]}" &&
		echo "${NPM_PACKAGES[*]}" >"$NPM_DIR/installed"
}
out=$(npm_install 2>&1) || skip_all "npm cannot install ${NPM_PACKAGES[*]}: $(tail -n 1 <<<"$out")"

trap '[ -z "$WORK" ] || rm -rf "$WORK"; rm -rf "$T"' EXIT
WORK=$(mktemp -d "$NPM_DIR/check.XXXXXX")

# source_of whole|part: prints TypeScript that checks a document against the type of its kind.
source_of()
{
	jq -r --arg wrap "$1" '
		(if .apiVersion == "v1" then "core/v1" else .apiVersion end) as $home
		| "import { \(.kind) } from \"kubernetes-types/\($home)\";",
		  "type Part<T> = { [K in keyof T]?: Part<T[K]> };",
		  "export const it: \(if $wrap == "part" then "Part<\(.kind)>" else .kind end) = \(.);"'
}

# schema_errors [part]: reads a JSON array of documents, prints what the compiler finds wrong.
schema_errors()
{
	local n=0 document

	rm -f "$WORK"/*.ts
	while IFS= read -r document; do
		source_of "${1:-whole}" <<<"$document" >"$WORK/document-$n.ts"
		n=$((n + 1))
	done < <(jq -c '.[]')
	[ "$n" -gt 0 ] || echo "no documents"
	"$NPM_DIR/node_modules/.bin/tsc" --noEmit --strict "$WORK"/*.ts
}

containers='(.initContainers + .containers)[]'
manifest=$(manifest_json $KUBERNETES/cri-ebpf.yaml)
is "$(schema_errors <<<"$manifest")" "" "cri-ebpf.yaml has the schema of Kubernetes"
as_daemonset='map({apiVersion: "apps/v1", kind: "DaemonSet"} + .)'
for name in before-5.19 unload; do
	patch=$(manifest_json $KUBERNETES/$name.yaml)
	is "$(jq "$as_daemonset" <<<"$patch" | schema_errors part)" "" "$name.yaml is a valid patch"
	is "$(jq -c ".[0].spec.template.spec | [$containers | .name]" <<<"$patch")" '["load","record"]' "$name.yaml patches existing containers"
done

# broken JQ REGEX: the manifest changed by the jq program is refused with this message.
broken()
{
	like "$(jq "$1" <<<"$manifest" | schema_errors)" "$2" "refused: $1"
}

broken '.[1].spec.template.spec.containers[0].securityContext.readOnlyRootFileSystem = true' 'readOnlyRootFileSystem'
broken '.[1].spec.template.spec.hostPID = "no"' "'string' is not assignable to type 'boolean"
broken '.[1].spec.template.spec.initContainers[1].securityContext.capabilities.add = "BPF"' "'string' is not assignable"
broken 'del(.[1].spec.selector)' "'selector' is missing"
broken '.[1].kind = "DemonSet"' "no exported member .*'DemonSet'"
broken '.[1].apiVersion = "apps/v9"' 'kubernetes-types/apps/v9'
like "$(jq "$as_daemonset | .[0].spec.template.spec.containers[0].securityContext.runAsuser = 0" <<<"$patch" |
	schema_errors part)" 'runAsuser' "refused: a misspelt field of the patch"

# Beyond the schema.
manifest_open <<<"$manifest"
is "$(jq -c "[$containers | [.name, .securityContext.capabilities]]" <<<"$MANIFEST_POD")" \
	'[["prepare",{"drop":["ALL"],"add":["CHOWN"]}],["load",{"drop":["ALL"],"add":["BPF","PERFMON"]}],["record",{"drop":["ALL"]}]]' \
	"the capabilities of each container"
is "$(jq -c "[$containers | .securityContext
	| select(.privileged != false or .allowPrivilegeEscalation != false or .readOnlyRootFilesystem != true)]" <<<"$MANIFEST_POD")" \
	'[]' "none is privileged, may become so, or writes to its root"
is "$(jq -c '[.hostPID, .hostIPC, .hostNetwork, .automountServiceAccountToken]' <<<"$MANIFEST_POD")" \
	'[null,null,null,false]' "no namespace of the host's but that of users, no token"
is "$(jq -c "[$containers | .name as \$name | .volumeMounts[] | select(.readOnly | not) | \"\(\$name) \(.name)\"]" <<<"$MANIFEST_POD")" \
	'["prepare history","prepare profiles","load pins","record history"]' "what each may write to"
is "$(jq -r "[$containers | .image] | unique | join(\" \")" <<<"$MANIFEST_POD")" \
	"cri-ebpf:$(sed -n 's/^VERSION := //p' Makefile)" "one image, of this version"
is "$(jq -c '[.volumes[].name] - [(.initContainers + .containers)[].volumeMounts[].name]' <<<"$MANIFEST_POD")" '[]' \
	"every volume is mounted"

# The probes' own commands, with a recorder that holds its lock, in each state that it can be in.
# state AGE PROBLEM: the recorder's last heartbeat is AGE seconds old, and it reports the problem, if any.
state()
{
	printf "REPLACE INTO status VALUES('recorder', '%s');" "$(jq -nc --arg beat $(($(date +%s) - $1))000000000 --arg problem "$2" '
		{loader: {loaded: true, probes: []}, counters: {}, recorder: {running: true, pid: 1, heartbeat_unix_nano: $beat},
		 problems: (if $problem == "" then [] else [{name: $problem, since: "2026-11-22T16:31:07Z"}] end)}')" | mkdb "$DB"
}

# answers WANT NAME: what the probes startup, liveness and readiness exit with.
answers()
{
	local probe command got=

	for probe in startup liveness readiness; do
		mapfile -t command < <(jq -r --arg probe "${probe}Probe" \
			'.containers[] | select(.name == "record")[$probe].exec.command[]' <<<"$MANIFEST_POD")
		is "${command[0]}" /usr/bin/cri-ebpf "$2: $probe runs the image's program"
		cri "${command[@]:1}"
		got+="$probe $CODE "
	done
	is "$got" "$1" "$2"
}

: >"$DB.lock"
exec 8>"$DB.lock"
flock 8
state 1 ""
answers "startup 0 liveness 0 readiness 0 " "all is well, and what was lost is over"
for problem in links_gone counters_stand_still losing_events metadata_frozen retention_fails; do
	state 1 "$problem"
	answers "startup 0 liveness 0 readiness 4 " "$problem: a restart does not mend it"
done
state 91 ""
answers "startup 4 liveness 4 readiness 4 " "the recorder hangs"
printf 'No space left on device' >"$DB.trouble"
answers "startup 0 liveness 0 readiness 4 " "the disk is full"
exec 8>&-
answers "startup 4 liveness 4 readiness 4 " "the recorder is gone"
is "$(jq -c '[.containers[] | select(.name == "record") | .startupProbe, .livenessProbe, .readinessProbe
	| .timeoutSeconds >= 10 and .timeoutSeconds < .periodSeconds * .failureThreshold]' <<<"$MANIFEST_POD")" '[true,true,true]' \
	"the probes have time enough"

done_testing
