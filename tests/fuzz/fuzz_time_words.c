/* SPDX-License-Identifier: BSD-2-Clause */
/* Any text as a timestamp: refused without a result, or a time that is parsed back as it was printed. */
#include <errno.h>
#include <time.h>

#include "consumer/text/time_words.h"
#include "tests/fuzz/fuzz.h"

#define NOW  1763829067123456789LL
#define BOOT 1763800000000000000LL

static void check_round_trip(int64_t time)
{
	char text[TIME_TEXT_MAX];
	int64_t again = 0;

	time_format_rfc3339(text, sizeof(text), time);
	FUZZ_ASSERT(strlen(text) == 30);
	/* The very first second that fits begins before the first nanosecond that does. */
	if (time > INT64_MIN + 1000000000) {
		FUZZ_ASSERT(time_words_parse(text, NOW, BOOT, &again) == 0);
		FUZZ_ASSERT(again == time);
	}

	time_format_local(text, sizeof(text), time, true);
	FUZZ_ASSERT(strlen(text) == 23);
	time_format_local(text, sizeof(text), time, false);
	FUZZ_ASSERT(strlen(text) == 23);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const int64_t moments[] = { NOW, 0, INT64_MIN, INT64_MAX };
	char *words = fuzz_text(data, size);

	setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
	tzset();
	for (size_t i = 0; i < sizeof(moments) / sizeof(moments[0]); i++) {
		int64_t time = 42;
		int r = time_words_parse(words, moments[i], BOOT, &time);

		FUZZ_ASSERT(r == 0 || r == -EINVAL);
		if (r == 0)
			check_round_trip(time);
		else
			FUZZ_ASSERT(time == 42);
	}
	free(words);

	return 0;
}
