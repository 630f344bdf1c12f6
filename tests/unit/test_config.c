/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <sys/stat.h>

#include "common/config.h"
#include "tests/harness.h"
#include "tests/option_parse.h"

static char dir[64], message[8192];

static int setup(void **state)
{
	(void)state;
	harness_make_dir(dir, sizeof(dir));
	message[0] = '\0';
	return 0;
}

static int teardown(void **state)
{
	char command[128];

	(void)state;
	(void)snprintf(command, sizeof(command), "rm -r '%s'", dir);
	return system(command);
}

static int load_bytes(struct config *config, const void *bytes, size_t length)
{
	char path[256];

	harness_write_file(path, sizeof(path), dir, "x.conf", bytes, length);
	return config_load(config, path, message, sizeof(message));
}

static int load(struct config *config, const char *text)
{
	return load_bytes(config, text, strlen(text));
}

static void test_defaults(void **state)
{
	struct config config, checked;

	(void)state;
	config_set_defaults(&config);
	assert_string_equal(config.name, "cri-ebpf");
	assert_int_equal(config.buffer_size, 10000);
	assert_true(config.oom_kill && config.memory_pressure && config.process_exit && config.container_lifecycle);
	assert_false(config.process_fork || config.record_host || config.durability_full);
	assert_string_equal(config.containerd_namespaces, "default,moby,k8s.io");
	assert_int_equal(config.ring_buffer_size, 1 << 20);
	assert_int_equal(config.wakeup_events, 64);
	assert_int_equal(config.bpf_log_level, 0);
	assert_int_equal(config.pressure_threshold, 90);
	assert_int_equal(config.pressure_rearm, 85);
	assert_int_equal(config.pressure_sample_hz, 99);
	assert_int_equal(config.metadata_cache_size, 10000);
	assert_int_equal(config.metadata_cache_ttl_ns, 300000000000);
	assert_int_equal(config.metrics_interval_ns, 30000000000);
	assert_int_equal(config.flush_interval_ns, 100000000);
	assert_int_equal(config.retention_age_ns, 2592000000000000);
	assert_int_equal(config.retention_size, 512 << 20);
	assert_string_equal(config.user, "cri-ebpf");
	assert_string_equal(config.db, "/var/lib/cri-ebpf/events.db");
	assert_string_equal(config.pin_dir, "/sys/fs/bpf/cri-ebpf");

	/* config_check() accepts the defaults and does not change them. */
	checked = config;
	assert_int_equal(config_check(&checked, message, sizeof(message)), 0);
	assert_memory_equal(&checked, &config, sizeof(config));
}

static const char every_key[] = "# a comment\n"
				"; another\n"
				"\n"
				"name = node-7\n"
				"buffer_size=5\n"
				"  oom_kill = no\n"
				"\tmemory_pressure = off\r\n"
				"process_exit = false\n"
				"container_lifecycle = 0\n"
				"process_fork = yes\n"
				"record_host = on\n"
				"containerd_namespaces = a,b\n"
				"ring_buffer_size = 2M\n"
				"wakeup_events = 1\n"
				"bpf_log_level = 2\n"
				"pressure_threshold = 80\n"
				"pressure_rearm = 70\n"
				"pressure_sample_hz = 49\n"
				"metadata_cache_size = 100\n"
				"metadata_cache_ttl = 1min\n"
				"metrics_interval = 10s\n"
				"flush_interval = 20ms\n"
				"retention_age = 7d\n"
				"retention_size = 1G\n"
				"user = nobody ; inline\n"
				"durability = full";

static void test_every_key(void **state)
{
	struct config config;
	size_t keys = 0, lines = 0;

	(void)state;
	config_set_defaults(&config);
	assert_int_equal(load(&config, every_key), 0);
	assert_string_equal(config.name, "node-7");
	assert_int_equal(config.buffer_size, 5);
	assert_false(config.oom_kill || config.memory_pressure || config.process_exit || config.container_lifecycle);
	assert_true(config.process_fork && config.record_host && config.durability_full);
	assert_string_equal(config.containerd_namespaces, "a,b");
	assert_int_equal(config.ring_buffer_size, 2 << 20);
	assert_int_equal(config.wakeup_events, 1);
	assert_int_equal(config.bpf_log_level, 2);
	assert_int_equal(config.pressure_threshold, 80);
	assert_int_equal(config.pressure_rearm, 70);
	assert_int_equal(config.pressure_sample_hz, 49);
	assert_int_equal(config.metadata_cache_size, 100);
	assert_int_equal(config.metadata_cache_ttl_ns, 60000000000);
	assert_int_equal(config.metrics_interval_ns, 10000000000);
	assert_int_equal(config.flush_interval_ns, 20000000);
	assert_int_equal(config.retention_age_ns, 604800000000000);
	assert_int_equal(config.retention_size, 1 << 30);
	assert_string_equal(config.user, "nobody");

	/* every_key names every key, also one that is added later. */
	for (const char *p = every_key; (p = strchr(p, '=')); p++)
		lines++;
	while (config_keys[keys].name)
		keys++;
	assert_int_equal(keys, lines);
}

