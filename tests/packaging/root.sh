# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
#
# The file tree of a Debian 12 with systemd and podman: the disk of the machine that machine.sh boots, and a root for
# rpm.t. Sourced after tests/vm/apt.sh, with VM_DIR set.

ROOT_SUITE=bookworm
ROOT_PACKAGES="systemd-sysv dbus apparmor podman runc linux-image-cloud-amd64 passwd util-linux kmod sqlite3 jq \
	busybox-static procps libbpf1 libelf1 libseccomp2 libcap2 libsqlite3-0 libinih1 libsmartcols1"

# Prints why it cannot be made on this host; nothing when it can.
root_unusable()
{
	if ! command -v mmdebstrap >/dev/null; then
		echo "mmdebstrap is not installed"
	elif [ "$(uname -m)" != x86_64 ]; then
		echo "only an x86_64 machine is tested"
	else
		apt_unusable
	fi
}

# Makes the archive ROOT_TAR, once for each list of packages. One process at a time; the others wait.
root_make()
{
	local mirror list

	mirror=$(apt_mirror Debian) && list=$(cksum <<<"$ROOT_SUITE $ROOT_PACKAGES") || return 1
	ROOT_TAR=$VM_DIR/root-${list%% *}.tar
	mkdir -p "$VM_DIR"
	root_make_locked 9>"$VM_DIR/root.lock"
}

# A mirror that fails once is asked a second time.
root_make_locked()
{
	flock 9
	[ -s "$ROOT_TAR" ] || root_bootstrap || root_bootstrap
}

# Without documentation and translations.
root_bootstrap()
{
	mmdebstrap --quiet --mode=root --format=tar --variant=minbase --aptopt='Acquire::Retries "5"' \
		--include="$(xargs <<<"$ROOT_PACKAGES" | tr ' ' ,)" \
		--dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
		"$ROOT_SUITE" "$ROOT_TAR.new" "deb $mirror $ROOT_SUITE main" \
		"deb $(apt_suite_mirror $ROOT_SUITE-security) $ROOT_SUITE-security main" &&
		mv "$ROOT_TAR.new" "$ROOT_TAR"
}

# root_unpack DIR
root_unpack()
{
	rm -rf "$1" && mkdir -p "$1" && tar -C "$1" --extract --numeric-owner --file "$ROOT_TAR" --exclude='./dev/*'
}
