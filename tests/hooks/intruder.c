/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What an attacker would try who controls a process of the project, one attempt per process:
 *   CRI_TEST_TRY=NAME          the attempt, a row of the table at the end
 *   CRI_TEST_TRY_AT=POINT      where (default "sandboxed", which is right after the sandbox was entered)
 *   CRI_TEST_INSIDE=DIRECTORY  the database's, with a file events.db
 *   CRI_TEST_OUTSIDE=DIRECTORY another one, with a file named secret
 *   CRI_TEST_VICTIM=PID        a process of the same user
 * The name of the error, or "done", goes to standard error behind "intruder: ".
 */
#include "tests/hooks/intruder.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/capability.h>
#include <linux/perf_event.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/cleanup.h"

typedef long attempt(void);

static pid_t victim(void)
{
	const char *pid = getenv("CRI_TEST_VICTIM");

	return pid ? (pid_t)strtol(pid, NULL, 10) : -1;
}

static const char *path_in(const char *variable, const char *name)
{
	static char path[4096];
	const char *directory = getenv(variable);

	(void)snprintf(path, sizeof(path), "%s/%s", directory ? directory : "/nonexistent", name);
	return path;
}

static const char *path_of_victim(const char *name)
{
	static char path[64];

	(void)snprintf(path, sizeof(path), "/proc/%d/%s", (int)victim(), name);
	return path;
}

/* ------------------------------------------------------------------ files */

static long try_shadow(void)
{
	return open("/etc/shadow", O_RDONLY | O_CLOEXEC);
}

static long try_reading_outside(void)
{
	return open(path_in("CRI_TEST_OUTSIDE", "secret"), O_RDONLY | O_CLOEXEC);
}