static void test_durability_back(void **state)
{
	struct config config;

	(void)state;
	config_set_defaults(&config);
	assert_int_equal(load(&config, "durability = full\ndurability = normal\nname = a\nname = b\n"), 0);
	assert_false(config.durability_full);
	assert_string_equal(config.name, "b");
}

/* Content of the file, and the expected message after its path. */
static const struct {
	const char *text, *message;
} wrong[] = {
	{ "\n\nbuffer_size = abc\n", ":3: buffer_size = \"abc\": must be a number from 1 to 1000000" },
	{ "buffer_size = 0\n", ":1: buffer_size = \"0\": must be a number from 1 to 1000000" },
	{ "buffer_size = -1\n", ":1: buffer_size = \"-1\": must be a number from 1 to 1000000" },
	{ "buffer_size =\n", ":1: buffer_size = \"\": must be a number from 1 to 1000000" },
	{ "bpf_log_level = 3\n", ":1: bpf_log_level = \"3\": must be a number from 0 to 2" },
	{ "ring_buffer_size = 1K\n", ":1: ring_buffer_size = \"1K\": must be a size from 64K to 1G" },
	{ "flush_interval = 0\n", ":1: flush_interval = \"0\": must be a duration from 1ms to 1h" },
	{ "retention_age = 200000d\n", ":1: retention_age = \"200000d\": must be a duration from 0s to 36500d" },
	{ "retention_size = 512\n",
	  ":1: retention_size = \"512\": must be 0 (no bound) or a size from 8M to 1E" },
	{ "name = a\nretention_size = 8191K\n",
	  ":2: retention_size = \"8191K\": must be 0 (no bound) or a size from 8M to 1E" },
	{ "retention_size = 2E\n", ":1: retention_size = \"2E\": must be 0 (no bound) or a size from 8M to 1E" },
	{ "oom_kill = maybe\n", ":1: oom_kill = \"maybe\": must be yes or no" },
	{ "durability = some\n", ":1: durability = \"some\": must be normal or full" },
	{ "name =\n", ":1: name = \"\": must be 1 to 63 characters" },
	{ "user = 12345678901234567890123456789012\n",
	  ":1: user = \"12345678901234567890123456789012\": must be 1 to 31 characters" },
	{ "name = a\nbufer_size = 1\n", ":2: unknown key \"bufer_size\"; did you mean \"buffer_size\"?" },
	{ "buffer-size = 1\n", ":1: unknown key \"buffer-size\"; did you mean \"buffer_size\"?" },
	{ "colour = red\n", ":1: unknown key \"colour\"; \"cri-ebpf record --help\" lists the keys" },
	{ "db = /x\n", ":1: unknown key \"db\"; \"cri-ebpf record --help\" lists the keys" },
	{ "\x1b[2J = 1\n", ":1: unknown key \"\\x1b[2J\"; \"cri-ebpf record --help\" lists the keys" },
	{ "name = a\n[recorder]\n", ":2: section headers are not used here: remove this line, keys stand alone" },
	{ "  [recorder]\nname = a\n", ":1: section headers are not used here: remove this line, keys stand alone" },
	{ "\xef\xbb\xbf[recorder]\nname = a\n", ":2: section headers are not used here: keys stand alone" },
	{ "name\n", ":1: must be KEY = VALUE, or a comment beginning with #" },
	{ "name = a\nrecord_host\nbuffer_size = abc\n", ":2: must be KEY = VALUE, or a comment beginning with #" },
	{ "= 1\n", ":1: unknown key \"\"; \"cri-ebpf record --help\" lists the keys" },
};

static void test_wrong(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		struct config config, before;
		char want[512];

		config_set_defaults(&config);
		before = config;
		(void)snprintf(want, sizeof(want), "%s/x.conf%s", dir, wrong[i].message);
		row_equal(wrong[i].text, load(&config, wrong[i].text), -EINVAL);
		row_string(wrong[i].text, message, want);
		row_check(wrong[i].text, memcmp(&config, &before, sizeof(config)) == 0);
	}
}

/* An indented line is a key, not a continuation of the value before it. */
static void test_indented(void **state)
{
	struct config config;

	(void)state;
	config_set_defaults(&config);
	assert_int_equal(load(&config, "name = a\n  user = b\n"), 0);
	assert_string_equal(config.name, "a");
	assert_string_equal(config.user, "b");
}

