#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# The files that make install installs, and their modes.
set -u
. "$(dirname "$0")/../lib/installed.sh"

# list DIR: prints type, mode and path of each file, and the target of a link.
list()
{
	find "$1" ! -type d -printf '%y %m /%P %l\n' | sed 's/ $//' | sort -k 3
}

umask 077
installed
is "$(list "$INSTALLED")" "$(sort -k 3 <<-'EOF'
	f 644 /etc/cri-ebpf/cri-ebpf.conf
	f 755 /usr/bin/cri-ebpf
	f 644 /usr/lib/systemd/system-preset/90-cri-ebpf.preset
	f 644 /usr/lib/systemd/system/cri-ebpf-compat.service
	f 644 /usr/lib/systemd/system/cri-ebpf-loader.service
	f 644 /usr/lib/systemd/system/cri-ebpf.service
	f 644 /usr/lib/sysusers.d/cri-ebpf.conf
	f 644 /usr/lib/tmpfiles.d/cri-ebpf.conf
	f 755 /usr/libexec/cri-ebpf/cri-ebpf-loader
	l 777 /usr/sbin/cri-ebpf-loader ../libexec/cri-ebpf/cri-ebpf-loader
	f 644 /usr/share/bash-completion/completions/cri-ebpf
	f 644 /usr/share/bash-completion/completions/cri-ebpf-loader
	f 644 /usr/share/doc/cri-ebpf/examples/cri-ebpf.conf
	f 644 /usr/share/fish/vendor_completions.d/cri-ebpf-loader.fish
	f 644 /usr/share/fish/vendor_completions.d/cri-ebpf.fish
	f 644 /usr/share/man/man1/cri-ebpf.1
	f 644 /usr/share/man/man5/cri-ebpf-schema.5
	f 644 /usr/share/man/man5/cri-ebpf.conf.5
	f 644 /usr/share/man/man8/cri-ebpf-loader.8
	f 644 /usr/share/zsh/vendor-completions/_cri-ebpf
	f 644 /usr/share/zsh/vendor-completions/_cri-ebpf-loader
EOF
)" "the files, whatever the umask"
is "$(find "$INSTALLED" -mindepth 1 -type d ! -perm 755)" "" "every directory has mode 755"
[ "$INSTALLED/usr/sbin/cri-ebpf-loader" -ef "$INSTALLED/usr/libexec/cri-ebpf/cri-ebpf-loader" ]
ok $? "the loader is in the sbin directory too"
for file in policy/systemd/*.service; do
	is "$(diff "$file" "$INSTALLED/usr/lib/systemd/system/${file##*/}")" "" "${file##*/} is unchanged"
done

other=$INSTALLED/other
make_install "$other" PREFIX=/opt/cri SYSTEMDUNITDIR=/lib/systemd/system APPARMOR=yes SELINUX=yes >/dev/null
ok $? "install elsewhere, with AppArmor and SELinux"
is "$(list "$other" | awk '$3 !~ "^/opt/cri/" { print $3 }')" "$(sort <<-'EOF'
	/etc/apparmor.d/cri-ebpf-loader
	/etc/apparmor.d/cri-ebpf-record
	/etc/cri-ebpf/cri-ebpf.conf
	/lib/systemd/system/cri-ebpf-compat.service
	/lib/systemd/system/cri-ebpf-loader.service
	/lib/systemd/system/cri-ebpf.service
EOF
)" "files outside PREFIX"
[ -e "$other/opt/cri/share/selinux/packages/cri-ebpf.cil" ]
ok $? "the SELinux module is below PREFIX"
is "$(grep -rhoE '/[a-z/]*/(bin|libexec)/(cri-ebpf/)?cri-ebpf(-loader)?' "$other/etc" "$other/lib" "$other/opt/cri/share" |
	sort -u)" $'/opt/cri/bin/cri-ebpf\n/opt/cri/libexec/cri-ebpf/cri-ebpf-loader' "units and policies have the installed paths of the programs"

# A build for tests is not installed, whatever VERSION says.
tests=$INSTALLED/tests
if [ -x "${BUILD:-build}/hooked/cri-ebpf" ]; then
	out=$(BUILD=${BUILD:-build}/hooked make_install "$tests" DEFINES=-DCRI_TEST_HOOKS VERSION=0.1.0+later 2>&1)
	like "$?:$out" '^2:.*for tests: not installed' "a build for tests is refused"
	[ ! -e "$tests" ]
	ok $? "no file of it is installed"
else
	skip "a build for tests is refused" "not built: make variants"
fi

done_testing
