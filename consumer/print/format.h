/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Output formats, and the printer as they see it. A format is one file format_*.c and one row of FORMATS: -o, its
 * help and its completion follow.
 */
#ifndef CRI_CONSUMER_PRINT_FORMAT_H
#define CRI_CONSUMER_PRINT_FORMAT_H

#include "consumer/print/print.h"

/* The first is the default. The word of -o, then the struct format. */
#define FORMATS(FORMAT)                            \
	FORMAT("short", format_short)              \
	FORMAT("wide", format_wide)                \
	FORMAT("json", format_json)                \
	FORMAT("json-pretty", format_json_pretty)  \
	FORMAT("csv", format_csv)                  \
	FORMAT("export", format_export)            \
	FORMAT_OF_TESTS(FORMAT)

#ifdef CRI_TEST_FORMAT
#define FORMAT_OF_TESTS(FORMAT) FORMAT("test", format_test)
#else
#define FORMAT_OF_TESTS(FORMAT)
#endif

/* Every function writes into print->buffer only. Those that are NULL have nothing to do. */
struct format {
	unsigned int kind; /* enum print_kind */
	/* 0 or -ENOMEM */
	int (*open)(struct print *print);
	/* Takes a row: writes it or keeps it for flush. 0 or -ENOMEM. */
	int (*row)(struct print *print, const struct value *row, const char *color);
	/* Writes rows that were kept; last: all of them. 0 or -ENOMEM. */
	int (*flush)(struct print *print, bool last);
	/* Frees print->state. */
	void (*close)(struct print *print);
};

struct print {
	const struct format *format;
	struct print_options options;
	const struct column_table *table;
	struct print_target target;
	struct column_style style;
	struct column_list list; /* the columns to print, in order */
	bool chosen;		 /* by -F */
	bool has_header;	 /* for the format: it is written */
	uint64_t count;
	void *state;  /* of the format */
	FILE *buffer; /* over text: what is ready to be written */
	char *text;
	size_t length;
	int error;
};

#define FORMAT_DECLARE(word, variable) extern const struct format variable;
FORMATS(FORMAT_DECLARE)
#undef FORMAT_DECLARE

/* NULL-terminated; in the order of FORMATS. */
extern const char *const format_names[];

/* The format of an index, the first for a wrong one. */
const struct format *format_at(uint64_t index);
/* The index of a word of -o; 0 when there is none of that name. */
uint64_t format_index(const char *name);

/* Text with control characters escaped, of any length: in small when it fits, else allocated; *large frees it. */
const char *format_escape(const char *text, size_t length, char *small, size_t size, char **large);

#endif
