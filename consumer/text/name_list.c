/* SPDX-License-Identifier: BSD-2-Clause */
#include "consumer/text/name_list.h"

#include <string.h>

size_t name_list_path(struct text_span names, char *out, size_t size)
{
	size_t end = names.length; /* behind the NUL of the name to be written next */
	size_t used = 0;

	if (size < names.length + 1 || size < 2)
		return 0;
	if (names.length == 0)
		out[used++] = '/';
	while (end > 0) {
		size_t start = end - 1;

		while (start > 0 && names.data[start - 1] != '\0')
			start--;
		out[used++] = '/';
		(void)memcpy(out + used, names.data + start, end - 1 - start);
		used += end - 1 - start;
		end = start;
	}
	out[used] = '\0';
	return used;
}
