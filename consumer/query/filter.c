/* SPDX-License-Identifier: BSD-2-Clause */
#include "consumer/query/filter.h"

#include <ctype.h>
#include <errno.h>
#include <regex.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/text.h"
#include "consumer/text/clock.h"
#include "consumer/text/event_type.h"
#include "consumer/text/signal_name.h"
#include "consumer/text/time_words.h"

struct filter_grep {
	regex_t regex;
};

#define TEXT(member)   offsetof(struct filter_options, member), .size = sizeof(((struct filter_options *)0)->member)
#define MEMBER(member) offsetof(struct filter_options, member)

static bool is_boot_word(const char *word)
{
	size_t length = strlen(word);

	if (word[0] == '-' || word[0] == '+')
		return length > 1 && strspn(word + 1, "0123456789") == length - 1;
	if (length < 4)
		return length > 0 && strspn(word, "0123456789") == length;
	return length && length <= 36 && strspn(word, "0123456789abcdefABCDEF-") == length;
}

const struct option_row filter_rows[] = {
	{ "since", 'S', OPTION_STRING, TEXT(since), .min = 1, .argument = "TIME",
	  .help = "from this time: 2026-11-22 16:00, 16:00, yesterday, -2h, 10m, boot", .part = FILTER_TIMES },
	{ "until", 'U', OPTION_STRING, TEXT(until), .min = 1, .argument = "TIME",
	  .help = "up to this time", .part = FILTER_TIMES },
	{ "boot", 'b', OPTION_STRING, TEXT(boot), .min = 1, .argument = "[BOOT]",
	  .implied = "0", .is_value = is_boot_word,
	  .help = "this boot; -1 the one before; or a boot id", .part = FILTER_TIMES },
	{ "lines", 'n', OPTION_NUMBER, MEMBER(lines), .argument = "N",
	  .help = "only the last N", .part = FILTER_ORDER },
	{ "reverse", 'r', OPTION_FLAG, MEMBER(reverse), .help = "newest first", .part = FILTER_ORDER },
	{ "follow", 'f', OPTION_FLAG, MEMBER(follow),
	  .help = "then show new events as they are recorded", .part = FILTER_FOLLOW },
	{ "type", 't', OPTION_LIST, MEMBER(types), .choices = type_names, .argument = "TYPE,...",
	  .help = "oom_kill, memory_pressure, process_exit, ...", .part = FILTER_WHICH },
	{ "container", 'c', OPTION_LIST, MEMBER(containers), .argument = "WHICH",
	  .help = "id prefix, name, pod/container, ns/pod/container or unit name", .part = FILTER_WHICH },
	{ "pod", 'p', OPTION_LIST, MEMBER(pods), .argument = "WHICH",
	  .help = "pod name, ns/pod or uid prefix", .part = FILTER_WHICH },
	{ "namespace", 'N', OPTION_LIST, MEMBER(namespaces), .argument = "NAME",
	  .help = "Kubernetes namespace", .part = FILTER_WHICH },
	{ "runtime", 0, OPTION_LIST, MEMBER(runtimes), .argument = "NAME",
	  .help = "containerd, docker, cri-o, podman, ...", .part = FILTER_WHICH },
	{ "pid", 0, OPTION_LIST, MEMBER(pids), .argument = "PID",
	  .help = "process id on the host", .part = FILTER_WHICH },
	{ "comm", 0, OPTION_LIST, MEMBER(comms), .argument = "NAME",
	  .help = "process name", .part = FILTER_WHICH },
	{ "cgroup", 0, OPTION_LIST, MEMBER(cgroups), .argument = "PATH",
	  .help = "cgroup path and below, or one component of it", .part = FILTER_WHICH },
	{ "signal", 0, OPTION_LIST, MEMBER(signals), .argument = "SIG",
	  .help = "exits by this signal: 9, KILL or SIGKILL", .part = FILTER_WHICH },
	{ "exit-code", 0, OPTION_LIST, MEMBER(exit_codes), .argument = "CODE",
	  .help = "exits with this code; 128+N also by signal N", .part = FILTER_WHICH },
	{ "grep", 'g', OPTION_STRING, TEXT(grep), .argument = "REGEX",
	  .help = "names, paths or the detail match; lower case: any case", .part = FILTER_GREP },
	{ "strict", 0, OPTION_FLAG, MEMBER(strict),
	  .help = "exit 5 when the time range contains a gap", .part = FILTER_STRICT },
	{ .name = NULL },
};

