/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Rows to text, JSON, csv or export, all from one column table. Nothing is written to the stream before
 * print_flush, so that a slow reader of the output never keeps a database transaction open.
 */
#ifndef CRI_CONSUMER_PRINT_PRINT_H
#define CRI_CONSUMER_PRINT_PRINT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "common/option.h"
#include "consumer/print/column.h"

/* The output flags, the same on every query verb. */
struct print_options {
	uint64_t format; /* index into the formats of format.h; 0: text */
	bool json;	 /* --json */
	bool no_legend, no_trunc, utc;
	char fields[1024];
};

extern const struct option_row print_rows[];

/* What kind of format the options ask for; --json counts. */
enum print_kind {
	PRINT_TEXT = 1 << 0,   /* for people: views, headers, colours */
	PRINT_WIDE = 1 << 1,   /* text with more columns */
	PRINT_JSON = 1 << 2,   /* an object per row: can hold more than columns */
	PRINT_PRETTY = 1 << 3, /* JSON with line breaks */
};
unsigned int print_kind_of(const struct print_options *options);
/* True for the formats made for people. */
bool print_is_text(const struct print_options *options);

/* Where the rows go. */
struct print_target {
	FILE *out;
	bool color;
	bool stream;	     /* each row at once, with fixed widths, instead of a table that waits for the last */
	size_t width;	     /* of the terminal; 0: not a terminal, nothing is cut */
	const char *boot_id; /* of the running kernel, for the NODE column; must outlive the printer */
};

struct print;

/* 0; -EINVAL with the reason in message (a wrong field); -ENOMEM. The table must outlive the printer. */
int print_open(const struct print_options *options, const struct column_table *table, const struct print_target *target,
	       struct print **ret, char *message, size_t message_size);
/* Takes a row: values of the whole table. color: of the line in text, an SGR sequence or NULL. 0 or -ENOMEM. */
int print_row(struct print *print, const struct value *row, const char *color);
/* Writes what is ready. Returns 0 or the stream's negative errno. */
int print_flush(struct print *print);
/* Writes the rest. */
int print_finish(struct print *print);
void print_close(struct print *print);
void print_cleanup(struct print **print);

/* Rows printed so far. */
uint64_t print_count(const struct print *print);

#endif
