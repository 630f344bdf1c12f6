#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# packaging/deps.sh build|test|deb|rpm|fuzz
#
# Installs the packages that are missing to build, test, package or fuzz, and prints their names; prints nothing when
# none is missing. For Debian and Ubuntu with apt, Fedora and the RHEL family with dnf.
set -u

# Columns: purpose; need, which is a command, header, static library, Python module, policy, package or compiler
# feature; the package that provides it in Debian, and in Fedora ("-": none, and what needs it is skipped there).
table()
{
	cat <<-'EOF'
	build  command:gcc              gcc                gcc
	build  command:clang            clang              clang
	build  command:llvm-strip       llvm               llvm
	build  command:make             make               make
	build  command:bpftool          bpftool            bpftool
	build  header:bpf/libbpf.h      libbpf-dev         libbpf-devel
	build  header:libelf.h          libelf-dev         elfutils-libelf-devel
	build  header:zlib.h            zlib1g-dev         zlib-devel
	build  header:sqlite3.h         libsqlite3-dev     sqlite-devel
	build  header:libsmartcols/libsmartcols.h libsmartcols-dev libsmartcols-devel
	build  header:ini.h             libinih-dev        inih-devel
	build  header:seccomp.h         libseccomp-dev     libseccomp-devel
	build  header:sys/capability.h  libcap-dev         libcap-devel
	build  command:scdoc            scdoc              scdoc
	test   header:cmocka.h          libcmocka-dev      libcmocka-devel
	test   static:c                 libc6-dev          glibc-static
	test   command:jq               jq                 jq
	test   command:sqlite3          sqlite3            sqlite
	test   command:setpriv          util-linux         util-linux
	test   command:useradd          passwd             shadow-utils
	test   command:strace           strace             strace
	test   command:shellcheck       shellcheck         ShellCheck
	test   command:busybox          busybox-static     busybox
	test   command:containerd       containerd         containerd
	test   command:runc             runc               runc
	test   command:podman           podman             podman
	test   command:man              man-db             man-db
	test   command:zsh              zsh                zsh
	test   command:fish             fish               fish
	test   python:yaml              python3-yaml       python3-pyyaml
	test   command:npm              npm                npm
	test   command:valgrind         valgrind           valgrind
	test   command:systemd-analyze  systemd            systemd
	test   command:apparmor_parser  apparmor           -
	test   command:secilc           secilc             secilc
	test   policy:selinux           selinux-policy-default selinux-policy-targeted
	test   command:cpio             cpio               cpio
	test   command:qemu-system-x86_64 qemu-system-x86  qemu-system-x86-core
	test   command:qemu-system-aarch64 qemu-system-arm qemu-system-aarch64-core
	test   command:aarch64-linux-gnu-gcc gcc-aarch64-linux-gnu gcc-aarch64-linux-gnu
	test   command:mmdebstrap       mmdebstrap         -
	test   command:lintian          lintian            -
	test   command:rpmlint          rpmlint            rpmlint
	test   command:rpm2cpio         rpm2cpio           rpm
	test   command:mke2fs           e2fsprogs          e2fsprogs
	deb    package:build-essential  build-essential    -
	deb    command:dpkg-buildpackage dpkg-dev        dpkg-dev
	deb    command:dh               debhelper          debhelper
	deb    command:dh_installsysusers debhelper      debhelper
	deb    command:dh_apparmor      dh-apparmor        -
	rpm    command:rpmbuild         rpm                rpm-build
	rpm    command:eu-strip         elfutils           elfutils
	rpm    command:debugedit        debugedit          debugedit
	fuzz   fuzzer:clang             libclang-rt-dev    compiler-rt
	EOF
}

has_header()
{
	echo "#include <$1>" | "${CC:-cc}" -E -xc - >/dev/null 2>&1
}

has_static()
{
	[ -e "$("${CC:-cc}" -print-file-name="lib$1.a" 2>/dev/null)" ]
}

# For Debian packages without a file that could be looked for.
has_package()
{
	dpkg-query -W -f '${Status}' "$1" 2>/dev/null | grep -q 'ok installed'
}

# A distribution's SELinux policy, to compile our module with; it need not be loaded.
has_policy()
{
	compgen -G "/usr/share/$1/default/base.pp*" >/dev/null || compgen -G "/var/lib/$1/targeted/active/modules/*/base" >/dev/null
}

# Asks the distribution's Python, which need not be the first one in PATH.
has_python()
{
	/usr/bin/python3 -c "import $1" 2>/dev/null
}

has_fuzzer()
{
	echo 'int LLVMFuzzerTestOneInput(void); int LLVMFuzzerTestOneInput(void) { return 0; }' |
		"${CLANG:-clang}" -fsanitize=fuzzer,address,undefined -xc - -o /dev/null 2>/dev/null
}

has()
{
	local name=${1#*:}

	case $1 in
	command:*) PATH=$PATH:/usr/sbin:/sbin command -v "$name" >/dev/null ;;
	header:*) has_header "$name" ;;
	static:*) has_static "$name" ;;
	package:*) has_package "$name" ;;
	policy:*) has_policy "$name" ;;
	python:*) has_python "$name" ;;
	fuzzer:*) has_fuzzer ;;
	esac
}

# The name of clang's run-time library package contains clang's version.
debian_name()
{
	case $1 in
	libclang-rt-dev) echo "libclang-rt-$("${CLANG:-clang}" -dumpversion | cut -d. -f1)-dev" ;;
	*) echo "$1" ;;
	esac
}

# Prints the packages that are missing for a purpose, by the names of this distribution.
missing()
{
	local purpose need debian fedora

	while read -r purpose need debian fedora; do
		[ "$purpose" = "$1" ] || continue
		has "$need" && continue
		case $family in
		debian) debian_name "$debian" ;;
		*) [ "$fedora" = - ] || echo "$fedora" ;;
		esac
	done < <(table)
}

# apt-get that waits up to five minutes while another one is at work.
apt_get()
{
	apt-get -qq -o DPkg::Lock::Timeout=300 -o Acquire::Retries=5 "$@"
}

install_debian()
{
	export DEBIAN_FRONTEND=noninteractive
	apt_get update && apt_get install --yes --no-install-recommends "$@" >/dev/null
}

# Some packages are missing in some releases; then the others are installed one by one.
install_fedora()
{
	local name failed=0

	dnf --quiet --assumeyes install "$@" >/dev/null 2>&1 && return
	for name in "$@"; do
		dnf --quiet --assumeyes install "$name" >/dev/null || {
			echo "cannot install $name (RHEL family: enable EPEL and CRB)" >&2
			failed=1
		}
	done
	[ "$purpose" = test ] || return "$failed"
}

purpose=${1:-}
case $purpose in
build | test | deb | rpm | fuzz) ;;
*)
	echo "usage: packaging/deps.sh build|test|deb|rpm|fuzz" >&2
	exit 2
	;;
esac

if command -v apt-get >/dev/null; then
	family=debian
elif command -v dnf >/dev/null; then
	family=fedora
else
	family=other
fi
mapfile -t packages < <(missing "$purpose" | sort -u)
[ ${#packages[@]} -gt 0 ] || exit 0

if [ "$family" = other ]; then
	echo "missing to $purpose, and neither apt-get nor dnf to install them (Fedora's names): ${packages[*]}" >&2
	exit 1
fi
if [ "$(id -u)" -ne 0 ]; then
	echo "missing to $purpose: ${packages[*]}; install them, or run this as root" >&2
	exit 1
fi
echo "installing what is missing to $purpose: ${packages[*]}"
"install_$family" "${packages[@]}"
