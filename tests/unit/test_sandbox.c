/* SPDX-License-Identifier: BSD-2-Clause */
/* What the sandbox allows and refuses, each tried in a process of its own. */
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "consumer/sandbox/privileges.h"
#include "consumer/sandbox/sandbox.h"
#include "consumer/store/db.h"
#include "consumer/store/writer_lock.h"
#include "tests/pipeline_rig.h"

/* Sanitizers need other system calls than the recorder. */
#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

#define NOBODY 65534
#define KILLED 1000 /* by SIGSYS */

static char directory[64];

typedef int attempt_function(void);

/* 0: succeeded; else errno. */
static int result_of(long r)
{
	return r < 0 ? errno : 0;
}

static int try_execve(void)
{
	char *const argv[] = { (char *)"true", NULL };

	return result_of(execve("/bin/true", argv, argv + 1));
}

static int try_fork(void)
{
	return result_of(syscall(SYS_fork));
}

static int try_ptrace(void)
{
	return result_of(ptrace(PTRACE_TRACEME, 0, NULL, NULL));
}

static int try_inet_socket(void)
{
	return result_of(socket(AF_INET, SOCK_STREAM, 0));
}

static int try_unix_socket(void)
{
	return result_of(socket(AF_UNIX, SOCK_STREAM, 0));
}

static int try_mount(void)
{
	return result_of(syscall(SYS_mount, "none", "/mnt", "tmpfs", 0, NULL));
}

static int try_map_create(void)
{
	union bpf_attr attr = { .map_type = BPF_MAP_TYPE_ARRAY };

	return result_of(syscall(SYS_bpf, BPF_MAP_CREATE, &attr, sizeof(attr)));
}

static int try_prog_load(void)
{
	union bpf_attr attr = { .prog_type = BPF_PROG_TYPE_KPROBE };

	return result_of(syscall(SYS_bpf, BPF_PROG_LOAD, &attr, sizeof(attr)));
}

static int try_obj_pin(void)
{
	union bpf_attr attr = { .bpf_fd = 0 };

	return result_of(syscall(SYS_bpf, BPF_OBJ_PIN, &attr, sizeof(attr)));
}

static int try_map_lookup(void)
{
	union bpf_attr attr = { .map_fd = 999 };

	return result_of(syscall(SYS_bpf, BPF_MAP_LOOKUP_ELEM, &attr, sizeof(attr)));
}

static int try_setuid(void)
{
	return result_of(setuid(0));
}

static int try_kill(void)
{
	return result_of(kill(getppid(), 0));
}

static int try_exec_memory(void)
{
	void *at = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return at == MAP_FAILED ? errno : 0;
}

static int try_mprotect_exec(void)
{
	void *at = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return at == MAP_FAILED ? -1 : result_of(mprotect(at, 4096, PROT_READ | PROT_EXEC));
}

static int try_shadow(void)
{
	return result_of(open("/etc/shadow", O_RDONLY | O_CLOEXEC));
}

static int try_unknown_call(void)
{
	return result_of(syscall(SYS_quotactl, 0, NULL, 0, NULL));
}

/* Passes an address, as for sending to another socket than the connected one. */
static int try_sending_to_a_name(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = "/run/systemd/notify" };

	return result_of(sendto(999, "x", 1, 0, (const struct sockaddr *)&address, sizeof(address)));
}

/* A pointer whose low half is zero is not NULL. */
static int try_sending_to_a_high_name(void)
{
	return result_of(syscall(SYS_sendto, 999, "x", 1, 0, 1UL << 32, sizeof(struct sockaddr_un)));
}

static int try_sending(void)
{
	return result_of(send(999, "x", 1, 0));
}

static int try_capability(void)
{
	return result_of(prctl(PR_CAPBSET_READ, 0, 0, 0, 0));
}

/* Everything a recorder does with its database, from creating it to deleting old rows. */
static int try_recording(void)
{
	struct recorder_rig r;
	int result;

	(void)memset(&r, 0, sizeof(r));
	(void)snprintf(r.path, sizeof(r.path), "%s/events.db", directory);
	rig_open(&r.rig, 65536);
	r.maps.rig = &r.rig;
	r.kernel_maps = (struct kernel_maps){ &r.maps, fake_lookup, fake_classify, fake_forget, fake_next, fake_counters };
	r.settings = (struct pipeline_settings){ .db_path = r.path, .boot_id = "1", .generation = 1,
						 .buffer_size = 100, .resolve = { "default", 10, 1000000000, false } };
	if (ring_attach(&r.rig.consumer, &r.rig.producer, r.rig.data, r.rig.size, &r.ring) != 0 ||
	    pipeline_open(&r.settings, r.ring, &r.kernel_maps, NULL, &r.pipeline) != 0)
		return 1;
	result = pipeline_start(r.pipeline) ? 2 : 0;
	for (int i = 0; !result && i < 200; i++) {
		(void)rig_exit(&r.rig, 0, 5, 42, 0);
		(void)rig_oom(&r.rig, 5, 42, 0, 0);
		result = pipeline_drain(r.pipeline) ? 3 : 0;
	}
	if (!result && db_exec(pipeline_db(r.pipeline), "DELETE FROM event; PRAGMA incremental_vacuum;"
							"PRAGMA wal_checkpoint(TRUNCATE)") != 0)
		result = 4;
	if (!result && unlink(r.path) != 0)
		result = 5;
	(void)rig_exit(&r.rig, 0, 5, 42, 0);
	if (!result && pipeline_drain(r.pipeline) != 0)
		result = 6;
	recorder_rig_kill(&r);
	return result;
}

