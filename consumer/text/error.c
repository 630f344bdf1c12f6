/* SPDX-License-Identifier: BSD-2-Clause */
#include "consumer/text/error.h"

#include <string.h>

#define ERROR_SENTENCE_ROW(name, sentence) [ERROR_##name - ERROR_FIRST] = (sentence),
static const char *const sentences[] = { ERROR_LIST(ERROR_SENTENCE_ROW) };

const char *error_text(int error)
{
	return error > -ERROR_FIRST || error <= -ERROR_END ? strerror(-error) : sentences[-error - ERROR_FIRST];
}
