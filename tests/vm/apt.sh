# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
#
# Finds, downloads and unpacks Debian packages of other releases and architectures below VM_DIR, with an apt
# configuration of their own: the system's is not changed. The mirror is the one that this machine is configured with,
# or CRI_EBPF_TEST_MIRROR. Signatures are checked with Debian's keyring.

VM_KEYRING=${VM_KEYRING:-/usr/share/keyrings/debian-archive-keyring.gpg}

# apt_mirror LABEL: prints the address from which this machine gets packages with that label (Debian, Debian-Security).
# The variables in quotes are apt's.
# shellcheck disable=SC2016
apt_mirror()
{
	local label uri

	while IFS='|' read -r label uri; do
		[ "$label" = "$1" ] && echo "$uri" && return
	done < <(apt-get indextargets --format '$(LABEL)|$(REPO_URI)' 'Created-By: Packages' 2>/dev/null)
	return 1
}

# apt_suite_mirror SUITE: prints its mirror. Security updates have an archive of their own.
apt_suite_mirror()
{
	case $1 in
	*-security) echo "${CRI_EBPF_TEST_SECURITY_MIRROR:-$(apt_mirror Debian-Security)}" ;;
	*) echo "${CRI_EBPF_TEST_MIRROR:-$(apt_mirror Debian)}" ;;
	esac
}

# Prints why packages cannot be downloaded here; nothing when they can.
apt_unusable()
{
	if ! command -v apt-get >/dev/null || ! command -v dpkg-deb >/dev/null; then
		echo "no apt here to fetch Debian packages with"
	elif [ ! -e "$VM_KEYRING" ]; then
		echo "$VM_KEYRING is missing"
	elif [ -z "$(apt_suite_mirror stable)" ]; then
		echo "apt is not configured with a mirror of Debian; name one in CRI_EBPF_TEST_MIRROR"
	fi
}

# apt_open NAME ARCHITECTURE SUITE...: sets APT_CONFIG, for the functions below, to a configuration with these suites
# only. Fails when a suite cannot be reached.
apt_open()
{
	local dir=$VM_DIR/apt/$1 arch=$2 suite mirror

	shift 2
	mkdir -p "$dir/lists/partial" "$dir/archives/partial" "$dir/parts" || return 1
	dir=$(realpath "$dir")
	: >"$dir/status"
	for suite in "$@"; do
		mirror=$(apt_suite_mirror "$suite")
		[ -n "$mirror" ] || return 1
		echo "deb [arch=$arch signed-by=$VM_KEYRING] $mirror $suite main"
	done >"$dir/sources.list"
	cat >"$dir/apt.conf" <<-CONF
	Dir::State "$dir";
	Dir::State::status "$dir/status";
	Dir::Cache "$dir";
	Dir::Etc::sourcelist "$dir/sources.list";
	Dir::Etc::sourceparts "$dir/parts";
	Dir::Etc::preferences "$dir/parts/none";
	Dir::Etc::preferencesparts "$dir/parts";
	APT::Architecture "$arch";
	APT::Architectures { "$arch"; };
	APT::Install-Recommends "false";
	APT::Sandbox::User "root";
	Acquire::Languages "none";
	Acquire::Retries "5";
	DPkg::Lock::Timeout "300";
	CONF
	export APT_CONFIG=$dir/apt.conf
	apt-get -qq update 2>&1 || { apt_close; return 1; }
}

apt_close()
{
	unset APT_CONFIG
}

# apt_newest REGEX: prints "name version" of the newest package whose name matches.
apt_newest()
{
	local name

	while read -r name; do
		apt-cache madison "$name" 2>/dev/null | sed 's/^ *//' | awk -F' *\\| *' '{ print $1, $2 }'
	done < <(apt-cache pkgnames | grep -E "^($1)\$") | sort -k 2V | tail -n 1
}

# apt_unpack_debs DIR FROM: unpacks the package files in FROM.
apt_unpack_debs()
{
	local deb

	for deb in "$2"/*.deb; do
		dpkg-deb -x "$deb" "$1" || return 1
	done
}

# apt_unpack DIR PACKAGE...: downloads and unpacks these packages without their dependencies.
apt_unpack()
{
	local dir=$1 scratch

	shift
	mkdir -p "$dir" && scratch=$(mktemp -d -p "$VM_DIR") || return 1
	(cd "$scratch" && apt-get -qq download "$@" 2>&1) && apt_unpack_debs "$dir" "$scratch"
	set -- $?
	rm -rf "$scratch"
	return "$1"
}

# apt_unpack_all DIR PACKAGE...: the same with all dependencies.
apt_unpack_all()
{
	local dir=$1 archives=${APT_CONFIG%/*}/archives

	shift
	mkdir -p "$dir" &&
		apt-get -qq --yes --download-only install "$@" 2>&1 &&
		apt_unpack_debs "$dir" "$archives" &&
		rm -f "$archives"/*.deb
}
