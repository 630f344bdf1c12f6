# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
#
# The accounts the packages make (see policy/systemd/): made here when they are missing, and removed again
# by accounts_remove only when they were made here.

ACCOUNTS_USERS=()
ACCOUNTS_GROUPS=()

account_group()
{
	! getent group "$1" >/dev/null || return 0
	groupadd --system "$1" && ACCOUNTS_GROUPS+=("$1")
}

# account_user NAME GROUP FLAG...: with GROUP as its primary group.
account_user()
{
	local name=$1 group=$2

	shift 2
	! getent passwd "$name" >/dev/null || return 0
	useradd --system --gid "$group" --home-dir /nonexistent --no-create-home --shell /usr/sbin/nologin "$@" "$name" 2>&1 &&
		ACCOUNTS_USERS+=("$name")
}

# The recorder is the one member of the ring's group; the loader has a group of its own.
accounts_make()
{
	account_group cri-ebpf && account_group cri-ebpf-ring && account_group cri-ebpf-loader &&
		account_user cri-ebpf cri-ebpf --groups cri-ebpf-ring &&
		account_user cri-ebpf-loader cri-ebpf-loader
}

accounts_remove()
{
	local name

	for name in ${ACCOUNTS_USERS[@]+"${ACCOUNTS_USERS[@]}"}; do
		userdel "$name"
	done
	# userdel may have removed a user's own group with it
	for name in ${ACCOUNTS_GROUPS[@]+"${ACCOUNTS_GROUPS[@]}"}; do
		! getent group "$name" >/dev/null || groupdel "$name"
	done
	ACCOUNTS_USERS=()
	ACCOUNTS_GROUPS=()
}