static void test_nul_byte(void **state)
{
	static const char text[] = "name = a\nuser = b\0c\n";
	struct config config;

	(void)state;
	config_set_defaults(&config);
	assert_int_equal(load_bytes(&config, text, sizeof(text) - 1), -EINVAL);
	assert_non_null(strstr(message, "x.conf:2: the line contains a NUL byte"));
}

/* The rest of a line that is too long must not be read as the next line. */
static void test_long_line(void **state)
{
	char text[4096];
	struct config config;

	(void)state;
	config_set_defaults(&config);
	memset(text, '#', sizeof(text));
	(void)snprintf(text + 4000, sizeof(text) - 4000, "\nname = a\n");
	assert_int_equal(load(&config, text), -EINVAL);
	assert_non_null(strstr(message, "x.conf:1: the line is too long"));

	/* Lengths around the limit: the line is accepted as a whole or refused. */
	for (size_t length = 150; length < 260; length++) {
		int r;

		memset(text, 'x', sizeof(text));
		memcpy(text, "containerd_namespaces=", 22);
		(void)snprintf(text + length, sizeof(text) - length, "\n");
		config_set_defaults(&config);
		r = load(&config, text);
		assert_true(r == 0 || r == -EINVAL);
		if (r == 0)
			assert_int_equal(strlen(config.containerd_namespaces), length - 22);
	}
}

static void test_not_a_file(void **state)
{
	char path[256];
	struct config config;

	(void)state;
	config_set_defaults(&config);
	(void)snprintf(path, sizeof(path), "%s/missing.conf", dir);
	assert_int_equal(config_load(&config, path, message, sizeof(message)), -ENOENT);
	assert_non_null(strstr(message, "missing.conf: cannot open the configuration: No such file"));

	assert_int_equal(config_load(&config, dir, message, sizeof(message)), -EISDIR);
	assert_non_null(strstr(message, "is a directory"));

	(void)snprintf(path, sizeof(path), "%s/fifo", dir);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(config_load(&config, path, message, sizeof(message)), -EINVAL);
	assert_non_null(strstr(message, "is not a regular file"));

	(void)snprintf(path, sizeof(path), "%s/loop", dir);
	assert_int_equal(symlink(path, path), 0);
	assert_int_equal(config_load(&config, path, message, sizeof(message)), -ELOOP);
	assert_non_null(strstr(message, "loop: cannot open the configuration"));

	harness_write_file(path, sizeof(path), dir, "large", "#", 1);
	assert_int_equal(truncate(path, (1 << 20) + 1), 0);
	assert_int_equal(config_load(&config, path, message, sizeof(message)), -EFBIG);
	assert_non_null(strstr(message, "large: the configuration is too large"));
}

static void test_unreadable(void **state)
{
	char path[256];
	struct config config;
	bool root = geteuid() == 0;
	int r;

	(void)state;
	config_set_defaults(&config);
	harness_write_file(path, sizeof(path), dir, "secret", "", 0);
	assert_int_equal(chmod(path, 0), 0);
	if (root && seteuid(65534) != 0) {
		print_message("skipped: root reads every file, and there is no other user here\n");
		skip();
	}
	r = config_load(&config, path, message, sizeof(message));
	if (root)
		assert_int_equal(seteuid(0), 0);
	assert_int_equal(r, -EACCES);
	assert_non_null(strstr(message, "secret: cannot open the configuration: Permission denied"));
}

static void test_dropins(void **state)
{
	char main_file[256], dropins[128], path[256];
	struct config config;

	(void)state;
	(void)snprintf(dropins, sizeof(dropins), "%s/conf.d", dir);
	(void)snprintf(main_file, sizeof(main_file), "%s/main.conf", dir);

	/* Both are missing: the defaults remain. */
	config_set_defaults(&config);
	assert_int_equal(config_load_from(&config, main_file, dropins, message, sizeof(message)), 0);
	assert_string_equal(config.name, "cri-ebpf");

	/* Drop-ins are read in the order of their names and override earlier ones and the main file; other names are
	 * ignored. */
	assert_int_equal(mkdir(dropins, 0700), 0);
	harness_write_file(path, sizeof(path), dropins, "20-b.conf", "name = b\nuser = b\n", 18);
	harness_write_file(path, sizeof(path), dropins, "10-a.conf", "name = a\nbuffer_size = 7\n", 25);
	harness_write_file(path, sizeof(path), dropins, "30-c.conf.bak", "nonsense", 8);
	harness_write_file(path, sizeof(path), dropins, ".40-d.conf", "nonsense", 8);
	harness_write_file(main_file, sizeof(main_file), dir, "main.conf", "name = m\nwakeup_events = 9\n", 27);
	assert_int_equal(config_load_from(&config, main_file, dropins, message, sizeof(message)), 0);
	assert_string_equal(config.name, "b");
	assert_string_equal(config.user, "b");
	assert_int_equal(config.buffer_size, 7);
	assert_int_equal(config.wakeup_events, 9);

	/* One wrong drop-in: the configuration is unchanged. */
	harness_write_file(path, sizeof(path), dropins, "15-x.conf", "name = x\nbad = 1\n", 17);
	config_set_defaults(&config);
	assert_int_equal(config_load_from(&config, main_file, dropins, message, sizeof(message)), -EINVAL);
	assert_non_null(strstr(message, "conf.d/15-x.conf:2: unknown key \"bad\""));
	assert_string_equal(config.name, "cri-ebpf");

	assert_int_equal(unlink(path), 0);
	assert_int_equal(symlink("nowhere", path), 0);
	assert_int_equal(config_load_from(&config, main_file, dropins, message, sizeof(message)), -ENOENT);
	assert_non_null(strstr(message, "15-x.conf: cannot open"));
}

