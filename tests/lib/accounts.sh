# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
#
# The users and groups that the packages create (see policy/systemd/). Tests that run at the same time share them: the
# first one makes those that are missing, and the last one removes what was made.

ACCOUNTS_DIR=/run/cri-ebpf-test-accounts
ACCOUNTS_CHANGE_FD='' # an exclusive lock while accounts are made or removed
ACCOUNTS_USE_FD=''    # a shared lock while they are in use

account_group()
{
	! getent group "$1" >/dev/null || return 0
	groupadd --system "$1" && echo "groupdel $1" >>"$ACCOUNTS_DIR/made"
}

# account_user NAME GROUP FLAG...: with GROUP as its primary group.
account_user()
{
	local name=$1 group=$2

	shift 2
	! getent passwd "$name" >/dev/null || return 0
	useradd --system --gid "$group" --home-dir /nonexistent --no-create-home --shell /usr/sbin/nologin "$@" "$name" 2>&1 &&
		echo "userdel $name" >>"$ACCOUNTS_DIR/made"
}

accounts_lock()
{
	mkdir -p "$ACCOUNTS_DIR" && exec {ACCOUNTS_CHANGE_FD}>"$ACCOUNTS_DIR/change" && flock "$ACCOUNTS_CHANGE_FD"
}

accounts_unlock()
{
	exec {ACCOUNTS_CHANGE_FD}>&-
}

# The ring's group has one member, the recorder; the loader has a group of its own.
accounts_make()
{
	local status

	accounts_lock || return 1
	exec {ACCOUNTS_USE_FD}>"$ACCOUNTS_DIR/use" && flock --shared "$ACCOUNTS_USE_FD" &&
		account_group cri-ebpf && account_group cri-ebpf-ring && account_group cri-ebpf-loader &&
		account_user cri-ebpf cri-ebpf --groups cri-ebpf-ring &&
		account_user cri-ebpf-loader cri-ebpf-loader
	status=$?
	accounts_unlock
	return "$status"
}

# Users before groups; userdel may have removed a user's own group with it.
accounts_remove_made()
{
	local command name

	[ -e "$ACCOUNTS_DIR/made" ] || return 0
	while read -r command name; do
		case $command in
		userdel) userdel "$name" ;;
		groupdel) ! getent group "$name" >/dev/null || groupdel "$name" ;;
		esac
	done < <(sort -r "$ACCOUNTS_DIR/made")
	rm "$ACCOUNTS_DIR/made"
}

accounts_remove()
{
	[ -n "$ACCOUNTS_USE_FD" ] || return 0
	accounts_lock || return 1
	exec {ACCOUNTS_USE_FD}>&-
	exec {ACCOUNTS_USE_FD}>"$ACCOUNTS_DIR/use"
	! flock --exclusive --nonblock "$ACCOUNTS_USE_FD" || accounts_remove_made
	exec {ACCOUNTS_USE_FD}>&-
	ACCOUNTS_USE_FD=''
	accounts_unlock
}