static int try_writing_elsewhere(void)
{
	char path[96];

	(void)snprintf(path, sizeof(path), "%s-elsewhere", directory);
	return result_of(open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
}

static int try_writing_inside(void)
{
	char path[96];

	(void)snprintf(path, sizeof(path), "%s/inside", directory);
	return result_of(open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600));
}

static int try_open_flags(int flags)
{
	char path[96];

	(void)snprintf(path, sizeof(path), "%s/inside", directory);
	return result_of(open(path, flags | O_CLOEXEC));
}

static int try_reading_inside(void)
{
	return try_open_flags(O_RDONLY);
}

static int try_opening_for_writing(void)
{
	return try_open_flags(O_WRONLY);
}

static int try_opening_for_both(void)
{
	return try_open_flags(O_RDWR);
}

static int try_truncating(void)
{
	return try_open_flags(O_RDONLY | O_TRUNC);
}

static int try_closing_files(void)
{
	int r = sandbox_close_files();

	return r ? -r : try_reading_inside();
}

/* A filter after the last one. */
static int try_closing_twice(void)
{
	int r = sandbox_close_files();

	return r ? -r : -sandbox_close_files();
}

/* The result: 0, errno, or KILLED. */
static int in_sandbox_of(enum sandbox_policy policy, attempt_function *attempt, bool drop)
{
	int status = -1;
	pid_t child = fork();

	if (child == 0) {
		const struct sandbox_paths paths = { .write_directory = directory };
		struct sandbox *sandbox = NULL;
		bool landlock;

		if (drop && privileges_drop(NOBODY, NOBODY, false) != 0)
			_exit(120);
		if (sandbox_prepare(policy, &paths, &sandbox) != 0 || sandbox_enter(sandbox, &landlock) != 0)
			_exit(121);
		/* A direct system call, because the sanitizers replace functions of the C library. */
		(void)syscall(SYS_exit_group, attempt() & 0xff);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	return WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS ? KILLED : WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int in_sandbox(attempt_function *attempt, bool drop)
{
	return in_sandbox_of(SANDBOX_RECORD, attempt, drop);
}

/* Landlock allows writing here; only seccomp refuses it. */
static void test_a_query_only_reads(void **state)
{
	static const struct {
		const char *what;
		attempt_function *attempt;
		int want;
	} rows[] = {
		{ "reading", try_reading_inside, 0 },
		{ "writing", try_opening_for_writing, EACCES },
		{ "both", try_opening_for_both, EACCES },
		{ "truncating", try_truncating, EACCES },
		{ "making", try_writing_inside, EACCES },
		{ "reading when closed", try_closing_files, EACCES },
		{ "map lookup", try_map_lookup, KILLED },
		{ "send", try_sending, KILLED },
		{ "unix socket", try_unix_socket, KILLED },
	};

	(void)state;
	assert_int_equal(try_writing_inside(), 0);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		row_equal(rows[i].what, in_sandbox_of(SANDBOX_QUERY, rows[i].attempt, false), rows[i].want);
	assert_int_not_equal(in_sandbox_of(SANDBOX_QUERY, try_closing_twice, false), 0);
}

static void test_what_is_refused(void **state)
{
	static const struct {
		const char *what;
		attempt_function *attempt;
		int want;
	} rows[] = {
		{ "execve", try_execve, KILLED },	    { "fork", try_fork, KILLED },
		{ "ptrace", try_ptrace, KILLED },	    { "inet socket", try_inet_socket, KILLED },
		{ "unix socket", try_unix_socket, EPERM },  { "mount", try_mount, KILLED },
		{ "map create", try_map_create, KILLED },   { "program load", try_prog_load, KILLED },
		{ "pin", try_obj_pin, EPERM },		    { "map lookup", try_map_lookup, EBADF },
		{ "setuid", try_setuid, EPERM },	    { "kill", try_kill, EPERM },
		{ "executable memory", try_exec_memory, EPERM },
		{ "mprotect exec", try_mprotect_exec, EPERM },
		{ "unknown call", try_unknown_call, ENOSYS },
		{ "capabilities", try_capability, EPERM },
		{ "sendto", try_sending_to_a_name, KILLED }, { "sendto, high", try_sending_to_a_high_name, KILLED },
		{ "send", try_sending, EBADF },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		row_equal(rows[i].what, in_sandbox(rows[i].attempt, false), rows[i].want);
}

static void test_what_a_recorder_does_works(void **state)
{
	(void)state;
	if (SANITIZED) /* the sanitizers' run time makes system calls that no policy allows */
		return;
	assert_int_equal(in_sandbox(try_recording, false), 0);
}

static bool has_landlock(void)
{
	return syscall(SYS_landlock_create_ruleset, NULL, 0, 1) > 0;
}

static void test_files_elsewhere(void **state)
{
	(void)state;
	if (!has_landlock()) {
		print_message("no Landlock in this kernel\n");
		skip();
	}
	assert_int_equal(in_sandbox(try_shadow, false), EACCES);
	assert_int_equal(in_sandbox(try_writing_elsewhere, false), EACCES);
}

static void test_root_is_given_up(void **state)
{
	(void)state;
	if (geteuid() != 0) {
		print_message("not root\n");
		skip();
	}
	assert_int_equal(chown(directory, NOBODY, NOBODY), 0);
	assert_int_equal(in_sandbox(try_shadow, true), EACCES);
	assert_int_equal(in_sandbox(try_setuid, true), EPERM);
	assert_int_equal(in_sandbox(try_execve, true), KILLED);
}

static void make_directory(void)
{
	char path[128], wrong[128], file[128];
	struct stat st;

	(void)snprintf(path, sizeof(path), "%s/made//", directory);
	assert_int_equal(privileges_make_directory(path, NOBODY, NOBODY), 0);
	assert_int_equal(stat(path, &st), 0);
	assert_true(S_ISDIR(st.st_mode));
	assert_int_equal(st.st_mode & 0777, 0750);
	assert_int_equal(st.st_uid, NOBODY);
	assert_int_equal(st.st_gid, NOBODY);

	/* an existing directory keeps its owner */
	assert_int_equal(chown(path, 0, 0), 0);
	assert_int_equal(privileges_make_directory(path, NOBODY, NOBODY), 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_uid, 0);
	(void)snprintf(wrong, sizeof(wrong), "%s/link", directory);
	assert_int_equal(symlink("/etc", wrong), 0);
	assert_int_equal(privileges_make_directory(wrong, NOBODY, NOBODY), 0);
	assert_int_equal(stat("/etc", &st), 0);
	assert_int_equal(st.st_uid, 0);
	(void)snprintf(file, sizeof(file), "%s/none/below", directory);
	assert_int_equal(privileges_make_directory(file, NOBODY, NOBODY), -ENOENT);
	assert_int_equal(privileges_make_directory("/", NOBODY, NOBODY), 0);
	assert_int_equal(privileges_make_directory(".", NOBODY, NOBODY), 0);
	assert_int_equal(stat("/", &st), 0);
	assert_int_equal(st.st_uid, 0);
}

static void test_the_directory_is_made(void **state)
{
	(void)state;
	if (geteuid() != 0) {
		print_message("not root\n");
		skip();
	}
	make_directory();
}

/* A process that can open the file can lock it. */
static void test_no_other_user_can_open_the_lock(void **state)
{
	char db[96], path[128];
	struct stat st;
	pid_t holder;
	int fd, other;

	(void)state;
	(void)snprintf(db, sizeof(db), "%s/locked.db", directory);
	(void)snprintf(path, sizeof(path), "%s.lock", db);
	for (int i = 0; i < 2; i++) {
		fd = writer_lock_database(db, &holder);
		assert_true(fd >= 0);
		assert_int_equal(fstat(fd, &st), 0);
		assert_int_equal(st.st_mode & 07777, 0600);
		other = writer_lock_database(db, &holder);
		assert_int_equal(other, -EWOULDBLOCK);
		assert_int_equal(holder, getpid());
		(void)close(fd);
		assert_int_equal(chmod(path, 0640), 0); /* as an earlier version created it */
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_refused),
		cmocka_unit_test(test_a_query_only_reads),
		cmocka_unit_test(test_what_a_recorder_does_works),
		cmocka_unit_test(test_files_elsewhere),
		cmocka_unit_test(test_root_is_given_up),
		cmocka_unit_test(test_the_directory_is_made),
		cmocka_unit_test(test_no_other_user_can_open_the_lock),
	};
	char command[256];
	int failed;

	harness_make_dir(directory, sizeof(directory));
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	(void)snprintf(command, sizeof(command), "rm -rf '%s' '%s-elsewhere'", directory, directory);
	return system(command) == 0 ? failed : 1;
}
