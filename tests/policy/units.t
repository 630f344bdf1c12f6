#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# The units: valid, within the documented exposure, and with a reason for everything that is left open.
set -u
. "$(dirname "$0")/../lib/installed.sh"

needs systemd-analyze jq
systemd-analyze --help | grep -q -- --offline || skip_all "this systemd-analyze has no --offline"
units=policy/systemd

# The installed units, among copies of this machine's units, which they refer to.
installed
host=$(pkg-config --variable=systemdsystemunitdir systemd 2>/dev/null || echo /usr/lib/systemd/system)
cp -a --update=none "$host/." "$INSTALLED/usr/lib/systemd/system/" 2>/dev/null || # since coreutils 9.3
	cp -a -n "$host/." "$INSTALLED/usr/lib/systemd/system/" || diag "no units in $host"
install -D -m 0755 /bin/true "$INSTALLED/usr/bin/systemd-tmpfiles"
for unit in cri-ebpf-loader cri-ebpf cri-ebpf-compat; do
	out=$(systemd-analyze verify --man=no --root="$INSTALLED" "$unit.service" 2>&1)
	is "$?:$out" 0: "$unit: systemd-analyze verify finds nothing"
done

# The loader starts before sysinit.target, units with default dependencies start after it: an ordering cycle.
while read -r unit; do
	file=$INSTALLED/usr/lib/systemd/system/$unit
	[ ! -e "$file" ] || grep -qx 'DefaultDependencies=no' "$file"
	ok $? "cri-ebpf-loader: $unit starts before sysinit.target too"
done < <(sed -nE 's/^After=//p' $units/cri-ebpf-loader.service | tr ' ' '\n')

# exposure_within UNIT TENTHS: the exposure that systemd-analyze computes is at most TENTHS of 100.
exposure_within()
{
	systemd-analyze security --offline=true --no-pager --threshold="$2" "./$units/$1.service" >"$INSTALLED/security" 2>&1
	ok $? "$1: exposure of at most $2 tenths" || diag "$(grep -E '✗|Overall' "$INSTALLED/security")"
}

# One file has the figures: the bounds tested here, and those that the documentation gives.
mapfile -t exposures < <(grep -v '^#' $units/exposure.txt)
is "$(printf '%s.service\n' "${exposures[@]% *}" | sort)" "$(cd $units && printf '%s\n' *.service | sort)" \
	"every unit has a bound on its exposure"
for row in "${exposures[@]}"; do
	exposure_within "${row% *}" "${row#* }"
done
documents=0
for file in $(git ls-files '*.md' 2>/dev/null || find . -path ./build -prune -o -name '*.md' -print); do
	paragraphs=$(awk 'BEGIN { RS = "" } /[Ee]xposure.*systemd-analyze security/' "$file")
	[ -n "$paragraphs" ] || continue
	documents=$((documents + 1))
	is "$(grep -oE '\b[0-9]\.[0-9]\b' <<<"$paragraphs" | sort -u)" \
		"$(awk '!/^#/ { printf "%.1f\n", $2 / 10 }' $units/exposure.txt | sort -u)" "$file gives the same exposures"
done
[ "$documents" -gt 0 ]
ok $? "the documentation gives the exposures"

# unexplained UNIT-FILE: prints what systemd-analyze lists as open and no comment of the file mentions: the directive,
# or the value where one value is meant.
unexplained()
{
	local name

	systemd-analyze security --offline=true --no-pager --json=short "$1" | jq -r '.[] | select(.set == false).name' |
		while read -r name; do
			case $name in
			*=~*) name=${name##*=~} ;;
			*) name=${name%%=*}= ;;
			esac
			grep '^#' "$1" | grep -qF -- "$name" || echo "$name"
		done
}

for unit in "$units"/*.service; do
	is "$(unexplained "./$unit")" "" "${unit##*/}: everything open has a reason"
done
sed '/^PrivateNetwork=/d; s/CAP_PERFMON$/CAP_PERFMON CAP_SYS_PTRACE/' $units/cri-ebpf-loader.service >"$INSTALLED/open.service"
is "$(unexplained "$INSTALLED/open.service" | sort | paste -sd ' ')" "CAP_SYS_PTRACE PrivateNetwork=" \
	"openings without a reason are found"

# The unit without its comments.
directives()
{
	grep -v '^#' "$1" | grep .
}

is "$(diff <(directives $units/cri-ebpf.service) <(directives $units/cri-ebpf-compat.service) | grep '^[<>]')" "$(
	cat <<-'EOF'
		< ConditionKernelVersion=>=5.19
		> ConditionKernelVersion=<5.19
		< CapabilityBoundingSet=
		< AmbientCapabilities=
		< PrivateUsers=yes
		> CapabilityBoundingSet=CAP_BPF
		> AmbientCapabilities=CAP_BPF
	EOF
)" "the two recorder units differ only in what CAP_BPF needs"

# The names of pins are those of common/pins.h.
pins()
{
	sed -nE "s/^#define $1 +\"(.*)\"/\\1/p" common/pins.h
}

for unit in "$units"/*.service; do
	read -r source target < <(sed -nE 's/^Bind(ReadOnly)?Paths=-?(\/sys[^:]*):(.*)/\2 \3/p' "$unit")
	is "$source" "$(pins PIN_DIR_DEFAULT)" "${unit##*/}: binds the pin directory"
	is "$(grep -E '^Exec' "$unit" | grep -oE -- '--pin-dir .*' | sort -u)" "--pin-dir $target" "${unit##*/}: --pin-dir is the bound directory"
	grep -qxF "enable ${unit##*/}" $units/90-cri-ebpf.preset
	ok $? "${unit##*/}: enabled by the preset"
done
is "$(sed -nE 's/^ConditionPathExists=//p' $units/cri-ebpf.service)" "$(pins PIN_DIR_DEFAULT)/$(pins PIN_INFO)" \
	"the recorder needs the pin that the loader makes last"

done_testing