void filter_options_init(struct filter_options *options)
{
	*options = (struct filter_options){ .lines = FILTER_ALL };
}

static void copy_hex(char *out, size_t size, const char *in)
{
	size_t used = 0;

	for (; *in && used + 1 < size; in++)
		if (isxdigit((unsigned char)*in))
			out[used++] = (char)tolower((unsigned char)*in);
	out[used] = '\0';
}

void filter_now(struct filter_now *ret)
{
	ret->now_unix_nano = clock_wall_ns();
	ret->boot_unix_nano = ret->now_unix_nano - (int64_t)clock_boot_ns();
	if (clock_boot_id(ret->boot_id) < 0)
		ret->boot_id[0] = '\0';
}

static int set_error(char *message, size_t size, const char *flag, const char *word, const char *allowed)
{
	char escaped[128];

	(void)text_escape(escaped, sizeof(escaped), word, strlen(word));
	(void)snprintf(message, size, "--%s: \"%s\" is not %s", flag, escaped, allowed);
	return -EINVAL;
}

/* ------------------------------------------------------------------ words to numbers */

static int parse_pid(const char *word, int64_t *ret)
{
	uint64_t number;

	if (text_parse_u64(word, &number) < 0 || number < 1 || number > INT32_MAX)
		return -EINVAL;
	*ret = (int64_t)number;
	return 0;
}

static int parse_signal(const char *word, int64_t *ret)
{
	int signal = signal_parse(word);

	if (signal < 0)
		return signal;
	*ret = signal;
	return 0;
}

static int parse_exit_code(const char *word, int64_t *ret)
{
	uint64_t number;

	if (text_parse_u64(word, &number) < 0 || number > 255)
		return -EINVAL;
	*ret = (int64_t)number;
	return 0;
}

static int parse_type(const char *word, int64_t *ret)
{
	enum event_type type = event_type_from_name(word);

	if (!type)
		return -EINVAL;
	*ret = type;
	return 0;
}

static const struct number_flag {
	const char *name;
	size_t list, numbers;
	int (*parse)(const char *word, int64_t *ret);
	const char *allowed;
} number_flags[] = {
	{ "pid", MEMBER(pids), offsetof(struct filter, pids), parse_pid, "a process id" },
	{ "signal", MEMBER(signals), offsetof(struct filter, signals), parse_signal,
	  "a signal; allowed: 1 to 64, KILL, SIGKILL" },
	{ "exit-code", MEMBER(exit_codes), offsetof(struct filter, exit_codes), parse_exit_code,
	  "an exit code from 0 to 255" },
};

/* Parses each comma-separated word of each value. */
static int parse_words(const struct number_flag *flag, const struct option_list *list, struct filter_numbers *numbers,
		       char *message, size_t size)
{
	for (size_t i = 0; i < list->count; i++) {
		const char *at = list->values[i];

		for (;;) {
			size_t length = strcspn(at, ",");
			char word[64];

			(void)snprintf(word, sizeof(word), "%.*s", length < sizeof(word) ? (int)length : 63, at);
			if (length >= sizeof(word) || numbers->count == FILTER_NUMBERS_MAX ||
			    flag->parse(word, &numbers->values[numbers->count]) < 0)
				return set_error(message, size, flag->name, word, flag->allowed);
			numbers->count++;
			if (!at[length])
				break;
			at += length + 1;
		}
	}
	return 0;
}

static int parse_numbers(const struct filter_options *options, struct filter *filter, char *message, size_t size)
{
	static const struct number_flag type_flag = {
		"type",
		0,
		0,
		parse_type,
		"an event type; allowed: oom_kill, memory_pressure, process_exit, process_fork, container_start, "
		"container_stop, gap",
	};
	struct filter_numbers types = { 0 };
	int r = parse_words(&type_flag, &options->types, &types, message, size);

	for (unsigned int i = 0; r == 0 && i < types.count; i++)
		filter->types |= UINT32_C(1) << types.values[i];
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(number_flags); i++) {
		const struct number_flag *flag = &number_flags[i];

		r = parse_words(flag, (const struct option_list *)((const char *)options + flag->list),
				(struct filter_numbers *)((char *)filter + flag->numbers), message, size);
	}
	return r;
}