static void test_check(void **state)
{
	static const struct {
		uint64_t given, used;
	} sizes[] = { { 65536, 65536 }, { 65537, 131072 }, { 3 << 20, 4 << 20 }, { 1 << 30, 1 << 30 } };
	struct config config;

	(void)state;
	config_set_defaults(&config);
	config.pressure_rearm = 90;
	assert_int_equal(config_check(&config, message, sizeof(message)), -EINVAL);
	assert_string_equal(message, "pressure_rearm = 90: must be below pressure_threshold, which is 90");

	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		config_set_defaults(&config);
		config.ring_buffer_size = sizes[i].given;
		assert_int_equal(config_check(&config, message, sizeof(message)), sizes[i].given != sizes[i].used);
		assert_int_equal(config.ring_buffer_size, sizes[i].used);
	}

	config.ring_buffer_size = 3 << 20;
	assert_int_equal(config_check(&config, message, sizeof(message)), 1);
	assert_string_equal(message, "ring_buffer_size = 3.0M: rounded up to 4.0M, the next power of two");
}

/* A size without its unit would leave no room for a history and is refused; 0 means no bound. */
static void test_least_retention_size(void **state)
{
	struct config config;

	(void)state;
	config_set_defaults(&config);
	config.retention_size = 512;
	assert_int_equal(config_check(&config, message, sizeof(message)), -EINVAL);
	assert_string_equal(message, "retention_size = 512: must be 0 (no bound) or a size from 8M to 1E");
	assert_int_equal(load(&config, "retention_size = 8M\n"), 0);
	assert_int_equal(config_check(&config, message, sizeof(message)), 0);
	assert_int_equal(load(&config, "retention_size = 0\n"), 0);
	assert_int_equal(config_check(&config, message, sizeof(message)), 0);
	assert_int_equal(config.retention_size, 0);
}

/* Every key is also a flag. */
static void test_flags(void **state)
{
	char words[][32] = { "prog", "--ring-buffer-size=2M", "--process-exit", "no", "--durability=full" };
	char *argv[] = { words[0], words[1], words[2], words[3], words[4], NULL };
	struct config config;
	const struct option_group groups[] = { { "Configuration", config_keys, &config }, { 0 } };
	int operands;

	(void)state;
	config_set_defaults(&config);
	assert_int_equal(option_parse(5, argv, groups, &operands, message, sizeof(message)), 0);
	assert_int_equal(config.ring_buffer_size, 2 << 20);
	assert_false(config.process_exit);
	assert_true(config.durability_full);
	for (const struct option_row *row = config_keys; row->name; row++) {
		row_check(row->name, row->help);
		row_check(row->name, row->argument);
	}
}

/* The default that help and manual print can be written in a file, and means the default. */
static void test_printed_defaults(void **state)
{
	char text[4096];
	struct config config, read;

	(void)state;
	config_set_defaults(&config);
	for (const struct option_row *row = config_keys; row->name; row++) {
		memset(&read, 0, sizeof(read));
		option_format_value(row, &config, text, sizeof(text));
		row_equal(row->name, row->shows_default, true);
		row_equal(row->name, option_set(row, &read, text, message, sizeof(message)), 0);
		row_equal(row->name,
			  memcmp((char *)&read + row->offset, (char *)&config + row->offset, row->size), 0);
	}
}

#define IN_DIR(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_DIR(test_defaults),	 IN_DIR(test_every_key), IN_DIR(test_durability_back), IN_DIR(test_wrong),
		IN_DIR(test_indented),	 IN_DIR(test_nul_byte),	 IN_DIR(test_long_line),       IN_DIR(test_not_a_file),
		IN_DIR(test_unreadable), IN_DIR(test_dropins),	 IN_DIR(test_check),	       IN_DIR(test_flags),
		IN_DIR(test_least_retention_size), IN_DIR(test_printed_defaults),
	};

	return cmocka_run_group_tests_name("config", tests, NULL, NULL);
}