static long try_listing_root(void)
{
	return open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static long try_writing_outside(void)
{
	return open(path_in("CRI_TEST_OUTSIDE", "secret"), O_WRONLY | O_CLOEXEC);
}

static long try_making_outside(void)
{
	return open(path_in("CRI_TEST_OUTSIDE", "made"), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
}

static long try_writing_inside(void)
{
	return open(path_in("CRI_TEST_INSIDE", "events.db"), O_RDWR | O_CLOEXEC);
}

static long try_making_inside(void)
{
	return open(path_in("CRI_TEST_INSIDE", "made"), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
}

static long try_emptying_inside(void)
{
	return open(path_in("CRI_TEST_INSIDE", "events.db"), O_RDONLY | O_TRUNC | O_CLOEXEC);
}

static long try_reading_inside(void)
{
	return open(path_in("CRI_TEST_INSIDE", "events.db"), O_RDONLY | O_CLOEXEC);
}

static long try_unlink(void)
{
	return unlink(path_in("CRI_TEST_INSIDE", "events.db"));
}

static long try_rename(void)
{
	return rename(path_in("CRI_TEST_INSIDE", "events.db"), "events.gone");
}

static long try_link(void)
{
	return linkat(AT_FDCWD, path_in("CRI_TEST_INSIDE", "events.db"), AT_FDCWD, "/tmp/cri-ebpf-link", 0);
}

static long try_mkdir(void)
{
	return mkdir(path_in("CRI_TEST_INSIDE", "made"), 0700);
}

static long try_chmod(void)
{
	return chmod(path_in("CRI_TEST_INSIDE", ""), 0777);
}

static long try_fchmod(void)
{
	int fd = open(path_in("CRI_TEST_INSIDE", ""), O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	/* Where no file can be opened any more, one that is open. */
	return fchmod(fd >= 0 ? fd : STDERR_FILENO, 0777);
}

static long try_chown(void)
{
	return chown(path_in("CRI_TEST_INSIDE", ""), 65534, 65534);
}

static long try_locking(void)
{
	return flock(STDERR_FILENO, LOCK_EX | LOCK_NB);
}

static long try_handle(void)
{
	struct {
		struct file_handle head;
		unsigned char bytes[8];
	} handle = { .head = { .handle_bytes = 8, .handle_type = 1 } };

	return open_by_handle_at(AT_FDCWD, &handle.head, O_RDONLY);
}

static long try_memory_file(void)
{
	return open(path_of_victim("mem"), O_RDONLY | O_CLOEXEC);
}

static long try_environment(void)
{
	return open(path_of_victim("environ"), O_RDONLY | O_CLOEXEC);
}

/* ------------------------------------------------------------------ others */

static long try_execve(void)
{
	static char name[] = "true";
	char *const argv[] = { name, NULL };

	return execve("/bin/true", argv, argv + 1);
}

static long try_execveat(void)
{
	static char name[] = "true";
	char *const argv[] = { name, NULL };

	return syscall(SYS_execveat, AT_FDCWD, "/bin/true", argv, argv + 1, 0);
}

/* Without the C library: the child only ends. */
static long clone_with(unsigned long flags)
{
	long pid = syscall(SYS_clone, flags | SIGCHLD, NULL, NULL, NULL, 0);

	if (pid == 0)
		_exit(0);
	return pid;
}

static long try_fork(void)
{
	return clone_with(0);
}

static long try_clone_user(void)
{
	return clone_with(CLONE_NEWUSER);
}

static long try_clone3(void)
{
	return syscall(SYS_clone3, NULL, 0);
}

static long try_unshare(void)
{
	return unshare(CLONE_NEWUSER);
}

static long try_setns(void)
{
	return setns(STDERR_FILENO, 0);
}

static long try_ptrace(void)
{
	return ptrace(PTRACE_ATTACH, victim(), NULL, NULL);
}

static long try_vm_readv(void)
{
	char byte;
	struct iovec here = { &byte, 1 }, there = { &byte, 1 };

	return process_vm_readv(victim(), &here, 1, &there, 1, 0);
}

static long try_kill(void)
{
	return kill(victim(), SIGTERM);
}

static long try_tgkill(void)
{
	return syscall(SYS_tgkill, victim(), victim(), SIGTERM);
}

static long try_typing(void)
{
	return ioctl(STDERR_FILENO, TIOCSTI, "x");
}

/* ------------------------------------------------------------------ the network */

static long try_inet(void)
{
	return socket(AF_INET, SOCK_STREAM, 0);
}

static long try_netlink(void)
{
	return socket(AF_NETLINK, SOCK_RAW, 0);
}

static long try_packet(void)
{
	return socket(AF_PACKET, SOCK_RAW, 0);
}

static long try_unix(void)
{
	return socket(AF_UNIX, SOCK_STREAM, 0);
}

static long try_connect(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET };

	return connect(STDERR_FILENO, (const struct sockaddr *)&address, sizeof(address));
}

/* ------------------------------------------------------------------ the kernel */

static long bpf_call(int command)
{
	union bpf_attr attr;

	(void)memset(&attr, 0, sizeof(attr));
	if (command == BPF_PROG_LOAD)
		attr.prog_type = BPF_PROG_TYPE_SOCKET_FILTER;
	else if (command == BPF_MAP_CREATE)
		attr.map_type = BPF_MAP_TYPE_ARRAY;
	else
		attr.pathname = (uintptr_t)path_in("CRI_TEST_OUTSIDE", "pin");
	return syscall(SYS_bpf, command, &attr, sizeof(attr));
}

static long try_prog_load(void)
{
	return bpf_call(BPF_PROG_LOAD);
}

static long try_map_create(void)
{
	return bpf_call(BPF_MAP_CREATE);
}

static long try_obj_get(void)
{
	return bpf_call(BPF_OBJ_GET);
}

static long try_obj_pin(void)
{
	return bpf_call(BPF_OBJ_PIN);
}

static long try_perf_event(void)
{
	struct perf_event_attr attr = { .type = PERF_TYPE_SOFTWARE, .size = sizeof(attr) };

	return syscall(SYS_perf_event_open, &attr, 0, -1, -1, 0);
}

static long try_mount(void)
{
	return syscall(SYS_mount, "none", "/mnt", "tmpfs", 0, NULL);
}

static long try_chroot(void)
{
	return chroot("/");
}

static long try_keyctl(void)
{
	return syscall(SYS_keyctl, 0, -3, 0, 0, 0); /* the id of the session keyring */
}

static long try_add_key(void)
{
	return syscall(SYS_add_key, "user", "cri-ebpf-test", "x", 1, -2);
}

static long try_io_uring(void)
{
	char parameters[128] = { 0 };

	return syscall(SYS_io_uring_setup, 1, parameters);
}

static long try_userfaultfd(void)
{
	return syscall(SYS_userfaultfd, 1);
}

static long try_module(void)
{
	return syscall(SYS_init_module, NULL, 0, "");
}

static long try_reboot(void)
{
	return syscall(SYS_reboot, 0, 0, 0, NULL); /* wrong magic numbers: refused in any case */
}

/* ------------------------------------------------------------------ what was given up */

static long try_setuid(void)
{
	return setuid(0);
}

static long try_setresuid(void)
{
	return syscall(SYS_setresuid, 0, 0, 0);
}

static long try_setgroups(void)
{
	return syscall(SYS_setgroups, 0, NULL);
}

/* Even an empty set of capabilities must be refused. */
static long try_capset(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = { 0 };

	return syscall(SYS_capset, &header, data);
}

static long try_prctl(void)
{
	return prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
}

static long try_exec_map(void)
{
	void *at = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return at == MAP_FAILED ? -1 : 0;
}

static long try_exec_protect(void)
{
	void *at = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return mprotect(at, 4096, PROT_READ | PROT_EXEC);
}

static long try_old_calls(void)
{
	return syscall(SYS_quotactl, 0, NULL, 0, NULL); /* one of the calls that no policy names */
}

static const struct {
	const char *name;
	attempt *try;
} attempts[] = {
	{ "shadow", try_shadow },
	{ "read-outside", try_reading_outside },
	{ "list-root", try_listing_root },
	{ "write-outside", try_writing_outside },
	{ "make-outside", try_making_outside },
	{ "write-inside", try_writing_inside },
	{ "make-inside", try_making_inside },
	{ "empty-inside", try_emptying_inside },
	{ "read-inside", try_reading_inside },
	{ "unlink", try_unlink },
	{ "rename", try_rename },
	{ "link", try_link },
	{ "mkdir", try_mkdir },
	{ "chmod", try_chmod },
	{ "fchmod", try_fchmod },
	{ "chown", try_chown },
	{ "lock", try_locking },
	{ "handle", try_handle },
	{ "memory-file", try_memory_file },
	{ "environment", try_environment },
	{ "execve", try_execve },
	{ "execveat", try_execveat },
	{ "fork", try_fork },
	{ "clone-user", try_clone_user },
	{ "clone3", try_clone3 },
	{ "unshare", try_unshare },
	{ "setns", try_setns },
	{ "ptrace", try_ptrace },
	{ "vm-readv", try_vm_readv },
	{ "kill", try_kill },
	{ "tgkill", try_tgkill },
	{ "typing", try_typing },
	{ "inet", try_inet },
	{ "netlink", try_netlink },
	{ "packet", try_packet },
	{ "unix", try_unix },
	{ "connect", try_connect },
	{ "prog-load", try_prog_load },
	{ "map-create", try_map_create },
	{ "obj-get", try_obj_get },
	{ "obj-pin", try_obj_pin },
	{ "perf-event", try_perf_event },
	{ "mount", try_mount },
	{ "chroot", try_chroot },
	{ "keyctl", try_keyctl },
	{ "add-key", try_add_key },
	{ "io-uring", try_io_uring },
	{ "userfaultfd", try_userfaultfd },
	{ "module", try_module },
	{ "reboot", try_reboot },
	{ "setuid", try_setuid },
	{ "setresuid", try_setresuid },
	{ "setgroups", try_setgroups },
	{ "capset", try_capset },
	{ "prctl", try_prctl },
	{ "exec-map", try_exec_map },
	{ "exec-protect", try_exec_protect },
	{ "unnamed", try_old_calls },
};

void intrude_at(const char *point)
{
	const char *wanted = getenv("CRI_TEST_TRY"), *where = getenv("CRI_TEST_TRY_AT");
	const char *result = "no such attempt";

	if (!wanted || strcmp(point, where ? where : "sandboxed") != 0)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(attempts); i++)
		if (strcmp(attempts[i].name, wanted) == 0)
			result = attempts[i].try() < 0 ? strerrorname_np(errno) : "done";
	(void)dprintf(STDERR_FILENO, "intruder: %s\n", result ? result : "unknown error");
	_exit(42);
}