static int parse_time(const char *flag, const char *words, const struct filter_now *now, int64_t *ret, char *message,
		      size_t size)
{
	if (!words[0])
		return 0;
	if (time_words_parse(words, now->now_unix_nano, now->boot_unix_nano, ret) == 0)
		return 0;
	return set_error(message, size, flag, words,
			"a time; allowed: 2026-11-22 16:00, 16:00, today, yesterday, -2h, "
			"\"2h ago\", 10m, @1763829067, boot");
}

static int parse_boot(const char *word, struct filter *filter, char *message, size_t size)
{
	if (!word[0])
		return 0;
	if (!is_boot_word(word))
		return set_error(message, size, "boot", word,
				"a boot; allowed: 0, -1, 1, or 4 or more digits of a boot id");
	filter->has_boot = true;
	if (word[0] == '-' || word[0] == '+' || strlen(word) < 4)
		filter->boot_offset = (int)strtol(word, NULL, 10);
	else
		copy_hex(filter->boot_id, sizeof(filter->boot_id), word);
	return 0;
}

static bool has_upper(const char *text)
{
	for (; *text; text++)
		if (isupper((unsigned char)*text))
			return true;
	return false;
}

static int parse_grep(const char *pattern, struct filter *filter, char *message, size_t size)
{
	struct filter_grep *grep;
	char reason[128];
	int error;

	if (!pattern[0])
		return 0;
	grep = malloc(sizeof(*grep));
	if (!grep)
		return set_error(message, size, "grep", pattern, "usable: out of memory");
	error = regcomp(&grep->regex, pattern, REG_EXTENDED | REG_NOSUB | (has_upper(pattern) ? 0 : REG_ICASE));
	if (error) {
		(void)regerror(error, &grep->regex, reason, sizeof(reason));
		free(grep);
		(void)set_error(message, size, "grep", pattern, "an extended regular expression: ");
		(void)strncat(message, reason, size - strlen(message) - 1);
		return -EINVAL;
	}
	filter->grep = grep;
	return 0;
}

/* An empty name matches nothing that a user can mean. */
static int check_words(const struct filter_options *options, char *message, size_t size)
{
	const struct {
		const char *name;
		const struct option_list *list;
	} lists[] = {
		{ "container", &options->containers }, { "pod", &options->pods },
		{ "namespace", &options->namespaces }, { "runtime", &options->runtimes },
		{ "comm", &options->comms },	       { "cgroup", &options->cgroups },
	};

	for (size_t i = 0; i < ARRAY_SIZE(lists); i++)
		for (size_t n = 0; n < lists[i].list->count; n++)
			if (!lists[i].list->values[n][0])
				return set_error(message, size, lists[i].name, "", "a name");
	return 0;
}

int filter_parse(const struct filter_options *options, const struct filter_now *now, struct filter *ret, char *message,
		 size_t message_size)
{
	struct filter filter = { .options = options, .since = INT64_MIN, .until = INT64_MAX };
	int r = check_words(options, message, message_size);

	copy_hex(filter.this_boot, sizeof(filter.this_boot), now->boot_id);
	if (r == 0)
		r = parse_time("since", options->since, now, &filter.since, message, message_size);
	if (r == 0)
		r = parse_time("until", options->until, now, &filter.until, message, message_size);
	if (r == 0 && filter.since > filter.until) {
		(void)snprintf(message, message_size, "--since \"%s\" is later than --until \"%s\"", options->since,
			       options->until);
		r = -EINVAL;
	}
	if (r == 0)
		r = parse_boot(options->boot, &filter, message, message_size);
	if (r == 0)
		r = parse_numbers(options, &filter, message, message_size);
	if (r == 0)
		r = parse_grep(options->grep, &filter, message, message_size);
	if (r == 0)
		*ret = filter;
	return r;
}

void filter_done(struct filter *filter)
{
	if (filter->grep)
		regfree(&filter->grep->regex);
	free(filter->grep);
	filter->grep = NULL;
}

bool filter_has_place(const struct filter *filter)
{
	const struct filter_options *o = filter->options;

	return o->containers.count || o->pods.count || o->namespaces.count || o->runtimes.count || o->cgroups.count;
}

bool filter_has_event(const struct filter *filter)
{
	return filter->types || filter->pids.count || filter->options->comms.count || filter->signals.count ||
	       filter->exit_codes.count || filter->grep;
}

bool filter_grep_matches(const struct filter *filter, const char *const *texts, size_t count)
{
	if (!filter->grep)
		return true;
	for (size_t i = 0; i < count; i++)
		if (texts[i] && regexec(&filter->grep->regex, texts[i], 0, NULL, 0) == 0)
			return true;
	return false;
}
