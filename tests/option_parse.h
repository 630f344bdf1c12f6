/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CRI_TESTS_OPTION_PARSE_H
#define CRI_TESTS_OPTION_PARSE_H

#include "common/cleanup.h"
#include "common/option.h"

/* Both steps of common/option.h. 1: help was requested, no target was set. *ret_operands is written only on 0. */
static inline int option_parse(int argc, char **argv, const struct option_group *groups, int *ret_operands, char *message,
		 size_t message_size)
{
	CLEANUP(option_words_done) struct option_words words;
	int r = option_scan(argc, argv, groups, &words, message, message_size);

	if (words.help) {
		message[0] = '\0';
		return 1;
	}
	if (r == 0)
		r = option_apply(&words, message, message_size);
	if (r == 0)
		*ret_operands = words.operands;
	return r;
}

#endif
