# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
#
# The guests' initial RAM disk, one for each architecture: busybox, setpriv, our two programs with their
# libraries, the test tools, init.sh as /init and the scripts of guest/.

# shellcheck source=packaging/libraries.sh
. packaging/libraries.sh

IMAGE_TOOLS="eat as_child late_exit many_exits held_exit teardown"
# Packages that our programs need to be built for another architecture. Bring the libraries of setpriv with them.
IMAGE_DEVELOPMENT="libc6-dev libbpf-dev libelf-dev zlib1g-dev libcap-dev libinih-dev libsqlite3-dev \
	libseccomp-dev libsmartcols-dev util-linux busybox-static"

# image_compiler ARCH: prints the C compiler for it with its flags, one word a line.
image_compiler()
{
	case $1 in
	"$VM_HOST_ARCH") xargs -n 1 <<<"${CC:-cc}" ;;
	aarch64) printf '%s\n' aarch64-linux-gnu-gcc "--sysroot=$VM_DIR/aarch64/root" ;;
	esac
}

# image_libraries ARCH PROGRAM...: prints the files that the dynamic linker will open, one a line.
image_libraries()
{
	local arch=$1 root=$VM_DIR/$1/root

	shift
	if [ "$arch" = "$VM_HOST_ARCH" ]; then
		libraries_of "$@"
	else
		image_needed "$root" "$@" | sort -u
	fi
}

# image_needed ROOT PROGRAM...: the same for programs that do not run here, from their ELF headers; may repeat files.
image_needed()
{
	local root=$1 program name path

	shift
	for program in "$@"; do
		while read -r name; do
			path=$(find "$root/usr/lib" "$root/lib" -name "$name" -print -quit 2>/dev/null)
			[ -n "$path" ] || { echo "image: $program needs $name" >&2; return 1; }
			echo "$path"
			image_needed "$root" "$(realpath "$path")"
		done < <(LC_ALL=C readelf -d "$program" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p')
	done
}

# image_sysroot ARCH: unpacks libraries and headers of another architecture, once.
image_sysroot()
{
	local dir=$VM_DIR/$1 link
	# shellcheck disable=SC2086
	set -- $IMAGE_DEVELOPMENT

	[ ! -e "$dir/root.done" ] || return 0
	rm -rf "$dir/root"
	mkdir -p "$dir/root" && apt_open sysroot "$VM_SYSROOT_ARCH" "$VM_SYSROOT_SUITE" || return 1
	apt_unpack_all "$dir/root" "$@"
	set -- $?
	apt_close
	[ "$1" -eq 0 ] || return 1
	# make absolute links lead into the directory
	while read -r link; do
		ln -sfn "$dir/root$(readlink "$link")" "$link"
	done < <(find "$dir/root" -type l -lname '/*')
	touch "$dir/root.done"
}

# image_programs ARCH: builds our two programs for another architecture; those for this one are in BUILD.
image_programs()
{
	local arch=$1 compiler root=$VM_DIR/$1/root

	[ "$arch" != "$VM_HOST_ARCH" ] || return 0
	mapfile -t compiler < <(image_compiler "$arch")
	env -u MAKEFLAGS make --no-print-directory -j2 BUILD="$VM_DIR/$arch/build" CC="${compiler[*]}" BPF_ARCH=arm64 \
		BPF_INCLUDES="-idirafter $root/usr/include/aarch64-linux-gnu" >"$VM_DIR/$arch/build.log" 2>&1
}

image_tools()
{
	local arch=$1 dir=$2 name compiler

	mapfile -t compiler < <(image_compiler "$arch")
	for name in $IMAGE_TOOLS; do
		"${compiler[@]}" -std=gnu11 -D_GNU_SOURCE -O2 -pthread -static -o "$dir/$name" "tests/tools/$name.c" ||
			return 1
	done
}

# image_from ARCH NAME: prints the path of a program of this machine, or of the other architecture's packages.
image_from()
{
	if [ "$1" = "$VM_HOST_ARCH" ]; then
		PATH=$PATH:/usr/sbin:/sbin command -v "$2"
	else
		find "$VM_DIR/$1/root" -type f -perm -u+x -name "$2" -print -quit
	fi
}

# image_fill ARCH DIR: puts everything at its place in DIR.
image_fill()
{
	# shellcheck disable=SC2153
	local arch=$1 dir=$2 build=$BUILD root='' file

	[ "$arch" = "$VM_HOST_ARCH" ] || build=$VM_DIR/$arch/build root=$VM_DIR/$arch/root
	mkdir -p "$dir"/{bin,tools,etc,proc,sys,dev,tmp,run,var/lib} &&
		install -m 0755 tests/vm/init.sh "$dir/init" &&
		install -m 0644 tests/vm/guest/*.sh "$dir/tools/" || return 1
	# the setpriv of busybox does not know CAP_BPF and CAP_PERFMON
	install -m 0755 "$build/cri-ebpf-loader" "$(image_from "$arch" busybox)" "$dir/bin/" &&
		install -m 0755 "$(image_from "$arch" setpriv)" "$dir/bin/setpriv-full" || return 1
	[ ! -e "$build/cri-ebpf" ] || install -m 0755 "$build/cri-ebpf" "$dir/bin/" || return 1
	image_tools "$arch" "$dir/tools" || return 1
	while read -r file; do
		install -D -m 0755 "$file" "$dir${file#"$root"}" || return 1
	done < <(image_libraries "$arch" "$dir"/bin/*)
	image_interpreter "$dir"
}

# image_interpreter DIR: copies the dynamic linker to the path that the programs name, without links.
image_interpreter()
{
	local dir=$1 want have

	want=$(LC_ALL=C readelf -l "$dir/bin/cri-ebpf-loader" | sed -n 's/.*interpreter: \(.*\)\]/\1/p')
	[ ! -e "$dir$want" ] || return 0
	have=$(find "$dir" -name "${want##*/}" -type f -print -quit)
	[ -n "$have" ] && install -D -m 0755 "$have" "$dir$want"
}

# image_make ARCH: makes VM_DIR/ARCH/image.cpio, each time anew: it takes a second.
image_make()
{
	local arch=$1 dir=$VM_DIR/$1/image

	rm -rf "$dir"
	mkdir -p "$VM_DIR/$arch"
	[ "$arch" = "$VM_HOST_ARCH" ] || image_sysroot "$arch" || return 1
	image_programs "$arch" && image_fill "$arch" "$dir" || return 1
	(cd "$dir" && find . -print0 | cpio --quiet --null --create --format newc --owner 0:0) >"$dir.cpio.new" &&
		mv "$dir.cpio.new" "$dir.cpio"
}
